"""
### Orders of the store against those of the warehouse, once a week

    known >> extract >> apply

Windows see what changes. They do not see what is deleted, nor an order that was imported with a past date, which is born behind
every watermark. `known` writes down what the warehouse has, `extract` compares it with all ids of the store (a small request for 5,000
orders) and reads only what differs, `apply` puts that right.

* To adapt: the param `lake`, and `known` and `apply` for your warehouse. The file must be in the order of ids, each id once.
"""

from __future__ import annotations

import csv
import json
import os
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG, ObjectStoragePath, Param, task
from airflow.timetables.interval import CronDataIntervalTimetable

from oro_provider.operators.extract import OroCommerceExtractOrdersOperator

LAKE = os.environ.get("OROCOMMERCE_LAKE", "/opt/airflow/lake/orocommerce")
WAREHOUSE = os.environ.get("OROCOMMERCE_WAREHOUSE", "sqlite:////opt/airflow/warehouse.sqlite?timeout=60")


@task
def known(lake: str) -> str:
    """Write the ids and dates of the warehouse's orders into a file, and return its path."""
    from sqlalchemy import create_engine, text

    path = ObjectStoragePath(lake) / "known-orders.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with create_engine(WAREHOUSE).connect() as warehouse, path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "updatedAt"])
        writer.writerows(warehouse.execute(text("SELECT id, updated_at FROM orders ORDER BY id")))
    return str(path)


@task(multiple_outputs=False)
def apply(manifest: dict[str, Any]) -> dict[str, int]:
    """Delete what the store no longer has; the changed and the unknown are read like any other window's files."""
    from sqlalchemy import create_engine, text

    gone = []
    for path in manifest["related"].get("deleted", []):
        with ObjectStoragePath(path).open("rb") as file:
            gone += [{"id": int(json.loads(line)["id"])} for line in file]
    if gone:
        with create_engine(WAREHOUSE).begin() as warehouse:
            warehouse.execute(text("DELETE FROM orders WHERE id = :id"), gone)
            warehouse.execute(text("DELETE FROM order_lines WHERE order_id = :id"), gone)
    return {"deleted": len(gone), "to_merge": manifest["count"]}


with DAG(
    "orocommerce_orders_reconcile",
    description="Orders of OroCommerce against those of a warehouse: what differs, and what is gone",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("@weekly", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=1), "execution_timeout": timedelta(hours=2)},
    params={
        "orocommerce_conn_id": Param("orocommerce_default", type="string", description="The connection to the store"),
        "lake": Param(LAKE, type="string", description="Folder or object storage URL of the files"),
    },
    tags=["orocommerce", "orders"],
):
    extract = OroCommerceExtractOrdersOperator(
        task_id="extract",
        orocommerce_conn_id="{{ params.orocommerce_conn_id }}",
        target="{{ params.lake }}",
        known=known("{{ params.lake }}"),
        include=["lineItems"],
    )
    apply(extract.output)  # type: ignore[arg-type]  # the manifest, by XCom
