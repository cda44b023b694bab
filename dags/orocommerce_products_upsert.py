"""
### An ERP's products into the store

    read_erp >> resolve >> upsert

`read_erp` reads the ERP's file, `resolve` turns the names in it (tax codes, categories, brands, units) into ids, and `upsert`
creates the products that the store lacks and changes those that differ. A name that the store does not have stops the
run before anything is written; a product that the store refuses is written to the rejects, and the task fails with its outcome.

* To adapt: the param `erp_csv` (its columns are fields of products, see `docs/entities.md`), or any task that returns such rows, and the
  param `rejects`. Rows for which XCom is too small stay in the file: give its path as `records`.
"""

from __future__ import annotations

import csv
import os
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task
from airflow.timetables.interval import CronDataIntervalTimetable

from oro_provider.operators.lookups import OroCommerceResolveLookupsOperator
from oro_provider.operators.upsert import OroCommerceUpsertProductsOperator
from oro_provider.windows import resolve_window

ERP_CSV = os.environ.get("OROCOMMERCE_ERP_CSV", "/opt/airflow/erp/products.csv")
REJECTS = os.environ.get("OROCOMMERCE_REJECTS", "/opt/airflow/rejects")


def tell_outcome(context: Any) -> None:
    """Say what came of a failed upsert: the outcome is in XCom although the task failed."""
    outcome = context["ti"].xcom_pull(task_ids="upsert", key="return_value")
    if outcome:
        print(f"{outcome['rejected']} of {outcome['read']} products were refused: {outcome['rejects']}")  # noqa: T201


@task
def read_erp() -> list[dict[str, str]]:
    """Return the rows of the ERP's file; an empty cell says nothing about its field."""
    context = get_current_context()
    window = resolve_window(context)
    with open(context["params"]["erp_csv"], newline="", encoding="utf-8-sig") as file:  # noqa: PTH123 - reads as documentation
        rows = [{name: value for name, value in row.items() if value} for row in csv.DictReader(file)]
    print(f"{len(rows)} products for {window}")  # noqa: T201
    return rows


with DAG(
    "orocommerce_products_upsert",
    description="Products of an ERP's file, created and updated in OroCommerce",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "execution_timeout": timedelta(hours=2),
    },
    params={
        "orocommerce_conn_id": Param("orocommerce_default", type="string", description="The connection to the store"),
        "erp_csv": Param(ERP_CSV, type="string", description="The ERP's file"),
        "rejects": Param(REJECTS, type="string", description="Folder or object storage URL of refused rows"),
    },
    tags=["orocommerce", "products"],
):
    rows = read_erp()
    resolve = OroCommerceResolveLookupsOperator(
        task_id="resolve", orocommerce_conn_id="{{ params.orocommerce_conn_id }}", entity="products", records=rows
    )
    OroCommerceUpsertProductsOperator(
        task_id="upsert",
        orocommerce_conn_id="{{ params.orocommerce_conn_id }}",
        records=rows,
        lookups=resolve.output,
        rejects="{{ params.rejects }}/products/{{ data_interval_start | ds }}.jsonl",
        on_failure_callback=tell_outcome,
    )
