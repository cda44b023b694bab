"""Names to ids in few requests, also where something on the way takes the method override away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.errors import InvalidRequest, OroCommerceError, OutcomeUnknown
from oro_provider.entities import entity_of
from oro_provider.entities.lookups import (
    BRANDS,
    CATEGORIES,
    CUSTOMER_GROUPS,
    LOOKUPS,
    ORDERS_BY_IDENTIFIER,
    PRODUCTS_BY_SKU,
    REGIONS,
    WEBSITES,
)
from oro_provider.entities.model import Dictionary, Lookup
from oro_provider.load.lookups import Names, Resolver
from oro_provider.load.mentions import resolve_rows
from oro_provider.load.rows import Row, read_rows
from oro_provider.sandbox.testing import TestStore
from tests.integration.loading import counts, run_load
from tests.load.proxy import proxy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oro_provider.api.settings import Settings
    from tests.load.conftest import LoadStore


@dataclass
class LimitedStore:
    """A store behind a proxy."""

    settings: Settings


def resolve(settings: Settings, lookup: Lookup, names: Iterable[str]) -> tuple[Names, int]:
    async def run() -> tuple[Names, int]:
        async with AsyncOroClient(settings) as client:
            return await Resolver(client).resolve(lookup, names), client.requests

    return asyncio.run(run())


def test_ten_thousand_skus_are_a_few_requests(store: LoadStore) -> None:
    known = [row[0] for row in store.sandbox.execute("SELECT sku FROM products ORDER BY sku LIMIT 50")]
    found, asked = resolve(store.settings, PRODUCTS_BY_SKU, [*known, *(f"NONE-{n}" for n in range(9950))])
    assert found.ids.keys() == set(known)
    assert len(found.absent) == 9950
    assert asked <= 12


def test_five_thousand_identifiers_are_five_requests(store: LoadStore) -> None:
    known = [row[0] for row in store.sandbox.execute("SELECT identifier FROM orders ORDER BY id")]
    found, asked = resolve(
        store.settings, ORDERS_BY_IDENTIFIER, [*known, *(f"NONE-{n}" for n in range(5000 - len(known)))]
    )
    assert found.ids.keys() == set(known)
    assert asked <= 6  # the token among them


def test_all_names_of_a_product_import(store: LoadStore) -> None:
    one = store.sandbox.execute
    row = {
        "tax_code": one("SELECT code FROM producttaxcodes")[0][0], "attribute_family": "default_family", "unit": "each",
        "inventory_status": "in_stock", "brand": one("SELECT v.string FROM localizedfallbackvalues v JOIN brands_names n "
        "ON n.target = v.id WHERE v.localization IS NULL")[0][0], "owner": "Main", "organization": one("SELECT name FROM organizations")[0][0],
        "units": ["set", "kg"], "name": "x", "name.de_DE": "y", "default_variant": one("SELECT sku FROM products")[0][0],
        "manage_inventory": True,
    }  # fmt: skip
    records = [{**row, "sku": f"IMP-{n}", "variants": [f"VAR-{n}"]} for n in range(10_000)]
    rows = [found for found in read_rows(entity_of("products"), records) if isinstance(found, Row)]

    async def run() -> Any:
        async with AsyncOroClient(store.settings) as client:
            return await resolve_rows(Resolver(client), entity_of("products"), rows), client.requests

    resolved, asked = asyncio.run(run())
    assert {path for path, names in resolved.problems.items() if names} == {"variants.product"}
    assert asked <= 60


def test_a_region_is_named_within_its_country(store: LoadStore) -> None:
    found, _ = resolve(
        store.settings, REGIONS, ["US / California", "us / california", "US / CA", "US-CA", "California"]
    )
    assert set(found.ids.values()) == {"US-CA"}
    assert found.absent == {"California"}


@pytest.mark.parametrize("name", ["Nuts/Bolts", "Workshop / Nuts/Bolts", "Nuts / Bolts"])
def test_a_title_of_a_category_may_hold_a_slash(store: LoadStore, name: str) -> None:
    before = store.sandbox.execute("SELECT category, string FROM categorytitles WHERE id = 5")[0]
    store.sandbox.execute("UPDATE categorytitles SET string = 'Nuts/Bolts' WHERE id = 5")
    found, _ = resolve(store.settings, CATEGORIES, [name])
    store.sandbox.execute("UPDATE categorytitles SET string = ? WHERE id = 5", (before[1],))
    assert found.ids == {name: str(before[0])}


@pytest.mark.parametrize("lookup", [one for one in LOOKUPS if one is not WEBSITES], ids=lambda lookup: lookup.type)
def test_every_lookup_answers(newest_store: LoadStore, lookup: Lookup) -> None:
    found, _ = resolve(newest_store.settings, lookup, ["no such name"])
    assert found.absent == {"no such name"}


def test_a_name_that_two_records_have_lists_them(store: LoadStore) -> None:
    for _ in range(2):
        store.sandbox.execute("INSERT INTO pricelists (name, \"priceListCurrencies\") VALUES ('Double', '[]')")
    row = {"price_list": "Double", "product": "x", "unit": "each", "currency": "USD", "value": "1"}
    _, rejects = run_load(store, "productprices", [row])
    assert rejects[0].field == "price_list"
    assert "names 2 pricelists: ids" in rejects[0].reason


def test_a_name_in_another_language_is_no_name(store: LoadStore) -> None:
    run_load(store, "brands", [{"name": "Heater", "name.de_DE": "Ofen"}])
    found, _ = resolve(store.settings, BRANDS, ["Heater", "Ofen"])
    assert (set(found.ids), found.absent) == ({"Heater"}, {"Ofen"})


def test_among_very_many_names_none_is_guessed(store: LoadStore) -> None:
    few, _ = resolve(store.settings, CUSTOMER_GROUPS, ["Wholesail"])
    assert few.problems["Wholesail"].endswith("did you mean 'Wholesale'?")
    store.sandbox.execute(
        "INSERT INTO customergroups (name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
        "SELECT 'Many ' || i FROM n"
    )
    many, _ = resolve(store.settings, CUSTOMER_GROUPS, ["Wholesail"])
    store.sandbox.execute("DELETE FROM customergroups WHERE name LIKE 'Many %'")
    assert many.problems == {"Wholesail": "the store has no customergroups 'Wholesail'"}


def test_a_lookup_of_ones_own_that_the_store_does_not_take_is_told(store: LoadStore) -> None:
    with pytest.raises(InvalidRequest, match="colour"):
        resolve(store.settings, Lookup("customers", Dictionary(("name",), where=(("colour", "red"),))), ["X"])
    with pytest.raises(OroCommerceError, match="storefronts"):
        resolve(store.settings, Lookup("storefronts", Dictionary(("name",))), ["X"])


@pytest.mark.parametrize(("kind", "made"), [("reset_after", 1), ("reset_before", 0)])
def test_a_record_that_is_made_for_a_name_is_made_once_though_the_answer_is_lost(
    store: LoadStore, kind: str, made: int
) -> None:
    group = f"Made {kind}"
    rows = [{"name": f"{kind} {n}", "group": group} for n in range(3)]
    store.sandbox.fail(kind, method="POST", path="/customergroups", times=1)
    if not made:
        with pytest.raises(OutcomeUnknown) as lost:
            run_load(store, "customers", rows, missing={"group": "create"})
        assert not lost.value.permanent
    outcome, rejects = run_load(store, "customers", rows, missing={"group": "create"})
    assert (counts(outcome), rejects) == ((3, 0, 0, 0), [])
    assert store.count("customergroups", f"name = '{group}'") == 1


def test_of_records_with_the_same_name_none_is_chosen(store: LoadStore) -> None:
    for _ in range(2):
        TestStore(store.sandbox).create("customers", {"name": "Twin"})
    outcome, rejects = run_load(store, "customers", [{"name": "Twin", "group": None}])
    assert counts(outcome) == (0, 0, 0, 1)
    assert (rejects[0].field, "names 2 records of the store: ids" in rejects[0].reason) == ("name", True)


@pytest.fixture
def stripped(store: LoadStore) -> Iterator[Settings]:
    with proxy(store, strips="x-http-method-override") as settings:
        yield settings


def test_where_the_override_is_stripped_the_keys_go_by_url(store: LoadStore, stripped: Settings) -> None:
    known = [row[0] for row in store.sandbox.execute("SELECT sku FROM products ORDER BY sku LIMIT 50")]
    before = store.count("products")
    found, asked = resolve(stripped, PRODUCTS_BY_SKU, [*known, *(f"NONE-{n:05}" for n in range(2000))])
    assert found.ids.keys() == set(known)
    assert 5 < asked < 60
    assert store.count("products") == before


def test_a_store_with_a_maximum_size_of_pages_is_asked_for_less(store: LoadStore) -> None:
    rows = [{"sku": "MOST-1", "name": "x", "unit": "each", "category": "Workshop", "brand": "Aldervik"}]
    address = {"street": "1 Most St", "city": "Salem", "postal_code": "97301", "country": "US", "region": "Oregon"}
    ((customer,),) = store.sandbox.execute("SELECT name FROM customers WHERE id = 1")
    with proxy(store, most_rows=500) as settings:
        found, asked = resolve(settings, REGIONS, ["US / Oregon", "US / Nowhere"])
        limited = LimitedStore(settings)
        made, _ = run_load(limited, "products", rows)
        placed, _ = run_load(limited, "customeraddresses", [{**address, "customer": customer, "organization": "x"}])
    assert (found.ids, found.absent) == ({"US / Oregon": "US-OR"}, {"US / Nowhere"})
    assert asked == 4  # a token, two refusals and the page
    assert (counts(made), counts(placed)) == ((1, 0, 0, 0), (1, 0, 0, 0))
    assert counts(run_load(store, "products", rows)[0]) == (0, 0, 1, 0)


def test_the_names_of_people_stand_in_no_message(store: LoadStore) -> None:
    ((known,),) = store.sandbox.execute("SELECT email FROM customerusers WHERE id = 1")
    for _ in range(2):
        TestStore(store.sandbox).create("customers", {"name": "Twice Ltd"})
    place = {"street": "1 Main St", "city": "Salem", "postal_code": "97301", "country": "US", "region": "Oregon"}
    rows = [
        {**place, "customer_user": f"x{known}"},
        {**place, "customer": "Nobody"},
        {**place, "customer": "Twice Ltd"},
    ]
    _, rejects = run_load(store, "addresses", rows)
    told = sorted(str(reject) for reject in rejects)
    assert told[:2] == [
        "row 1, field customer_user: the store has no customerusers of this name",
        "row 2, field customer: the store has no customers of this name",
    ]
    assert told[2].startswith("row 3, field customer: names 2 customers: ids ")
