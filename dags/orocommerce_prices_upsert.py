"""
### An ERP's prices into the store

    price_file >> upsert

`price_file` says which file is to be loaded, and `upsert` makes the price lists have the prices in it: those that are there and
the same are left alone. The path goes through XCom and the rows do not, so the file may have a million of them.

* A price whose product, unit or price list the store does not have, or in a currency that its list has not, is written to the
  rejects with the reason. Up to 1 % of such rows are let pass; more fail the task, with its outcome in XCom. The others are in
  the store in either case. After repair, `OroCommerceReplayRejectsOperator` sends the file of rejects again.
* The task announces what it did: a DAG with `schedule=[create_asset(resource="productprices")]` runs after it.
* The connection is a constant and no param, since the asset has it in its address, which is made when the file is parsed.
* To adapt: `CONNECTION`, and the params `rejects` and `prices_csv` (price_list, product, unit, quantity, currency, value; the product by
  its SKU, the list by its name), an address in object storage, or a file for each day: `s3://erp/prices/{ds}.csv`.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task
from airflow.timetables.interval import CronDataIntervalTimetable

from oro_provider.assets import create_asset
from oro_provider.operators.upsert import OroCommerceUpsertProductPricesOperator
from oro_provider.windows import resolve_window

CONNECTION = os.environ.get("OROCOMMERCE_CONN_ID", "orocommerce_default")
PRICES_CSV = os.environ.get("OROCOMMERCE_PRICES_CSV", "/opt/airflow/erp/prices.csv")
REJECTS = os.environ.get("OROCOMMERCE_REJECTS", "/opt/airflow/rejects")


def tell_outcome(context: Any) -> None:
    """Say what came of a failed upsert: the outcome is in XCom although the task failed."""
    outcome = context["ti"].xcom_pull(task_ids="upsert", key="return_value")
    if outcome:
        print(f"{outcome['rejected']} of {outcome['read']} prices were refused: {outcome['rejects']}")  # noqa: T201


@task
def price_file() -> str:
    """Return the path of the prices of the data interval."""
    context = get_current_context()
    window = resolve_window(context)
    path = str(context["params"]["prices_csv"]).replace("{ds}", f"{window.since:%Y-%m-%d}")
    print(f"{path} for {window}")  # noqa: T201
    return path


with DAG(
    "orocommerce_prices_upsert",
    description="Prices of an ERP's file, created and updated in the price lists of OroCommerce",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "execution_timeout": timedelta(hours=6),
    },
    params={
        "prices_csv": Param(PRICES_CSV, type="string", description="The ERP's file"),
        "rejects": Param(REJECTS, type="string", description="Folder or object storage URL of refused rows"),
    },
    tags=["orocommerce", "prices"],
):
    upsert = OroCommerceUpsertProductPricesOperator(
        task_id="upsert",
        orocommerce_conn_id=CONNECTION,
        records=price_file(),
        rejects="{{ params.rejects }}/prices/{{ data_interval_start | ds }}.jsonl",
        max_rejects=0.01,
        asset=create_asset(orocommerce_conn_id=CONNECTION, resource="productprices"),
        on_failure_callback=tell_outcome,
    )
