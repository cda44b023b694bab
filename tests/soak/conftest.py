"""One Airflow for the soak tests that need a real one: the DAGs of the system tests, and examples that retry at once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from demo.environment import CHECKOUT
from demo.processes import marked
from demo.stack import AirflowStack
from tests.system.stack import QUICK_TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BACKFILLED, SHARDED = "orocommerce_orders_incremental", "orocommerce_orders_sharded"


@pytest.fixture(scope="session")
def soak_places() -> Path:
    """Where the examples write: `lake`, and `warehouse.sqlite`."""
    places = CHECKOUT / ".tmp" / "soak-places"
    shutil.rmtree(places, ignore_errors=True)
    shutil.copytree(CHECKOUT / "tests" / "system" / "dags", places / "dags")
    for name in (BACKFILLED, SHARDED):
        example = (CHECKOUT / "dags" / f"{name}.py").read_text()
        assert "timedelta(minutes=1)" in example
        (places / "dags" / f"{name}.py").write_text(example.replace("timedelta(minutes=1)", "timedelta(seconds=2)"))
    return places


@pytest.fixture(scope="session")
def soak_stack(soak_places: Path) -> Iterator[AirflowStack]:
    env = {
        "OROCOMMERCE_LAKE": str(soak_places / "lake"),
        "OROCOMMERCE_WAREHOUSE": f"sqlite:///{soak_places / 'warehouse.sqlite'}?timeout=60",
        **QUICK_TRIGGERS,
    }
    with AirflowStack(CHECKOUT / ".tmp" / "soak", soak_places / "dags", env, progress=print) as stack:
        yield stack
    assert marked(stack.home) == [], "something outlived the Airflow that started it"
