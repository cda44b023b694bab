"""Batches: what is accepted, what the synchronous mode answers and refuses."""

from __future__ import annotations

from typing import Any

from tests.contract import documents as d
from tests.contract.case import Case, Error

_BLANK = "This value should not be blank."
_ACCEPTED = {
    "data": {"type": "asyncoperations", "attributes": {"status": ..., "entityType": "customers", "summary": ...}}
}


def _customers(*names: str) -> list[dict[str, Any]]:
    return [d.item("customers", {"name": name}) for name in names]


def _sync(name: str, call: str, body: Any, status: int = 200, **rest: Any) -> Case:
    return Case(
        f"sync-{name}",
        "the synchronous batch",
        f"PATCH {call}",
        status,
        body=body,
        headers={"X-Mode": "sync"},
        since=rest.pop("since", "6.0"),
        **rest,
    )


def _async(name: str, call: str, body: Any, status: int = 202, **rest: Any) -> Case:
    return Case(f"batch-{name}", "the asynchronous batch", f"PATCH {call}", status, body=body, **rest)


CASES = (
    _async("accepted", "customers", {"data": []}, has=_ACCEPTED, answer_headers={"Location": None}),
    _async("of-an-object", "customers", {"data": d.item("customers", {"name": "X"})}, has=_ACCEPTED),
    _async("truncated", "customers", '{"data": [{"type": "cust', has=_ACCEPTED, headers={"Content-Type": "application/vnd.api+json"}),
    _async("products", "products", {"data": []}, has={"data": {"attributes": {"entityType": "products"}}}),
    _async("orders", "orders", {"data": []}, has={"data": {"attributes": {"entityType": "orders"}}}),
    _async("prices", "productprices", {"data": []}),
    _async("stock", "inventorylevels", {"data": []}),
    _async("addresses", "customeraddresses", {"data": []}),
    _async("price-lists", "pricelists", {"data": []}),
    _async("organizations", "organizations", {"data": []}, 405, empty=True),
    _async("countries", "countries", {"data": []}, 405, empty=True),
    _async("mode-unknown", "customers", {"data": []}, 400, headers={"X-Mode": "SYNC"}, since="6.0",
           errors=(Error("invalid header value exception", 'The accepted values for the "X-Mode" are "sync" or "async".', ""),)),
    _async("mode-ignored-before", "customers", {"data": []}, headers={"X-Mode": "SYNC"}, until="5.1"),
    _async("by-override", "customers", {"data": []}, has=_ACCEPTED),
    Case("batch-by-post", "a batch by an overridden POST", "POST customers", 202, body={"data": []}, headers={"X-HTTP-Method-Override": "PATCH"}, has=_ACCEPTED),
    _sync("empty", "customers", {"data": []}, has=[]),
    _sync("two", "customers", {"data": _customers("{fresh}", "{fresh2}")}, has={"data": [{"attributes": {"name": "{fresh}"}}, {"attributes": {"name": "{fresh2}"}}]}),
    _sync("one-bad", "customers", {"data": _customers("{fresh}", "")}, 400, errors=(Error("not blank constraint", _BLANK, "/data/1/attributes/name"),)),
    _sync("two-bad", "customers", {"data": _customers("", "{fresh}", "x" * 256)}, 400,
          errors=(Error("not blank constraint", _BLANK, "/data/0/attributes/name"), Error("length constraint", None, "/data/2/attributes/name"))),
    _sync("extra", "customers", {"data": [d.item("customers", {"name": "X", "foo": 1})]}, 400, errors=(Error("extra fields constraint", 'This form should not contain extra fields: "foo".', "/data/0"),)),
    _sync("foreign-type", "customers", {"data": [d.item("users", {"name": "X"})]}, 400,
          errors=(Error("entity type constraint", 'The entity type "users" is not supported by this batch operation.', "/data/0"),)),
    _sync("update", "customers", {"data": [d.item("customers", {"name": "{fresh}"}, id="{customer}", meta={"update": True})]}, needs=("customer",),
          has={"data": [{"id": "{customer}", "meta": {"dataId": "{customer}"}, "attributes": {"name": "{fresh}"}}]}),
    _sync("update-missing", "customers", {"data": [d.item("customers", {"name": "X"}, id="999999999", meta={"update": True})]}, 404,
          errors=(Error("not found http exception", None, "/data/0"),)),
    _sync("without-update-creates", "customers", {"data": [d.item("customers", {"name": "{fresh}"}, id="{customer}")]}, needs=("customer",),
          has={"data": [{"meta": {"dataId": "{customer}"}, "attributes": {"name": "{fresh}"}}]}),
    _sync("too-many", "customers", {"data": _customers(*(f"S{n}" for n in range(101)))}, 202, has={"data": {"attributes": {"status": "failed"}}}),
    _sync("order-upsert", "orders", {
        "data": [{**d.order("{order_name}", "{customer}", "{product}", poNumber="B")["data"], "meta": {"upsert": ["identifier"]}}], "included": [d.line("{product}")],
    }, needs=("order",), has={"data": [{"id": "{order}", "attributes": {"poNumber": "B"}}], "included": [{"meta": {"includeId": "line"}}]}),
    _sync("order-validate-is-ignored", "orders", {
        "data": [{**d.order("{fresh}", "{customer}", "{product}")["data"], "meta": {"validate": True}}], "included": [d.line("{product}")],
    }, needs=("customer", "product"), has={"data": [{"attributes": {"identifier": "{fresh}"}}]}, since="6.1"),
    _sync("product-sku-taken", "products", {"data": [d.product("{product_name}")["data"]], "included": d.product("x")["included"]}, 400, needs=("product",),
          errors=(Error("unique entity constraint", None, "/data/0/attributes/sku"),)),
    _sync("product-upsert", "products", {"data": [{**d.product("{fresh}")["data"], "meta": {"upsert": ["sku"]}}], "included": d.product("x")["included"]}, 400,
          errors=(Error("value constraint", "The upsert operation is not allowed.", "/data/0/meta/upsert"),)),
    _sync("price-twice", "productprices", {"data": [d.price("{product}", "{price_list}")["data"]]}, 400, needs=("price",), errors=(Error("unique entity constraint", None, "/data/0"),)),
    _sync("price-changed", "productprices", {"data": [d.item("productprices", {"value": "15"}, id="{price}", meta={"update": True})]}, needs=("price",),
          has={"data": [{"attributes": {"value": "15.0000"}}]}),
    _sync("stock-without-update", "inventorylevels", {"data": [d.item("inventorylevels", {"quantity": "1"}, id="1")]}, 405, empty=True),
    _sync("unnamed-included-is-dropped", "customers", {"data": _customers("{fresh}"), "included": [d.item("customergroups", {"name": "{fresh2}"}, id="g")]},
          has={"data": [{"attributes": {"name": "{fresh}"}}]}, lacks=("included",)),
)  # fmt: skip
