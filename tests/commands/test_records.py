"""`entities` and `get`, and the one table behind both ways to call the commands."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider import cli
from oro_provider.entities import ENTITIES
from tests.api.certificates import make_authority
from tests.api.scripted import Play, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from oro_provider.sandbox import RunningStore


def test_entities_names_each_with_its_key(command: Callable[..., Any]) -> None:
    listed = json.loads(command("entities", "--json").out)
    assert {row["entity"] for row in listed} == set(ENTITIES)
    assert {row["entity"]: row["key"] for row in listed}["products"] == "sku"
    assert "products\n  key        sku\n" in command("entities").out


def test_get_prints_one_record(connect: Callable[..., str], command: Callable[..., Any]) -> None:
    said = command("get", connect(), "countries", "US")
    assert json.loads(said.out)["id"] == "US"


def test_get_prints_the_first_of_a_list_and_asks_for_no_more(
    store: RunningStore, connect: Callable[..., str], command: Callable[..., Any]
) -> None:
    store.forget_requests()
    said = command("get", connect(), "products", "--limit", "2", "--fields", "sku", "--filter", "id[gt]=1")
    records = [json.loads(line) for line in said.out.splitlines()]
    assert len(records) == 2
    assert all(record.keys() <= {"id", "sku"} for record in records)
    (asked,) = [entry for entry in store.requests() if entry["path"].endswith("/products")]
    assert "page%5Bsize%5D=2" in asked["query"]


def test_get_of_what_is_not_there_is_one_line(connect: Callable[..., str], command: Callable[..., Any]) -> None:
    said = command("get", connect(), "orders", "987654321")
    assert (said.status, said.out) == (2, "")
    assert "answered 404" in said.err
    assert len(said.err.splitlines()) == 1


def test_get_of_an_id_that_is_none_is_one_line(connect: Callable[..., str], command: Callable[..., Any]) -> None:
    said = command("get", connect(), "orders", "..")
    assert said.status == 2
    assert "no id" in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("no-such-command",),
        ("get", "shop"),
        ("get", "shop", "orders", "--limit", "0"),
        ("get", "shop", "orders", "--limit", "x"),
        ("get", "shop", "orders", "--filter", "sku"),
    ],
)
def test_a_wrong_call_is_refused_with_its_usage(arguments: tuple[str, ...], command: Callable[..., Any]) -> None:
    said = command(*arguments)
    assert said.status == 2
    assert "usage: python -m oro_provider" in said.err


@pytest.mark.capability("provider_commands")
def test_airflow_has_the_same_commands() -> None:
    (group,) = cli.get_commands()
    assert group.name == "orocommerce"
    assert [action.name for action in group.subcommands] == [command.name for command in cli.COMMANDS]
    from airflow.cli.cli_parser import get_parser

    parser = get_parser()
    args = parser.parse_args(["orocommerce", "get", "shop", "orders", "--limit", "3"])
    assert (args.conn_id, args.resource, args.limit) == ("shop", "orders", 3)
    assert args.func is cli.COMMANDS[-1]


def test_the_module_runs_and_the_table_needs_nothing_but_the_standard_library() -> None:
    done = subprocess.run([sys.executable, "-m", "oro_provider", "--help"], capture_output=True, text=True, check=True)
    assert all(command.name in done.stdout for command in cli.COMMANDS)
    code = "import sys; from oro_provider import cli; print('airflow' in sys.modules, 'requests' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_standard_output_has_the_results_and_no_log(tmp_path: Path, connect: Callable[..., str]) -> None:
    document = {"access_token": "tok-1", "data": [{"type": "orders", "id": "1"}]}
    with ScriptedServer([Play(body=document)], tls=make_authority(tmp_path).server_context()) as server:
        connect(host=server.url, extra={"verify": False})  # which is warned of, and Airflow logs warnings
        asked = [sys.executable, "-m", "oro_provider", "get", "shop", "orders"]
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"id": "1"}
    assert "Unverified HTTPS" in done.stderr


def test_get_of_a_record_takes_no_filter(connect: Callable[..., str], command: Callable[..., Any]) -> None:
    said = command("get", connect(), "orders", "1", "--filter", "identifier=x")
    assert (said.status, said.out) == (2, "")
    assert "filters are for a list" in said.err


def test_what_is_included_is_there_whatever_fields_are_named(
    connect: Callable[..., str], command: Callable[..., Any]
) -> None:
    asked = ("--fields", "identifier", "--include", "lineItems,customer.group")
    for said in (
        command("get", connect(), "orders", "1", *asked),
        command("get", "shop", "orders", "--limit", "1", *asked),
    ):
        record = json.loads(said.out)
        assert record.keys() == {"id", "identifier", "lineItems", "customer"}
        assert record["lineItems"][0]["productSku"]
