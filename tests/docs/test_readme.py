"""The README's code, executed: its first DAG runs against a sandbox, its rows load, its connection is read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.entities.products import PRODUCTS
from oro_provider.hooks.orocommerce import OroCommerceHook
from oro_provider.load.rows import read_row
from oro_provider.sandbox import running
from tests.dags.conftest import load_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.sandbox.server import RunningStore

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningStore]:
    with running(seed=9, orders=60, version="6.1") as sandbox:
        connection = {
            "conn_type": "orocommerce",
            "host": sandbox.url,
            "login": sandbox.client_id,
            "password": sandbox.client_secret,
        }
        monkeypatch.setenv("AIRFLOW_CONN_OROCOMMERCE_DEFAULT", json.dumps(connection))
        yield sandbox


def test_the_connection_is_one_that_the_hook_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    export = next(block for block in blocks("bash") if "AIRFLOW_CONN" in block)
    value = re.search(r"='(.*)'", export, re.DOTALL)
    assert value is not None
    monkeypatch.setenv("AIRFLOW_CONN_OROCOMMERCE_DEFAULT", value.group(1))
    settings = OroCommerceHook().settings
    assert (settings.api_url, settings.client_id) == ("https://shop.example.com/admin/api", "<client id>")


def test_the_first_dag_runs(airflow_database: None, written_dags: Path, sandbox: RunningStore, tmp_path: Path) -> None:
    code = blocks("python")[0].replace("/tmp/orocommerce", str(tmp_path / "lake"))
    path = written_dags / "first_dag.py"
    path.write_text(code)
    module = load_file(path)
    dag_run = module.orders.dag.test()
    assert dag_run.state == "success"
    assert list((tmp_path / "lake").rglob("manifest.json"))


def test_the_rows_of_the_upsert_are_understood(tmp_path: Path) -> None:
    scope: dict[str, Any] = {}
    code = blocks("python")[1].replace("/tmp/orocommerce", str(tmp_path))
    exec(compile(code, "README.md", "exec"), scope)
    assert [read_row(PRODUCTS, 1, record).key for record in scope["products"].records] == [("a-1",)]


def test_every_target_of_make_that_is_named_is_there() -> None:
    makefile = (Path(__file__).resolve().parents[2] / "Makefile").read_text()
    for target in re.findall(r"^make ([a-z-]+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE) or f" {target} " in makefile, target
