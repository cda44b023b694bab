"""
### A task for each order of the hour

    wait >> order_ids >> handle[] >> acknowledge[]

`wait` looks at the orders of the run's data interval (in the triggerer, so that no worker is held), `handle` runs once for each
of them, and `acknowledge` leaves a note on the order in the store. The hour is looked at a minute after its end by the store's clock,
since orders are committed late. An hour without an order skips the rest; a backfill looks at its intervals and never waits.

* A note does not move the order's `updatedAt`. Any change of the order itself would, and would announce it again.
* Airflow maps over at most `[core] max_map_length` (1024) ids; an hour with more fails here rather than leave some out:
  take a shorter interval, or `orocommerce_orders_on_arrival`, which has no such limit.
* To adapt: `handle`, and `NOTE`.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task
from airflow.timetables.interval import CronDataIntervalTimetable

from oro_provider.sensors.orders import OroCommerceNewOrdersSensor

NOTE = "Taken over by Airflow"


@task
def order_ids(found: dict[str, Any]) -> list[str]:
    """Return the ids to map over."""
    if found["truncated"]:
        raise ValueError(
            f"there are more than the {found['count']} orders that Airflow maps over: shorten the interval"
        )
    return list(found["ids"])


@task(max_active_tis_per_dagrun=4, map_index_template="order {{ task.op_kwargs['order'] }}")
def handle(order: str) -> str:
    """Do what there is to do for one order."""
    print(f"Order {order}")  # noqa: T201
    return order


@task(max_active_tis_per_dagrun=4, map_index_template="order {{ task.op_kwargs['order'] }}")
def acknowledge(order: str) -> None:
    """Leave a note on the order, unless an earlier try has."""
    from oro_provider.api.documents import Ref
    from oro_provider.hooks.orocommerce import OroCommerceHook

    hook = OroCommerceHook(get_current_context()["params"]["orocommerce_conn_id"])
    fields = {"orders": ["activityNotes"], "notes": ["message"]}
    notes = hook.get("orders", order, include=["activityNotes"], fields=fields)["activityNotes"]
    if not any(NOTE in note["message"] for note in notes):
        hook.create("notes", {"message": NOTE}, {"activityTargets": (Ref("orders", order),)})


with DAG(
    "orocommerce_orders_sensor",
    description="A task for each order of OroCommerce that was made in the hour",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "execution_timeout": timedelta(minutes=30),
    },
    params={
        "orocommerce_conn_id": Param("orocommerce_default", type="string", description="The connection to the store"),
    },
    tags=["orocommerce", "orders"],
):
    wait = OroCommerceNewOrdersSensor(
        task_id="wait",
        orocommerce_conn_id="{{ params.orocommerce_conn_id }}",
        deferrable=True,
        poke_interval=timedelta(seconds=60),
        timeout=timedelta(hours=1),
    )
    acknowledge.expand(order=handle.expand(order=order_ids(wait.output)))  # type: ignore[arg-type]  # by XCom
