"""Airflow's local settings in the demo: what lets four processes share one SQLite file without "database is locked"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.engine import Engine

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@event.listens_for(Engine, "savepoint")
def lock_before_savepoint(connection: Connection, name: str | None) -> None:
    """Take the write lock where SQLite would begin to read.

    Python's driver begins a transaction before a write only, so a savepoint outside of one begins it as a reader. When
    another process commits before this one writes, SQLite refuses the write at once, however long the time-out is:
    `airflow backfill create` (3.3.2) then dies with half its runs made.
    """
    if connection.dialect.name != "sqlite":
        return
    driver = connection.connection.driver_connection
    if driver is not None and not driver.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
