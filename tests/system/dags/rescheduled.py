"""A DAG whose sensor looks between short tasks, and a task that wants the only slot of its pool meanwhile."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow.sdk import DAG, task

from oro_provider.sensors.orders import OroCommerceNewOrdersSensor

with DAG("rescheduled", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False):
    OroCommerceNewOrdersSensor(
        task_id="wait",
        orocommerce_conn_id="rescheduled",
        since="{{ dag_run.conf['since'] }}",
        min_orders=5,
        mode="reschedule",
        deferrable=False,
        poke_interval=1,
        timeout=120,
        pool="one_slot",
        priority_weight=10,
    )

    @task(pool="one_slot")
    def meanwhile() -> None:
        """Take the slot for a moment."""

    meanwhile()
