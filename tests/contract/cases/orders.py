"""Orders with their lines, discounts and subtotals, and shipment trackings."""

from __future__ import annotations

from typing import Any

from tests.contract import documents as d
from tests.contract.case import Case, Error

_BLANK = "This value should not be blank."
_NEEDS = ("customer", "product")
_UNSUPPORTED = "The filter is not supported."


def _order(**attributes: Any) -> dict[str, Any]:
    return d.order("{fresh}", "{customer}", "{product}", **attributes)


def _with_line(**attributes: Any) -> dict[str, Any]:
    return {**_order(), "included": [d.line("{product}", **attributes)]}


def _flagged(meta: dict[str, Any]) -> dict[str, Any]:
    document = _order()
    return {**document, "data": {**document["data"], "meta": meta}}


def _line_refused(name: str, title: str, detail: str, at: str, **attributes: Any) -> Case:
    return Case(
        f"order-line-{name}",
        "order lines are checked",
        "POST orders",
        400,
        needs=_NEEDS,
        body=_with_line(**attributes),
        errors=(Error(title, detail, at),),
    )


_READ = (
    Case("order-with-addresses", "O1", "GET orders?filter[id]={order}&include=billingAddress,shippingAddress", needs=("order",), count=1),
    Case("order-changes", "O2", "GET orders?filter[updatedAt][gte]=2020-01-01T00:00:00Z&page[size]=1", since="6.0", has={"data": ...}),
    Case("order-changes-before", "O2", "GET orders?filter[updatedAt][gte]=2020-01-01T00:00:00Z", 400, until="5.1",
         errors=(Error("filter constraint", _UNSUPPORTED, "filter[updatedAt]"),)),
    Case("order-sort-by-change-before", "O2", "GET orders?sort=updatedAt", 400, until="5.1", errors=(Error("sort constraint", 'Sorting by "updatedAt" field is not supported.', "sort"),)),
    Case("order-sort-by-change", "O2", "GET orders?sort=-updatedAt,-id&page[size]=1", since="6.0", count=1),
    Case("order-lines", "O3", "GET orderlineitems?filter[orders]={order}&page[number]=1&page[size]=5", needs=("order",), count=1, since="6.1"),
    Case("order-lines-before", "O3", "GET orderlineitems?filter[order]={order}", needs=("order",), count=1, until="6.0"),
    Case("order-lines-by-the-order", "O3", "GET orders/{order}/lineItems", needs=("order",), count=1),
    Case("order-line-points-back", "O3", "GET orderlineitems?filter[product]={product}&include=orders", needs=("order",), since="6.1", has={"included": [{"type": "orders", "id": "{order}"}]}),
    Case("order-line-points-back-before", "O3", "GET orderlineitems?filter[product]={product}&include=order", needs=("order",), until="6.0",
         has={"included": [{"type": "orders", "id": "{order}"}]}),
    Case("subtotals", "O4", "GET ordersubtotals?filter[order]={order}", needs=("order",), since="6.1",
         has={"data": [{"id": "{order}-subtotal-0", "attributes": {"amount": "21.0000", "visible": True}}, *({"type": "ordersubtotals"} for _ in range(6))]}),
    Case("subtotals-need-an-order", "O4", "GET ordersubtotals", 400, since="6.1", errors=(Error("filter constraint", 'The "order" filter is required.', ""),)),
    Case("subtotals-of-two-orders", "O4", "GET ordersubtotals?filter[order]=1,2", 400, since="6.1", errors=(Error("filter constraint", 'Expected integer value. Given "1,2".', "filter[order]"),)),
    Case("subtotals-have-no-pages", "O4", "GET ordersubtotals?filter[order]=1&page[size]=5", 400, since="6.1", errors=(Error("filter constraint", _UNSUPPORTED, "page[size]"),)),
    Case("subtotals-have-no-sort", "O4", "GET ordersubtotals?filter[order]=1&sort=id", 400, since="6.1", errors=(Error("filter constraint", _UNSUPPORTED, "sort"),)),
    Case("subtotals-have-no-single", "O4", "GET ordersubtotals/1-subtotal-0", 404, since="6.1", empty=True),
    Case("subtotals-have-no-sub-resource", "O4", "GET orders/{order}/orderSubtotals", 404, needs=("order",), since="6.1", errors=(Error("relationship constraint"),)),
    Case("subtotals-unknown-before", "O4", "GET ordersubtotals?filter[order]=1", 404, until="6.0", errors=(Error("entity type constraint", "Unknown entity type: ordersubtotals.", ""),)),
    Case("order-with-subtotals", "O4", "GET orders/{order}?include=orderSubtotals&fields[orders]=orderSubtotals", needs=("order",), since="6.1", has={"included": ...}),
    Case("order-without-statuses-before", "statuses came with 6.1", "GET orders/{order}", needs=("order",), until="6.0", lacks=("internalStatus", "shippingStatus", "orderSubtotals")),
    Case("order-with-uuid-before", "uuid", "GET orders/{order}", needs=("order",), until="6.0", has={"data": {"attributes": {"uuid": ...}}}),
)  # fmt: skip

_WRITTEN = (
    Case("order-made", "an order is made", "POST orders", 201, needs=_NEEDS, body=_order(poNumber="PO-1"),
         has={"data": {"attributes": {"identifier": "{fresh}", "totalValue": "21.0000", "subtotalValue": "21.0000", "poNumber": "PO-1", "disablePromotions": False}},
              "included": [{"type": "orderlineitems", "meta": {"includeId": "line"}, "attributes": {"value": "10.5000", "quantity": 2, "productSku": "{product_name}"}}]}),
    Case("order-gets-an-identifier", "an order gets an identifier", "POST orders", 201, needs=_NEEDS, body=d.order(None, "{customer}", "{product}"), has={"data": {"attributes": {"identifier": ...}}}),
    Case("order-statuses", "a new order is open", "POST orders", 201, needs=_NEEDS, body=_order(), since="6.1",
         has={"data": {"relationships": {"internalStatus": {"data": {"id": "open"}}, "shippingStatus": {"data": {"id": "not_shipped"}}}}}),
    Case("order-in-the-past", "an order may be born in the past", "POST orders", 201, needs=_NEEDS, body=_order(createdAt="2019-05-06T07:08:09Z"),
         has={"data": {"attributes": {"createdAt": "2019-05-06T07:08:09Z", "updatedAt": "2019-05-06T07:08:09Z"}}}),
    Case("order-date-with-offset", "dates are in UTC", "POST orders", 201, needs=_NEEDS, body=_order(createdAt="2019-05-06T07:08:09+02:00"), has={"data": {"attributes": {"createdAt": "2019-05-06T05:08:09Z"}}}),
    Case("order-date-with-fraction", "fractions are cut", "POST orders", 201, needs=_NEEDS, body=_order(createdAt="2019-05-06T07:08:09.123456Z"),
         has={"data": {"attributes": {"createdAt": "2019-05-06T07:08:09Z"}}}),
    Case("order-date-only", "a day is its midnight", "POST orders", 201, needs=_NEEDS, body=_order(createdAt="2019-05-06"), has={"data": {"attributes": {"createdAt": "2019-05-06T00:00:00Z"}}}),
    Case("order-date-without-zone", "a time needs a zone", "POST orders", 400, needs=_NEEDS, body=_order(createdAt="2019-05-06T07:08:09"), errors=(Error("form constraint", None, "/data/attributes/createdAt"),)),
    Case("order-identifier-twice", "identifiers are unique", "POST orders", 400, needs=("order",), body=d.order("{order_name}", "{customer}", "{product}"),
         errors=(Error("unique entity constraint", "This value is already used.", "/data/attributes/identifier"),)),
    Case("order-identifier-in-other-case", "identifiers are unique with case", "POST orders", 201, needs=("order",), body=d.order("{order_lower}", "{customer}", "{product}")),
    Case("order-without-lines", "an order needs a line", "POST orders", 400, needs=("customer",), body=d.doc("orders", {"currency": "USD"}, {"customer": d.ref("customers", "{customer}")}),
         errors=(Error("count constraint", "Please add at least one Line Item", "/data/relationships/lineItems/data"),)),
    Case("order-without-customer", "an order needs a customer", "POST orders", 400, body=d.doc("orders", {"currency": "USD"}), errors=(Error("not blank constraint", _BLANK, "/data/relationships/customer/data"),)),
    Case("order-without-currency", "an order needs a currency", "POST orders", 400, since="6.1", body=d.doc("orders", {"identifier": "{fresh}"}), errors=(Error("not blank constraint", _BLANK, "/data/attributes/currency"),)),
    Case("order-of-a-user", "the user tells the customer", "POST orders", 201, needs=("user", "product"),
         body={**d.doc("orders", {"currency": "USD", "identifier": "{fresh}"}, {"customerUser": d.ref("customerusers", "{user}"), "lineItems": d.refs("orderlineitems", "line")}),
               "included": [d.line("{product}")]}, has={"data": {"relationships": {"customer": {"data": {"id": "{customer}"}}}}}),
    Case("order-of-a-website", "no websites in the Community Edition", "POST orders", 400, needs=_NEEDS,
         body={**_order(), "data": {**_order()["data"], "relationships": {**_order()["data"]["relationships"], "website": d.ref("websites", "1")}}},
         errors=(Error("extra fields constraint", 'This form should not contain extra fields: "website".', ""),)),
    _line_refused("without-quantity-sense", "greater than constraint", "This value should be greater than 0.", "/included/0/attributes/quantity", quantity=-1),
    Case("order-line-without-price", "order lines are checked", "POST orders", 400, needs=_NEEDS, body=_with_line(value=None), since="6.1",
         errors=(Error("not blank constraint", "Price value should not be blank.", "/included/0/attributes/value"), Error("not blank constraint", None, "/included/0"))),
    Case("order-line-without-price-before", "a line without a price breaks 5.1", "POST orders", 500, needs=_NEEDS, body=_with_line(value=None), until="6.0", errors=(Error("error exception"),)),
    Case("order-line-without-product", "order lines are checked", "POST orders", 400, needs=_NEEDS, errors=(Error("line item product constraint", "Please choose Product.", "/included/0/relationships/product/data"),),
         body={**_order(), "included": [d.item("orderlineitems", {"quantity": 1, "value": "1", "currency": "USD"}, {"productUnit": d.ref("productunits", "item")}, id="line")]}),
    Case("order-line-bad-unit", "order lines are checked", "POST orders", 400, needs=_NEEDS,
         errors=(Error("not blank constraint", "The product unit does not exist for the product.", "/included/0/relationships/productUnit/data"),
                 Error("form constraint", "The entity does not exist.", "/included/0/relationships/productUnit/data")),
         body={**_order(), "included": [d.item("orderlineitems", {"quantity": 1, "value": "1", "currency": "USD"},
                                               {"product": d.ref("products", "{product}"), "productUnit": d.ref("productunits", "nonsense")}, id="line")]}),
    Case("order-changed", "an order is changed", "PATCH orders/{order}", needs=("order",), body=d.doc("orders", {"poNumber": "X"}, id="{order}"), has={"data": {"attributes": {"poNumber": "X"}}}),
    Case("order-totals-stay", "read-only values are ignored", "PATCH orders/{order}", needs=("order",), body=d.doc("orders", {"totalValue": "1.0"}, id="{order}"),
         has={"data": {"attributes": {"totalValue": "21.0000"}}}),
    Case("order-internal-status-stays", "read-only statuses are ignored", "PATCH orders/{order}", needs=("order",), since="6.1",
         body=d.doc("orders", None, {"internalStatus": d.ref("orderinternalstatuses", "closed")}, id="{order}"), has={"data": {"relationships": {"internalStatus": {"data": {"id": "open"}}}}}),
    Case("order-shipping-status-is-kept", "the shipping status is written", "PATCH orders/{order}", needs=("order",), since="6.1",
         body=d.doc("orders", None, {"shippingStatus": d.ref("ordershippingstatuses", "shipped")}, id="{order}"), has={"data": {"relationships": {"shippingStatus": {"data": {"id": "shipped"}}}}}),
    Case("order-status-is-empty", "there are no order statuses", "PATCH orders/{order}", 400, needs=("order",), since="6.1",
         body=d.doc("orders", None, {"status": d.ref("orderstatuses", "open")}, id="{order}"), errors=(Error("form constraint", "The entity does not exist.", "/data/relationships/status/data"),)),
    Case("order-lines-replaced", "a to-many PATCH replaces the list", "PATCH orders/{order}", needs=("order",),
         body={**d.doc("orders", None, {"lineItems": d.refs("orderlineitems", "new")}, id="{order}"), "included": [d.line("{product}", "new", value="7", quantity=1)]},
         has={"data": {"attributes": {"totalValue": "7.0000"}}}),
    Case("order-upsert-new", "orders are upserted by identifier", "POST orders", 201, needs=_NEEDS, body=_flagged({"upsert": ["identifier"]})),
    Case("order-upsert-again", "orders are upserted by identifier", "POST orders", 200, needs=("order",), since="6.1",
         body=d.doc("orders", {"identifier": "{order_name}", "poNumber": "U"}, meta={"upsert": ["identifier"]}), has={"data": {"id": "{order}", "attributes": {"poNumber": "U"}}}),
    Case("order-upsert-again-before", "an upsert that updates redirects before 6.1", "POST orders", 302, needs=("order",), until="6.0",
         body=d.doc("orders", {"identifier": "{order_name}", "poNumber": "U"}, meta={"upsert": ["identifier"]}), has={"data": {"id": "{order}"}}),
    Case("order-upsert-by-two", "orders are upserted by identifier only", "POST orders", 400, body=d.doc("orders", {"identifier": "X"}, meta={"upsert": ["identifier", "poNumber"]}),
         errors=(Error("value constraint", "The upsert operation cannot use these fields to find an entity.", "/meta/upsert"),)),
    Case("order-upsert-without-value", "an upsert needs its field", "POST orders", 400, body=d.doc("orders", {"currency": "USD"}, meta={"upsert": ["identifier"]}),
         errors=(Error("value constraint", 'The "identifier" field does not exist in the request data.', "/meta/upsert"),)),
    Case("order-upsert-by-external-id", "no upsert by externalId", "POST orders", 400, since="6.1.11", body=d.doc("orders", {"externalId": "X"}, meta={"upsert": ["externalId"]}),
         errors=(Error("value constraint", "The upsert operation cannot use this field to find an entity.", "/meta/upsert"),)),
    Case("order-validate", "meta.validate saves nothing", "POST orders", 201, needs=_NEEDS, since="6.1", body=_flagged({"validate": True}), has={"data": {"attributes": {"identifier": "{fresh}"}}}),
    Case("order-validate-false", "meta.validate: false creates", "POST orders", 201, needs=_NEEDS, since="6.1", body=_flagged({"validate": False})),
    Case("order-validate-word", "flags are booleans", "POST orders", 400, needs=_NEEDS, since="6.1", body=_flagged({"validate": "yes"}), errors=(Error("value constraint", "This value should be a boolean.", "/meta/validate"),)),
    Case("order-gone", "an order is deleted", "DELETE orders/{order}", 204, needs=("order",), empty=True),
    Case("line-changed", "a line is changed", "PATCH orderlineitems/{order_line}", needs=("order",), body=d.doc("orderlineitems", {"comment": "c", "quantity": 5}, id="{order_line}"),
         has={"data": {"attributes": {"comment": "c", "quantity": 5}}}),
    Case("line-last-stays", "the last line stays", "DELETE orderlineitems/{order_line}", 403, needs=("order",),
         errors=(Error("access denied exception", "The delete operation is forbidden. Reason: Please add at least one Line Item.", ""),)),
    Case("line-without-order", "a line needs an order", "POST orderlineitems", 400, needs=("product",), since="6.1",
         body={"data": {n: v for n, v in d.line("{product}").items() if n != "id"}}, errors=(Error("count constraint", "This collection should contain 1 element or more.", "/data/relationships/orders/data"),)),
    Case("line-of-two-orders", "a line may belong to two orders", "POST orderlineitems", 201, needs=("order", "order2"), since="6.1",
         body={"data": {"type": "orderlineitems", "attributes": d.line("x")["attributes"], "relationships": {**d.line("{product}")["relationships"], "orders": d.refs("orders", "{order}", "{order2}")}}}),
    Case("discount-made", "a discount's percent is a fraction", "POST orderdiscounts", 201, needs=("order",),
         body=d.doc("orderdiscounts", {"percent": 0.1, "description": "d", "orderDiscountType": "oro_order_discount_item_type_percent"}, {"order": d.ref("orders", "{order}")}),
         has={"data": {"attributes": {"percent": 0.1, "amount": "2.1000"}}}),
    Case("discount-of-ten", "a discount's percent is a fraction", "POST orderdiscounts", 400, needs=("order",),
         body=d.doc("orderdiscounts", {"percent": 10, "orderDiscountType": "oro_order_discount_item_type_percent"}, {"order": d.ref("orders", "{order}")}),
         errors=(Error("range constraint", "This value should be between -100% and 100%.", "/data/attributes/percent"),)),
)  # fmt: skip

_TRACKINGS = (
    Case("tracking-read", "T1", "GET ordershippingtrackings/{tracking}", needs=("tracking",), has={"data": {"attributes": {"method": "UPS", "number": "1Z999"}}}),
    Case("tracking-list", "T2", "GET ordershippingtrackings?page[size]=1&sort=-id", needs=("tracking",), count=1),
    Case("tracking-of-an-order", "T2", "GET ordershippingtrackings?filter[{order_field}]={order}", needs=("tracking",), count=1),
    Case("tracking-of-an-order-by-sub-resource", "T2", "GET orders/{order}/shippingTrackings", needs=("tracking",), count=1),
    Case("tracking-by-identifier", "T2", "GET ordershippingtrackings?filter[{order_field}.identifier]={order_name}", needs=("tracking",), count=1),
    Case("tracking-unshipped", "T2", "GET orders?filter[shippingTrackings][exists]=no&filter[id]={order}", needs=("tracking",), count=0),
    Case("tracking-made", "T3", "POST ordershippingtrackings", 201, needs=("order",), since="6.1", body=d.tracking("{order}"), has={"data": {"relationships": {"orders": {"data": [{"id": "{order}"}]}}}}),
    Case("tracking-made-before", "T3", "POST ordershippingtrackings", 201, needs=("order",), until="6.0", body=d.tracking("{order}", field="order"), has={"data": {"relationships": {"order": {"data": {"id": "{order}"}}}}}),
    Case("tracking-twice", "T3", "POST ordershippingtrackings", 201, needs=("tracking",), since="6.1", body=d.tracking("{order}")),
    Case("tracking-of-two-orders", "T3", "POST ordershippingtrackings", 201, needs=("order", "order2"), since="6.1", body=d.tracking("{order}", "{order2}"), has={"data": {"relationships": {"orders": {"data": [{"id": "{order}"}, {"id": "{order2}"}]}}}}),
    Case("tracking-without-order", "T3", "POST ordershippingtrackings", 201, since="6.1", body=d.doc("ordershippingtrackings", {"method": "UPS", "number": "N"})),
    Case("tracking-without-order-before", "a tracking without an order breaks 5.1", "POST ordershippingtrackings", 500, until="6.0", body=d.doc("ordershippingtrackings", {"method": "UPS", "number": "N"}),
         errors=(Error("not null constraint violation exception"),)),
    Case("tracking-of-one-order-later", "T3", "POST ordershippingtrackings", 400, needs=("order",), since="6.1", body=d.tracking("{order}", field="order"),
         errors=(Error("extra fields constraint", 'This form should not contain extra fields: "order".', ""),)),
    Case("tracking-without-method", "T3", "POST ordershippingtrackings", 400, needs=("order",), since="6.1", body=d.tracking("{order}", method=None), errors=(Error("not blank constraint", _BLANK, "/data/attributes/method"),)),
    Case("tracking-without-number", "T3", "POST ordershippingtrackings", 400, needs=("order",), since="6.1", body=d.tracking("{order}", number=None), errors=(Error("not blank constraint", _BLANK, "/data/attributes/number"),)),
    Case("tracking-of-no-order", "T3", "POST ordershippingtrackings", 400, since="6.1", body=d.tracking("999999999"), errors=(Error("form constraint", "The entity does not exist.", "/data/relationships/orders/data"),)),
    Case("tracking-long-number", "a long number breaks the store", "POST ordershippingtrackings", 500, needs=("order",), since="6.1", body=d.tracking("{order}", number="9" * 300), errors=(Error("driver exception"),)),
    Case("tracking-changed", "T4", "PATCH ordershippingtrackings/{tracking}", needs=("tracking",), body=d.doc("ordershippingtrackings", {"number": "T2"}, id="{tracking}"), has={"data": {"attributes": {"number": "T2"}}}),
    Case("tracking-gone", "a tracking is deleted", "DELETE ordershippingtrackings/{tracking}", 204, needs=("tracking",), empty=True),
)  # fmt: skip

CASES = (*_READ, *_WRITTEN, *_TRACKINGS)
