"""Records spliced from bytes are the records that decoding gives, whatever is in the text; what is foreign lies in `_extra`."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from oro_provider.api.documents import read_included, read_resource
from oro_provider.entities.orders import ORDERS
from oro_provider.extract.layouts import ObjectsLayout, RecordsLayout
from oro_provider.extract.pages import PageRows, PartRows
from oro_provider.extract.records import flat_record, include_tree
from oro_provider.extract.spec import Extract

VALUES = st.one_of(st.none(), st.text(max_size=20), st.integers(-(2**53), 2**53), st.booleans())
IDS = st.one_of(st.integers(1, 10**9).map(str), st.text(min_size=1, max_size=8))


def raws(items: list[Any]) -> list[msgspec.Raw]:
    return [msgspec.Raw(json.dumps(item, separators=(",", ":")).encode()) for item in items]


# What a store sends of a relationship: mostly that to a user, and then again nothing, or no word of it.
OWNERS = st.sampled_from(
    [{"owner": {"data": {"type": "users", "id": "1"}}}] * 3 + [{"owner": {"data": None}}, {"owner": {}}, {}]
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    lines = [
        {
            "type": "orderlineitems",
            "id": id_,
            "attributes": {"productSku": draw(VALUES), "comment": draw(VALUES)},
            "relationships": {"product": {"data": draw(st.sampled_from([None, {"type": "products", "id": "3"}]))}},
        }
        for id_ in draw(st.lists(IDS, max_size=3, unique=True))
    ]
    customer = draw(IDS)
    order = {
        "type": "orders",
        "id": draw(IDS),
        "attributes": draw(st.sampled_from([[], {"identifier": draw(VALUES), "poNumber": draw(VALUES)}])),
        "relationships": {
            "customer": {"data": {"type": "customers", "id": customer}},
            "parent": {"data": None},
            "lineItems": {"data": [{"type": "orderlineitems", "id": line["id"]} for line in lines]},
            "discounts": {"data": [{"type": "orderdiscounts", "id": "5"}]},
            **draw(OWNERS),
        },
    }
    group = {"group": {"data": {"type": "customergroups", "id": "2"}}} if draw(st.booleans()) else []
    related = {"type": "customers", "id": customer, "attributes": {"name": draw(VALUES)}, "relationships": group}
    return {"data": order, "included": [*lines, related]}


@given(st.lists(documents(), min_size=1, max_size=5))
def test_a_spliced_record_is_what_decoding_gives(found: list[dict[str, Any]]) -> None:
    include = ("lineItems", "customer")
    layout = RecordsLayout(Extract(ORDERS, include=include, fields=("discounts",)))
    for document in found:
        page = PageRows([document["data"]["id"]], raws([document["data"]]), raws(document["included"]))
        (line,) = layout.tables(page)["orders"]
        wanted = flat_record(read_resource(document["data"]), read_included(document), include_tree(include))
        assert json.loads(line) == wanted
        assert b"\n" not in line


def test_what_oro_does_not_have_lies_in_extra() -> None:
    order = {
        "type": "orders",
        "id": "7",
        "attributes": {"identifier": "A", "erp_code": "E-1"},
        "relationships": {"erp_owner": {"data": {"type": "users", "id": "3"}}},
    }
    layout = RecordsLayout(Extract(ORDERS, fields=("erp_code", "erp_owner")))
    (line,) = layout.tables(PageRows(["7"], raws([order])))["orders"]
    assert json.loads(line) == {"id": "7", "identifier": "A", "_extra": {"erp_code": "E-1", "erp_owner": "3"}}


def test_parts_that_were_read_apart_are_nested() -> None:
    spec = Extract(ORDERS, include=("orderSubtotals",))
    (subtotal,) = raws([{"type": "ordersubtotals", "id": "7-0", "attributes": {"amount": "1.0000"}}])
    (order,) = raws([{"type": "orders", "id": "7", "attributes": {"identifier": "A"}}])
    page = PageRows(["7"], [order], apart={"orderSubtotals": PartRows({"7": [subtotal]})})
    (line,) = RecordsLayout(spec).tables(page)["orders"]
    assert json.loads(line) == {
        "id": "7",
        "identifier": "A",
        "orderSubtotals": [{"id": "7-0", "amount": "1.0000"}],
    }
    tables = ObjectsLayout(spec).tables(page)
    assert {type_: list(map(bytes, lines)) for type_, lines in tables.items()} == {
        "orders": [bytes(order)],
        "ordersubtotals": [bytes(subtotal)],
    }
