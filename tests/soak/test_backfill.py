"""Thirty daily intervals, backfilled by the real scheduler: together their files are the store, and again they are the same."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from demo.store import StoreReader
from oro_provider.sandbox import running
from tests.soak.conftest import BACKFILLED
from tests.system.stack import connected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.stack import AirflowStack
    from oro_provider.sandbox import RunningStore

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

DAYS = 30
DEADLINE = 500.0
MIDNIGHT = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
Orders = dict[str, dict[str, dict[str, Any]]]


@pytest.fixture
def store(soak_stack: AirflowStack) -> Iterator[RunningStore]:
    """A store whose orders were made and changed in the 30 days up to midnight, which is two minutes ago there."""
    now = MIDNIGHT + timedelta(minutes=2)
    with running(seed=11, orders=600, version="6.1", now=now) as store:
        store.execute('DELETE FROM orders WHERE "updatedAt" >= ?', (_text(MIDNIGHT),))
        with connected(soak_stack, store, "orocommerce_default"):
            yield store


def test_thirty_days_backfilled_and_backfilled_again(
    soak_stack: AirflowStack, soak_places: Path, store: RunningStore
) -> None:
    first = MIDNIGHT - timedelta(days=DAYS)
    last = MIDNIGHT - timedelta(days=1)
    wanted = {
        str(order["id"]): order["attributes"]["updatedAt"]
        for order in StoreReader(store.url, store.client_id, store.client_secret).read("orders").data
    }
    made = {str(id_): created for id_, created in store.execute('SELECT "id", "createdAt" FROM orders')}
    assert sum(made[id_][:10] < changed[:10] for id_, changed in wanted.items()) > 50, "hardly one changed days later"

    soak_stack.wait_dags(BACKFILLED)
    soak_stack.backfill(BACKFILLED, first.date(), last.date())
    soak_stack.unpause(BACKFILLED)
    runs = soak_stack.wait_runs(BACKFILLED, DAYS, deadline=DEADLINE)
    assert {run["run_type"] for run in runs} == {"backfill"}
    published = _published(soak_places / "lake")
    assert sorted(published) == [_text(first + timedelta(days=day)) for day in range(DAYS)]
    times = Counter(id_ for orders in published.values() for id_ in orders)
    assert times == dict.fromkeys(wanted, 1)
    assert {id_: order["updatedAt"] for orders in published.values() for id_, order in orders.items()} == wanted
    for since, orders in published.items():
        assert {order["updatedAt"][:10] for order in orders.values()} <= {since[:10]}
    warehouse = _warehouse(soak_places)
    assert {str(row[0]): row[-1] for row in warehouse["orders"]} == wanted

    _wait_over(soak_stack)
    soak_stack.backfill(BACKFILLED, first.date(), last.date(), reprocess_behavior="completed")
    runs = soak_stack.wait_runs(BACKFILLED, DAYS, deadline=DEADLINE)
    tries = Counter(
        (task["task_id"], task["try_number"])
        for run in runs
        for task in soak_stack.task_instances(BACKFILLED, run["dag_run_id"])
    )
    assert tries == {("extract", 2): DAYS, ("merge", 2): DAYS}
    assert _published(soak_places / "lake") == published
    assert _warehouse(soak_places) == warehouse
    files = {str(path) for path in (soak_places / "lake" / "orders").rglob("*.jsonl")}
    assert files == {name for manifest in _manifests(soak_places / "lake") for name in manifest["files"]}


def _wait_over(stack: AirflowStack) -> None:
    """Wait until the scheduler has seen that the backfill is over, which it looks for twice a minute: a DAG has one at a time."""
    until = time.monotonic() + 120
    while any(not one["completed_at"] for one in stack.api.collect("/backfills", "backfills", dag_id=BACKFILLED)):
        assert time.monotonic() < until, "the backfill does not end"
        time.sleep(0.5)


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _manifests(lake: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in (lake / "orders").rglob("manifest.json")]


def _published(lake: Path) -> Orders:
    """The orders of each window by id, through its manifest; within a window an id must not come twice."""
    found: Orders = {}
    for manifest in _manifests(lake):
        since = _text(datetime.fromisoformat(manifest["since"]))
        lines = [json.loads(line) for name in manifest["files"] for line in Path(name).read_text().splitlines()]
        found[since] = {str(line["id"]): line for line in lines}
        assert len(found[since]) == len(lines) == manifest["count"]
    return found


def _warehouse(places: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(places / "warehouse.sqlite")) as warehouse:
        tables = {"orders": "SELECT * FROM orders ORDER BY id", "lines": "SELECT * FROM order_lines ORDER BY id"}
        return {name: warehouse.execute(statement).fetchall() for name, statement in tables.items()}
