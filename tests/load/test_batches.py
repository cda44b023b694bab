"""How actions are cut into batches, and what a store's pointers mean to a row."""

from __future__ import annotations

import pytest

from oro_provider.entities.orders import SHIPPING_TRACKINGS
from oro_provider.entities.products import PRODUCTS
from oro_provider.load.batches import SYNC, batches, row_field
from oro_provider.load.plan import Action
from oro_provider.load.rows import Row


def action(number: int, included: int = 0, size: int = 10) -> Action:
    row = Row(number, {}, (f"SKU-{number}",))
    parts = tuple({"type": "productnames", "id": f"{number}-{part}"} for part in range(included))
    return Action("create", row, None, {"type": "products", "attributes": {"sku": "x" * size}}, parts)


@pytest.mark.parametrize(
    ("actions", "sizes"),
    [
        ([], []),
        ([action(n) for n in range(250)], [100, 100, 50]),
        ([action(n, included=2) for n in range(26)], [25, 1]),
        ([action(n, included=60) for n in range(2)], [1, 1]),
        ([action(n, size=SYNC.bytes // 3) for n in range(4)], [2, 2]),
    ],
    ids=["none", "by records", "by included records", "one that is too large goes alone", "by bytes"],
)
def test_a_batch_is_what_a_store_takes_at_once(actions: list[Action], sizes: list[int]) -> None:
    assert [len(batch) for batch in batches(actions)] == sizes


@pytest.mark.parametrize(
    ("pointer", "field"),
    [
        ("/data/3/attributes/sku", "sku"),
        ("/data/3/attributes/newArrival", "new_arrival"),
        ("/data/3/relationships/taxCode/data", "tax_code"),
        ("/data/3/relationships/names/data", "name"),
        ("/data/3/relationships/primaryUnitPrecision/data", "unit"),
        ("/included/7/attributes/string", "name"),
        ("/included/7/relationships/unit/data", "unit"),
        ("/data/3", None),
        (None, None),
    ],
)
def test_a_pointer_becomes_the_name_of_the_rows_field(pointer: str | None, field: str | None) -> None:
    assert row_field(PRODUCTS, {"sku": "A", "new_arrival": True}, pointer) == field


@pytest.mark.parametrize("relationship", ["orders", "order"])
def test_a_pointer_to_the_order_is_understood_of_every_version(relationship: str) -> None:
    assert row_field(SHIPPING_TRACKINGS, {}, f"/data/relationships/{relationship}/data/0") == "order"


def test_a_pointer_into_what_a_row_brought_along_is_the_rows_field() -> None:
    brought = [{"type": "productimages"}, {"type": "files"}, {"type": "productimagetypes"}]
    places = [f"/included/{n}/attributes/x" for n in range(len(brought))]
    fields = [row_field(PRODUCTS, {}, place, brought) for place in places]
    assert fields == ["images.x", "images.file", "images.types.x"]
