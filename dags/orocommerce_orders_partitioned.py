"""
### Orders, one partition a day

    extract >> revenue

A run has a partition (`2026-11-21`) instead of a data interval, and `extract` reads the orders that were changed on that day, by the
clock of the timetable's zone: a day on which the clock changes has 23 or 25 hours. `revenue` replaces the partition's file
whole, so that any day can be done again. An order that changes on two days is in the files of both, so do not add the days up.

* Backfill: `airflow backfill create --dag-id orocommerce_orders_partitioned --from-date 2026-11-01 --to-date 2026-11-07`
  makes a run for each partition. One day by hand: trigger it with that partition's key (Airflow 3.3).
* Partitions came with Airflow 3.2. Before, the DAG has data intervals of the same days, and its tasks are the same.
* The zone is a constant and no param, since the timetable is made when the file is parsed.
* To adapt: the params `orocommerce_conn_id` and `lake`, `ZONE`, and `revenue`.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from airflow.sdk import DAG, ObjectStoragePath, Param, task

from oro_provider.operators.extract import OroCommerceExtractOrdersOperator

LAKE = os.environ.get("OROCOMMERCE_LAKE", "/opt/airflow/lake/orocommerce")
ZONE = os.environ.get("OROCOMMERCE_ZONE", "UTC")

try:
    from airflow.sdk import CronPartitionTimetable
except ImportError:  # Airflow 3.1
    from airflow.timetables.interval import CronDataIntervalTimetable

    DAYS: Any = CronDataIntervalTimetable("@daily", timezone=ZONE)
else:
    DAYS = CronPartitionTimetable("@daily", timezone=ZONE, run_offset=-1, key_format="%Y-%m-%d")


@task
def revenue(manifest: dict[str, Any], lake: str) -> str:
    """Add up the orders of the partition by currency into a file that is named by the partition's window, and return its path."""
    totals: dict[str, Decimal] = {}
    for path in manifest["files"]:
        with ObjectStoragePath(path).open("rb") as file:
            for order in map(json.loads, file):
                totals[order["currency"]] = totals.get(order["currency"], Decimal(0)) + Decimal(order["totalValue"])
    target = ObjectStoragePath(lake) / "revenue" / f"{manifest['path'].rpartition('/')[2]}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({currency: str(total) for currency, total in sorted(totals.items())}))
    return str(target)


with DAG(
    "orocommerce_orders_partitioned",
    description="Orders of OroCommerce that were changed on the partition's day, and their revenue",
    doc_md=__doc__,
    schedule=DAYS,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
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
        target="{{ params.lake }}/partitioned",
        suborders="parents",
    )
    revenue(extract.output, "{{ params.lake }}/partitioned")  # type: ignore[arg-type]  # the manifest, by XCom
