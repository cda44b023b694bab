"""Operators, one module a verb."""
