"""
### Orders handed over as they arrive

    extract >> hand_over >> advance

A watcher in the triggerer polls the store and wakes this DAG as soon as there are new orders. The event is a wake-up and not the
data: `extract` reads all that the watermark has not passed, however many events it took, `hand_over` passes it on, and only
then `advance` moves the watermark. A run that fails is caught up by the next one; an order whose hand-over was cut off is handed over
again, and recognized by its id and `updatedAt`.

* `max_active_runs=1`: two runs would read from one watermark.
* The asset is an inlet of the tasks and not an outlet, which would start the DAG again.
* The connection and the interval of the polls are constants and no params: an asset and its watcher are made when the file is
  parsed, before there is a run that could have params.
* To adapt: `CONNECTION`, `SINCE` (where the first run of all begins), `POLL_SECONDS`, the param `lake`, and `hand_over` for whoever takes
  your orders.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG, AssetWatcher, ObjectStoragePath, Param, get_current_context, task

from oro_provider.assets import orders_asset
from oro_provider.operators.extract import OroCommerceExtractOrdersOperator
from oro_provider.triggers.orders import OroCommerceNewOrdersEventTrigger
from oro_provider.watermarks import Watermark

CONNECTION = os.environ.get("OROCOMMERCE_CONN_ID", "orocommerce_default")
LAKE = os.environ.get("OROCOMMERCE_LAKE", "/opt/airflow/lake/orocommerce")
SINCE = os.environ.get("OROCOMMERCE_ORDERS_SINCE", "2026-01-01T00:00:00Z")
POLL_SECONDS = float(os.environ.get("OROCOMMERCE_POLL_SECONDS", "60"))
INBOX = os.environ.get("OROCOMMERCE_INBOX", "/opt/airflow/inbox.sqlite")

WATCHER = OroCommerceNewOrdersEventTrigger(orocommerce_conn_id=CONNECTION, poll_interval=POLL_SECONDS)
ORDERS = orders_asset(CONNECTION, watchers=[AssetWatcher(name="new_orders", trigger=WATCHER)])


@task
def hand_over(manifest: dict[str, Any]) -> int:
    """Put the orders into the inbox of another system; return how many of them it did not have in this state."""
    taken = 0
    with closing(sqlite3.connect(INBOX, timeout=60)) as inbox, inbox:
        inbox.execute(
            "CREATE TABLE IF NOT EXISTS orders (id INTEGER, updated_at TEXT, document TEXT, PRIMARY KEY (id, updated_at))"
        )
        for path in manifest["files"]:
            with ObjectStoragePath(path).open("rb") as file:
                for line in file:
                    order = json.loads(line)
                    row = (order["id"], order["updatedAt"], line.decode())
                    taken += inbox.execute("INSERT OR IGNORE INTO orders VALUES (?, ?, ?)", row).rowcount
    return taken


@task(inlets=[ORDERS])
def advance(position: dict[str, Any]) -> None:
    """Move the watermark: the orders are safe."""
    Watermark(ORDERS).advance(get_current_context(), position)


with DAG(
    "orocommerce_orders_on_arrival",
    description="New and changed orders of OroCommerce, handed over as they arrive",
    doc_md=__doc__,
    schedule=[ORDERS],
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 5,
        "retry_delay": timedelta(seconds=10),
        "retry_exponential_backoff": True,
        "execution_timeout": timedelta(minutes=30),
    },
    params={"lake": Param(LAKE, type="string", description="Folder or object storage URL of the files")},
    tags=["orocommerce", "orders"],
):
    extract = OroCommerceExtractOrdersOperator(
        task_id="extract",
        orocommerce_conn_id=CONNECTION,
        target="{{ params.lake }}",
        include=["lineItems", "billingAddress", "shippingAddress"],
        window="watermark",
        asset=ORDERS,
        since=SINCE,
    )
    hand_over(extract.output) >> advance(extract.output["watermark"])  # type: ignore[arg-type]  # by XCom
