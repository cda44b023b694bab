"""A shard whose process is killed: it alone is read again, from where its journal says, and the window is whole."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.settings import Settings
from oro_provider.entities.orders import ORDERS
from oro_provider.extract.reader import Destination, Extract, extract
from oro_provider.extract.window import Window
from oro_provider.sandbox import running
from tests.soak.conftest import SHARDED
from tests.system.stack import connected, wait_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.stack import AirflowStack
    from oro_provider.sandbox import RunningStore

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

SHARDS, VICTIM = 4, 1
UNTIL = datetime.now(timezone.utc).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
SINCE = (UNTIL - timedelta(days=1)).replace(day=1)


@pytest.fixture
def store(soak_stack: AirflowStack) -> Iterator[RunningStore]:
    """A store of 6,000 orders of last month, whose pages take half a second each, asked for one after another by a shard."""
    now = UNTIL + timedelta(minutes=2)
    with (
        running(seed=4, orders=6000, version="6.1", now=now) as store,
        connected(soak_stack, store, "orocommerce_default", max_connections=1),
    ):
        yield store


def test_a_killed_shard_is_read_again_alone_and_goes_on(
    soak_stack: AirflowStack, soak_places: Path, store: RunningStore, tmp_path: Path
) -> None:
    undisturbed = _undisturbed(store, tmp_path)
    store.fail("latency", path="/admin/api/orders", seconds=0.5)
    store.forget_requests()
    soak_stack.wait_dags(SHARDED)
    soak_stack.unpause(SHARDED)
    (run,) = _runs(soak_stack)
    victim = wait_task(soak_stack, run, "shard", {"running"}, map_index=VICTIM)
    shard = soak_stack.xcoms(SHARDED, run["dag_run_id"], "plan")[VICTIM]
    state = _journal(soak_places / "lake" / "sharded", shard)
    os.kill(victim["pid"], signal.SIGKILL)
    # The journal may have been written once more before the signal came.
    state = _journal(soak_places / "lake" / "sharded", shard, at_least=int(state["last"]))
    before = Counter(_asked(store))
    (run,) = soak_stack.wait_runs(SHARDED, 1, deadline=180)

    tasks = soak_stack.task_instances(SHARDED, run["dag_run_id"])
    tries = {(task["task_id"], task["map_index"]): task["try_number"] for task in tasks}
    shards = {("shard", number): 1 + (number == VICTIM) for number in range(SHARDS)}
    assert tries == {("plan", -1): 1, **shards, ("publish", -1): 1}
    pids = {task["pid"] for task in tasks if task["task_id"] == "shard"}
    assert len({victim["pid"], *pids}) == SHARDS + 1

    asked = Counter(_asked(store))
    again = {id_ for id_, times in asked.items() if times > 1}
    assert again <= set(range(int(state["last"]) + 1, shard["last"] + 1))
    assert before[int(state["last"])] == asked[int(state["last"])] == 1
    manifest = soak_stack.xcoms(SHARDED, run["dag_run_id"], "publish")
    assert _content(manifest) == undisturbed
    assert manifest["count"] == len(undisturbed["orders"])
    assert not list((soak_places / "lake" / "sharded" / "_work").rglob("*.json"))


def _runs(stack: AirflowStack) -> list[dict[str, Any]]:
    until = time.monotonic() + 60
    while not (runs := stack.runs(SHARDED)):
        assert time.monotonic() < until, "the scheduler makes no run"
        time.sleep(0.2)
    return runs


def _journal(lake: Path, shard: dict[str, Any], at_least: int = 0) -> dict[str, Any]:
    """Wait until the shard has a journal, and return it: each tells by the last id whose it is."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for path in lake.glob("_work/*/journal.json"):
            state: dict[str, Any] = json.loads(path.read_text())
            if max(shard["first"], at_least) <= int(state["last"]) <= shard["last"]:
                return state
        time.sleep(0.02)
    raise TimeoutError("the shard keeps no journal")


def _asked(store: RunningStore) -> Iterator[int]:
    """The ids that were asked for, once for each time."""
    for request in store.requests():
        if request["path"].endswith("/orders") and "identifier" in request["query"]:
            ((ids,),) = (found for name, found in parse_qs(request["query"]).items() if name == "filter[id]")
            for span in ids.split(","):
                first, _, last = span.partition("..")
                yield from range(int(first), int(last or first) + 1)


def _undisturbed(store: RunningStore, folder: Path) -> dict[str, list[str]]:
    settings = Settings(base_url=store.url, client_id=store.client_id, client_secret=store.client_secret)
    spec = Extract(ORDERS, Window(SINCE, UNTIL), include=("lineItems",), layout="objects")

    async def read() -> Any:
        async with AsyncOroClient(settings) as client:
            return await extract(client, spec, Destination(folder, "whole", format="jsonl.gz"))

    return _content(asyncio.run(read()))


def _content(manifest: Any) -> dict[str, list[str]]:
    """The lines of each resource, orders in the order of their ids as they come."""
    files = {"orders": manifest["files"], **manifest["related"]}
    lines = {
        type_: [line for name in names for line in gzip.decompress(Path(name).read_bytes()).decode().splitlines()]
        for type_, names in files.items()
    }
    return {type_: found if type_ == "orders" else sorted(found) for type_, found in lines.items()}
