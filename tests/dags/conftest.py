"""The example DAGs in this process: a database, a sandbox store with their connection, and the files that they read."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.store import IntegrationStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAGS = Path(__file__).resolve().parents[2] / "dags"


@pytest.fixture
def store() -> Iterator[IntegrationStore]:
    """A sandbox of its own for each test: what a DAG left is looked at as a whole."""
    from oro_provider.sandbox import running

    with running(seed=5, orders=120, version="6.1") as sandbox:
        store = IntegrationStore(sandbox.url, sandbox.client_id, sandbox.client_secret, is_sandbox=True)
        store.login()
        yield store


@pytest.fixture
def places(tmp_path: Path, store: IntegrationStore, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder below which the DAGs read and write; the environment names its parts."""
    connection = {
        "conn_type": "orocommerce",
        "host": store.url,
        "login": store.client_id,
        "password": store.client_secret,
    }
    monkeypatch.setenv("AIRFLOW_CONN_OROCOMMERCE_DEFAULT", json.dumps(connection))
    for name, part in {
        "OROCOMMERCE_LAKE": "lake",
        "OROCOMMERCE_ERP_CSV": "erp.csv",
        "OROCOMMERCE_SHIPMENTS_CSV": "shipments.csv",
        "OROCOMMERCE_PRICES_CSV": "prices-{ds}.csv",
        "OROCOMMERCE_CRM": "crm",
        "OROCOMMERCE_REJECTS": "rejects",
    }.items():
        monkeypatch.setenv(name, str(tmp_path / part))
    monkeypatch.setenv("OROCOMMERCE_WAREHOUSE", f"sqlite:///{tmp_path / 'warehouse.sqlite'}?timeout=60")
    return tmp_path


def load_file(path: Path) -> Any:
    """Import a DAG file anew, as it reads its places when it is imported."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def load_dag(airflow_database: None, places: Path) -> Callable[[str], Any]:
    """Import one of the example DAGs by its id."""
    return lambda dag_id: load_file(DAGS / f"{dag_id}.py")
