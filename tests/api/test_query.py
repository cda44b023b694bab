"""Queries as a URL and as the body of an overridden POST."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from oro_provider.api.documents import Page, Resource
from oro_provider.api.errors import ErrorObject, InvalidRequest, UnexpectedAnswer
from oro_provider.api.paging import first_query, has_no_pages, next_query
from oro_provider.api.query import Query, Range, filter_value

MOMENT = datetime(2026, 11, 7, 12, 30, 15, 999_999, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (7, "7"),
        ("a b", "a b"),
        (MOMENT, "2026-11-07T10:30:15Z"),
        (Range(1, 9), "1..9"),
        (["A", "B"], "A,B"),
        ((1, 2), "1,2"),
        (9.5, "9.5"),
        (Decimal("9.50"), "9.50"),
        ([MOMENT, Decimal("1.0"), True], "2026-11-07T10:30:15Z,1.0,true"),
        ([date(2026, 11, 7)], "2026-11-07"),
    ],
)
def test_a_filters_value_is_spelled_as_every_version_takes_it(value: Any, text: str) -> None:
    assert filter_value(value) == text


def test_a_value_with_a_comma_cannot_be_in_a_list() -> None:
    with pytest.raises(ValueError, match="holds a comma"):
        filter_value(["A,B", "C"])


@pytest.mark.parametrize("value", [[], (), iter(()), {}])
def test_a_list_of_nothing_is_refused_since_a_store_may_take_it_for_anything(value: Any) -> None:
    with pytest.raises(ValueError, match=r"empty list of values|no value of a filter"):
        Query(filters={"id": value}).url_query()


@pytest.mark.parametrize("value", [None, {"gte": 7}, [None], [{"id": 7}], object()])
def test_what_is_no_value_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="no value of a filter"):
        filter_value(value)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        filter_value(datetime(2026, 11, 7))


QUERY = Query(
    filters={"sku": ["A+1", "B&2"], "id[gt]": 7, "product.sku": "x"},
    sort=("id",),
    include=("names",),
    fields={"products": ["sku", "names"]},
    size=50,
)


def test_a_url_query_is_encoded() -> None:
    assert QUERY.url_query() == (
        "filter[sku]=A%2B1,B%262&filter[id][gt]=7&filter[product.sku]=x&fields[products]=sku,names&include=names&sort=id"
        "&page[size]=50"
    )


def test_no_fields_are_the_id() -> None:
    assert Query(fields={"productunits": []}).params() == {"fields[productunits]": "id"}


def test_a_body_says_the_same_in_strings_only() -> None:
    assert json.loads(QUERY.body()) == {
        "filter": {"sku": "A+1,B&2", "id": {"gt": "7"}, "product.sku": "x"},
        "fields": {"products": "sku,names"},
        "include": "names",
        "sort": "id",
        "page": {"size": "50"},
    }


def test_two_operators_on_one_field_fit_in_a_body() -> None:
    body = json.loads(Query(filters={"id": Range(1, 9), "id[gt]": 3}).body())
    assert body == {"filter": {"id": {"eq": "1..9", "gt": "3"}}}


def page(*ids: str) -> Page:
    return Page(tuple(Resource("orders", id_) for id_ in ids), {}, None, None)


def test_a_full_page_is_followed_by_the_ids_above_it() -> None:
    query = first_query(Query(size=2), "id")
    assert query.sort == ("id",)
    following = next_query(query, page("9", "10"), "id")
    assert following is not None
    assert following.filters == {"id[gt]": 10}


def test_a_short_page_is_the_last_unless_rows_are_joined() -> None:
    query = first_query(Query(size=2), "id")
    assert next_query(query, page("9"), "id") is None
    assert next_query(query, page("9"), "id", until_empty=True) is not None
    assert next_query(query, page(), "id", until_empty=True) is None


def test_pages_of_codes_go_by_number() -> None:
    query = first_query(Query(size=1), "number")
    following = next_query(query, page("each"), "number")
    assert following is not None
    assert following.number == 2


def test_a_store_that_turns_in_a_circle_is_found_out() -> None:
    query = first_query(Query(size=2), "id").filtered({"id[gt]": 10})
    with pytest.raises(UnexpectedAnswer, match="up to id 10 when asked for ids above 10"):
        next_query(query, page("9", "10"), "id")


def test_codes_cannot_be_read_in_id_order() -> None:
    with pytest.raises(UnexpectedAnswer, match="no integers"):
        next_query(first_query(Query(size=1), "id"), page("each"), "id")


def test_a_list_is_never_read_without_a_size() -> None:
    with pytest.raises(ValueError, match="give the query a size"):
        first_query(Query(), "id")


@pytest.mark.parametrize(
    ("parameter", "detail", "whole"),
    [
        ("page[size]", "The filter is not supported.", True),
        ("page[number]", "The filter is not supported.", True),
        ("page[size]", "The value should be less than or equals to 1000.", False),
        ("filter[name]", "The filter is not supported.", False),
        (None, 'The "priceList" filter is required.', False),
    ],
)
def test_a_list_without_pages_is_told_from_a_page_that_is_too_large(
    parameter: str | None, detail: str, whole: bool
) -> None:
    said = ErrorObject(400, "filter constraint", detail, parameter=parameter)
    assert has_no_pages(InvalidRequest("x", status=400, errors=[said])) is whole
