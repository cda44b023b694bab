"""The fixture for users' tests: quick, without Airflow, in a few lines."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PLUGIN = "oro_provider.sandbox.pytest_plugin"

_TEST = """
import json, os, sys
import pytest, requests

@pytest.mark.orocommerce_store(orders=7)
def test_orders_reach_the_warehouse(orocommerce_store):
    sku = orocommerce_store.create("customers", {"name": "Mine"}, group=2)
    orocommerce_store.fail("503", path="/orders", times=1)
    connection = json.loads(os.environ["AIRFLOW_CONN_OROCOMMERCE_DEFAULT"])
    assert connection["port"] and connection["password"] == orocommerce_store.client_secret
    url = orocommerce_store.url + "/admin/api/orders"
    assert requests.get(url).status_code == 503
    assert len(orocommerce_store.orders()) == 7
    assert orocommerce_store.records("customers", name="Mine")[0]["group"] == 2
    assert orocommerce_store.get("orders/1")["data"]["attributes"]["identifier"] == "SO-0000001"
    assert [one["status"] for one in orocommerce_store.requests("/orders")] == [503]
    assert "airflow" not in sys.modules
"""


def test_a_users_test_runs_with_the_plugin_and_without_airflow(tmp_path: Path) -> None:
    (tmp_path / "test_dag.py").write_text(_TEST)
    # As an entry point it is loaded anyway, and may not be named again.
    registered = any(one.value == _PLUGIN for one in entry_points(group="pytest11"))
    named = [] if registered else ["-p", _PLUGIN]
    command = [sys.executable, "-m", "pytest", "-q", *named, "-p", "no:cacheprovider", "test_dag.py"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": ":".join(sys.path), "PATH": ""},
    )
    assert done.returncode == 0, done.stdout + done.stderr
