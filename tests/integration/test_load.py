"""Rows into a store: created, updated, left alone, refused; and the same again, which changes nothing."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.entities.orders import SHIPPING_TRACKINGS
from oro_provider.entities.products import PRODUCTS
from oro_provider.load.load import load
from oro_provider.load.lookups import Resolver
from oro_provider.load.mentions import resolve_rows
from oro_provider.load.rows import Row as LoadRow
from oro_provider.load.rows import read_rows
from oro_provider.load.run import Load

if TYPE_CHECKING:
    from pathlib import Path

    from oro_provider.load.outcome import Outcome
    from oro_provider.load.rows import Reject
    from tests.integration.store import IntegrationStore

Row = dict[str, Any]


def run_load(store: IntegrationStore, spec: Load) -> tuple[Outcome, list[Reject]]:
    async def run() -> tuple[Outcome, list[Reject]]:
        async with AsyncOroClient(store.settings) as client:
            return await load(client, spec)

    return asyncio.run(run())


def counts(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome["created"], outcome["updated"], outcome["unchanged"], outcome["rejected"]


@pytest.fixture
def names(store: IntegrationStore) -> Row:
    """Names of things that this store has."""
    family = store.read("attributefamilies", **{"fields[attributefamilies]": "code"})
    codes = [item["attributes"]["code"] for item in family]
    return {
        "tax_code": store.read("producttaxcodes")[0]["attributes"]["code"],
        "unit": next(unit["id"] for unit in store.read("productunits") if unit["id"] in {"each", "item", "piece"}),
        "attribute_family": "default_family" if "default_family" in codes else codes[0],
        "inventory_status": "in_stock",
    }


def product(store: IntegrationStore, number: int, names: Row, **more: Any) -> Row:
    return {"sku": f"{store.run_id}-L{number:03}", "name": f"Lamp {number}", "status": "enabled", **names, **more}


def stored_products(store: IntegrationStore) -> dict[str, Row]:
    found = store.read("products", include="names", **{"fields[productnames]": "string,localization"})
    return {item["attributes"]["sku"]: item for item in found if f"{store.run_id}-L" in item["attributes"]["sku"]}


def default_name(store: IntegrationStore, sku: str) -> str:
    values = store.read("productnames", **{"filter[product.sku]": sku, "filter[localization][exists]": "no"})
    assert len(values) == 1
    return str(values[0]["attributes"]["string"])


def test_products_are_created_updated_and_left_alone(writable_store: IntegrationStore, names: Row) -> None:
    store = writable_store
    rows = [product(store, number, names) for number in range(60)]
    outcome, rejects = run_load(store, Load(PRODUCTS, rows))
    assert rejects == []
    assert counts(outcome) == (60, 0, 0, 0)
    assert outcome["requests"] < 30
    made = stored_products(store)
    assert made.keys() == {row["sku"] for row in rows}
    assert {item["attributes"]["status"] for item in made.values()} == {"enabled"}
    assert default_name(store, rows[7]["sku"]) == "Lamp 7"
    localized = store.read("productnames", **{"filter[product.sku]": rows[7]["sku"]})

    outcome, _ = run_load(store, Load(PRODUCTS, rows))
    assert counts(outcome) == (0, 0, 60, 0)
    assert stored_products(store) == made

    rows[7] = {**rows[7], "name": "Lamp VII"}
    rows[8] = {**rows[8], "inventory_status": "out_of_stock"}
    rows[9] = {**rows[9], "status": "disabled", "name": "Lamp IX", "tax_code": None}
    outcome, _ = run_load(store, Load(PRODUCTS, rows))
    assert counts(outcome) == (0, 3, 57, 0)
    assert default_name(store, rows[7]["sku"]) == "Lamp VII"
    after = stored_products(store)
    assert after[rows[8]["sku"]]["relationships"]["inventory_status"]["data"]["id"] == "out_of_stock"
    assert after[rows[9]["sku"]]["attributes"]["status"] == "disabled"
    assert after[rows[9]["sku"]]["relationships"]["taxCode"]["data"] is None
    # The other languages' names are still there.
    names_after = store.read("productnames", **{"filter[product.sku]": rows[7]["sku"]})
    assert sorted(value["id"] for value in names_after) == sorted(value["id"] for value in localized)

    outcome, _ = run_load(store, Load(PRODUCTS, rows))
    assert counts(outcome) == (0, 0, 60, 0)


def test_bad_rows_are_refused_by_row_and_field_and_the_others_are_loaded(
    writable_store: IntegrationStore, names: Row, tmp_path: Path
) -> None:
    store = writable_store
    good = [product(store, number, names) for number in range(100, 104)]
    run_load(store, Load(PRODUCTS, good[:1]))
    bad = {
        "sku": {"name": "Lamp"},
        "brand": product(store, 111, names, brand="No Such Brand 9"),
        "tax_code": product(store, 112, names, tax_code="NO_SUCH_CODE"),
        "category": product(store, 113, names, category="No / Such / Category"),
        "unit": product(store, 114, names, unit="no_such_unit"),
        "status": product(store, 115, names, status="no_such_status"),
    }
    unit = "set" if names["unit"] != "set" else "kg"
    other_unit = {**good[0], "unit": unit}
    repeated = dict(good[1])
    no_name = {name: value for name, value in product(store, 116, names).items() if name != "name"}
    lower = {**product(store, 100, names), "sku": good[0]["sku"].lower()}
    rows = [*bad.values(), good[1], repeated, no_name, *good[2:], lower, {**other_unit, "sku": good[0]["sku"]}]
    outcome, rejects = run_load(store, Load(PRODUCTS, rows, rejects=tmp_path / "rejects.jsonl"))
    by_row = {reject.row: reject for reject in rejects}
    for number, field in enumerate(bad, start=1):
        assert by_row[number].field == field, by_row[number]
    assert "repeats the sku of row 7" in by_row[8].reason
    assert by_row[9].field == "name"
    assert outcome["read"] == len(rows) == sum(counts(outcome))
    assert {row["sku"] for row in good} <= stored_products(store).keys()
    written = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert [reject["row"] for reject in written] == sorted(by_row)
    assert written[1]["values"] == bad["brand"]


def test_a_sku_in_another_case_is_named(writable_store: IntegrationStore, names: Row) -> None:
    store = writable_store
    row = product(store, 120, names)
    run_load(store, Load(PRODUCTS, [row]))
    _, rejects = run_load(store, Load(PRODUCTS, [{**row, "sku": row["sku"].lower()}]))
    assert len(rejects) == 1
    assert rejects[0].field == "sku"
    assert row["sku"] in rejects[0].reason


def test_another_primary_unit_is_refused(writable_store: IntegrationStore, names: Row) -> None:
    store = writable_store
    row = product(store, 121, names)
    run_load(store, Load(PRODUCTS, [row]))
    units = [unit["id"] for unit in store.read("productunits")]
    other = next(unit for unit in units if unit != row["unit"])
    _, rejects = run_load(store, Load(PRODUCTS, [{**row, "unit": other}]))
    assert [reject.field for reject in rejects] == ["unit"]
    assert "deletes the prices" in rejects[0].reason


def test_trackings_are_pushed_once_however_often_they_are_pushed(writable_store: IntegrationStore) -> None:
    store = writable_store
    orders = [order["attributes"]["identifier"] for order in store.read("orders", sort="id")[:5]]
    rows = [
        {"order": order, "method": "UPS", "number": f"{store.run_id}-{order}-{parcel}"}
        for order in orders
        for parcel in range(2)
    ]
    outcome, rejects = run_load(store, Load(SHIPPING_TRACKINGS, rows))
    assert rejects == []
    assert counts(outcome) == (10, 0, 0, 0)
    again = [{**row, "method": "ups", "number": row["number"].lower()} for row in rows]
    more = {"order": orders[0], "method": "DHL", "number": f"{store.run_id}-extra"}
    outcome, _ = run_load(store, Load(SHIPPING_TRACKINGS, [*again, more]))
    assert counts(outcome) == (1, 0, 10, 0)
    made = [item for item in store.read("ordershippingtrackings") if store.run_id in item["attributes"]["number"]]
    assert len(made) == 11


def test_a_tracking_of_an_unknown_order_names_row_and_field(writable_store: IntegrationStore) -> None:
    rows = [{"order": "no-such-order", "method": "UPS", "number": f"{writable_store.run_id}-x"}]
    outcome, rejects = run_load(writable_store, Load(SHIPPING_TRACKINGS, rows))
    assert counts(outcome) == (0, 0, 0, 1)
    assert str(rejects[0]) == "row 1, field order: the store has no orders 'no-such-order'"


def test_names_are_resolved_in_few_requests(store: IntegrationStore, names: Row) -> None:
    records = [product(store, number, names) for number in range(500)]
    rows = [row for row in read_rows(PRODUCTS, records) if isinstance(row, LoadRow)]

    async def run() -> tuple[Any, int]:
        async with AsyncOroClient(store.settings) as client:
            found = await resolve_rows(Resolver(client), PRODUCTS, rows)
            return found, client.requests

    resolved, asked = asyncio.run(run())
    table = resolved.table
    assert not any(resolved.problems.values())
    assert table["tax_code"].keys() == {names["tax_code"]}
    assert table["unit"] == {names["unit"]: names["unit"]}
    assert asked <= 6


def test_thousands_of_orders_are_found_in_a_few_requests(store: IntegrationStore) -> None:
    known = [order["attributes"]["identifier"] for order in store.read("orders", **{"fields[orders]": "identifier"})]
    asked_for = [*known, *(f"no-such-{number}" for number in range(2500))]

    async def run() -> tuple[Any, int]:
        async with AsyncOroClient(store.settings) as client:
            found = await Resolver(client).resolve(SHIPPING_TRACKINGS.references["order"].lookup, asked_for)
            return found, client.requests

    found, asked = asyncio.run(run())
    assert found.ids.keys() == set(known)
    assert len(found.problems) == 2500
    assert asked <= len(asked_for) // 1000 + 2
