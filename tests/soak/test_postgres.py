"""The environment of the compose file without an engine: the components and the warehouse on PostgreSQL, and the examples run on it."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

from demo.environment import CHECKOUT
from demo.processes import marked
from demo.scenario import DAGS, DAYS, ORDERS, PRODUCTS, TRACKINGS, Places, Scenario, prepare
from demo.stack import AirflowStack
from demo.store import StoreReader
from oro_provider.sandbox import running
from tests.soak.postgres import postgres

if TYPE_CHECKING:
    from pathlib import Path

HOME = CHECKOUT / ".tmp" / "postgres"

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]


def count(url: str, table: str) -> int:
    with create_engine(url).connect() as database:
        return int(database.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def test_the_examples_leave_what_they_should_and_run_again_without_a_change(tmp_path: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", returncode=143))  # by way of the blocks' ends
    with postgres(HOME, "airflow", "warehouse") as urls, running(seed=7, orders=300, version="6.1") as sandbox:
        store = StoreReader(sandbox.url, sandbox.client_id, sandbox.client_secret)
        places = replace(Places.below(tmp_path / "places"), warehouse=urls["warehouse"])
        before = prepare(store, places)
        environment = places.environment(store.connection())
        with AirflowStack(HOME / "airflow", DAGS, environment, database=urls["airflow"], progress=print) as stack:
            scenario = Scenario(store, stack, places, before, print)
            assert scenario.run() == []
            orders, lines = count(urls["warehouse"], "orders"), count(urls["warehouse"], "order_lines")
            for dag_id, runs in ((ORDERS, DAYS), (PRODUCTS, 1), (TRACKINGS, 1)):
                for run in stack.runs(dag_id):
                    stack.clear(dag_id, run["dag_run_id"])
                stack.wait_runs(dag_id, runs)
            assert (count(urls["warehouse"], "orders"), count(urls["warehouse"], "order_lines")) == (orders, lines)
            assert orders > 0
            assert lines >= orders
            assert count(urls["airflow"], "dag_run") == DAYS + 2
        assert marked(stack.home) == [], "something outlived the Airflow that started it"
