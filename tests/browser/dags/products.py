"""A DAG whose tasks have the links that the examples' lack: to a record, and to the operation of a load of many rows."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow.sdk import DAG, task

from oro_provider.operators.request import OroCommerceGetOperator
from oro_provider.operators.upsert import OroCommerceUpsertProductsOperator


@task
def read_erp() -> list[dict[str, str]]:
    """Return more new products than are written in synchronous batches."""
    return [{"sku": f"LAMP-{number}", "name": f"Lamp {number}", "unit": "each"} for number in range(600)]


with DAG("products", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False):
    OroCommerceGetOperator(task_id="get", entity="products", id="1")
    OroCommerceUpsertProductsOperator(task_id="upsert", records=read_erp(), deferrable=False)
