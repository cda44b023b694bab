"""A DAG that loads the same rows into two stores: from the triggerer and from the worker."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG

from oro_provider.operators.upsert import OroCommerceUpsertProductsOperator

with DAG(
    "loading",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=1)},
):
    for way in ("deferred", "on_worker"):
        OroCommerceUpsertProductsOperator(
            task_id=way,
            orocommerce_conn_id=way,
            records="{{ dag_run.conf['records'] }}",
            rejects=f"{{{{ dag_run.conf['places'] }}}}/{way}/rejects.jsonl",
            results=f"{{{{ dag_run.conf['places'] }}}}/{way}/results.jsonl",
            max_rejects=0.2,
            deferrable=way == "deferred",
            poll_interval=1,
        )
