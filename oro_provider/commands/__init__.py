"""What the commands of `oro_provider.cli` do: a module a subject, imported when its command runs."""
