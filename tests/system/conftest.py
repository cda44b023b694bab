"""One Airflow of four real components for all system tests of a session; to start it takes half a minute."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.environment import CHECKOUT
from demo.processes import marked
from demo.stack import AirflowStack

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def airflow_stack() -> Iterator[AirflowStack]:
    with AirflowStack(CHECKOUT / ".tmp" / "system", Path(__file__).parent / "dags", {}, progress=print) as stack:
        yield stack
    assert marked(stack.home) == [], "something outlived the Airflow that started it"
