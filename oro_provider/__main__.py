"""`python -m oro_provider COMMAND`: the commands where Airflow has no command groups of providers (3.1)."""

from oro_provider.cli import main

main()
