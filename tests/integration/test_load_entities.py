"""Every entity as rows with names: loaded, loaded again without a write, changed, and as it then is in the store."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.entities import entity_of
from oro_provider.entities.model import Find
from tests.integration.loading import counts, run_load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.store import IntegrationStore

Row = dict[str, Any]


@pytest.fixture(scope="module")
def names(store: IntegrationStore) -> Row:
    """Names of things that this store has."""
    units = [unit["id"] for unit in store.read("productunits")]
    family = [
        item["attributes"]["code"] for item in store.read("attributefamilies", **{"fields[attributefamilies]": "code"})
    ]
    return {
        "attribute_family": "default_family" if "default_family" in family else family[0],
        "unit": next(unit for unit in units if unit in {"each", "item"}),
        "other_unit": next(unit for unit in units if unit in {"set", "kg"}),
        "payment_term": store.read("paymentterms")[0]["attributes"]["label"],
        "customer_tax_code": store.read("customertaxcodes")[0]["attributes"]["code"],
        "role": store.read("customeruserroles")[0]["attributes"]["label"],
        "language": next(one for one in store.read("localizations") if one["id"] != "1")["attributes"]["languageCode"],
    }


@pytest.fixture(scope="module")
def products(store: IntegrationStore, names: Row) -> list[str]:
    """SKUs of products that the other entities refer to."""
    store.need_writes()
    skus = [f"{store.run_id}-E{number}" for number in range(6)]
    rows = [
        {
            "sku": sku,
            "name": f"Part {sku}",
            "unit": names["unit"],
            "attribute_family": names["attribute_family"],
            "status": "enabled",
        }
        for sku in skus
    ]
    outcome, rejects = run_load(store, "products", rows)
    assert not rejects
    assert outcome["created"] == 6
    return skus


def load_twice(store: IntegrationStore, entity: str, rows: list[Row], changed: list[Row]) -> None:
    """Load rows, load them again (nothing is written), and load them with some changed (exactly those are written)."""
    outcome, rejects = run_load(store, entity, rows)
    assert not rejects, [str(reject) for reject in rejects]
    assert outcome["created"] + outcome["updated"] == len(rows)
    outcome, rejects = run_load(store, entity, rows)
    assert not rejects, [str(reject) for reject in rejects]
    assert counts(outcome) == (0, 0, len(rows), 0)
    differing = sum(before != after for before, after in zip(rows, changed, strict=True))
    outcome, rejects = run_load(store, entity, changed)
    assert not rejects, [str(reject) for reject in rejects]
    assert counts(outcome) == (0, differing, len(rows) - differing, 0)
    outcome, _ = run_load(store, entity, changed)
    assert counts(outcome) == (0, 0, len(rows), 0)


def test_products_with_texts_units_and_settings(
    writable_store: IntegrationStore, names: Row, products: list[str]
) -> None:
    store = writable_store
    rows = [
        {
            "sku": f"{store.run_id}-T{number}",
            "name": f"Lamp {number}",
            f"name.{names['language']}": f"Lampe {number}",
            "description": f"<p>A lamp, number {number}</p>",
            "short_description": "A lamp",
            "slug": f"lamp-{store.run_id.lower()}-{number}",
            "meta_title": "Lamps",
            "unit": names["unit"],
            "units": [{"unit": names["other_unit"], "conversion_rate": 10, "sell": True}],
            "back_order": True,
            "manage_inventory": "systemConfig",
            "attribute_family": names["attribute_family"],
        }
        for number in range(4)
    ]
    changed = [
        {**rows[0], f"name.{names['language']}": "Leuchte"},
        {**rows[1], "units": [{"unit": names["other_unit"], "conversion_rate": 12}], "description": "<p>Another</p>"},
        {**rows[2], "back_order": False},
        rows[3],
    ]
    load_twice(store, "products", rows, changed)
    localized = store.read("productnames", **{"filter[product.sku]": rows[0]["sku"]})
    languages = len(store.read("localizations"))
    assert len(localized) == languages + 1  # one of each language and the default one: none made twice, none lost
    assert {"Lamp 0", "Leuchte"} <= {value["attributes"]["string"] for value in localized}
    units = store.read(
        "productunitprecisions",
        **{"filter[product]": store.read("products", **{"filter[sku]": rows[1]["sku"]})[0]["id"]},
    )
    rates = {unit["relationships"]["unit"]["data"]["id"]: unit["attributes"]["conversionRate"] for unit in units}
    assert rates == {names["unit"]: 1, names["other_unit"]: 12}


def test_a_unit_that_a_row_does_not_name_stays_unless_it_is_to_go(
    writable_store: IntegrationStore, names: Row, products: list[str]
) -> None:
    store = writable_store
    row = {"sku": products[5], "unit": names["unit"], "units": [names["other_unit"]]}
    run_load(store, "products", [row])
    outcome, _ = run_load(store, "products", [{"sku": products[5], "unit": names["unit"]}])
    assert counts(outcome) == (0, 0, 1, 0)
    outcome, rejects = run_load(store, "products", [{"sku": products[5], "unit": names["unit"]}], remove_units=True)
    assert (counts(outcome), rejects) == ((0, 1, 0, 0), [])
    id_ = store.read("products", **{"filter[sku]": products[5]})[0]["id"]
    assert len(store.read("productunitprecisions", **{"filter[product]": id_})) == 1


def test_the_plan_says_how_many_prices_go_with_units(
    writable_store: IntegrationStore, names: Row, products: list[str], tmp_path: Path
) -> None:
    store = writable_store
    lists = [f"{store.run_id} units {n}" for n in range(2)]
    run_load(store, "pricelists", [{"name": name, "currencies": ["USD"]} for name in lists])
    full = [{"sku": sku, "unit": names["unit"], "units": [names["other_unit"]]} for sku in products[2:5]]
    run_load(store, "products", full)
    price = {"currency": "USD", "value": "5", "unit": names["other_unit"]}
    prices = [
        {**price, "product": sku, "price_list": name, "quantity": quantity}
        for sku, name, quantity in ((products[2], lists[0], 1), (products[2], lists[0], 5), (products[2], lists[1], 1),
                                    (products[3], lists[1], 1))
    ]  # fmt: skip
    kept = {**prices[0], "unit": names["unit"]}
    outcome, _ = run_load(store, "productprices", [*prices, kept])
    assert outcome["created"] == 5
    # A list without the primary unit leaves it where it is.
    bare = [
        *({"sku": sku, "unit": names["unit"]} for sku in products[2:4]),
        {"sku": products[4], "units": [names["unit"]]},
    ]
    gone = {"productunitprecisions": 3, "productprices": 4}
    outcome, _ = run_load(store, "products", bare, remove_units=True, dry_run=True, results=tmp_path / "plan.jsonl")
    assert (counts(outcome), outcome["removed"]) == ((0, 3, 0, 0), gone)
    plan = [json.loads(line)["changes"]["removed"] for line in (tmp_path / "plan.jsonl").read_text().splitlines()]
    assert plan == [[{"unit": names["other_unit"], "productprices": count}] for count in (3, 1, 0)]
    id_ = next(one["id"] for one in store.read("pricelists") if one["attributes"]["name"] == lists[0])
    assert len(store.read("productprices", **{"filter[priceList]": id_})) == 3

    outcome, rejects = run_load(store, "products", bare, remove_units=True)
    assert (counts(outcome), outcome["removed"], rejects) == ((0, 3, 0, 0), gone, [])
    assert len(store.read("productprices", **{"filter[priceList]": id_})) == 1
    outcome, _ = run_load(store, "products", bare, remove_units=True)
    assert (counts(outcome), outcome["removed"]) == ((0, 0, 3, 0), {})


def test_kits_and_their_products_in_one_load_in_any_order(writable_store: IntegrationStore, names: Row) -> None:
    store = writable_store
    base = {"unit": names["unit"], "attribute_family": names["attribute_family"], "status": "enabled"}
    parts = [f"{store.run_id}-K{number}" for number in range(3)]
    kit = {
        "sku": f"{store.run_id}-KIT",
        "name": "Kit",
        "product_type": "kit",
        "kit_items": [
            {
                "label": "Base",
                "products": parts[:2],
                "unit": names["unit"],
                "minimum_quantity": 1,
                "maximum_quantity": 2,
            },
            {"label": "Extra", "products": [parts[2]], "unit": names["unit"], "optional": True},
        ],
        **base,
    }
    rows = [kit, *({"sku": sku, "name": sku, **base} for sku in parts)]
    fewer = {**kit, "kit_items": [{**kit["kit_items"][0], "products": parts[1:]}]}
    load_twice(store, "products", rows, [fewer, *rows[1:]])
    id_ = store.read("products", **{"filter[sku]": kit["sku"]})[0]["id"]
    items = store.read("productkititems", **{"filter[productKit]": id_})
    assert len(items) == 1
    assert len(store.read("productkititemproducts", **{"filter[kitItem]": items[0]["id"]})) == 2


def test_a_kit_of_products_that_nobody_has_is_refused_by_field(writable_store: IntegrationStore, names: Row) -> None:
    store = writable_store
    row = {
        "sku": f"{store.run_id}-KX", "name": "Kit", "product_type": "kit", "unit": names["unit"],
        "attribute_family": names["attribute_family"], "kit_items": [{"label": "A", "products": ["no-such-sku"]}],
    }  # fmt: skip
    outcome, rejects = run_load(store, "products", [row])
    assert counts(outcome) == (0, 0, 0, 1)
    assert rejects[0].field == "kit_items.products.product"


def test_price_lists_and_their_prices(writable_store: IntegrationStore, names: Row, products: list[str]) -> None:
    store = writable_store
    lists = [{"name": f"{store.run_id} {name}", "currencies": ["USD", "EUR"], "active": True} for name in ("A", "B")]
    load_twice(store, "pricelists", lists, [{**lists[0], "active": False}, lists[1]])
    prices = [
        {
            "price_list": one["name"],
            "product": sku,
            "unit": names["unit"],
            "quantity": quantity,
            "currency": "USD",
            "value": "9.5",
        }
        for one in lists
        for sku in products
        for quantity in (1, 10)
    ]
    load_twice(store, "productprices", prices, [{**prices[0], "value": "9.55"}, *prices[1:]])
    id_ = next(one["id"] for one in store.read("pricelists") if one["attributes"]["name"] == lists[0]["name"])
    assert len(store.read("productprices", **{"filter[priceList]": id_})) == 12


def test_stock_is_set_and_levels_are_never_made(
    writable_store: IntegrationStore, names: Row, products: list[str]
) -> None:
    store = writable_store
    rows = [{"product": sku, "quantity": 5 + number} for number, sku in enumerate(products[:5])]
    load_twice(store, "inventorylevels", rows, [{**rows[0], "unit": names["unit"], "quantity": "7.5"}, *rows[1:]])
    _, rejects = run_load(
        store, "inventorylevels", [{"product": products[0], "unit": names["other_unit"], "quantity": 1}]
    )
    assert "its API makes none" in rejects[0].reason


def test_customers_with_groups_parents_users_and_addresses(writable_store: IntegrationStore, names: Row) -> None:
    store = writable_store
    run = store.run_id
    groups = [{"name": f"{run} {name}", "payment_term": names["payment_term"]} for name in ("Gold", "Silver")]
    load_twice(store, "customergroups", groups, [{**groups[0], "tax_code": names["customer_tax_code"]}, groups[1]])
    customers = [
        {"name": f"{run} Co {n}", "group": groups[n % 2]["name"], "tax_code": names["customer_tax_code"]}
        for n in range(6)
    ]
    # A chain of parents, the last of which comes first.
    customers = [{**row, "parent": f"{run} Co {n + 1}"} if n < 4 else row for n, row in enumerate(customers)]
    load_twice(store, "customers", customers, [{**customers[0], "parent": None}, *customers[1:]])
    users = [
        {
            "email": f"{run}.{n}@Example.com".lower() if n else f"{run}.Ann@example.com",
            "first_name": "Ann", "last_name": "Lee", "customer": customers[n]["name"], "roles": [names["role"]],
            "enabled": True, "password": "Secret-123",
        }
        for n in range(3)
    ]  # fmt: skip
    shouting = [{**users[0], "email": users[0]["email"].upper(), "last_name": "Low"}, *users[1:]]
    load_twice(store, "customerusers", users, shouting)
    addresses = [
        {
            "customer": row["name"], "street": f"{n} Main St", "city": "Salem", "postal_code": "97301", "country": "US",
            "region": "Oregon", "organization": row["name"], "types": "billing,shipping", "default_types": "billing",
            "primary": True,
        }
        for n, row in enumerate(customers)
    ]  # fmt: skip
    moved = {**addresses[0], "region": "US-CA", "country": "United States", "types": ["shipping"], "default_types": []}
    load_twice(store, "customeraddresses", addresses, [moved, *addresses[1:]])
    own = [
        {**{k: v for k, v in addresses[n].items() if k != "customer"}, "customer_user": users[n]["email"]}
        for n in range(3)
    ]
    load_twice(store, "customeruseraddresses", own, [{**own[0], "phone": "555-1"}, *own[1:]])


def test_an_only_address_that_is_not_to_be_the_primary_one_is_left_alone(writable_store: IntegrationStore) -> None:
    # The store makes an owner's first address its primary one, whatever is sent.
    store = writable_store
    customer = f"{store.run_id} Lone"
    run_load(store, "customers", [{"name": customer}])
    place = {
        "customer": customer,
        "city": "Ulm",
        "postal_code": "89073",
        "country": "DE",
        "region": "BY",
        "organization": "T",
    }
    one, other = ({**place, "street": street, "primary": False} for street in ("A 1", "B 2"))
    for expected in ((1, 0, 0, 0), (0, 0, 1, 0)):
        assert counts(run_load(store, "customeraddresses", [one])[0]) == expected
    # Beside another one it may lose the mark.
    run_load(store, "customeraddresses", [one, other])
    assert counts(run_load(store, "customeraddresses", [one, other])[0]) == (0, 1, 1, 0)
    assert counts(run_load(store, "customeraddresses", [one, other])[0]) == (0, 0, 2, 0)


def test_two_defaults_of_one_owner_are_refused(writable_store: IntegrationStore) -> None:
    store = writable_store
    run_load(store, "customers", [{"name": f"{store.run_id} Twice"}])
    place = {
        "customer": f"{store.run_id} Twice",
        "city": "Ulm",
        "postal_code": "89073",
        "country": "DE",
        "region": "BY",
    }
    rows = [{**place, "street": street, "organization": "T", "default_types": "billing"} for street in ("A 1", "B 2")]
    outcome, rejects = run_load(store, "customeraddresses", rows)
    assert counts(outcome) == (1, 0, 0, 1)
    assert (
        str(rejects[0]) == "row 2, field default_types: is default billing as row 1 is, and only one of an owner can be"
    )


def test_price_lists_of_groups_and_of_customers(writable_store: IntegrationStore) -> None:
    store = writable_store
    run = store.run_id
    run_load(store, "pricelists", [{"name": f"{run} PL", "currencies": ["USD"]}])
    run_load(store, "customergroups", [{"name": f"{run} PLG"}])
    run_load(store, "customers", [{"name": f"{run} PLC"}])
    group = [{"customer_group": f"{run} PLG", "price_list": f"{run} PL", "sort_order": 3}]
    load_twice(store, "pricelisttocustomergroups", group, [{**group[0], "sort_order": 4}])
    customer = [{"customer": f"{run} PLC", "price_list": f"{run} PL", "sort_order": 3}]
    load_twice(store, "pricelisttocustomers", customer, [{**customer[0], "sort_order": 4}])
    fallback = [{"customer": f"{run} PLC", "fallback": 1}]
    load_twice(store, "pricelistcustomerfallbacks", fallback, [{**fallback[0], "fallback": 0}])


def test_dictionaries_and_what_hangs_from_products(
    writable_store: IntegrationStore, names: Row, products: list[str]
) -> None:
    store = writable_store
    run = store.run_id
    for entity, field in (("producttaxcodes", "code"), ("customertaxcodes", "code"), ("paymentterms", "label")):
        run_load(store, entity, [{field: f"{run}-X"}])
        outcome, _ = run_load(store, entity, [{field: f"{run}-X"}])
        assert counts(outcome) == (0, 0, 1, 0), entity
    brands = [{"name": f"{run} Brand"}]
    load_twice(store, "brands", brands, [{**brands[0], "short_description": "Good"}])
    options = [
        {"product": products[0], "unit": names["unit"], "weight": 2.5, "weight_unit": "kg", "length": 1, "width": 2, "height": 3,
         "dimensions_unit": store.read("lengthunits")[0]["id"]}
    ]  # fmt: skip
    load_twice(store, "productshippingoptions", options, [{**options[0], "weight": 3}])
    related = [{"product": products[0], "related": products[1]}]
    run_load(store, "relatedproducts", related)
    outcome, _ = run_load(store, "relatedproducts", related)
    assert counts(outcome) == (0, 0, 1, 0)


def test_who_sees_a_product(writable_store: IntegrationStore, products: list[str]) -> None:
    store = writable_store
    run = store.run_id
    run_load(store, "customers", [{"name": f"{run} Seer"}])
    run_load(store, "customergroups", [{"name": f"{run} Seers"}])
    for entity, who in (
        ("productvisibilities", {}),
        ("customerproductvisibilities", {"customer": f"{run} Seer"}),
        ("customergroupproductvisibilities", {"customer_group": f"{run} Seers"}),
    ):
        rows = [{**who, "product": sku, "visibility": "hidden"} for sku in products[:3]]
        load_twice(store, entity, rows, [{**rows[0], "visibility": "visible"}, *rows[1:]])


def test_orders_with_lines_and_addresses(writable_store: IntegrationStore, names: Row, products: list[str]) -> None:
    store = writable_store
    run = store.run_id
    run_load(store, "customers", [{"name": f"{run} Buyer"}])
    address = {
        "street": "1 Main St",
        "city": "Salem",
        "postalCode": "97301",
        "country": "US",
        "region": "OR",
        "organization": "B",
    }
    rows = [
        {
            "identifier": f"{run}-SO{n}", "customer": f"{run} Buyer", "currency": "USD", "po_number": f"PO {n}",
            "line_items": [
                {"sku": sku, "unit": names["unit"], "quantity": 2, "value": "9.90", "currency": "USD"} for sku in products[:2]
            ],
            "billing_address": address,
        }
        for n in range(3)
    ]  # fmt: skip
    more = {**rows[1], "line_items": [{**rows[1]["line_items"][0], "quantity": 3}, rows[1]["line_items"][1]]}
    moved = {**rows[2], "billing_address": {**address, "street": "2 Main St"}}
    load_twice(store, "orders", rows, [rows[0], more, moved])


def test_a_dry_run_of_orders_asks_the_store_and_leaves_nothing(
    writable_store: IntegrationStore, names: Row, products: list[str]
) -> None:
    store = writable_store
    run_load(store, "customers", [{"name": f"{store.run_id} Dry"}])
    line = {"sku": products[0], "unit": names["unit"], "quantity": 2, "value": "9.90", "currency": "USD"}
    good = {
        "identifier": f"{store.run_id}-DRY1",
        "customer": f"{store.run_id} Dry",
        "currency": "USD",
        "line_items": [line],
    }
    bad = {**good, "identifier": f"{store.run_id}-DRY2", "line_items": []}
    before = len(store.read("orders"))
    outcome, rejects = run_load(store, "orders", [good, bad], dry_run=True)
    assert len(store.read("orders")) == before
    if store.read("ordershippingtrackings", **{"page[size]": "1"})[0]["relationships"].get("orders"):  # 6.1 and later
        assert (counts(outcome), rejects[0].field) == ((1, 0, 0, 1), "line_items")
    else:
        assert counts(outcome) == (2, 0, 0, 0)


def test_what_a_row_names_and_the_store_lacks_may_be_made(
    writable_store: IntegrationStore, products: list[str]
) -> None:
    store = writable_store
    row = {"sku": products[0], "brand": f"{store.run_id} New", "tax_code": f"{store.run_id}-NEW", "category": "No such"}
    missing: Any = {"brand": "create", "tax_code": "create", "category": "null"}
    outcome, rejects = run_load(store, "products", [row, {**row, "sku": products[1]}], missing=missing)
    assert (counts(outcome), rejects) == ((0, 2, 0, 0), [])
    codes = [code for code in store.read("producttaxcodes") if code["attributes"]["code"] == f"{store.run_id}-NEW"]
    assert len(codes) == 1


def test_websites_are_said_to_be_of_the_enterprise_edition(writable_store: IntegrationStore) -> None:
    row = {"customer_group": "x", "price_list": "y", "website": "Main"}
    with pytest.raises(ValueError, match="only in OroCommerce Enterprise"):
        run_load(writable_store, "pricelisttocustomergroups", [row])


def test_an_entity_that_cannot_be_found_again_is_not_loaded() -> None:
    with pytest.raises(ValueError, match="cannot be found by colour, only by: name; external_id"):
        entity_of("customers").keyed_by(("colour",))
    assert entity_of("customers").keyed_by(("name",)) is entity_of("customers")


@pytest.mark.parametrize(
    ("find", "says"),
    [(None, "does not say how existing records are found"), (Find("guess", "name"), "cannot be found by 'guess'")],
)
def test_an_entity_of_ones_own_says_how_its_records_are_found(
    writable_store: IntegrationStore, find: Find | None, says: str
) -> None:
    own = replace(entity_of("customers"), find=find)
    with pytest.raises(ValueError, match=says):
        run_load(writable_store, own, [{"name": "X"}])


def test_units_are_found_by_their_codes(writable_store: IntegrationStore) -> None:
    labels = dict.fromkeys(("label", "short_label", "plural_label", "short_plural_label"), "crate")
    unit = {"id": f"u{writable_store.run_id.lower()}", "default_precision": 1, **labels}
    load_twice(writable_store, "productunits", [unit], [{**unit, "default_precision": 2}])


def test_a_place_in_other_words_is_the_same_address(writable_store: IntegrationStore) -> None:
    store = writable_store
    run_load(store, "customers", [{"name": f"{store.run_id} Place"}])
    place = {"customer": f"{store.run_id} Place", "street": "1", "city": "Ulm", "postal_code": "89073", "region": "BY"}
    rows = [{**place, "organization": "O", "country": country} for country in ("DE", "Germany")]
    outcome, rejects = run_load(store, "customeraddresses", rows)
    assert counts(outcome) == (1, 0, 0, 1)
    assert "repeats the customer, street, city, postal_code, country of row 1" in str(rejects[0])


def test_what_cannot_be_made_of_a_name_is_refused_or_fails(
    writable_store: IntegrationStore, products: list[str]
) -> None:
    row = {"sku": products[0], "attribute_family": "no-such-family"}
    outcome, rejects = run_load(writable_store, "products", [row], missing={"*": "create"})
    assert counts(outcome) == (0, 0, 0, 1)
    assert str(rejects[0]) == "row 1, field attribute_family: the store has no attributefamilies 'no-such-family'"
    with pytest.raises(ValueError, match="row 1, field attribute_family: the store has no attributefamilies"):
        run_load(writable_store, "products", [row], missing={"*": "fail"})
