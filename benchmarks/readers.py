"""The variants of reading, one a process: `python -m benchmarks.readers NAME URL`. Each prints records, seconds and CPU seconds.

Imports and the making of clients are not timed. Every variant touches each record: those that make dicts read its id and date,
ours proves its id against the index and writes it to a file.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "8"))


def measured(work: Callable[[], int], **more: Any) -> None:
    """Run a reading and print what it took."""
    started, cpu = time.perf_counter(), time.process_time()
    count = work()
    took = {"records": count, "seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu, **more}
    sys.stdout.write(json.dumps(took) + "\n")


def session(url: str, *, lines: bool = False) -> None:
    """A `requests.Session` that follows `links.next`: what most people write."""
    import requests

    def work() -> int:
        count, newest = 0, ""
        following: str | None = f"{url}/admin/api/orders{'?include=lineItems' if lines else ''}"
        with requests.Session() as http:
            while following:
                page = http.get(following, headers={"Accept": "application/vnd.api+json"}, timeout=60).json()
                for record in page["data"]:
                    count += bool(record["id"])
                    newest = max(newest, record["attributes"]["updatedAt"])
                following = page["links"].get("next")
        return count

    measured(work)


def ours(url: str, layout: str, include: tuple[str, ...] = ()) -> None:
    """Our reader, to files."""
    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.settings import Settings
    from oro_provider.entities.orders import ORDERS
    from oro_provider.extract.reader import Destination, Extract, extract

    settings = Settings(base_url=url, client_id="bench", client_secret="bench", max_connections=CONNECTIONS)
    spec = Extract(ORDERS, layout=layout, include=include)  # type: ignore[arg-type]
    told: dict[str, Any] = {}

    async def read(folder: Path) -> None:
        async with AsyncOroClient(settings) as client:
            await client.token()
            watch = _MemoryWatch(told)
            started, cpu = time.perf_counter(), time.process_time()
            manifest = await extract(client, spec, Destination(folder, "bench"), watch)
            told.update(seconds=time.perf_counter() - started, cpu=time.process_time() - cpu)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            told["growth_mb"] = peak - told.get("first_page_mb", peak)
            told.update(records=manifest["count"], requests=client.requests - 1)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(read(Path(folder)))
        sys.stdout.write(json.dumps(told) + "\n")


def _MemoryWatch(told: dict[str, Any]) -> Any:  # noqa: N802 - makes a class, which needs an import that is not timed
    from oro_provider.extract.progress import Progress

    class Watch(Progress):
        """Notes how much the process grows between the first page and the last."""

        def add(self, count: int) -> None:
            super().add(count)
            told.setdefault("first_page_mb", peak_mb())

    def peak_mb() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    return Watch()


def http_operator(url: str) -> None:
    """Airflow's own `HttpOperator` with a `pagination_function`, its records to a file of JSON lines."""
    os.environ["AIRFLOW_CONN_BENCH"] = json.dumps({"conn_type": "http", "host": url})
    from airflow.providers.http.operators.http import HttpOperator

    def following(response: Any) -> dict[str, Any] | None:
        link = response.json()["links"].get("next")
        return {"endpoint": link.removeprefix(url)} if link else None

    def records(responses: Any) -> int:
        count = 0
        with tempfile.TemporaryFile("w") as file:
            for response in responses:
                for record in response.json()["data"]:
                    file.write(json.dumps(record) + "\n")
                    count += 1
        return count

    bench = HttpOperator(
        task_id="bench", http_conn_id="BENCH", endpoint="/admin/api/orders", method="GET",
        pagination_function=following, response_filter=records,
    )  # fmt: skip
    measured(lambda: bench.execute({}))


def dlt_pipeline(url: str) -> None:
    """dlt's REST client in a pipeline to files of JSON lines."""
    import dlt
    from dlt.sources.helpers.rest_client import RESTClient
    from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator

    client = RESTClient(base_url=url, paginator=JSONLinkPaginator(next_url_path="links.next"), data_selector="data")
    with tempfile.TemporaryDirectory() as folder:
        destination = dlt.destinations.filesystem(bucket_url=f"file://{folder}/lake")
        pipeline = dlt.pipeline("bench", destination=destination, dataset_name="bench", pipelines_dir=f"{folder}/work")

        def work() -> int:
            pages = client.paginate("/admin/api/orders")
            pipeline.run(dlt.resource(pages, name="orders"), loader_file_format="jsonl")
            return int(pipeline.last_trace.last_normalize_info.row_counts["orders"])

        measured(work)


def dlt_client(url: str) -> None:
    """dlt's REST client alone."""
    from dlt.sources.helpers.rest_client import RESTClient
    from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator

    client = RESTClient(base_url=url, paginator=JSONLinkPaginator(next_url_path="links.next"), data_selector="data")
    measured(lambda: sum(len(page) for page in client.paginate("/admin/api/orders")))


READERS: dict[str, Callable[[str], None]] = {
    "session": session,
    "session_lines": lambda url: session(url, lines=True),
    "objects": lambda url: ours(url, "objects"),
    "records": lambda url: ours(url, "records"),
    "records_lines": lambda url: ours(url, "records", ("lineItems",)),
    "http_operator": http_operator,
    "dlt_client": dlt_client,
    "dlt_pipeline": dlt_pipeline,
}

if __name__ == "__main__":
    READERS[sys.argv[1]](sys.argv[2])
