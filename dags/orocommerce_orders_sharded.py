"""
### Orders of a large window, read by several workers

`plan` cuts the window into ranges of ids, `shard` is mapped over them and runs on as many workers as there are, `publish` makes
one manifest of their files. A shard that is killed is read again alone, from where it was; nothing of the window is seen
before all of it is there.

* The store sees at most slots of the pool times `max_connections` of the connection: make the pool with
  `airflow pools set orocommerce 2 "tasks that read OroCommerce"` and name it in `OROCOMMERCE_POOL`.
* The target must be one that every worker sees: object storage, or a shared disk.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG
from airflow.timetables.interval import CronDataIntervalTimetable

from oro_provider.operators.extract import OroCommerceExtractOrdersOperator
from oro_provider.operators.shards import OroCommercePlanExtractOperator, OroCommercePublishExtractOperator

LAKE = os.environ.get("OROCOMMERCE_LAKE", "/opt/airflow/lake/orocommerce") + "/sharded"
POOL = os.environ.get("OROCOMMERCE_POOL", "default_pool")

with DAG(
    "orocommerce_orders_sharded",
    description="Orders of OroCommerce that were changed in the data interval, read by several workers",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("@monthly", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=1), "execution_timeout": timedelta(hours=6)},
    tags=["orocommerce", "orders"],
):
    plan = OroCommercePlanExtractOperator(task_id="plan", entity="orders", shards=4)
    shard = OroCommerceExtractOrdersOperator.partial(
        task_id="shard",
        map_index_template="orders {{ task.shard['first'] }} to {{ task.shard['last'] }}",
        target=LAKE,
        include=["lineItems"],
        layout="objects",
        format="jsonl.gz",
        pool=POOL,
    ).expand(shard=plan.output)
    publish = OroCommercePublishExtractOperator(
        task_id="publish", target=LAKE, shards=plan.output, manifests=shard.output
    )
