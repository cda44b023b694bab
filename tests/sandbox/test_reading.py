"""Reading: paging to the letter, filters and their refusals, includes, sparse fields, media types."""

from __future__ import annotations

import json
import time

import pytest

from oro_provider.sandbox import running
from tests.sandbox.conftest import Caller


def test_a_list_has_ten_rows_and_a_next_link_that_keeps_its_filters(caller: Caller) -> None:
    document = caller.get("orders?filter[id][gt]=5&fields[orders]=identifier").json()
    assert len(document["data"]) == 10
    assert document["links"]["next"].endswith(
        "/admin/api/orders?fields%5Borders%5D=identifier&filter%5Bid%5D%5Bgt%5D=5&page%5Bnumber%5D=2"
    )
    assert document["links"]["self"].endswith("/admin/api/orders")


def test_links_spell_filters_in_the_stores_own_way(caller: Caller) -> None:
    document = caller.get("orders?filter[customer.name][neq]=x&filter[external][eq]=no&page[size]=1").json()
    assert document["links"]["next"].endswith(
        "?filter%5Bcustomer%5D%5Bname%5D%5Bneq%5D=x&filter%5Bexternal%5D=no&page%5Bsize%5D=1&page%5Bnumber%5D=2"
    )


def test_no_hateoas_removes_every_link(caller: Caller) -> None:
    assert '"links"' not in caller.get("orders?page[size]=2", X_Include="noHateoas").text


def test_page_size_minus_one_is_everything_and_zero_is_nothing_with_a_next_link(caller: Caller) -> None:
    assert len(caller.ids("orders?page[size]=-1")) == 60
    nothing = caller.get("orders?page[size]=0").json()
    assert nothing["data"] == []
    assert "next" in nothing["links"]


@pytest.mark.parametrize(
    ("page", "detail"),
    [
        ("page[size]=-2", "The value should be greater than or equals to -1."),
        ("page[size]=x", 'Expected integer value. Given "x".'),
        ("page[number]=0", "The value should be greater than or equals to 1."),
        ("page[number]=-1", 'Expected unsigned integer value. Given "-1".'),
        ("page[foo]=1", "The filter is not supported."),
    ],
)
def test_bad_paging_is_refused(caller: Caller, page: str, detail: str) -> None:
    answer = caller.get(f"orders?{page}")
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"status": "400", "title": "filter constraint", "detail": detail, "source": {"parameter": page.split("=")[0]}}
    ]


def test_products_never_have_a_next_link_and_their_total_is_that_of_the_page(caller: Caller) -> None:
    answer = caller.get("products?page[size]=2", X_Include="totalCount")
    assert "next" not in answer.json()["links"]
    assert answer.headers["X-Include-Total-Count"] == "2"
    assert (
        int(
            caller.get("products?page[size]=-1&fields[products]=sku", X_Include="totalCount").headers[
                "X-Include-Total-Count"
            ]
        )
        > 300
    )


def test_filters_take_lists_ranges_operators_and_paths(caller: Caller) -> None:
    assert caller.ids("orders?filter[id]=5,1,3") == ["1", "3", "5"]
    assert caller.ids("orders?filter[id]=3..5") == ["3", "4", "5"]
    assert caller.ids("orders?filter[id][gt]=2&filter[id][lte]=4") == ["3", "4"]
    sku = caller.get("products/1?fields[products]=sku").json()["data"]["attributes"]["sku"]
    assert caller.ids(f"productnames?filter[product.sku]={sku}&filter[localization][exists]=no") == ["1"]
    assert caller.ids("orderlineitems?filter[orders.identifier]=so-0000001&sort=id")[0] == "1"
    assert caller.ids("regions?filter[name]=Bayern") == ["DE-BY"]


@pytest.mark.parametrize(
    ("path", "parameter", "detail"),
    [
        ("orders?filter[foo]=1", "filter[foo]", "The filter is not supported."),
        ("products?filter[sku][contains]=A", "filter[sku][contains]", 'The operator "contains" is not supported.'),
        ("orders?filter[id]=abc", "filter[id]", 'Expected integer value. Given "abc".'),
        ("orders?filter[updatedAt][gte]=2020-01-01T00:00:00.000Z", "filter[updatedAt][gte]",
         'Expected datetime value. Given "2020-01-01T00:00:00.000Z".'),
        ("orders?sort=totalValue", "sort", 'Sorting by "totalValue" field is not supported.'),
        ("customers?filter[name]=", "filter[name]", 'Expected not empty string value. Given "".'),
    ],
)  # fmt: skip
def test_what_a_resource_does_not_take_is_refused(caller: Caller, path: str, parameter: str, detail: str) -> None:
    answer = caller.get(path)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == detail
    assert answer.json()["errors"][0]["source"] == {"parameter": parameter}


def test_a_closed_window_of_dates_includes_both_ends(caller: Caller) -> None:
    rows = caller.get("orders?fields[orders]=updatedAt&sort=updatedAt,id&page[size]=-1").json()["data"]
    times = [row["attributes"]["updatedAt"] for row in rows]
    low, high = times[10], times[20]
    found = caller.get(f"orders?filter[updatedAt]={low}..{high}&fields[orders]=updatedAt&page[size]=-1").json()["data"]
    assert len(found) == sum(low <= time <= high for time in times)


def test_an_enum_filter_finds_nothing_unless_the_fields_name_it(caller: Caller) -> None:
    assert caller.ids("orders?filter[internalStatus]=processing&fields[orders]=identifier") == []
    assert caller.ids("orders?filter[internalStatus]=processing&fields[orders]=identifier,internalStatus")


def test_a_filter_over_a_to_many_relation_pages_over_joined_rows(own: Caller) -> None:
    for number in range(4):
        orders = [{"type": "orders", "id": str(1 + (number + step) % 3)} for step in range(2)]
        tracking = {"method": "UPS", "number": f"T{number}"}
        data = {"type": "ordershippingtrackings", "attributes": tracking, "relationships": {"orders": {"data": orders}}}
        assert own.post("ordershippingtrackings", {"data": data}).status_code == 201
    first = own.get("ordershippingtrackings?filter[orders]=1,2,3&page[size]=3&sort=-id", X_Include="totalCount")
    assert len(first.json()["data"]) == 2
    assert "next" not in first.json()["links"]
    assert int(first.headers["X-Include-Total-Count"]) >= 4


def test_includes_come_once_and_unknown_ones_are_ignored(caller: Caller) -> None:
    document = caller.get("orders/1?include=lineItems.product,customer,nonsense&fields[customers]=name").json()
    types = [one["type"] for one in document["included"]]
    assert set(types) == {"orderlineitems", "products", "customers"}
    keys = [(one["type"], one["id"]) for one in document["included"]]
    assert len(keys) == len(set(keys))
    assert next(one for one in document["included"] if one["type"] == "customers").keys() == {
        "type",
        "id",
        "links",
        "attributes",
    }


def test_sparse_fields_leave_an_include_without_effect(caller: Caller) -> None:
    assert "included" not in caller.get("orders/1?include=lineItems&fields[orders]=identifier").json()


def test_a_sub_resource_is_paged_and_its_relationship_is_cut_without_a_sign(caller: Caller) -> None:
    regions = caller.get("countries/US/regions").json()
    assert len(regions["data"]) == 10
    assert "next" in regions["links"]
    linkage = caller.get("countries/US/relationships/regions").json()
    assert len(linkage["data"]) == 10
    assert "next" not in linkage["links"]
    assert len(caller.ids("countries/US/relationships/regions?page[size]=-1")) == 51


def test_subtotals_need_an_order_and_are_not_paged(caller: Caller) -> None:
    assert caller.get("ordersubtotals").json()["errors"][0]["detail"] == 'The "order" filter is required.'
    assert caller.ids("ordersubtotals?filter[order]=2")[0] == "2-subtotal-0"
    assert caller.get("ordersubtotals?filter[order]=2&page[size]=5").status_code == 400
    assert caller.get("orders/2/orderSubtotals").status_code == 404


def test_the_amounts_below_a_tax_have_no_digits_that_say_nothing(own: Caller) -> None:
    own.store.execute("UPDATE orders SET \"subtotalValue\" = '120.5000' WHERE id = 2")
    listed = own.get("ordersubtotals?filter[order]=2").json()["data"]
    tax = next(one["attributes"] for one in listed if one["attributes"]["orderSubtotalType"] == "tax")
    assert (tax["amount"], tax["data"]["total"]["includingTax"]) == ("0.0000", "120.5")


def test_an_overridden_get_takes_strings_only(caller: Caller) -> None:
    asked = {"filter": {"id": {"gt": "2", "lte": "4"}}, "page": {"size": "1"}, "sort": "-id"}
    answer = caller.post("orders", asked, X_HTTP_Method_Override="GET")
    assert [one["id"] for one in answer.json()["data"]] == ["4"]
    refused = caller.post("orders", {"filter": {"id": [1, 2]}}, X_HTTP_Method_Override="GET")
    assert refused.status_code == 500
    assert refused.json()["errors"][0]["detail"] == 'Expected string value for the filter "filter[id]", given "array".'


def test_media_types_decide_between_jsonapi_plain_json_and_refusal(caller: Caller) -> None:
    plain = caller.get("customers/1", Accept="*/*")
    assert plain.headers["Content-Type"] == "application/json"
    assert plain.json()["id"] == 1
    assert caller.get("customers", Accept="application/vnd.api+json; charset=utf-8").status_code == 406
    assert caller.get("customers", Accept="text/html").status_code == 406
    body = {"data": {"type": "customers", "attributes": {"name": "X"}}}
    refused = caller.post("customers", body, Content_Type="application/vnd.api+json; charset=utf-8")
    assert refused.status_code == 415
    assert isinstance(json.loads(refused.text), list)


def test_empty_answers(caller: Caller) -> None:
    assert (
        caller.get("customers", Authorization="Bearer garbage").status_code,
        caller.get("customers", Authorization="Bearer x").text,
    ) == (401, "")
    put = caller.call("PUT", "customers/1", {})
    assert (put.status_code, put.text, put.headers["Allow"]) == (405, "", "OPTIONS, GET, PATCH, DELETE")
    assert caller.get("nope").json()["errors"][0]["detail"] == "Unknown entity type: nope."
    assert caller.get("websites").json()["errors"][0]["title"] == "resource not accessible exception"


def test_search_finds_words_by_their_beginning_and_stands_alone(caller: Caller) -> None:
    assert caller.ids("paymentterms?filter[searchText]=net 30")[0] == "2"
    assert len(caller.ids("paymentterms?filter[searchText]=net 30")) == 4
    combined = caller.get("paymentterms?filter[searchText]=net&filter[id]=1")
    assert combined.json()["errors"][0]["detail"] == "The search filter cannot be used together with other filters."


def test_a_search_query_finds_exact_values(caller: Caller) -> None:
    names = [
        row["attributes"]["name"] for row in caller.get("customers?page[size]=2&fields[customers]=name").json()["data"]
    ]
    asked = {
        "filter": {"searchQuery": f'name in ("{names[0]}", "{names[1]}", "Nobody")'},
        "fields": {"customers": "name"},
    }
    found = caller.post("customers", asked, X_HTTP_Method_Override="GET").json()["data"]
    assert [row["attributes"]["name"] for row in found] == names


def test_before_6_1_nothing_is_searched_by_query() -> None:
    with running(orders=1, version="5.1") as old:
        caller = Caller(old)
        assert caller.get("customers?filter[searchText]=nobody").json()["data"] == []
        refused = caller.get('customers?filter[searchQuery]=name = "x"').json()["errors"][0]
    assert refused["detail"] == "The filter is not supported."


def test_a_page_from_the_end_costs_what_one_from_the_start_costs() -> None:
    started = time.perf_counter()
    with running(orders=20_000) as store:
        assert time.perf_counter() - started < 15
        caller = Caller(store)
        for start in (0, 10_000, 19_800):
            path = f"orders?filter[id][gt]={start}&sort=id&page[size]=100&fields[orders]=identifier,updatedAt,customer"
            caller.get(path)
            assert caller.get(path, X_Include="noHateoas").json()["data"][0]["id"] == str(start + 1)
        spent = [entry["ms"] for entry in store.requests() if entry["path"].endswith("/orders")][1::2]
        assert max(spent) < 20 + 5 * min(spent)
