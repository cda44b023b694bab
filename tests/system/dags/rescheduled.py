"""A DAG whose sensor looks between short tasks, and a task that wants the only slot of its pool meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

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
        # A task that is due again before the scheduler has noted that its look ended is taken for a failed one (3.3).
        poke_interval=4,
        retries=2,
        retry_delay=timedelta(seconds=1),
        timeout=120,
        pool="one_slot",
        priority_weight=10,
    )

    @task(pool="one_slot")
    def meanwhile() -> None:
        """Take the slot for a moment."""

    meanwhile()
