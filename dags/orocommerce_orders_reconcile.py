"""
### Orders of the store against those of the warehouse, once a week

    known >> extract >> apply

Windows see what changes. They do not see what is deleted, nor an order that was imported with a past date, which is born behind
every watermark. `known` writes down what the warehouse has, `extract` compares it with all ids of the store (a small request for 5,000
orders) and reads only what differs, `apply` puts that right: what is gone is deleted, what differs is replaced.

* The warehouse's tables are those of `orocommerce_orders_incremental`, which makes them; a state that it has merged meanwhile stays.
* To adapt: the param `lake`, and `known` and `apply` for your warehouse. The file must be in the order of ids, each id once.
"""

from __future__ import annotations

import csv
import json
import os
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, ObjectStoragePath, Param, task
from airflow.timetables.interval import CronDataIntervalTimetable

from oro_provider.operators.extract import OroCommerceExtractOrdersOperator

if TYPE_CHECKING:
    from sqlalchemy import Connection

LAKE = os.environ.get("OROCOMMERCE_LAKE", "/opt/airflow/lake/orocommerce")
WAREHOUSE = os.environ.get("OROCOMMERCE_WAREHOUSE", "sqlite:////opt/airflow/warehouse.sqlite?timeout=60")

PUT = """
INSERT INTO orders VALUES (:id, :identifier, :poNumber, :currency, :subtotalValue, :totalValue, :customer, :country,
                           :createdAt, :updatedAt)
ON CONFLICT (id) DO NOTHING
"""
PUT_LINE = "INSERT INTO order_lines VALUES (:id, :order_id, :productSku, :productName, :quantity, :productUnit, :value)"


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


def replace(warehouse: Connection, order: dict[str, Any]) -> bool:
    """Put an order and its lines in the place of an older state; say whether there was no newer one."""
    from sqlalchemy import text

    address = order.get("shippingAddress") or order.get("billingAddress") or {}
    row = {**order, "country": address.get("country")}
    warehouse.execute(text("DELETE FROM orders WHERE id = :id AND updated_at <= :updatedAt"), row)
    if warehouse.execute(text(PUT), row).rowcount == 0:
        return False
    warehouse.execute(text("DELETE FROM order_lines WHERE order_id = :id"), row)
    if lines := [{**line, "order_id": order["id"]} for line in order["lineItems"]]:
        warehouse.execute(text(PUT_LINE), lines)
    return True


@task(multiple_outputs=False)
def apply(manifest: dict[str, Any]) -> dict[str, int]:
    """Delete what the store no longer has and replace what differs, in one transaction."""
    from sqlalchemy import create_engine, text

    deleted = replaced = 0
    with create_engine(WAREHOUSE).begin() as warehouse:
        for path in manifest["related"].get("deleted", []):
            with ObjectStoragePath(path).open("rb") as file:
                for gone in map(json.loads, file):
                    warehouse.execute(text("DELETE FROM order_lines WHERE order_id = :id"), gone)
                    deleted += warehouse.execute(text("DELETE FROM orders WHERE id = :id"), gone).rowcount
        for path in manifest["files"]:
            with ObjectStoragePath(path).open("rb") as file:
                replaced += sum(replace(warehouse, order) for order in map(json.loads, file))
    return {"deleted": deleted, "replaced": replaced}


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
        include=["lineItems", "billingAddress", "shippingAddress"],
    )
    apply(extract.output)  # type: ignore[arg-type]  # the manifest, by XCom
