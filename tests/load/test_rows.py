"""Rows as people write them: what is cast, what is refused, and what the refusal names."""

from __future__ import annotations

from typing import Any

import pytest

from oro_provider.api.documents import Ref
from oro_provider.entities import entity_of
from oro_provider.entities.orders import SHIPPING_TRACKINGS
from oro_provider.entities.products import PRODUCTS
from oro_provider.load.rows import Rows, read_row, same_value

LAMP = {
    "sku": " A-1 ",
    "name": " Lamp ",
    "unit": "each",
    "tax_code": "TAXABLE",
    "status": "enabled",
    "new_arrival": "yes",
}


def test_a_row_is_told_apart_into_attributes_names_and_texts() -> None:
    row = read_row(PRODUCTS, 1, LAMP)
    assert row.key == ("A-1",)
    assert row.attributes == {"sku": "A-1", "status": "enabled", "newArrival": True}
    assert row.references == {"tax_code": "TAXABLE"}
    assert row.localized == {"name": "Lamp"}
    assert row.units == {"unit": "each"}


def test_a_ready_resource_object_is_taken_as_it_is() -> None:
    brand = {"data": {"type": "brands", "id": "3"}}
    row = read_row(PRODUCTS, 1, {"type": "products", "attributes": {"sku": "A-1"}, "relationships": {"brand": brand}})
    assert row.key == ("A-1",)
    assert row.attributes == {"sku": "A-1"}
    assert row.linkages == {"brand": Ref("brands", "3")}


REFUSED: list[tuple[str, Any, Any, str]] = [
    ("no key", PRODUCTS, {"name": "Lamp"}, "row 1, field sku: is missing or empty"),
    ("a blank key", PRODUCTS, {"sku": "  "}, "row 1, field sku: is missing or empty"),
    ("a null key", PRODUCTS, {"sku": None}, "row 1, field sku: is missing or empty"),
    ("a key that cannot be looked for", PRODUCTS, {"sku": "A,B"}, "row 1, field sku: holds a comma"),
    ("an empty name", PRODUCTS, {"sku": "A", "name": ""}, "row 1, field name: is empty"),
    ("a list for a name", PRODUCTS, {"sku": "A", "brand": ["x"]}, "row 1, field brand: should be a text, not list"),
    ("a word for a switch", PRODUCTS, {"sku": "A", "featured": "maybe"}, "row 1, field featured: should be true or false"),
    ("a word for a number", PRODUCTS, {"sku": "A", "category_sort_order": "x"}, "row 1, field category_sort_order: should be a number"),
    ("no dict", PRODUCTS, ["A"], "row 1: is no dict but list"),
    ("another type", PRODUCTS, {"type": "orders", "attributes": {}}, "row 1, field type: is a resource object of type 'orders'"),
    ("a number too long for the store", SHIPPING_TRACKINGS, {"order": "SO-1", "method": "UPS", "number": "1" * 256},
     "row 1, field number: has 256 characters; a store takes 255"),
    ("a tracking without an order", SHIPPING_TRACKINGS, {"method": "UPS", "number": "1Z"}, "row 1, field order: is missing"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("entity", "record", "says"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_row_that_cannot_be_read_is_refused_by_name(entity: Any, record: Any, says: str) -> None:
    rows = Rows(entity, [record])
    assert list(rows) == []
    assert str(rows.rejects[0]).startswith(says)


def test_a_key_that_comes_twice_is_refused_whatever_its_case() -> None:
    rows = Rows(PRODUCTS, [{"sku": "A-1"}, {"sku": "B-2"}, {"sku": "a-1"}])
    assert [row.number for row in rows] == [1, 2]
    assert [str(reject) for reject in rows.rejects] == ["row 3, field sku: repeats the sku of row 1"]
    assert rows.read == 3


def test_two_parcels_of_one_order_are_two_rows() -> None:
    parcels = [{"order": "SO-1", "method": "UPS", "number": number} for number in ("1Z9", "1Z8", "1z9")]
    rows = Rows(SHIPPING_TRACKINGS, parcels)
    assert [row.number for row in rows] == [1, 2]
    assert str(rows.rejects[0]) == "row 3, field order: repeats the order, method, number of row 1"


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
        (None, {"a": 1}, {"a": 1}, True),
    ],
)
def test_values_are_compared_as_the_store_keeps_them(kind: Any, ours: Any, theirs: Any, same: bool) -> None:
    assert same_value(kind, ours, theirs) is same


def test_an_unknown_entity_is_named_with_those_that_there_are() -> None:
    with pytest.raises(
        ValueError, match="'product' is unknown; there are customers, orders, ordershippingtrackings, products"
    ):
        entity_of("product")
