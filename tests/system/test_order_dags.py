"""Orders on a real scheduler and triggerer: woken for, handed over, waited for and acknowledged."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.system.arrivals import ARRIVAL, SENSOR, WAITING, Arrivals, arrivals

if TYPE_CHECKING:
    from collections.abc import Iterator

POLL_SECONDS = 5.0


@pytest.fixture(scope="module")
def running() -> Iterator[Arrivals]:
    with arrivals("arrivals", POLL_SECONDS) as running:
        yield running


def test_an_order_starts_a_run_within_seconds_and_is_handed_over_once(running: Arrivals) -> None:
    stack, shop = running.stack, running.shop
    stack.unpause(ARRIVAL)
    stack.wait_runs(ARRIVAL, 1)  # there is no watermark yet: one run sets it
    delays, made = [], []
    for number in range(5):
        before = len(stack.runs(ARRIVAL))
        made.append(int(shop.order("2020-05-05T05:05:05Z" if number == 2 else None)))
        committed = datetime.now(timezone.utc)
        runs = stack.wait_runs(ARRIVAL, before + 1)
        started = max(datetime.fromisoformat(run["start_date"].replace("Z", "+00:00")) for run in runs)
        delays.append((started - committed).total_seconds())
        time.sleep(1.3)  # not always at the same moment of an interval
    # Measured, and worth to be read in a build's log.
    print(f"from an order's commit to the start of its run: {sorted(round(delay, 1) for delay in delays)} s")  # noqa: T201
    assert running.wait_for(set(made), 30) == set()
    assert sorted(running.handed_over()) == made
    assert median(delays) < 15


def test_a_deferred_sensor_wakes_for_an_order_that_is_dated_in_the_past(running: Arrivals) -> None:
    stack = running.stack
    since = datetime.now(timezone.utc) + timedelta(seconds=1)
    stack.unpause(WAITING)
    run = stack.trigger(WAITING, conf={"since": since.isoformat()})
    for _ in range(150):
        (task,) = stack.task_instances(WAITING, run["dag_run_id"])
        if task["state"] == "deferred":
            break
        time.sleep(0.2)
    assert task["state"] == "deferred"
    order = running.shop.order("2020-05-05T05:05:05Z")
    stack.wait_runs(WAITING, 1)
    found = stack.xcoms(WAITING, run["dag_run_id"], "wait")
    assert order in found["ids"]


def test_each_order_of_an_hour_gets_a_task_and_a_note(running: Arrivals) -> None:
    stack, store = running.stack, running.shop.store
    created = sorted(order["attributes"]["createdAt"] for order in store.read("orders", **{"filter[id]": "1..40"}))
    hour = datetime.fromisoformat(created[20].replace("Z", "+00:00")).replace(minute=0, second=0)
    end = hour + timedelta(hours=1)
    ids = {
        order["id"]
        for order in store.read("orders")
        if hour.isoformat() <= order["attributes"]["createdAt"].replace("Z", "+00:00") < end.isoformat()
    }
    stack.unpause(SENSOR)
    run = stack.trigger(SENSOR, logical_date=end)
    stack.wait_runs(SENSOR, 1)
    tasks = [task for task in stack.task_instances(SENSOR, run["dag_run_id"]) if task["task_id"] == "acknowledge"]
    assert {task["state"] for task in tasks} == {"success"}
    assert len(tasks) == len(ids)
    noted = {
        target["id"]
        for note in store.read("notes", include="activityTargets")
        if note["attributes"]["message"] == "Taken over by Airflow"
        for target in note["relationships"]["activityTargets"]["data"]
    }
    assert noted >= ids
