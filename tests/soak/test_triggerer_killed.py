"""A triggerer that is killed while loads are deferred to it: they end as if it had not been."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.system.loads import DAG, check, loads
from tests.system.stack import wait_task

if TYPE_CHECKING:
    from pathlib import Path

    from demo.stack import AirflowStack

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]


def test_a_deferred_load_survives_its_triggerer(soak_stack: AirflowStack, tmp_path: Path) -> None:
    with loads(soak_stack, tmp_path, chunk_seconds=10) as running:
        run = running.start()
        wait_task(soak_stack, run, "deferred", {"deferred"})
        soak_stack.kill("triggerer")
        soak_stack.wait_runs(DAG, 1, deadline=240)
        check(running, run)
