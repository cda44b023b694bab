"""DAGs on a connection whose tokens come from a login by browser: tasks, a deferred sensor and a watcher use one pair."""

from __future__ import annotations

import time
from datetime import datetime, timezone

from airflow.sdk import DAG, AssetWatcher, task

from oro_provider.assets import orders_asset
from oro_provider.sensors.orders import OroCommerceNewOrdersSensor
from oro_provider.triggers.orders import OroCommerceNewOrdersEventTrigger

CONNECTION = "by_browser"
READING = 8.0  # seconds
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
ORDERS = orders_asset(
    CONNECTION,
    watchers=[
        AssetWatcher(
            name="orders", trigger=OroCommerceNewOrdersEventTrigger(orocommerce_conn_id=CONNECTION, poll_interval=0.5)
        )
    ],
)


@task
def read(seconds: float) -> int:
    """Ask the store again and again for so many seconds; return how often it answered."""
    from oro_provider.hooks.orocommerce import OroCommerceHook

    hook = OroCommerceHook(CONNECTION)
    until, answers = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        assert hook.get("countries", "US")["id"] == "US"
        answers += 1
        time.sleep(0.1)
    return answers


with DAG("by_browser", schedule=None, start_date=START, catchup=False):
    read.expand(seconds=[READING] * 3)
    OroCommerceNewOrdersSensor(
        task_id="wait",
        orocommerce_conn_id=CONNECTION,
        since="{{ dag_run.conf['since'] }}",
        deferrable=True,
        poke_interval=1,
        timeout=120,
    )

with DAG("by_browser_woken", schedule=[ORDERS], start_date=START, catchup=False, max_active_runs=1):
    read.override(task_id="woken")(seconds=0.2)
