"""Rows into tables, by column name."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

from typing import TYPE_CHECKING

from oro_provider.sandbox.storage import quoted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence


def insert(connection: sqlite3.Connection, table: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
    """Insert rows; `columns` are names with spaces between."""
    names = columns.split()
    statement = f"INSERT INTO {quoted(table)} ({', '.join(map(quoted, names))}) VALUES ({', '.join('?' * len(names))})"
    connection.executemany(statement, rows)


def amount(cents: int) -> str:
    """Cents as money in a document."""
    return f"{cents // 100}.{cents % 100:02d}00"
