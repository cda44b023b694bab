"""A sensor that gives its slot back between two looks, on the real scheduler."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from tests.integration.orders import Shop, shop
from tests.system.stack import connected, wait_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.stack import AirflowStack

DAG = "rescheduled"
BETWEEN = {"up_for_reschedule"}


@pytest.fixture
def watched(airflow_stack: AirflowStack) -> Iterator[Shop]:
    """A shop that the Airflow knows."""
    stack = airflow_stack
    stack.wait_dags(DAG)
    stack.api.call("POST", "/pools", body={"name": "one_slot", "slots": 1})
    with shop() as watched, connected(stack, watched.sandbox, DAG):
        yield watched
    stack.api.set_paused(DAG, True)


def test_a_slot_is_free_between_looks_and_no_order_between_them_is_lost(
    airflow_stack: AirflowStack, watched: Shop
) -> None:
    stack = airflow_stack
    since = datetime.now(timezone.utc) + timedelta(seconds=1)
    stack.unpause(DAG)
    run = stack.trigger(DAG, conf={"since": since.isoformat()})
    meanwhile = wait_task(stack, run, "meanwhile", {"success"})
    waiting = wait_task(stack, run, "wait", BETWEEN)
    first = watched.order()
    late = watched.leave_gap()
    back_dated = watched.order("2020-05-05T05:05:05Z")
    _another_look(watched)
    wait_task(stack, run, "wait", BETWEEN)
    watched.commit_late(late)
    last = watched.order()
    stack.wait_runs(DAG, 1)
    found = stack.xcoms(DAG, run["dag_run_id"], "wait")
    assert found["ids"] == sorted([first, str(late), str(late + 1), back_dated, last], key=int)
    (ended,) = [task for task in stack.task_instances(DAG, run["dag_run_id"]) if task["task_id"] == "wait"]
    assert waiting["start_date"] < meanwhile["end_date"] < ended["end_date"]


def _another_look(watched: Shop) -> None:
    """Wait until the sensor has looked again."""
    before, until = len(watched.asked()), time.monotonic() + 60
    while len(watched.asked()) == before:
        assert time.monotonic() < until, "the sensor does not look again"
        time.sleep(0.1)
