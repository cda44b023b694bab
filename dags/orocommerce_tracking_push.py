"""
### Shipment trackings onto orders

    shipments >> resolve >> push

`shipments` takes what was shipped in the run's data interval, `resolve` finds the orders by their identifiers, and `push` posts
the trackings that an order does not have yet, so the same interval can be pushed again.

* A store has no unique key for trackings: `max_active_runs=1` keeps two runs from posting the same one at once.
* To adapt: the param `shipments_csv` (order, method, number, shipped_at), or any task that returns such rows, and the param `rejects`. A
  tracking is shown as a link in the store only if `method` is the identifier of one of the store's shipping methods.
"""

from __future__ import annotations

import csv
import os
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task
from airflow.timetables.interval import CronDataIntervalTimetable

from oro_provider.operators.lookups import OroCommerceResolveLookupsOperator
from oro_provider.operators.upsert import OroCommerceUpsertShippingTrackingsOperator
from oro_provider.windows import moment, resolve_window

SHIPMENTS_CSV = os.environ.get("OROCOMMERCE_SHIPMENTS_CSV", "/opt/airflow/shipments.csv")
REJECTS = os.environ.get("OROCOMMERCE_REJECTS", "/opt/airflow/rejects")


def tell_outcome(context: Any) -> None:
    """Say what came of a failed push: the outcome is in XCom although the task failed."""
    outcome = context["ti"].xcom_pull(task_ids="push", key="return_value")
    if outcome:
        print(f"{outcome['rejected']} of {outcome['read']} trackings were refused: {outcome['rejects']}")  # noqa: T201


@task
def shipments() -> list[dict[str, str]]:
    """Return the shipments of the data interval: a row for each parcel. One without a date has not left yet."""
    context = get_current_context()
    window = resolve_window(context)
    with open(context["params"]["shipments_csv"], newline="", encoding="utf-8-sig") as file:  # noqa: PTH123 - reads as documentation
        rows = list(csv.DictReader(file))
    dated = [(row, moment(row["shipped_at"], "shipped_at")) for row in rows]
    shipped = [row for row, left in dated if left is not None and window.since <= left < window.until]
    print(f"{len(shipped)} of {len(rows)} shipments left in {window}")  # noqa: T201
    return [{name: row[name] for name in ("order", "method", "number")} for row in shipped]


with DAG(
    "orocommerce_tracking_push",
    description="Shipments of the data interval, pushed onto the orders of OroCommerce",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "execution_timeout": timedelta(minutes=30),
    },
    params={
        "orocommerce_conn_id": Param("orocommerce_default", type="string", description="The connection to the store"),
        "shipments_csv": Param(SHIPMENTS_CSV, type="string", description="The warehouse's file"),
        "rejects": Param(REJECTS, type="string", description="Folder or object storage URL of refused rows"),
    },
    tags=["orocommerce", "orders", "shipping"],
):
    rows = shipments()
    resolve = OroCommerceResolveLookupsOperator(
        task_id="resolve",
        orocommerce_conn_id="{{ params.orocommerce_conn_id }}",
        entity="ordershippingtrackings",
        records=rows,
    )
    OroCommerceUpsertShippingTrackingsOperator(
        task_id="push",
        orocommerce_conn_id="{{ params.orocommerce_conn_id }}",
        records=rows,
        lookups=resolve.output,
        rejects="{{ params.rejects }}/trackings/{{ data_interval_start | ds }}.jsonl",
        on_failure_callback=tell_outcome,
    )
