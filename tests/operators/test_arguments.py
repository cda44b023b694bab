"""What can be told wrong of arguments before there is a store: choices where a DAG file is parsed, lists and dicts once rendered."""

from __future__ import annotations

from typing import Any

import pytest

from oro_provider.operators.extract import (
    FORMATS,
    LAYOUTS,
    OroCommerceExtractAddressesOperator,
    OroCommerceExtractCustomersOperator,
    OroCommerceExtractOrdersOperator,
)
from oro_provider.operators.lookups import OroCommerceResolveLookupsOperator
from oro_provider.operators.request import OroCommerceRequestOperator
from oro_provider.operators.shards import OroCommercePlanExtractOperator
from oro_provider.operators.upsert import OroCommerceUpsertProductsOperator
from oro_provider.sensors.orders import OroCommerceOrderStatusSensor
from oro_provider.version_compat import AirflowFailException

LAKE = {"target": "/lake"}


@pytest.mark.parametrize(
    ("operator", "arguments", "says"),
    [
        (OroCommerceExtractOrdersOperator, {**LAKE, "suborders": "some"}, "suborders is 'some'; it should be one of all, parents, leaves"),
        (OroCommerceExtractOrdersOperator, {**LAKE, "layout": "flat"}, "layout is 'flat'; it should be one of records, objects"),
        (OroCommerceExtractOrdersOperator, {**LAKE, "format": "csv"}, "format is 'csv'; it should be one of jsonl, "),
        (OroCommerceExtractOrdersOperator, {**LAKE, "window": "day"}, "window is 'day'; it should be one of watermark"),
        (OroCommerceExtractOrdersOperator, {**LAKE, "window": "watermark"}, "needs the asset whose watermark it is"),
        (OroCommerceExtractOrdersOperator, {}, "there is no target: give the folder"),
        (OroCommerceExtractAddressesOperator, {**LAKE, "owner": "customer"}, "owner is 'customer'; it should be one of customers, "),
        (OroCommerceUpsertProductsOperator, {"records": [], "repeated": "first"}, "repeated is 'first'; it should be one of error, last"),
        (OroCommerceResolveLookupsOperator, {"entity": "products", "records": [], "absent": "ignore"}, "absent is 'ignore'; it should be one of fail, skip"),
        (OroCommerceRequestOperator, {"endpoint": "countries", "method": "PUT"}, "method is 'PUT'; it should be one of GET, POST, PATCH, DELETE"),
        (OroCommerceOrderStatusSensor, {"order": "1", "by": "number"}, "by is 'number'; it should be one of identifier, id"),
    ],
)  # fmt: skip
def test_a_wrong_choice_is_told_when_the_task_is_made(operator: Any, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        operator(task_id="x", **arguments)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"include": "['lineItems']"}, "include is text that is no JSON: a template makes text of a list or a dict. Set render_template"),
        ({"filters": "{'internalStatus': 'open'}"}, "filters is text that is no JSON"),
        ({"filters": ["internalStatus"]}, "filters should be a dict, not list"),
        ({"include": {"lineItems": []}}, "include should be a list, not dict"),
        ({"fields": 7}, "fields should be a list, not int"),
    ],
)  # fmt: skip
def test_what_is_no_list_or_dict_is_named(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(AirflowFailException, match=says):
        OroCommerceExtractOrdersOperator(task_id="x", target="/lake", full=True, **arguments).spec({})


def test_one_text_is_a_list_of_one_and_json_is_read() -> None:
    given = {"include": "lineItems", "fields": '["shippingTrackings"]', "filters": '{"internalStatus": "open"}'}
    spec = OroCommerceExtractOrdersOperator(task_id="x", target="/lake", full=True, **given).spec({})
    assert (spec.include, spec.fields, spec.filters) == (
        ("lineItems",),
        ("shippingTrackings",),
        {"internalStatus": "open"},
    )


def test_what_leaves_no_files_needs_no_target() -> None:
    assert OroCommerceExtractCustomersOperator(task_id="x", records_limit=10).target is None
    assert OroCommercePlanExtractOperator(task_id="x", entity="orders").target is None


def test_the_choices_are_those_of_the_extract() -> None:
    from typing import get_args

    from oro_provider.extract.files import Format
    from oro_provider.extract.spec import Layout

    assert (get_args(Format), get_args(Layout)) == (FORMATS, LAYOUTS)
