"""A real Airflow: its components, runs with real intervals, a wait on the triggerer, and nothing left afterwards."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.environment import CHECKOUT
from demo.processes import ProcessDiedError, marked
from demo.secrets_search import Leak, search
from demo.stack import AirflowStack

if TYPE_CHECKING:
    from demo.api import Document

DAG = "stand_in"


@pytest.fixture(scope="module")
def backfilled(airflow_stack: AirflowStack) -> list[Document]:
    """The runs of a backfill over the last three whole days."""
    today = datetime.now(timezone.utc).date()
    airflow_stack.wait_dags(DAG)
    airflow_stack.backfill(DAG, today - timedelta(days=3), today - timedelta(days=1))
    airflow_stack.unpause(DAG)
    return airflow_stack.wait_runs(DAG, 3)


def test_the_four_components_are_healthy(airflow_stack: AirflowStack) -> None:
    a_minute_ago = datetime.now(timezone.utc) - timedelta(minutes=1)

    health = airflow_stack.api.health(a_minute_ago)

    assert health == dict.fromkeys(("metadatabase", "scheduler", "triggerer", "dag_processor"), True)


def test_a_backfill_of_three_days_gives_three_runs_with_the_days_as_intervals(
    airflow_stack: AirflowStack, backfilled: list[Document]
) -> None:
    midnight = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [midnight - timedelta(days=ago) for ago in (3, 2, 1, 0)]

    intervals = [airflow_stack.xcoms(DAG, run["dag_run_id"], "interval") for run in backfilled]

    assert {run["run_type"] for run in backfilled} == {"backfill"}
    assert intervals == [[start.isoformat(), end.isoformat()] for start, end in pairwise(days)]


def test_a_deferrable_task_waits_on_the_triggerer(airflow_stack: AirflowStack, backfilled: list[Document]) -> None:
    log = airflow_stack.logs(DAG, backfilled[0]["dag_run_id"], "wait")

    assert "Trigger fired event" in log


def test_a_cleared_run_executes_its_tasks_again(airflow_stack: AirflowStack, backfilled: list[Document]) -> None:
    run_id = backfilled[-1]["dag_run_id"]

    airflow_stack.clear(DAG, run_id)
    airflow_stack.wait_runs(DAG, 3)

    tasks = airflow_stack.task_instances(DAG, run_id)
    assert {task["task_id"]: (task["state"], task["try_number"]) for task in tasks} == {
        "interval": ("success", 2),
        "wait": ("success", 2),
        "total": ("success", 2),
    }


def test_a_failed_run_is_an_error_that_shows_the_cause(airflow_stack: AirflowStack, backfilled: list[Document]) -> None:
    run = airflow_stack.trigger(DAG, conf={"why": "no interval"})

    with pytest.raises(RuntimeError, match=rf"{DAG} manual__(.|\n)*interval:(.|\n)*data_interval_start"):
        airflow_stack.wait_runs(DAG, len(backfilled) + 1)
    assert run["data_interval_start"] is None


def test_what_a_task_left_is_found_in_database_and_logs(
    airflow_stack: AirflowStack, backfilled: list[Document]
) -> None:
    home = airflow_stack.home
    keys = [airflow_stack.env["AIRFLOW__CORE__FERNET_KEY"]]
    words = ["no interval", "Trigger fired event"]

    leaks = search(words, database=airflow_stack.database, folders=[home / "logs"], fernet_keys=keys)

    assert Leak("dag_run.conf", "no interval") in leaks
    assert any("task_id=wait" in leak.place for leak in leaks)


def test_every_process_writes_below_the_checkout_only(airflow_stack: AirflowStack, backfilled: list[Document]) -> None:
    allowed = (str(airflow_stack.home), str(CHECKOUT / ".cache"))
    outside: set[Path] = set()
    for birth in marked(airflow_stack.home):
        outside |= {target for target in _written(birth.pid) if not str(target).startswith(allowed)}

    assert outside == set()
    assert list((Path(__file__).parent / "dags").rglob("__pycache__")) == []


def _written(pid: int) -> set[Path]:
    """The files that a process has open for writing; none where it has ended meanwhile, as a task's may."""
    found = set()
    with suppress(FileNotFoundError):
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                target = handle.resolve()
                flags = int(Path(f"/proc/{pid}/fdinfo/{handle.name}").read_text().split("flags:")[1].split()[0], 8)
                if target.is_file() and flags & 0b11:
                    found.add(target)
    return found


def test_a_component_that_cannot_start_is_an_error_and_nothing_stays(tmp_path: Path) -> None:
    broken = {"AIRFLOW__CORE__EXECUTOR": "NoSuchExecutor"}
    stack = AirflowStack(tmp_path / "airflow", Path(__file__).parent / "dags", broken)

    with pytest.raises(ProcessDiedError, match=r"NoSuchExecutor"), stack:
        pytest.fail("it started")

    assert marked(stack.home) == []
