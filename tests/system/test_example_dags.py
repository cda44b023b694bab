"""The example DAGs on a real Airflow: what they leave in store and warehouse, and what they do not leave in Airflow."""

from __future__ import annotations

import csv
import gzip
import json
import sqlite3
import time
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine

from demo.environment import CHECKOUT
from demo.processes import marked
from demo.scenario import DAGS, ORDERS, PRODUCTS, TRACKINGS, Places, Scenario, customers_data, prepare
from demo.secrets_search import search
from demo.stack import AirflowStack
from demo.store import StoreReader
from oro_provider.sandbox import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.sandbox.server import RunningStore


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningStore]:
    with running(seed=7, orders=300, version="6.1") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def scenario(sandbox: RunningStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenario]:
    """The scenario of the demo, run to its end."""
    store = StoreReader(sandbox.url, sandbox.client_id, sandbox.client_secret)
    places = Places.below(tmp_path_factory.mktemp("places"))
    before = prepare(store, places)
    home = CHECKOUT / ".tmp" / "examples"
    more = {"OROCOMMERCE_WORK": str(places.home / "work")}
    with AirflowStack(home, DAGS, places.environment(store.connection()) | more, progress=print) as stack:
        yield Scenario(store, stack, places, before, print)
    assert marked(stack.home) == [], "something outlived the Airflow that started it"


@pytest.fixture(scope="module")
def differences(scenario: Scenario) -> list[str]:
    return scenario.run()


def test_store_and_warehouse_hold_exactly_what_they_should(scenario: Scenario, differences: list[str]) -> None:
    assert differences == []
    rows = {row.dag: row for row in scenario.rows}
    assert (rows[ORDERS].runs, rows[PRODUCTS].runs, rows[TRACKINGS].runs) == (3, 1, 1)
    assert (rows[PRODUCTS].created, rows[PRODUCTS].updated, rows[PRODUCTS].unchanged) == (10, 15, 20)


def test_the_runs_again_write_nothing(scenario: Scenario, differences: list[str]) -> None:
    stack, store = scenario.stack, scenario.store
    warehouse = _rows(scenario.places.warehouse)
    store.forget_requests()
    for dag_id, count in ((ORDERS, 3), (PRODUCTS, 1), (TRACKINGS, 1)):
        for run in stack.runs(dag_id):
            stack.clear(dag_id, run["dag_run_id"])
        stack.wait_runs(dag_id, count)
    asked = [request for request in store.requests() if "/admin/api/" in request["path"]]
    assert asked
    assert [request for request in asked if request["method"] != "GET" and request["override"] != "GET"] == []
    assert _rows(scenario.places.warehouse) == warehouse


def test_no_secret_and_no_customers_data_is_left_in_airflow(
    scenario: Scenario, sandbox: RunningStore, differences: list[str]
) -> None:
    home, keys = scenario.stack.home, [scenario.stack.env["AIRFLOW__CORE__FERNET_KEY"]]
    tokens = sandbox.tokens()
    assert len(tokens) > 1
    assert search([sandbox.client_secret, *tokens], folders=[home, *scenario.places.written], fernet_keys=keys) == []
    people = customers_data(scenario.store)
    assert search(people, database=scenario.stack.database, folders=[home / "logs"], fernet_keys=keys) == []


def test_rows_do_not_stay_in_rendered_fields(scenario: Scenario, differences: list[str]) -> None:
    with closing(sqlite3.connect(scenario.stack.home / "airflow.db")) as database:
        query = "SELECT task_id, rendered_fields FROM rendered_task_instance_fields WHERE task_id IN ('upsert', 'push')"
        shown = {task_id: json.loads(fields)["records"] for task_id, fields in database.execute(query)}
    assert shown == {"upsert": "45 rows", "push": "15 rows"}


def test_a_window_is_read_by_several_workers_and_published_as_one(
    scenario: Scenario, sandbox: RunningStore, differences: list[str]
) -> None:
    stack = scenario.stack
    stack.unpause("orocommerce_orders_sharded")
    (run,) = stack.wait_runs("orocommerce_orders_sharded", 1)
    manifest = stack.xcoms("orocommerce_orders_sharded", run["dag_run_id"], "publish")
    shards = [
        instance
        for instance in stack.task_instances("orocommerce_orders_sharded", run["dag_run_id"])
        if instance["task_id"] == "shard"
    ]
    assert len(shards) == 4
    assert len({instance["pid"] for instance in shards}) == 4
    found = [
        json.loads(line)["id"]
        for name in manifest["files"]
        for line in gzip.decompress(Path(name).read_bytes()).splitlines()
    ]
    since, until = (manifest[name].replace("+00:00", "Z") for name in ("since", "until"))
    window = 'SELECT "id" FROM orders WHERE "updatedAt" >= ? AND "updatedAt" < ? ORDER BY "id"'
    assert found == [str(row[0]) for row in sandbox.execute(window, (since, until))]
    assert found


def test_prices_and_customers_are_loaded_from_files_and_announced(
    scenario: Scenario, sandbox: RunningStore, differences: list[str]
) -> None:
    stack, places = scenario.stack, scenario.places
    (price_list,) = sandbox.execute("SELECT name FROM pricelists ORDER BY id LIMIT 1")[0]
    statement = (
        "SELECT p.sku FROM products p JOIN productunitprecisions u ON u.product = p.id WHERE u.unit = 'each' LIMIT 5"
    )
    skus = [row[0] for row in sandbox.execute(statement)]
    _write(
        places.prices,
        [{"price_list": price_list, "product": sku, "unit": "each", "quantity": 700, "currency": "USD", "value": "3.25"}
         for sku in skus],
    )  # fmt: skip
    place = {"city": "Ulm", "postal_code": "89073", "country": "DE", "region": "BY", "organization": "CRM"}
    _write(places.crm / "customers.csv", [{"name": f"CRM {n}", "group": "CRM group"} for n in range(3)])
    _write(
        places.crm / "users.csv",
        [{"email": f"crm{n}@x.example", "first_name": "A", "last_name": "B", "customer": f"CRM {n}"} for n in range(3)],
    )
    _write(
        places.crm / "addresses.csv",
        [{**place, "street": f"{n}", "customer": f"CRM {n}", "customer_user": ""} for n in range(3)]
        + [{**place, "street": f"{n}", "customer": "", "customer_user": f"crm{n}@x.example"} for n in range(3)],
    )
    outcomes = {}
    dags = {
        "orocommerce_prices_upsert": ("upsert",),
        "orocommerce_customers_upsert": ("customers", "users", "addresses"),
    }
    for dag_id in dags:
        stack.unpause(dag_id)
    for dag_id, tasks in dags.items():
        (run,) = stack.wait_runs(dag_id, 1)
        assert run["state"] == "success"
        outcomes |= {task: stack.xcoms(dag_id, run["dag_run_id"], task) for task in tasks}
    assert {task: outcome["created"] for task, outcome in outcomes.items()} == {
        "upsert": 5, "customers": 3, "users": 3, "addresses": 6,
    }  # fmt: skip
    assert sandbox.execute("SELECT count(*) FROM productprices WHERE quantity = 700")[0][0] == 5
    with closing(sqlite3.connect(stack.home / "airflow.db")) as database:
        query = "SELECT asset_event.extra FROM asset_event JOIN asset ON asset.id = asset_event.asset_id WHERE asset.uri = ?"
        (extra,) = database.execute(query, ("orocommerce://orocommerce_default/productprices",)).fetchone()
    assert json.loads(extra)["created"] == 5


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.capability("partitioned_backfill")
def test_a_backfill_reads_each_day_as_a_partition(scenario: Scenario, sandbox: RunningStore) -> None:
    stack, dag_id = scenario.stack, "orocommerce_orders_partitioned"
    today = datetime.now(timezone.utc).date()
    # Not yesterday, whose partition the scheduler runs by itself: of two runs of one window at once the later one stays.
    days = [today - timedelta(days=ago) for ago in (4, 3, 2)]
    stack.backfill(dag_id, days[0], days[-1])
    stack.unpause(dag_id)
    runs = [run for run in stack.wait_runs(dag_id, 4) if run["run_type"] == "backfill"]
    assert [run.get("partition_key") for run in runs] == [str(day) for day in days]
    counts = 'SELECT count(*) FROM orders WHERE "updatedAt" >= ? AND "updatedAt" < ? AND "parent" IS NULL'
    for run, day in zip(runs, days, strict=True):
        manifest = stack.xcoms(dag_id, run["dag_run_id"], "extract")
        since, until = (f"{end}T00:00:00Z" for end in (day, day + timedelta(days=1)))
        assert [manifest[name].replace("+00:00", "Z") for name in ("since", "until")] == [since, until]
        assert [(manifest["count"],)] == sandbox.execute(counts, (since, until))
        assert json.loads(Path(stack.xcoms(dag_id, run["dag_run_id"], "revenue")).read_text()).keys() <= {"USD", "EUR"}


def test_prices_are_written_when_a_person_has_approved_them(scenario: Scenario, sandbox: RunningStore) -> None:
    stack, dag_id = scenario.stack, "orocommerce_prices_approved"
    chosen = """
        SELECT price."id", list."name", product."sku", price."unit", price."quantity", price."currency"
        FROM productprices price
        JOIN pricelists list ON list."id" = price."priceList" JOIN products product ON product."id" = price."product"
        ORDER BY price."id" LIMIT 1"""
    ((id_, *price),) = sandbox.execute(chosen)
    row = ",".join(map(str, price))
    scenario.places.prices.write_text(f"price_list,product,unit,quantity,currency,value\n{row},12.34\n")
    stack.unpause(dag_id)
    run_id = stack.trigger(dag_id)["dag_run_id"]
    task = _waiting(scenario, dag_id, run_id)
    with closing(sqlite3.connect(stack.home / "airflow.db")) as database:
        alerts = "SELECT count(*) FROM deadline JOIN dag_run ON dag_run.id = dagrun_id WHERE dag_run.run_id = ?"
        assert database.execute(alerts, (run_id,)).fetchone() == (1,)
    value = 'SELECT "value" FROM productprices WHERE "id" = ?'
    assert sandbox.execute(value, (id_,)) != [("12.3400",)]
    answer = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/approve/{task['map_index']}/hitlDetails"
    stack.api.call("PATCH", answer, body={"chosen_options": ["Approve"], "params_input": {}})
    stack.wait_runs(dag_id, 1)
    assert sandbox.execute(value, (id_,)) == [("12.3400",)]


def _waiting(scenario: Scenario, dag_id: str, run_id: str) -> Any:
    """Return the task that waits for a person; Airflow 3.3 parks it, before it is deferred.

    An answer before the scheduler has noticed that the worker's part is over, quicker than any person's, makes Airflow take the
    task for killed and ask again a minute later. So the scheduler's line about that end is waited for.
    """
    ended = f"TaskInstance Finished: dag_id={dag_id}, task_id=approve, run_id={run_id},"
    until = time.monotonic() + 90
    while time.monotonic() < until:
        for task in scenario.stack.task_instances(dag_id, run_id):
            assert task["state"] != "failed", scenario.stack.failure(dag_id, run_id)
            parked = task["task_id"] == "approve" and task["state"] in {"awaiting_input", "deferred"}
            if parked and ended in scenario.stack.processes.log("scheduler").read_text():
                return task
        time.sleep(0.3)
    raise TimeoutError(f"{dag_id} does not ask: {scenario.stack.task_instances(dag_id, run_id)}")


def test_a_connection_is_checked_by_a_run(scenario: Scenario, differences: list[str]) -> None:
    stack = scenario.stack
    stack.unpause("orocommerce_check")
    run = stack.trigger("orocommerce_check", conf={"consumers": True})
    stack.wait_runs("orocommerce_check", 1)
    findings = stack.xcoms("orocommerce_check", run["dag_run_id"], "check")
    assert findings["ok"] is True
    assert "consumer" in str(findings["findings"])


def test_store_and_warehouse_are_compared_by_a_run(scenario: Scenario, differences: list[str]) -> None:
    stack = scenario.stack
    orders, _ = _rows(scenario.places.warehouse)
    known = len(orders)
    stack.unpause("orocommerce_orders_reconcile")
    (run,) = stack.wait_runs("orocommerce_orders_reconcile", 1)
    applied = stack.xcoms("orocommerce_orders_reconcile", run["dag_run_id"], "apply")
    assert applied == {"deleted": 0, "replaced": len(scenario.store.read("orders").data) - known}
    assert known > 0


def _rows(url: str) -> list[list[tuple[Any, ...]]]:
    """All rows of the warehouse's tables."""
    with create_engine(url).connect() as warehouse:
        tables = [warehouse.exec_driver_sql(f"SELECT * FROM {name}") for name in ("orders", "order_lines")]
        return [sorted(map(tuple, rows)) for rows in tables]
