"""The DAG that checks a connection: what a person without a shell reads of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(("conn_id", "state"), [("orocommerce_default", "success"), ("wrong", "failed")])
def test_a_connection_is_checked_and_its_findings_are_in_xcom(
    load_dag: Callable[[str], Any],
    places: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    conn_id: str,
    state: str,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WRONG", '{"conn_type": "orocommerce", "host": "http://127.0.0.1:9", "login": "x"}')
    dag = load_dag("orocommerce_check").dag
    run = dag.test(run_conf={"orocommerce_conn_id": conn_id})
    assert run.state == state
    (instance,) = run.get_task_instances()
    findings = instance.xcom_pull(task_ids="check")
    assert findings["ok"] is (state == "success")
    assert findings["connection"] == conn_id
    if state == "failed":
        assert "Correct that field" in str(findings)
