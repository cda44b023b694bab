"""Rows as people write them: what is cast, what is refused, and what the refusal names."""

from __future__ import annotations

from typing import Any

import pytest

from oro_provider.api.documents import Ref
from oro_provider.entities import entity_of
from oro_provider.entities.customers import CUSTOMER_ADDRESSES, CUSTOMER_USERS
from oro_provider.entities.orders import ORDERS, SHIPPING_TRACKINGS
from oro_provider.entities.prices import PRODUCT_PRICES
from oro_provider.entities.products import PRODUCTS
from oro_provider.load.repeats import Repeats
from oro_provider.load.rows import Reject, read_row, read_rows
from oro_provider.load.values import cast_value, same_value

LAMP = {
    "sku": " A-1 ",
    "name": " Lamp ",
    "unit": "each",
    "tax_code": "TAXABLE",
    "status": "enabled",
    "new_arrival": "yes",
}
PLACE = {"customer": "ACME", "street": "Way 1", "city": "Ulm", "postal_code": "89073", "country": "DE"}


def test_a_row_is_told_apart_into_attributes_names_texts_and_parts() -> None:
    row = read_row(PRODUCTS, 1, {**LAMP, "name.de_DE": "Lampe", "back_order": True, "variants": "A-2, A-3"})
    assert row.key == ("a-1",)
    assert row.fields.attributes == {"sku": "A-1", "status": "enabled", "newArrival": True}
    assert row.fields.references == {"tax_code": "TAXABLE"}
    assert row.fields.texts == {"name": {"": "Lamp", "de_DE": "Lampe"}}
    assert row.fields.settings == {"back_order": "1"}
    assert [(part.references["unit"], part.leading) for part in row.fields.parts["units"]] == [("each", True)]
    assert [part.references["product"] for part in row.fields.parts["variants"]] == ["A-2", "A-3"]


def test_the_primary_unit_may_be_among_the_units() -> None:
    units = [{"unit": "set", "conversion_rate": 10}, {"unit": "each", "precision": 2}]
    row = read_row(PRODUCTS, 1, {"sku": "A-1", "unit": "each", "units": units})
    told = [(part.references["unit"], part.leading, dict(part.attributes)) for part in row.fields.parts["units"]]
    assert told == [("each", True, {"precision": 2}), ("set", False, {"conversionRate": 10})]


def test_the_types_of_an_address_are_put_together() -> None:
    row = read_row(CUSTOMER_ADDRESSES, 1, {**PLACE, "types": "billing", "default_types": ["shipping"]})
    assert row.fields.attributes["types"] == [
        {"default": False, "addressType": "billing"},
        {"default": True, "addressType": "shipping"},
    ]


def test_the_types_of_an_address_may_be_the_stores_own() -> None:
    types = [{"default": True, "addressType": "billing"}]
    row = read_row(CUSTOMER_ADDRESSES, 1, {**PLACE, "types": types})
    assert row.fields.attributes["types"] == types


def test_what_is_left_empty_takes_away_what_is_whole_and_empties_what_is_named() -> None:
    kit = read_row(PRODUCTS, 1, {"sku": "A-1", "kit_items": None, "variants": []})
    assert kit.fields.parts == {"kit_items": (), "variants": ()}
    user = read_row(CUSTOMER_USERS, 1, {"email": "ann@acme.example", "roles": None, "customer": None})
    assert user.fields.references == {"roles": (), "customer": None}


def test_cells_of_a_table_become_values() -> None:
    told = {"sku": "A-1", "featured": "no", "variantFields": "is_big, colour"}
    assert read_row(PRODUCTS, 1, told).fields.attributes == {
        "sku": "A-1",
        "featured": False,
        "variantFields": ["is_big", "colour"],
    }
    text = {"style": "p {}", "value": "<p>A lamp</p>"}
    assert cast_value("object", text, "description") == text


def test_a_ready_price_is_known_by_what_it_names() -> None:
    names = {"priceList": ("pricelists", "3"), "product": ("products", "7"), "unit": ("productunits", "each")}
    related = {name: {"data": {"type": type_, "id": id_}} for name, (type_, id_) in names.items()}
    price = {"type": "productprices", "attributes": {"quantity": 10, "currency": "USD"}, "relationships": related}
    assert read_row(PRODUCT_PRICES, 1, price).key == ("3", "7", "each", "10", "USD")


def test_a_ready_resource_object_is_taken_as_it_is() -> None:
    brand = {"data": {"type": "brands", "id": "3"}}
    row = read_row(PRODUCTS, 1, {"type": "products", "attributes": {"sku": "A-1"}, "relationships": {"brand": brand}})
    assert row.key == ("a-1",)
    assert row.fields.attributes == {"sku": "A-1"}
    assert row.fields.linkages == {"brand": Ref("brands", "3")}


REFUSED: list[tuple[str, Any, Any, str]] = [
    ("no key", PRODUCTS, {"name": "Lamp"}, "row 1, field sku: is missing or empty"),
    ("a blank key", PRODUCTS, {"sku": "  "}, "row 1, field sku: is missing or empty"),
    ("a null key", PRODUCTS, {"sku": None}, "row 1, field sku: is missing or empty"),
    ("a key that cannot be looked for", PRODUCTS, {"sku": "A,B"}, "row 1, field sku: holds a comma"),
    ("an empty name", PRODUCTS, {"sku": "A", "name": ""}, "row 1, field name: is empty"),
    ("a list for a name", PRODUCTS, {"sku": "A", "brand": ["x"]}, "row 1, field brand: should be a text, not list"),
    ("a word for a switch", PRODUCTS, {"sku": "A", "featured": "maybe"}, "row 1, field featured: should be true or false"),
    ("a word for a number", PRODUCTS, {"sku": "A", "category_sort_order": "x"}, "row 1, field category_sort_order: should be a number"),
    ("a unit twice", PRODUCTS, {"sku": "A", "units": "set, set"}, "row 1, field units: holds 'set' twice"),
    ("a variant twice", PRODUCTS, {"sku": "A", "variants": ["B", " B"]}, "row 1, field variants: holds 'B' twice"),
    ("no list of kit items", PRODUCTS, {"sku": "A", "kit_items": 7}, "row 1, field kit_items: should be a list"),
    ("a kit item without a label", PRODUCTS, {"sku": "A", "kit_items": [{"products": "B"}]}, "row 1, field kit_items.label: is missing"),
    ("no unit left", PRODUCTS, {"sku": "A", "units": None}, "row 1, field units: is empty"),
    ("an unknown type of an address", CUSTOMER_ADDRESSES, {"customer": "ACME", "types": "home"}, "row 1, field types: has the type 'home'"),
    ("no number", PRODUCT_PRICES, {"price_list": "A", "product": "B", "unit": "each", "currency": "USD", "value": "x"},
     "row 1, field value: should be a number"),
    ("no dict", PRODUCTS, ["A"], "row 1: is no dict but list"),
    ("another type", PRODUCTS, {"type": "orders", "attributes": {}}, "row 1, field type: is a resource object of type 'orders'"),
    ("a number too long for the store", SHIPPING_TRACKINGS, {"order": "SO-1", "method": "UPS", "number": "1" * 256},
     "row 1, field number: has 256 characters; a store takes 255"),
    ("no finite number", ORDERS, {"identifier": "1", "line_items": [{"sku": "A", "unit": "each", "quantity": "inf"}]},
     "row 1, field line_items.quantity: should be a number"),
    ("an image of no path", PRODUCTS, {"sku": "A", "images": [{"file": " "}]}, "row 1, field images.file: is empty"),
    ("a text among kit items", PRODUCTS, {"sku": "A", "kit_items": ["B"]}, "row 1, field kit_items: holds str where a dict should be"),
    ("two addresses in the place of one", ORDERS, {"identifier": "1", "billing_address": [{}, {}]},
     "row 1, field billing_address: should be one, not a list"),
    ("a ready object without its key", PRODUCTS, {"type": "products", "attributes": {"status": "enabled"}},
     "row 1, field sku: is missing or empty"),
    ("a tracking without an order", SHIPPING_TRACKINGS, {"method": "UPS", "number": "1Z"}, "row 1, field order: is missing"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("entity", "record", "says"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_row_that_cannot_be_read_is_refused_by_name(entity: Any, record: Any, says: str) -> None:
    (refused,) = read_rows(entity, [record])
    assert isinstance(refused, Reject)
    assert str(refused).startswith(says)


def test_a_key_is_told_from_others_as_the_store_does() -> None:
    price = {"price_list": "Wholesale", "product": "A-1", "unit": "each", "currency": "USD", "value": "1"}
    one, same, other = (
        read_row(PRODUCT_PRICES, 1, {**price, **more}).key for more in ({}, {"quantity": "1.0"}, {"product": "a-1"})
    )
    assert one == same != other
    parcels = [{"order": "SO-1", "method": "UPS", "number": number} for number in ("1Z9", "1z9")]
    assert len({read_row(SHIPPING_TRACKINGS, 1, parcel).key for parcel in parcels}) == 1


def test_what_nobody_sees_at_the_ends_of_a_text_is_taken_off_as_by_the_store() -> None:
    row = read_row(
        PRODUCTS, 1, {"sku": "\ufeffA-1\u200b ", "name": "\xa0Lamp \x00\t", "tax_code": "\u2060TAXABLE\ufeff"}
    )
    assert (row.key, row.fields.attributes, row.fields.texts) == (("a-1",), {"sku": "A-1"}, {"name": {"": "Lamp"}})
    assert row.fields.references == {"tax_code": "TAXABLE"}


def test_a_repeated_key_names_its_first_row() -> None:
    repeats = Repeats()
    assert [repeats.first(key, row) for row, key in enumerate([("a",), ("b",), ("a",)], start=1)] == [1, 2, 1]


@pytest.mark.parametrize(
    ("kind", "ours", "theirs", "same"),
    [
        ("money", "26", "26.0000", True),
        ("money", "26.00004", "26.0000", True),
        ("money", "26.0001", "26.0000", False),
        ("decimal", "10", "10.0000000000", True),
        ("float", 1, 1.0, True),
        ("string", " Lamp ", "Lamp", True),
        ("string", "lamp", "Lamp", False),
        ("boolean", True, True, True),
        ("string", None, None, True),
        ("string", None, "x", False),
        ("money", "1.00005", "1.0001", True),
        (None, {"a": 1}, {"a": 1}, True),
        (None, [{"a": 1, "b": 2}], [{"b": 2, "a": 1}], True),
        (None, 77, "77", True),
        (None, 77, "077", False),
        (None, 9.9, "9.9000", True),
        (None, 1, "x.", False),
    ],
)
def test_values_are_compared_as_the_store_keeps_them(kind: Any, ours: Any, theirs: Any, same: bool) -> None:
    assert same_value(kind, ours, theirs) is same


def test_an_unknown_entity_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="'product' is unknown; there are brands, customeraddresses"):
        entity_of("product")
