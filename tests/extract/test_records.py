"""Flat records, and what is asked of a store for them."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timezone
from typing import Any

import pytest

from oro_provider.api.documents import Ref, Resource
from oro_provider.api.errors import UnexpectedAnswer
from oro_provider.entities.model import Entity
from oro_provider.entities.orders import ORDERS
from oro_provider.entities.prices import PRODUCT_PRICES
from oro_provider.extract.known import Known
from oro_provider.extract.reader import Extract, read_pages
from oro_provider.extract.records import flat_record, include_paths, include_tree
from oro_provider.extract.window import Window

ORDER = Resource(
    "orders",
    "7",
    {"identifier": "SO-7", "totalValue": "26.0000"},
    {"customer": Ref("customers", "3"), "lineItems": (Ref("orderlineitems", "9"),), "paymentTerm": None},
)
LINE = Resource("orderlineitems", "9", {"quantity": 2.0}, {"product": Ref("products", "1")})


def test_what_is_included_is_nested_and_the_rest_are_ids() -> None:
    record = flat_record(ORDER, {LINE.ref: LINE}, include_tree(["lineItems"]))
    assert record == {
        "id": "7",
        "identifier": "SO-7",
        "totalValue": "26.0000",
        "customer": "3",
        "paymentTerm": None,
        "lineItems": [{"id": "9", "quantity": 2.0, "product": "1"}],
    }


def test_a_record_that_was_promised_but_not_sent_is_an_error() -> None:
    with pytest.raises(UnexpectedAnswer, match="orderlineitems 9"):
        flat_record(ORDER, {}, include_tree(["lineItems"]))


def test_dotted_includes_ask_for_their_parents() -> None:
    assert include_paths(include_tree(["lineItems.product", "customer"])) == [
        "lineItems",
        "lineItems.product",
        "customer",
    ]


def test_the_default_leaves_out_what_costs_the_store_most() -> None:
    asked = list(Extract(ORDERS).page.fields["orders"])
    assert "orderSubtotals" not in asked
    assert "lineItems" not in asked
    assert {"identifier", "totalValue", "customer", "updatedAt"} <= set(asked)


def test_what_is_asked_for_by_name_is_asked_for() -> None:
    asked = Extract(ORDERS, include=("discounts",), fields=("erp_code",)).page
    assert {"discounts", "erp_code"} <= set(asked.fields["orders"])
    assert "orderdiscounts" in asked.fields


def test_what_the_store_computes_is_read_apart_from_the_pages() -> None:
    spec = Extract(ORDERS, include=("lineItems", "orderSubtotals"))
    assert "orderSubtotals" not in spec.page.fields["orders"]
    assert list(spec.apart) == ["orderSubtotals"]
    assert spec.page.include == ("lineItems",)


def test_a_filtered_enum_is_among_the_fields() -> None:
    # Without it a 6.1 store answers with wrong rows and no error.
    query = Extract(ORDERS, filters={"internalStatus": "open", "lineItems": "1"}).page
    assert {"internalStatus", "lineItems"} <= set(query.fields["orders"])


def test_a_nested_filter_on_an_enum_is_refused() -> None:
    with pytest.raises(ValueError, match="enum of another resource"):
        _ = Extract(ORDERS, filters={"parent.internalStatus": "open"}).page


def test_a_filter_over_a_to_many_relation_reads_until_an_empty_page() -> None:
    assert Extract(ORDERS, filters={"lineItems.product": "1"}).until_empty
    assert not Extract(ORDERS, filters={"customer": "1"}).until_empty


def test_a_misspelled_include_is_refused_since_a_store_ignores_it() -> None:
    with pytest.raises(ValueError, match="no relationship 'lineItem'; there are"):
        _ = Extract(ORDERS, include=("lineItem",)).page


DAY = Window(datetime(2026, 11, 7, tzinfo=timezone.utc), datetime(2026, 11, 8, tzinfo=timezone.utc))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"layout": "rows"}, "layout 'rows' is neither 'records' nor 'objects'"),
        ({"entity": PRODUCT_PRICES, "window": DAY}, "productprices have no date of their last change"),
        ({"entity": Entity(type="mythings")}, "what mythings have is not known: name in fields= the attributes"),
        ({"filters": {"id[gt]": "7"}}, "use the window, or a range of ids"),
        ({"filters": {"customer.name": ["A", "B"]}}, "filter 'customer.name' of orders takes one value"),
        (
            {"entity": PRODUCT_PRICES, "filters": {"unit": ("each", "item")}},
            "filter 'unit' of productprices takes one value",
        ),
        ({"window": DAY, "filters": {"updatedAt[gt]": "2026-11-07"}}, "use the window, or a range of ids"),
    ],
)
def test_what_would_be_read_wrongly_is_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        Extract(**{"entity": ORDERS, **arguments})


@pytest.mark.parametrize(
    ("entity", "filters"),
    [
        (ORDERS, {"identifier": ["A", "B"], "internalStatus": ["open", "closed"], "customer": [1, 2]}),
        (ORDERS, {"customer.name": ["A"], "lineItems.product.sku": ["A", "B"], "erp.code": ["A", "B"]}),
    ],
    ids=["lists", "one value, a nested list, a store's own"],
)
def test_lists_that_a_store_takes_or_that_only_it_can_judge_are_asked_for(
    entity: Entity, filters: dict[str, Any]
) -> None:
    assert Extract(entity, filters=filters).index.filters == filters


@pytest.mark.parametrize(
    "spec",
    [Extract(ORDERS, DAY), Extract(ORDERS, ids=(1, 50)), Extract(Entity(type="productunits"))],
    ids=["window", "shard", "codes"],
)
def test_only_everything_is_compared_with_what_is_known(spec: Extract) -> None:
    async def first() -> object:
        return await anext(read_pages(None, spec, known=Known([], None)))  # type: ignore[arg-type]  # before any request

    with pytest.raises(ValueError, match=f"compared with all {spec.type} that the store has, by their integer ids"):
        asyncio.run(first())
