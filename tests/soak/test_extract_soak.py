"""What an extract promises, under fire: a writer that never rests, and kill -9 at any moment."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.settings import Settings
from oro_provider.entities.orders import ORDERS
from oro_provider.extract.reader import Destination, Extract, extract
from oro_provider.extract.window import Window
from oro_provider.sandbox import running

if TYPE_CHECKING:
    from oro_provider.extract.manifest import Manifest
    from oro_provider.sandbox.server import RunningStore

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

# An extract as a process of its own, so that it can be killed.
PROCESS = """
import asyncio, json, sys
from pathlib import Path
from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.settings import Settings
from oro_provider.entities.orders import ORDERS
from oro_provider.extract.reader import Destination, Extract, extract

async def main(url, client_id, client_secret, folder):
    settings = Settings(base_url=url, client_id=client_id, client_secret=client_secret, page_size=10)
    folder = Path(folder)
    to = Destination(folder / "orders", "a", folder / "_work" / "a", sys.argv[5], block_bytes=30_000, file_bytes=150_000)
    spec = Extract(ORDERS, include=("lineItems",), layout="objects")
    async with AsyncOroClient(settings) as client:
        await extract(client, spec, to)

asyncio.run(main(*sys.argv[1:5]))
"""


def settings(sandbox: RunningStore, page_size: int) -> Settings:
    return Settings(
        base_url=sandbox.url, client_id=sandbox.client_id, client_secret=sandbox.client_secret, page_size=page_size
    )


def orders_asked(sandbox: RunningStore) -> list[str]:
    """The pages that were asked for, by their ids."""
    return [
        one["query"] for one in sandbox.requests() if one["path"].endswith("/orders") and "identifier" in one["query"]
    ]


def read(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    manifest = json.loads((folder / "orders" / "manifest.json").read_text())
    names = [*manifest["files"], *(name for names in manifest["related"].values() for name in names)]
    files = {name.rpartition("/")[2]: Path(name).read_bytes() for name in names}
    places = {"path": "", "files": sorted(files), "related": sorted(manifest["related"])}
    return {**manifest, **places}, files


@pytest.mark.parametrize("format_", ["jsonl", "jsonl.gz"])
def test_killed_at_any_of_ten_points_and_run_again_the_files_are_the_same(tmp_path: Path, format_: str) -> None:
    with running(seed=6, orders=3000, version="6.1") as sandbox:
        arguments = [sys.executable, "-c", PROCESS, sandbox.url, sandbox.client_id, sandbox.client_secret]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        subprocess.run([*arguments, str(tmp_path / "whole"), format_], env=environment, check=True)
        undisturbed = read(tmp_path / "whole")
        pages = len(orders_asked(sandbox))
        kept = []
        for point in range(1, 11):
            sandbox.forget_requests()
            folder = tmp_path / f"killed-{point}"
            process = subprocess.Popen([*arguments, str(folder), format_], env=environment)
            while len(orders_asked(sandbox)) < pages * point // 11 and process.poll() is None:
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            process.wait()
            first = orders_asked(sandbox)
            assert not (folder / "orders" / "manifest.json").exists()
            sandbox.forget_requests()
            subprocess.run([*arguments, str(folder), format_], env=environment, check=True)
            assert read(folder) == undisturbed
            kept.append(1 - len(set(first) & set(orders_asked(sandbox))) / len(first))
        # Up to 32 pages are ahead of the one that is written next, so that near the beginning none may have been kept.
        assert min(kept[3:]) >= 0.5, kept


class Writer(threading.Thread):
    """Changes orders until it is told to stop; the store's clock goes on by itself."""

    def __init__(self, sandbox: RunningStore, seed: int) -> None:
        super().__init__(daemon=True)
        self.sandbox, self.seed, self.rest = sandbox, seed, threading.Event()

    def run(self) -> None:
        while not self.rest.wait(0.02):
            self.seed += 1
            self.sandbox.change(3, seed=self.seed)


@pytest.mark.parametrize("seed", range(20))
def test_windows_that_are_read_while_orders_change_give_every_last_state(tmp_path: Path, seed: int) -> None:
    with running(seed=seed, orders=150, version="6.1") as sandbox:
        states: dict[str, tuple[str, Any]] = {}
        begin = datetime.fromisoformat(
            sandbox.execute('SELECT min("updatedAt") FROM orders')[0][0].replace("Z", "+00:00")
        )
        now = datetime.now(timezone.utc).replace(microsecond=0)
        edges = [begin, *(now - timedelta(hours=hours) for hours in (480, 240, 100, 24, 3, 1)), now]
        edges = [edge for edge in edges if edge >= begin]
        writer = Writer(sandbox, seed * 1000)
        writer.start()
        chance = random.Random(seed)
        for since, until in pairwise(edges):
            _merge(states, _window(sandbox, tmp_path, Window(since, until), chance.choice([3, 10, 50])))
        writer.rest.set()
        writer.join()
        end = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=2)
        time.sleep(2)
        _merge(states, _window(sandbox, tmp_path, Window(edges[-1], end), 10))
        stored = {
            str(row[0]): (row[1], row[2])
            for row in sandbox.execute('SELECT "id", "updatedAt", "internalStatus" FROM orders')
        }
        assert {id_: states.get(id_) for id_ in stored} == stored


def _window(sandbox: RunningStore, folder: Path, window: Window, page_size: int) -> Manifest:
    async def go() -> Manifest:
        async with AsyncOroClient(settings(sandbox, page_size)) as client:
            return await extract(client, Extract(ORDERS, window), Destination(folder / window.folder, uuid.uuid4().hex))

    return asyncio.run(go())


def _merge(states: dict[str, tuple[str, Any]], manifest: Manifest) -> None:
    """Take the newest state of each order, as a warehouse does; an order comes at most once a window."""
    seen = set()
    for name in manifest["files"]:
        for line in Path(name).read_text().splitlines():
            record = json.loads(line)
            assert record["id"] not in seen
            seen.add(record["id"])
            state = (record["updatedAt"], record["internalStatus"])
            if record["id"] not in states or states[record["id"]][0] <= state[0]:
                states[record["id"]] = state
    assert len(seen) == manifest["count"]
