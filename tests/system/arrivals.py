"""A shop and a real Airflow that takes its orders by `orocommerce_orders_on_arrival`, for system and soak tests."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from demo.environment import CHECKOUT
from demo.processes import marked
from demo.stack import AirflowStack
from demo.store import StoreReader
from tests.integration.orders import Shop, shop

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ARRIVAL = "orocommerce_orders_on_arrival"
SENSOR = "orocommerce_orders_sensor"
WAITING = "waiting"


class Arrivals:
    """A running shop and Airflow, and the inbox into which the example DAG hands orders over."""

    def __init__(self, shop: Shop, stack: AirflowStack, inbox: Path) -> None:
        self.shop = shop
        self.stack = stack
        self.inbox = inbox

    def handed_over(self) -> list[int]:
        """Return the ids of the orders in the inbox, one for each state that was handed over."""
        if not self.inbox.exists():
            return []
        with closing(sqlite3.connect(self.inbox, timeout=60)) as inbox:
            if not inbox.execute("SELECT count(*) FROM sqlite_master WHERE name = 'orders'").fetchone()[0]:
                return []
            return [int(id_) for (id_,) in inbox.execute("SELECT id FROM orders")]

    def wait_for(self, ids: set[int], deadline: float) -> set[int]:
        """Wait until the inbox has these orders; return those that it lacks when the time is up."""
        until = time.monotonic() + deadline
        while (missing := ids - set(self.handed_over())) and time.monotonic() < until:
            time.sleep(0.2)
        return missing


@contextmanager
def arrivals(name: str, poll_seconds: float, more: Mapping[str, str] | None = None) -> Iterator[Arrivals]:
    """Run a shop and an Airflow with the DAGs that take its orders."""
    home = CHECKOUT / ".tmp" / name
    places = CHECKOUT / ".tmp" / f"{name}-places"
    shutil.rmtree(places, ignore_errors=True)
    dags = places / "dags"
    dags.mkdir(parents=True)
    for file in (f"dags/{ARRIVAL}.py", f"dags/{SENSOR}.py", f"tests/system/dags/{WAITING}.py"):
        shutil.copy(CHECKOUT / file, dags)
    with shop() as running:
        reader = StoreReader(running.store.url, running.store.client_id, running.store.client_secret)
        env = {
            "AIRFLOW_CONN_OROCOMMERCE_DEFAULT": reader.connection(),
            "OROCOMMERCE_LAKE": str(places / "lake"),
            "OROCOMMERCE_INBOX": str(places / "inbox.sqlite"),
            "OROCOMMERCE_ORDERS_SINCE": datetime.now(timezone.utc).isoformat(),
            "OROCOMMERCE_POLL_SECONDS": str(poll_seconds),
            **(more or {}),
        }
        with AirflowStack(home, dags, env, progress=print) as stack:
            stack.wait_dags(ARRIVAL, SENSOR, WAITING)
            yield Arrivals(running, stack, places / "inbox.sqlite")
        assert marked(home) == [], "something outlived the Airflow that started it"
