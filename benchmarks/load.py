"""What loading costs: requests, records a second, processor time and memory, beside two other ways to do the same.

`python -m benchmarks.load [--quick]` prints one JSON object. The store is a stub of constant time in a process of its own;
the peers do what integrations do without us: search then write for each record over a session, and OroCommerce's
documented example, a token and a write for each record. They run on 300 rows and are extrapolated.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import resource
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.settings import Settings
from oro_provider.entities import entity_of
from oro_provider.entities.lookups import PRODUCTS_BY_SKU
from oro_provider.load.load import load
from oro_provider.load.lookups import Resolver
from oro_provider.load.run import Load
from oro_provider.load.sources import file_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from benchmarks.targets import Targets

ROWS = 10_000
PEER_ROWS = 300
LATENCY_MS = 50
PRICE_ROWS = 1_000_000
TARGETS: Targets = {
    "lookup_10000_requests": ("<=", 12),
    "products_lookup_requests": ("<=", 60),
    "load_products_requests": ("<=", 300),
    "load_products_again_requests": ("<=", 60),
    "load_products_50ms_speed": (">=", 100.0),
    "load_vs_doc_example_50ms": (">=", 100.0),
    "load_products_cpu": ("<=", 0.2),
    "prices_million_growth_mb": ("<=", 150.0),
}
HEADERS = {"Accept": "application/vnd.api+json", "Content-Type": "application/vnd.api+json"}


@contextlib.contextmanager
def store(latency_ms: float, products: int) -> Iterator[str]:
    """Run the stub and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.load_stub", str(latency_ms), str(products), str(port)]
    process = subprocess.Popen(command)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"{url}/stub/requests", timeout=5)
                break
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def settings(url: str) -> Settings:
    return Settings(base_url=url, client_id="bench", client_secret="bench", read_timeout=120.0)


def rows(count: int) -> list[dict[str, Any]]:
    """Products of which half exist, and half of those differ."""
    half = count // 2
    existing = [
        {"sku": f"SKU-{n:06}", "name": f"Thing {n}" if n % 2 else f"Renamed {n}", "unit": "each", "tax_code": "TAXABLE"}
        for n in range(half)
    ]
    new = [
        {"sku": f"NEW-{n:06}", "name": f"New {n}", "unit": "each", "tax_code": "TAXABLE", "status": "enabled"}
        for n in range(count - half)
    ]
    return existing + new


@dataclass
class Cost:
    """What a run took: seconds of the clock and of the processor, and requests besides polling."""

    seconds: float
    cpu: float
    requests: int


def measured(url: str, work: Callable[[], Any]) -> Cost:
    before = requests.get(f"{url}/stub/requests", timeout=10).json()["requests"]
    started, cpu = time.monotonic(), time.process_time()
    work()
    cost = Cost(time.monotonic() - started, time.process_time() - cpu, 0)
    cost.requests = requests.get(f"{url}/stub/requests", timeout=10).json()["requests"] - before
    return cost


def ours(url: str, entity: str, records: Iterable[Any]) -> dict[str, Any]:
    async def run() -> Any:
        async with AsyncOroClient(settings(url)) as client:
            return await load(client, Load(entity_of(entity), records))

    outcome, rejects = asyncio.run(run())
    assert not rejects, rejects[:3]
    return dict(outcome)


def document(row: dict[str, Any], id_: str | None = None) -> dict[str, Any]:
    """A product with its name, as an integration writes it."""
    name = {"type": "productnames", "id": "name", "attributes": {"string": row["name"]}}
    data: dict[str, Any] = {
        "type": "products",
        "attributes": {"sku": row["sku"], "status": "enabled"},
        "relationships": {"names": {"data": [{"type": "productnames", "id": "name"}]}},
    }
    if id_ is not None:
        return {"data": {"type": "products", "id": id_, "attributes": {"status": "enabled"}}}
    return {"data": data, "included": [name]}


def search_then_write(url: str, records: list[dict[str, Any]]) -> None:
    """One session: each record is looked for, then created or updated."""
    session = requests.Session()
    session.headers.update({**HEADERS, "Authorization": f"Bearer {token(url)}"})
    for row in records:
        found = session.get(f"{url}/admin/api/products", params={"filter[sku]": row["sku"]}, timeout=60).json()["data"]
        if found:
            id_ = found[0]["id"]
            session.patch(f"{url}/admin/api/products/{id_}", json=document(row, id_), timeout=60).raise_for_status()
        else:
            session.post(f"{url}/admin/api/products", json=document(row), timeout=60).raise_for_status()


def documented_example(url: str, records: list[dict[str, Any]]) -> None:
    """A token and a write for each record, each on a connection of its own."""
    for row in records:
        headers = {**HEADERS, "Authorization": f"Bearer {token(url)}"}
        requests.post(f"{url}/admin/api/products", json=document(row), headers=headers, timeout=60).raise_for_status()


def token(url: str) -> str:
    form = {"grant_type": "client_credentials", "client_id": "bench", "client_secret": "bench"}
    return str(requests.post(f"{url}/oauth2-token", data=form, timeout=60).json()["access_token"])


def lookup_requests() -> int:
    """Requests for 10,000 SKUs of which half exist."""
    with store(0, ROWS // 2) as url:

        async def run() -> int:
            async with AsyncOroClient(settings(url)) as client:
                found = await Resolver(client).resolve(PRODUCTS_BY_SKU, [f"SKU-{n:06}" for n in range(ROWS)])
                assert len(found.ids) == ROWS // 2
                return client.requests

        return asyncio.run(run())


def product_costs(latency: float, count: int) -> dict[str, Any]:
    """Ours and the peers' costs of the same products."""
    found: dict[str, Any] = {}
    with store(latency, count // 2) as url:
        cost = measured(url, lambda: ours(url, "products", rows(count)))
        again = measured(url, lambda: ours(url, "products", rows(count)))
    found["load_products_requests"] = cost.requests
    found["load_products_again_requests"] = again.requests
    peers: dict[str, Cost] = {}
    for name, peer in (("search_then_write", search_then_write), ("documented_example", documented_example)):
        few = rows(PEER_ROWS)
        with store(latency, PEER_ROWS // 2) as url:
            peers[name] = measured(url, lambda peer=peer, few=few, url=url: peer(url, few))  # type: ignore[misc]
    speed = count / cost.seconds
    found["load_products_rows_per_second"] = round(speed, 1)
    found["load_products_50ms_speed"] = round(speed / (PEER_ROWS / peers["search_then_write"].seconds), 1)
    found["load_vs_doc_example_50ms"] = round(speed / (PEER_ROWS / peers["documented_example"].seconds), 1)
    found["load_products_cpu"] = round((cost.cpu / count) / (peers["search_then_write"].cpu / PEER_ROWS), 3)
    found["load_products_cpu_seconds"] = round(cost.cpu, 2)
    return found


def price_growth(count: int) -> dict[str, Any]:
    """Growth of this process by so many price rows from a file, in MB."""
    with tempfile.TemporaryDirectory() as folder, store(0, 2000) as url:
        path = Path(folder) / "prices.jsonl"
        with path.open("w") as file:
            for n in range(count):
                row = {"price_list": "Wholesale", "product": f"SKU-{n % 2000:06}", "unit": "each", "quantity": n // 2000 + 1,
                       "currency": "USD", "value": "9.5"}  # fmt: skip
                file.write(json.dumps(row) + "\n")
        ours(url, "productprices", islice(file_records(path), 2000))  # what a load needs at all is there before
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.monotonic()
        ours(url, "productprices", file_records(path))
        growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {
        "prices_million_growth_mb": round(growth, 1),
        "prices_rows": count,
        "prices_rows_per_second": round(count / (time.monotonic() - started)),
    }


def dictionary_requests(count: int) -> int:
    """Requests of lookups for an import of products with all of a row's references."""
    with store(0, 0) as url:
        outcome = ours(url, "products", [{**row, "sku": f"D{row['sku']}"} for row in rows(count)][: count // 2])
    return int(outcome["requests"])


def prices_apart(count: int) -> dict[str, Any]:
    """The same in a process of its own: a process's peak is that of all it has done."""
    command = [sys.executable, "-m", "benchmarks.load", "--prices", str(count)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def measure(times: int = 1, *, rows_: int = ROWS, prices: int = PRICE_ROWS) -> dict[str, float]:
    """Measure everything; return the numbers by the keys of `TARGETS`, of `times` rounds the best."""
    found: dict[str, Any] = {"lookup_10000_requests": lookup_requests()}
    rounds = [product_costs(LATENCY_MS, rows_) for _ in range(times)]
    found |= max(rounds, key=lambda costs: costs["load_products_50ms_speed"])
    found["products_lookup_requests"] = dictionary_requests(rows_)
    found |= prices_apart(prices)
    return {name: float(found[name]) for name in TARGETS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--prices", type=int, help="only the growth by so many prices")
    given = parser.parse_args()
    if given.prices:
        found: dict[str, Any] = price_growth(given.prices)
    elif given.quick:
        found = measure(rows_=ROWS // 10, prices=PRICE_ROWS // 10)
    else:
        found = measure()
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
