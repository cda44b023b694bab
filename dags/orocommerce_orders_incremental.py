"""
### Orders into a warehouse, day by day

    extract >> merge

`extract` reads the orders that were changed in the run's data interval into files and hands their manifest on by XCom;
`merge` puts them into the warehouse. An order that changes again is read again by the interval of that change, and the newest
state wins, so runs may come in any order and any run may be repeated.

* Backfill: `airflow backfill create --dag-id orocommerce_orders_incremental --from-date 2026-11-01 --to-date 2026-11-07`.
* To adapt: the param `lake` (a folder, or a URL such as `s3://aws_default@lake/orocommerce`; `OROCOMMERCE_LAKE` is its default),
  `OROCOMMERCE_WAREHOUSE` (a SQLAlchemy URL; PostgreSQL and SQLite understand what is asked here), and `merge` for another one.
"""

from __future__ import annotations

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

TABLES = (
    """
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY, identifier TEXT, po_number TEXT, currency TEXT, subtotal_value TEXT, total_value TEXT,
    customer INTEGER, country TEXT, created_at TEXT, updated_at TEXT
)
""",
    """
CREATE TABLE IF NOT EXISTS order_lines (
    id INTEGER PRIMARY KEY, order_id INTEGER, product_sku TEXT, product_name TEXT, quantity REAL, unit TEXT, value TEXT
)
""",
)
# Money stays text from the store to here, so that no digit is lost.
MERGE = """
INSERT INTO orders VALUES (:id, :identifier, :poNumber, :currency, :subtotalValue, :totalValue, :customer, :country,
                           :createdAt, :updatedAt)
ON CONFLICT (id) DO UPDATE SET
    identifier = excluded.identifier, po_number = excluded.po_number, currency = excluded.currency,
    subtotal_value = excluded.subtotal_value, total_value = excluded.total_value, customer = excluded.customer,
    country = excluded.country, created_at = excluded.created_at, updated_at = excluded.updated_at
WHERE excluded.updated_at >= orders.updated_at
"""
MERGE_LINE = """
INSERT INTO order_lines VALUES (:id, :order_id, :productSku, :productName, :quantity, :productUnit, :value)
ON CONFLICT (id) DO UPDATE SET
    order_id = excluded.order_id, product_sku = excluded.product_sku, product_name = excluded.product_name,
    quantity = excluded.quantity, unit = excluded.unit, value = excluded.value
"""


def make_tables(warehouse: Connection) -> None:
    """Make the tables where they are missing."""
    from sqlalchemy import text

    if warehouse.dialect.name == "postgresql":
        # Two sessions that create one table at once are an error there, IF NOT EXISTS or not.
        warehouse.execute(text("SELECT pg_advisory_xact_lock(1)"))
    for table in TABLES:
        warehouse.execute(text(table))


def merge_order(warehouse: Connection, order: dict[str, Any]) -> bool:
    """Put an order and its lines into the warehouse unless a newer state is there; say whether it was put."""
    from sqlalchemy import text

    address = order.get("shippingAddress") or order.get("billingAddress") or {}
    row = {**order, "country": address.get("country")}
    if warehouse.execute(text(MERGE), row).rowcount == 0:
        return False
    warehouse.execute(text("DELETE FROM order_lines WHERE order_id = :id"), {"id": order["id"]})
    if lines := [{**line, "order_id": order["id"]} for line in order["lineItems"]]:
        warehouse.execute(text(MERGE_LINE), lines)
    return True


@task(multiple_outputs=False)
def merge(manifest: dict[str, Any]) -> dict[str, int]:
    """Merge the files of a manifest into the warehouse, in one transaction."""
    from sqlalchemy import create_engine

    merged = 0
    with create_engine(WAREHOUSE).begin() as warehouse:
        make_tables(warehouse)
        for path in manifest["files"]:
            with ObjectStoragePath(path).open("rb") as file:
                merged += sum(merge_order(warehouse, json.loads(line)) for line in file)
    return {"read": manifest["count"], "merged": merged}


with DAG(
    "orocommerce_orders_incremental",
    description="Orders of OroCommerce that were changed in the data interval, merged into a warehouse",
    doc_md=__doc__,
    # Not "@daily", whose data interval has a length of zero in Airflow 3.
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "execution_timeout": timedelta(hours=2),
    },
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
        include=["lineItems", "billingAddress", "shippingAddress"],
    )
    merge(extract.output)  # type: ignore[arg-type]  # the manifest, by XCom
