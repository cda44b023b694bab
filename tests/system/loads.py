"""A load on a real Airflow that is large enough for operations, into two stores that are equal: deferred, and on the worker."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox import running
from tests.system.stack import connected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from demo.api import Document
    from demo.stack import AirflowStack
    from oro_provider.sandbox import RunningStore

DAG = "loading"
WAYS = ("deferred", "on_worker")
NEW, CHANGED, SAME, BAD = 240, 30, 25, 3
# By SKU and not by id: which record is written first is nobody's business.
STATE = (
    "SELECT p.sku, p.status, n.string, u.unit FROM products p "
    "LEFT JOIN productnames n ON n.product = p.id AND n.localization IS NULL "
    "LEFT JOIN productunitprecisions u ON u.product = p.id ORDER BY 1, 4"
)


@dataclass(frozen=True, slots=True)
class Loads:
    """The two stores by the task that loads into them, and the Airflow whose task it is."""

    stack: AirflowStack
    stores: dict[str, RunningStore]
    places: Path

    def start(self) -> Document:
        """Start a run of both tasks."""
        records = self.places / "products.jsonl"
        records.write_text("\n".join(map(json.dumps, self._rows())))
        self.stack.unpause(DAG)
        return self.stack.trigger(DAG, conf={"records": str(records), "places": str(self.places)})

    def outcome(self, run: Document, way: str) -> dict[str, Any]:
        """What the task says came of the rows, without what depends on time."""
        outcome = self.stack.xcoms(DAG, run["dag_run_id"], way)
        return {name: outcome[name] for name in ("entity", "read", "created", "updated", "unchanged", "rejected")}

    def lines(self, way: str, file: str) -> list[dict[str, Any]]:
        """The lines of a file that the task wrote, by row, without the ids of the records."""
        lines = map(json.loads, (self.places / way / file).read_text().splitlines())
        return sorted(({**line, "id": None} for line in lines), key=lambda line: int(line["row"]))

    def state(self, way: str) -> list[tuple[Any, ...]]:
        return self.stores[way].execute(STATE)

    def submitted(self, way: str) -> int:
        """How many batches the store was sent for the products."""
        asked = self.stores[way].requests()
        return sum((one["method"], one["path"]) == ("PATCH", "/admin/api/products") for one in asked)

    def _rows(self) -> list[dict[str, Any]]:
        known = self.stores["deferred"].execute("SELECT sku, status FROM products ORDER BY id")
        return [
            *({"sku": f"SYS-{n:04}", "name": f"Thing {n}", "unit": "each", "status": "enabled"} for n in range(NEW)),
            *({"sku": sku, "name": f"New name of {sku}"} for sku, _ in known[:CHANGED]),
            *({"sku": sku, "status": status} for sku, status in known[CHANGED : CHANGED + SAME]),
            {"sku": "BAD 1!", "name": "refused by the store", "unit": "each"},
            {"sku": "BAD-2", "name": "x" * 300, "unit": "each"},
            {"sku": "BAD-3", "name": "refused before it is sent", "unit": "barrel"},
        ]


@contextmanager
def loads(stack: AirflowStack, places: Path, chunk_seconds: float) -> Iterator[Loads]:
    """Run two stores whose consumers take so many seconds for 100 records, longer together than a task waits on its worker."""
    stack.wait_dags(DAG)
    with ExitStack() as exits:
        stores = {way: exits.enter_context(running(seed=5, orders=5, version="6.1")) for way in WAYS}
        for way, store in stores.items():
            store.switch(batch_seconds=chunk_seconds)
            exits.enter_context(connected(stack, store, way))
        yield Loads(stack, stores, places)
        stack.api.set_paused(DAG, True)


def check(loads: Loads, run: Document) -> None:
    """Check that both tasks ended the same, one of them by way of the triggerer."""
    outcomes = {way: loads.outcome(run, way) for way in WAYS}
    counts = {"created": NEW, "updated": CHANGED, "unchanged": SAME, "rejected": BAD}
    assert outcomes["on_worker"] == {"entity": "products", "read": NEW + CHANGED + SAME + BAD, **counts}
    assert outcomes["deferred"] == outcomes["on_worker"]
    assert loads.state("deferred") == loads.state("on_worker")
    for file in ("results.jsonl", "rejects.jsonl"):
        assert loads.lines("deferred", file) == loads.lines("on_worker", file)
    assert loads.submitted("deferred") == loads.submitted("on_worker")
    fired = {way: "Trigger fired event" in loads.stack.logs(DAG, run["dag_run_id"], way) for way in WAYS}
    assert fired == {"deferred": True, "on_worker": False}
