"""What tests on a real Airflow do to it: give it connections to their stores, wait for a task, make it recover quickly."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from demo.api import Document
    from demo.stack import AirflowStack
    from oro_provider.sandbox import RunningStore

# A triggerer that was killed leaves triggers behind, which are given to the next one when its heartbeats are missed.
QUICK_TRIGGERS = {
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "8",
}
# The same for tasks of a scheduler that was killed. On a machine that is busy for ten seconds, its own are taken for such.
QUICK_RECOVERY = {
    **QUICK_TRIGGERS,
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "3",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
    "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "2",
}


@contextmanager
def connected(stack: AirflowStack, store: RunningStore, conn_id: str, **extra: object) -> Iterator[None]:
    """Let the Airflow have a connection to a store as long as the block lasts; it lies in its database, as users' do."""
    connection = {
        "connection_id": conn_id,
        "conn_type": "orocommerce",
        "host": store.url,
        "login": store.client_id,
        "password": store.client_secret,
        "extra": json.dumps(extra),
    }
    stack.api.call("POST", "/connections", body=connection)
    try:
        yield
    finally:
        stack.api.call("DELETE", f"/connections/{conn_id}")


def wait_task(
    stack: AirflowStack,
    run: Document,
    task_id: str,
    states: Collection[str],
    *,
    map_index: int = -1,
    deadline: float = 90,
) -> Document:
    """Wait until a task of the run is in one of the states, and return its instance."""
    until = time.monotonic() + deadline
    task: dict[str, Any] = {}
    while time.monotonic() < until:
        tasks = stack.task_instances(run["dag_id"], run["dag_run_id"])
        task = next((one for one in tasks if (one["task_id"], one["map_index"]) == (task_id, map_index)), {})
        if task.get("state") in states:
            return task
        time.sleep(0.2)
    raise TimeoutError(f"{task_id} is {task.get('state')} after {deadline:g} s, not {'/'.join(states)}")
