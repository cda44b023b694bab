"""The example DAGs, run whole in this process: what they leave in store and warehouse, and what a second run changes."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.store import IntegrationStore

ORDERS, PRODUCTS, PRICES, CUSTOMERS, TRACKINGS = (
    "orocommerce_orders_incremental",
    "orocommerce_products_upsert",
    "orocommerce_prices_upsert",
    "orocommerce_customers_upsert",
    "orocommerce_tracking_push",
)
TODAY = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
YESTERDAY = TODAY - timedelta(days=1)


def run(module: Any, day: datetime) -> Any:
    """Run a DAG for the interval that begins with this day, and expect it to succeed."""
    dag_run = dag_of(module).test(logical_date=day + timedelta(days=1))
    states = {instance.task_id: instance.state for instance in dag_run.get_task_instances()}
    assert dag_run.state == "success", states
    return dag_run


def dag_of(module: Any) -> Any:
    return next(getattr(module, name) for name in ("extract", "resolve", "upsert") if hasattr(module, name)).dag


def warehouse(places: Path) -> tuple[dict[str, Any], list[Any]]:
    with closing(sqlite3.connect(places / "warehouse.sqlite")) as connection:
        connection.row_factory = sqlite3.Row
        orders = {str(row["id"]): dict(row) for row in connection.execute("SELECT * FROM orders ORDER BY id")}
        return orders, connection.execute("SELECT * FROM order_lines ORDER BY id").fetchall()


def writes(store: IntegrationStore) -> list[str]:
    """Return what was asked of the sandbox that was no reading."""
    log = store.session.get(f"{store.url}/_sandbox/requests", timeout=10).json()["requests"]
    return [
        f"{request['method']} {request['path']}"
        for request in log
        if "/admin/api/" in request["path"]
        and request["method"] not in {"GET", "OPTIONS"}
        and not request.get("override")
    ]


def forget(store: IntegrationStore) -> None:
    store.session.delete(f"{store.url}/_sandbox/requests", timeout=10)


def check_warehouse(store: IntegrationStore, places: Path, days: int) -> None:
    since = TODAY - timedelta(days=days)
    orders, lines = warehouse(places)
    stored = {
        order["id"]: order
        for order in store.read("orders")
        if since <= datetime.fromisoformat(order["attributes"]["updatedAt"].replace("Z", "+00:00")) < TODAY
    }
    assert orders.keys() == stored.keys()
    for id_, order in stored.items():
        assert orders[id_]["updated_at"] == order["attributes"]["updatedAt"]
        assert orders[id_]["total_value"] == order["attributes"]["totalValue"]
    wanted = {ref["id"] for order in stored.values() for ref in order["relationships"]["lineItems"]["data"]}
    assert {str(line["id"]) for line in lines} == wanted


def test_orders_are_merged_and_a_second_run_changes_nothing(
    load_dag: Callable[[str], Any], store: IntegrationStore, places: Path
) -> None:
    module = load_dag(ORDERS)
    for days in (3, 2, 1):
        run(module, TODAY - timedelta(days=days))
    check_warehouse(store, places, 3)
    before = warehouse(places)
    run(module, TODAY - timedelta(days=2))
    assert warehouse(places) == before
    assert writes(store) == []


def test_a_run_may_name_its_own_lake_and_connection(
    load_dag: Callable[[str], Any], places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load_dag(ORDERS)
    monkeypatch.setenv("AIRFLOW_CONN_OTHER_SHOP", os.environ["AIRFLOW_CONN_OROCOMMERCE_DEFAULT"])
    monkeypatch.setenv("AIRFLOW_CONN_OROCOMMERCE_DEFAULT", '{"conn_type": "orocommerce", "host": "http://127.0.0.1:9"}')
    lake = places / "other lake"
    dag_run = dag_of(module).test(logical_date=TODAY, run_conf={"lake": str(lake), "orocommerce_conn_id": "other_shop"})
    assert dag_run.state == "success"
    assert len(list(lake.rglob("manifest.json"))) == 1


def test_the_newest_state_of_an_order_wins_in_any_order_of_runs(load_dag: Callable[[str], Any], places: Path) -> None:
    module = load_dag(ORDERS)
    line = {"id": "1", "productSku": "A", "productName": "a", "quantity": 1, "productUnit": "each", "value": "1.0000"}
    names = ("identifier", "poNumber", "currency", "subtotalValue", "totalValue", "customer", "createdAt")
    order = {"id": "7", **dict.fromkeys(names), "updatedAt": "2026-11-07T00:00:00Z", "lineItems": [line]}
    newer = {**order, "totalValue": "9.0000", "updatedAt": "2026-11-08T00:00:00Z", "lineItems": []}
    with create_engine("sqlite://").begin() as warehouse:
        module.make_tables(warehouse)
        assert module.merge_order(warehouse, newer)
        assert not module.merge_order(warehouse, order)
        assert warehouse.exec_driver_sql("SELECT total_value FROM orders").scalars().all() == ["9.0000"]
        assert warehouse.exec_driver_sql("SELECT count(*) FROM order_lines").scalar() == 0


@pytest.fixture
def erp(store: IntegrationStore, places: Path) -> list[dict[str, str]]:
    """The ERP's file: products that the store does not have."""
    rows = [
        {"sku": f"ERP-{number}", "name": f"Product {number}", "unit": "each", "status": "enabled", "tax_code": code,
         "category": "", "brand": ""}
        for number, code in enumerate([store.read("producttaxcodes")[0]["attributes"]["code"]] * 5)
    ]  # fmt: skip
    write_csv(places / "erp.csv", rows)
    return rows


def write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    """Write a file as spreadsheets do: with the mark of UTF-8 at its beginning."""
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, dict.fromkeys(name for row in rows for name in row))
        writer.writeheader()
        writer.writerows(rows)


def test_products_are_upserted_and_a_second_run_writes_nothing(
    load_dag: Callable[[str], Any], store: IntegrationStore, erp: list[dict[str, str]]
) -> None:
    module = load_dag(PRODUCTS)
    run(module, YESTERDAY)
    made = {item["attributes"]["sku"]: item for item in store.read("products") if "ERP-" in item["attributes"]["sku"]}
    assert made.keys() == {row["sku"] for row in erp}
    forget(store)
    run(module, YESTERDAY)
    assert writes(store) == []


def test_an_unknown_name_stops_the_products_before_anything_is_written(
    load_dag: Callable[[str], Any], store: IntegrationStore, erp: list[dict[str, str]], places: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    write_csv(places / "erp.csv", [*erp, {**erp[0], "sku": "ERP-9", "brand": "No Such Brand"}])
    dag_run = dag_of(load_dag(PRODUCTS)).test(logical_date=TODAY)
    states = {instance.task_id: instance.state for instance in dag_run.get_task_instances()}
    assert states == {"read_erp": "success", "resolve": "failed", "upsert": "upstream_failed"}
    assert "row 6, field brand: the store has no brands 'No Such Brand'" in capsys.readouterr().out
    assert writes(store) == []


def test_a_refused_product_fails_the_task_with_its_outcome(
    load_dag: Callable[[str], Any], store: IntegrationStore, erp: list[dict[str, str]], places: Path
) -> None:
    write_csv(places / "erp.csv", [*erp, {**erp[0], "sku": "ERP 10 !!!"}])
    dag_run = dag_of(load_dag(PRODUCTS)).test(logical_date=TODAY)
    upsert = next(instance for instance in dag_run.get_task_instances() if instance.task_id == "upsert")
    assert upsert.state == "failed"
    outcome = upsert.xcom_pull(task_ids="upsert", key="return_value")
    assert (outcome["created"], outcome["rejected"]) == (5, 1)
    assert outcome["rejects"] == str(places / "rejects" / "products" / f"{YESTERDAY:%Y-%m-%d}.jsonl")


def test_prices_are_upserted_and_a_second_run_writes_nothing(
    load_dag: Callable[[str], Any], store: IntegrationStore, places: Path
) -> None:
    price_list = store.read("pricelists")[0]
    units = store.read("productunitprecisions", **{"filter[unit]": "each"})
    ids = sorted({unit["relationships"]["product"]["data"]["id"] for unit in units}, key=int)[:6]
    skus = [item["attributes"]["sku"] for item in store.read("products", **{"filter[id]": ",".join(ids)})]
    rows = [
        {"price_list": price_list["attributes"]["name"], "product": sku, "unit": "each", "quantity": "500", "currency": "USD",
         "value": f"{number}.5"}
        for number, sku in enumerate(skus)
    ]  # fmt: skip
    path = places / f"prices-{YESTERDAY:%Y-%m-%d}.csv"
    write_csv(path, rows)
    module = load_dag(PRICES)
    run(module, YESTERDAY)
    made = [
        price["attributes"]["value"]
        for price in store.read("productprices", **{"filter[priceList]": price_list["id"]})
        if price["attributes"]["quantity"] == 500
    ]
    assert sorted(made) == [f"{number}.5000" for number in range(6)]
    forget(store)
    run(module, YESTERDAY)
    assert writes(store) == []

    write_csv(path, [*rows, {**rows[0], "product": "no-such-product"}])
    dag_run = dag_of(module).test(logical_date=TODAY)
    upsert = next(instance for instance in dag_run.get_task_instances() if instance.task_id == "upsert")
    outcome = upsert.xcom_pull(task_ids="upsert", key="return_value")
    assert (upsert.state, outcome["unchanged"], outcome["rejected"]) == ("failed", 6, 1)


def test_customers_with_groups_users_and_addresses_are_upserted_and_a_second_run_writes_nothing(
    load_dag: Callable[[str], Any], store: IntegrationStore, places: Path
) -> None:
    term = store.read("paymentterms")[0]["attributes"]["label"]
    role = store.read("customeruserroles")[0]["attributes"]["label"]
    place = {"city": "Ulm", "postal_code": "89073", "country": "Germany", "region": "BY", "organization": "ACME"}
    crm = places / "crm"
    crm.mkdir()
    write_csv(
        crm / "customers.csv",
        [{"name": f"CRM {n}", "group": f"CRM group {n % 2}", "payment_term": term, "parent": "CRM 3" if n == 0 else ""}
         for n in range(4)],
    )  # fmt: skip
    write_csv(
        crm / "users.csv",
        [{"email": f"crm{n}@x.example", "first_name": "A", "last_name": "B", "customer": f"CRM {n}", "roles": role,
          "enabled": "true"} for n in range(4)],
    )  # fmt: skip
    write_csv(
        crm / "addresses.csv",
        [*({**place, "street": f"{n} CRM Way", "customer": f"CRM {n}", "default_types": "billing,shipping"} for n in range(4)),
         *({**place, "street": f"{n} CRM Lane", "customer_user": f"crm{n}@x.example"} for n in range(4))],
    )  # fmt: skip
    module = load_dag(CUSTOMERS)
    run(module, YESTERDAY)
    customers = {one["attributes"]["name"]: one for one in store.read("customers")}
    assert customers["CRM 0"]["relationships"]["parent"]["data"]["id"] == customers["CRM 3"]["id"]
    groups = [one["attributes"]["name"] for one in store.read("customergroups")]
    assert sorted(name for name in groups if name.startswith("CRM")) == ["CRM group 0", "CRM group 1"]
    for resource, where in (("customeraddresses", "CRM Way"), ("customeruseraddresses", "CRM Lane")):
        assert len([one for one in store.read(resource) if one["attributes"]["street"].endswith(where)]) == 4
    assert len([one for one in store.read("customerusers") if one["attributes"]["email"].startswith("crm")]) == 4
    forget(store)
    run(module, YESTERDAY)
    assert writes(store) == []


def test_trackings_are_pushed_once(load_dag: Callable[[str], Any], store: IntegrationStore, places: Path) -> None:
    orders = [order["attributes"]["identifier"] for order in store.read("orders")[:4]]
    shipped = [(order, day) for order in orders for day in (YESTERDAY, TODAY)]
    rows = [
        {"order": order, "method": "UPS", "number": f"1Z-{order}-{day:%d}", "shipped_at": f"{day:%Y-%m-%dT12:00:00Z}"}
        for order, day in shipped
    ]
    rows.append({"order": orders[0], "method": "UPS", "number": "1Z-packed", "shipped_at": ""})
    write_csv(places / "shipments.csv", rows)
    module = load_dag(TRACKINGS)
    run(module, YESTERDAY)
    run(module, YESTERDAY)
    made = [item["attributes"]["number"] for item in store.read("ordershippingtrackings")]
    pushed = [number for number in made if number.startswith("1Z-")]
    assert sorted(pushed) == sorted(f"1Z-{order}-{YESTERDAY:%d}" for order in orders)


@pytest.mark.parametrize("dag_id", [ORDERS, PRODUCTS, PRICES, CUSTOMERS, TRACKINGS])
def test_a_run_without_an_interval_fails_with_an_explanation(
    load_dag: Callable[[str], Any], dag_id: str, capsys: pytest.CaptureFixture[str], store: IntegrationStore,
) -> None:  # fmt: skip
    module = load_dag(dag_id)
    dag_run = dag_of(module).test(logical_date=None)
    assert dag_run.state == "failed"
    printed = capsys.readouterr().out
    assert "no data interval" in printed
    assert "airflow backfill create" in printed
    assert writes(store) == []


def test_shards_of_a_window_are_published_as_one(
    load_dag: Callable[[str], Any], store: IntegrationStore, places: Path
) -> None:
    module = load_dag("orocommerce_orders_sharded")
    month = TODAY.replace(day=1)
    last = (month - timedelta(days=1)).replace(day=1)
    dag_run = module.plan.dag.test(logical_date=month)
    assert dag_run.state == "success"
    manifests = list((places / "lake" / "sharded" / "orders").glob("since=*/manifest.json"))
    assert len(manifests) == 1
    instances = dag_run.get_task_instances()
    assert len(instances) == 6
    names = [str(one.rendered_map_index) for one in instances if one.task_id == "shard"]
    assert all(re.fullmatch(r"orders \d+ to \d+", name) for name in names), names
    manifest = json.loads(manifests[0].read_text())
    wanted = [
        order["id"]
        for order in store.read("orders", sort="id")
        if last <= datetime.fromisoformat(order["attributes"]["updatedAt"].replace("Z", "+00:00")) < month
    ]
    assert len(wanted) > 0
    found = [
        json.loads(line)["id"]
        for name in manifest["files"]
        for line in gzip.decompress(Path(name).read_bytes()).splitlines()
    ]
    assert found == wanted
    assert manifest["related"]["orderlineitems"]


def test_a_reconciliation_puts_right_what_no_window_sees(
    load_dag: Callable[[str], Any], store: IntegrationStore, places: Path
) -> None:
    """A deleted order, one whose change was missed, and those of before the first window."""
    module = load_dag(ORDERS)
    for days in (3, 2, 1):
        run(module, TODAY - timedelta(days=days))
    before, _ = warehouse(places)
    gone, missed = sorted(before, key=int)[-2:]
    store.delete(f"orders/{gone}")
    with closing(sqlite3.connect(places / "warehouse.sqlite")) as connection, connection:
        old = "2020-01-01T00:00:00Z"
        connection.execute("UPDATE orders SET total_value = '0', updated_at = ? WHERE id = ?", (old, missed))
        connection.execute("DELETE FROM order_lines WHERE order_id = ?", (missed,))
    dag_run = load_dag("orocommerce_orders_reconcile").extract.dag.test(logical_date=TODAY)
    assert dag_run.state == "success"
    after, lines = warehouse(places)
    stored = store.read("orders")
    assert {id_: order["updated_at"] for id_, order in after.items()} == {
        order["id"]: order["attributes"]["updatedAt"] for order in stored
    }
    assert {str(line["id"]) for line in lines} == {
        line["id"] for order in stored for line in order["relationships"]["lineItems"]["data"]
    }
    assert after[missed] == before[missed]
    differing = len(stored) - len(before) + 2
    apply = next(one for one in dag_run.get_task_instances() if one.task_id == "apply")
    assert apply.xcom_pull(task_ids="apply") == {"deleted": 1, "replaced": differing}


def test_a_reconciliation_leaves_a_state_that_was_merged_meanwhile(load_dag: Callable[[str], Any]) -> None:
    names = ("identifier", "poNumber", "currency", "subtotalValue", "totalValue", "customer", "createdAt")
    order = {"id": "7", **dict.fromkeys(names), "updatedAt": "2026-11-07T00:00:00Z", "lineItems": []}
    newer = {**order, "totalValue": "9.0000", "updatedAt": "2026-11-08T00:00:00Z"}
    module, tables = load_dag("orocommerce_orders_reconcile"), load_dag(ORDERS)
    with create_engine("sqlite://").begin() as warehouse:
        tables.make_tables(warehouse)
        assert module.replace(warehouse, newer)
        assert not module.replace(warehouse, order)
        assert warehouse.exec_driver_sql("SELECT total_value FROM orders").scalars().all() == ["9.0000"]
