"""Triggers: they only watch, never write."""
