"""One Airflow of four real components for all system tests of a session; to start it takes half a minute."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.environment import CHECKOUT
from demo.processes import marked
from demo.stack import AirflowStack

if TYPE_CHECKING:
    from collections.abc import Iterator


HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and give them the time that the first of them spends on the start."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.system)
            item.add_marker(pytest.mark.timeout(420), append=False)


@pytest.fixture(scope="session")
def airflow_stack() -> Iterator[AirflowStack]:
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", returncode=143))  # by way of the teardown
    with AirflowStack(CHECKOUT / ".tmp" / "system", HERE / "dags", {}, progress=print) as stack:
        yield stack
    assert marked(stack.home) == [], "something outlived the Airflow that started it"
