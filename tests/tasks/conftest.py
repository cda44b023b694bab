"""Tasks as Airflow runs them: a DAG file in a bundle, a database, a sandbox store of one's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.sandbox import running
from tests.dags.conftest import load_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from oro_provider.sandbox.server import RunningStore

HEAD = """
from datetime import datetime, timedelta, timezone
from airflow.sdk import DAG, task
from oro_provider.hooks.orocommerce import OroCommerceHook
from oro_provider.operators.delete import *
from oro_provider.operators.extract import *
from oro_provider.operators.lookups import *
from oro_provider.operators.request import *
from oro_provider.operators.shards import *
from oro_provider.operators.upsert import *
from oro_provider.retry import OroCommerceRetryPolicy
from oro_provider.sensors.orders import *
from oro_provider.sensors.records import *

dag = DAG("{name}", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc))
"""


@pytest.fixture(scope="module")
def store() -> Iterator[RunningStore]:
    with running(seed=21, orders=60, version="6.1") as sandbox:
        yield sandbox


@pytest.fixture
def connection(store: RunningStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningStore]:
    """The store with an Airflow connection to it, healed afterwards."""
    described = {
        "conn_type": "orocommerce",
        "host": store.url,
        "login": store.client_id,
        "password": store.client_secret,
    }
    monkeypatch.setenv("AIRFLOW_CONN_OROCOMMERCE_DEFAULT", json.dumps(described))
    yield store
    store.heal()


@pytest.fixture
def write_dag(
    airflow_database: None, written_dags: Path, connection: RunningStore, request: pytest.FixtureRequest
) -> Callable[[str], Any]:
    """Write a DAG file with these tasks (in the DAG `dag`) and return the DAG."""

    def write(tasks: str, name: str = "") -> Any:
        name = name or request.node.originalname
        path = written_dags / f"{name}.py"
        path.write_text(HEAD.format(name=name) + tasks)
        return load_file(path).dag

    return write
