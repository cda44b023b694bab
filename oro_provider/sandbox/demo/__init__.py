"""The demo shop: a B2B dealer in workshop, office and safety supplies, the same for the same seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from oro_provider.sandbox import storage
from oro_provider.sandbox.dates import text
from oro_provider.sandbox.demo.catalogue import fill_catalogue
from oro_provider.sandbox.demo.customers import fill_customers
from oro_provider.sandbox.demo.orders import fill_orders
from oro_provider.sandbox.demo.reference import fill_reference

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime


def is_filled(connection: sqlite3.Connection) -> bool:
    """Whether a database already holds a store."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchone()
    return bool(known and connection.execute("SELECT 1 FROM facts WHERE name = 'seed'").fetchone())


def fill(connection: sqlite3.Connection, *, seed: int, orders: int, now: datetime) -> None:
    """Make the tables and the shop with `orders` orders over the 30 days before `now`; one transaction."""
    storage.create(connection)
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    connection.execute("BEGIN")
    opened = text(now.replace(hour=0, minute=0, second=0, microsecond=0))[:4]
    founded = f"{int(opened) - 1}-06-01T08:00:00Z"
    fill_reference(connection, founded)
    wares = fill_catalogue(connection, chance, founded)
    buyers = fill_customers(connection, chance, founded)
    fill_orders(connection, chance, wares, buyers, count=orders, now=now)
    connection.execute("INSERT INTO facts VALUES ('seed', ?)", (str(seed),))
    connection.execute("COMMIT")
    storage.index(connection)


__all__ = ["fill", "is_filled"]
