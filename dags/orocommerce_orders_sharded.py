"""
### Orders of a large window, read by several workers

    plan >> shard[] >> publish

`plan` cuts the window into ranges of ids, `shard` is mapped over them and runs on as many workers as there are, `publish` makes
one manifest of their files. A shard that is killed is read again alone, from where it was; nothing of the window is seen
before all of it is there.

* The store sees at most slots of the pool times `max_connections` of the connection: make the pool with
  `airflow pools set orocommerce 2 "tasks that read OroCommerce"` and name it in `OROCOMMERCE_POOL`, a constant, since Airflow
  chooses a task's pool before it renders anything.
* The target must be one that every worker sees: object storage, or a shared disk.
* To adapt: the param `lake`, and how many `shards`.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG, Param
from airflow.timetables.interval import CronDataIntervalTimetable

from oro_provider.operators.extract import OroCommerceExtractOrdersOperator
from oro_provider.operators.shards import OroCommercePlanExtractOperator, OroCommercePublishExtractOperator

LAKE = os.environ.get("OROCOMMERCE_LAKE", "/opt/airflow/lake/orocommerce")
POOL = os.environ.get("OROCOMMERCE_POOL", "default_pool")

with DAG(
    "orocommerce_orders_sharded",
    description="Orders of OroCommerce that were changed in the data interval, read by several workers",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("@monthly", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=1), "execution_timeout": timedelta(hours=6)},
    params={
        "orocommerce_conn_id": Param("orocommerce_default", type="string", description="The connection to the store"),
        "lake": Param(LAKE, type="string", description="Folder or object storage URL of the files"),
    },
    tags=["orocommerce", "orders"],
):
    plan = OroCommercePlanExtractOperator(
        task_id="plan", orocommerce_conn_id="{{ params.orocommerce_conn_id }}", entity="orders", shards=4
    )
    shard = OroCommerceExtractOrdersOperator.partial(
        task_id="shard",
        map_index_template="orders {{ task.shard['first'] }} to {{ task.shard['last'] }}",
        orocommerce_conn_id="{{ params.orocommerce_conn_id }}",
        target="{{ params.lake }}/sharded",
        include=["lineItems"],
        layout="objects",
        format="jsonl.gz",
        pool=POOL,
    ).expand(shard=plan.output)
    publish = OroCommercePublishExtractOperator(
        task_id="publish", target="{{ params.lake }}/sharded", shards=plan.output, manifests=shard.output
    )
