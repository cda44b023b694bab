"""A DAG whose sensor waits in the triggerer for orders made since a moment that its run is told."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow.sdk import DAG

from oro_provider.sensors.orders import OroCommerceNewOrdersSensor

with DAG("waiting", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False):
    OroCommerceNewOrdersSensor(
        task_id="wait", since="{{ dag_run.conf['since'] }}", deferrable=True, poke_interval=2, timeout=120
    )
