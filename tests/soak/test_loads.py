"""Loads under fire: killed at any point, a fifth of the answers broken, two tasks at once. The store ends as after one load."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.errors import OroCommerceError
from oro_provider.sandbox import running
from tests.soak.loading_process import work

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from oro_provider.sandbox import RunningStore

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

KILLS = 20
COMMAND = [sys.executable, "-m", "tests.soak.loading_process"]
COUNTED = {
    "products": "SELECT sku, status FROM products WHERE sku LIKE 'SOAK-%' ORDER BY 1",
    "productnames": "SELECT p.sku, n.string FROM productnames n JOIN products p ON p.id = n.product "
    "WHERE p.sku LIKE 'SOAK-%' AND n.localization IS NULL ORDER BY 1",
    "names in all": "SELECT p.sku, count(*) FROM productnames n JOIN products p ON p.id = n.product "
    "WHERE p.sku LIKE 'SOAK-%' GROUP BY 1 ORDER BY 1",
    "images": "SELECT p.sku, f.originalFilename, f.fileSize, count(t.id) FROM productimages i JOIN products p ON p.id = i.product "
    "JOIN files f ON f.id = i.image LEFT JOIN productimagetypes t ON t.productImage = i.id GROUP BY i.id ORDER BY 1",
    "productprices": "SELECT p.sku, x.quantity, x.value FROM productprices x JOIN products p ON p.id = x.product "
    "WHERE p.sku LIKE 'SOAK-%' ORDER BY 1, 2",
    "customers": "SELECT name FROM customers WHERE name LIKE 'Soak %' ORDER BY 1",
    "customeraddresses": "SELECT c.name, a.street FROM customeraddresses a JOIN customers c ON c.id = a.customer "
    "WHERE c.name LIKE 'Soak %' ORDER BY 1, 2",
    "ordershippingtrackings": "SELECT number FROM ordershippingtrackings WHERE number LIKE 'SOAK-%' ORDER BY 1",
}


@pytest.fixture
def store() -> Iterator[RunningStore]:
    with running(seed=9, orders=40, version="6.1") as sandbox:
        yield sandbox


def loads(store: RunningStore, size: int, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows of every kind of writing: operations, batches, single calls; an image with one product of ten."""
    picture = folder / "picture.png"
    picture.write_bytes(b"a picture")
    images = {"images": [str(picture)]}
    orders = [row[0] for row in store.execute("SELECT identifier FROM orders ORDER BY id LIMIT 30")]
    skus = [f"SOAK-{n:04}" for n in range(size)]
    names = [f"Soak {n:04}" for n in range(size // 2)]
    return {
        "products": [
            {"sku": sku, "name": f"Thing {sku}", "unit": "each", "status": "enabled", **(images if n % 10 == 0 else {})}
            for n, sku in enumerate(skus)
        ],
        "pricelists": [{"name": "Soak list", "currencies": ["USD"]}],
        "productprices": [
            {"price_list": "Soak list", "product": sku, "unit": "each", "quantity": 1, "currency": "USD", "value": "9.5"}
            for sku in skus
        ],
        "customers": [{"name": name} for name in names],
        "customeraddresses": [
            {"customer": name, "street": f"Way {name}", "city": "Ulm", "postal_code": "89073", "country": "DE", "region": "BY",
             "organization": name, "default_types": "billing"}
            for name in names
        ],
        "ordershippingtrackings": [{"order": order, "method": "UPS", "number": f"SOAK-{order}"} for order in orders],
    }  # fmt: skip


def job(store: RunningStore, rows: dict[str, Any], folder: Path) -> dict[str, Any]:
    settings = {"base_url": store.url, "client_id": store.client_id, "client_secret": store.client_secret}
    return {"settings": settings, "loads": rows, "work": str(folder)}


def loading(job: dict[str, Any]) -> subprocess.Popen[str]:
    """Begin a load in a process of its own; what it is told holds the store's secret, and stays in no folder."""
    with tempfile.TemporaryFile("w+") as told:
        json.dump(job, told)
        told.seek(0)
        return subprocess.Popen(COMMAND, stdin=told, stdout=subprocess.PIPE, text=True)


def outcomes_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what a load that is left alone says at its end."""
    said, _ = process.communicate()
    assert process.returncode == 0
    outcomes: dict[str, Any] = json.loads(said)
    return outcomes


def state(store: RunningStore) -> dict[str, list[tuple[Any, ...]]]:
    return {name: store.execute(statement) for name, statement in COUNTED.items()}


def undisturbed(rows: dict[str, Any], folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    with running(seed=9, orders=40, version="6.1") as calm:
        asyncio.run(work(job(calm, rows, folder / "calm")))
        return state(calm)


def test_killed_at_any_point_and_run_again(store: RunningStore, tmp_path: Path) -> None:
    rows = loads(store, 400, tmp_path)
    wanted = undisturbed(rows, tmp_path)
    told = job(store, rows, tmp_path / "work")
    chance = random.Random(4)
    killed = 0
    for attempt in range(KILLS):
        store.forget_requests()
        # After so many answers, wherever in the load that is; later kills let it come further.
        after = chance.randint(1, 12 + 2 * attempt)
        process = loading(told)
        while process.poll() is None and len(store.requests()) < after:
            time.sleep(0.002)
        if process.poll() is None:
            process.kill()
            killed += 1
        process.communicate()
    assert killed > KILLS // 2
    outcomes = outcomes_of(loading(told))
    assert [outcome["refused"] for outcome in outcomes.values()] == [[]] * len(outcomes)
    assert state(store) == wanted


@pytest.mark.timeout(1800)
def test_killed_once_at_each_of_twenty_points(tmp_path: Path) -> None:
    """The points lie evenly over the answers of one undisturbed load; each kill is of a first try, in a store of its own."""
    with running(seed=9, orders=40, version="6.1") as store:
        rows = loads(store, 60, tmp_path)
        outcomes_of(loading(job(store, rows, tmp_path / "calm")))
        answers, wanted = len(store.requests()), state(store)
    for point in range(KILLS):
        with running(seed=9, orders=40, version="6.1") as store:
            told = job(store, rows, tmp_path / f"work-{point}")
            after = 1 + point * (answers - 1) // KILLS
            process = loading(told)
            while process.poll() is None and len(store.requests()) < after:
                time.sleep(0.001)
            process.kill()
            process.communicate()
            assert process.returncode == -9, f"the load was over before its answer {after}"
            outcomes = outcomes_of(loading(told))
            assert [outcome["refused"] for outcome in outcomes.values()] == [[]] * len(outcomes), point
            assert state(store) == wanted, point


@pytest.mark.parametrize("seed", range(3))
def test_a_fifth_of_the_answers_is_broken(store: RunningStore, tmp_path: Path, seed: int) -> None:
    rows = loads(store, 300, tmp_path)
    wanted = undisturbed(rows, tmp_path)
    for kind in ("reset_before", "reset_after", "500", "502", "503"):
        store.fail(kind, rate=0.04, path="/admin/api/")
    store.shop.store.faults.chance.seed(seed)
    outcomes: dict[str, Any] = {}
    for _ in range(10):  # as a task's retries would
        try:
            outcomes = asyncio.run(work(job(store, rows, tmp_path / f"work-{seed}")))
            break
        except OroCommerceError as error:
            if error.permanent:
                raise
    assert outcomes
    assert [outcome["refused"] for outcome in outcomes.values()] == [[]] * len(outcomes)
    store.heal()
    assert state(store) == wanted


def test_two_tasks_that_load_the_same_rows_at_once(store: RunningStore, tmp_path: Path) -> None:
    """What the store enforces needs no more; for the rest the docs say: a pool of one slot, which is a lock here."""
    rows = loads(store, 300, tmp_path)
    wanted = undisturbed(rows, tmp_path)
    enforced = {"products", "productprices"}
    pool = threading.Lock()
    failures: list[BaseException] = []

    def task(number: int) -> None:
        for entity, records in rows.items():
            part = job(store, {entity: records}, tmp_path / f"task-{number}")
            try:
                if entity in enforced:
                    asyncio.run(work(part))
                else:
                    with pool:
                        asyncio.run(work(part))
            except BaseException as error:  # noqa: BLE001 - shown by the test
                failures.append(error)

    threads = [threading.Thread(target=task, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert state(store) == wanted
