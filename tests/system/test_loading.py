"""The same load with and without the triggerer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.system.loads import DAG, check, loads

if TYPE_CHECKING:
    from pathlib import Path

    from demo.stack import AirflowStack


def test_a_load_ends_the_same_deferred_and_on_the_worker(airflow_stack: AirflowStack, tmp_path: Path) -> None:
    with loads(airflow_stack, tmp_path, chunk_seconds=2) as running:
        run = running.start()
        airflow_stack.wait_runs(DAG, 1)
        check(running, run)
