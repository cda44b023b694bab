"""Prices, price lists and their customer groups."""

from __future__ import annotations

from typing import Any

from tests.contract import documents as d
from tests.contract.case import Case, Error

_TWICE = Error(
    "unique entity constraint",
    'Product has duplication of product prices. Set of fields "PriceList", "Quantity" , "Unit" and "Currency" should be unique.',
    "",
)
_NEEDS = ("product", "price_list")


def _price(**attributes: Any) -> dict[str, Any]:
    return d.price("{product}", "{price_list}", **attributes)


def _refused(name: str, title: str, detail: str, at: str, **attributes: Any) -> Case:
    return Case(
        f"price-{name}",
        "PP3",
        "POST productprices",
        400,
        needs=_NEEDS,
        body=_price(**attributes),
        errors=(Error(title, detail, at),),
    )


_PRICES = (
    Case("price-made", "PP3", "POST productprices", 201, needs=_NEEDS, body=_price(), has={"data": {"attributes": {"quantity": 1, "value": "12.5000", "currency": "USD"}}}),
    Case("price-rounded", "PP3", "POST productprices", 201, needs=_NEEDS, body=_price(value=12.3456789), has={"data": {"attributes": {"value": "12.3457"}}}),
    Case("price-zero", "PP3", "POST productprices", 201, needs=_NEEDS, body=_price(value="0"), has={"data": {"attributes": {"value": "0.0000"}}}),
    Case("price-twice", "PP3", "POST productprices", 400, needs=("price",), body=_price(), errors=(_TWICE,)),
    Case("price-other-quantity", "PP3", "POST productprices", 201, needs=("price",), body=_price(quantity=10)),
    _refused("negative", "range constraint", "This value should be 0 or more.", "/data/attributes/value", value="-1"),
    _refused("word", "type constraint", "This value should be of type numeric.", "/data/attributes/value", value="abc"),
    _refused("foreign-currency", "product price currency constraint", 'Currency "GBP" is not valid for current price list.', "/data/attributes/currency", currency="GBP"),
    _refused("foreign-unit", "product price allowed units constraint", 'Unit "set" is not allowed for product "{product_name}".', "/data/relationships/unit/data", unit="set"),
    Case("price-upsert", "prices take no upsert", "POST productprices", 400, needs=_NEEDS,
         body={"data": {**_price()["data"], "meta": {"upsert": ["product", "priceList", "quantity", "unit", "currency"]}}},
         errors=(Error("value constraint", "The upsert operation is not allowed.", "/meta/upsert"),)),
    Case("price-read", "PP1", "GET productprices/{price}", needs=("price",), has={"data": {"id": "{price}", "attributes": {"value": "12.5000"}}}),
    Case("price-without-relation-links", "PP1", "GET productprices/{price}", needs=("price",), has={"data": {"relationships": {"unit": {"data": {"id": "item"}}}}}, lacks=("related",)),
    Case("price-by-bare-id", "PP1", "GET productprices/00000000-0000-4000-8000-000000000000", 404, errors=(Error("not found http exception"),)),
    Case("price-by-key", "PP2", "GET productprices?filter[priceList]={price_list}&filter[product]={product}&filter[unit]=item", needs=("price",), count=1),
    Case("price-by-products", "PP2", "GET productprices?filter[priceList]={price_list}&filter[product]={product},{product2}", needs=("price", "product2"), count=1),
    Case("price-by-sku", "PP2", "GET productprices?filter[priceList]={price_list}&filter[product.sku]={product_name}", needs=("price",), count=1),
    Case("price-by-id", "PP2", "GET productprices?filter[priceList]={price_list}&filter[id]={price}", needs=("price",), count=1),
    Case("price-no-keyset", "PP2", "GET productprices?filter[priceList]={price_list}&filter[id][gt]={price}", 400, needs=("price",),
         errors=(Error("filter constraint", 'The operator "gt" is not supported.'),)),
    Case("price-keyset-by-product", "PP2", "GET productprices?filter[priceList]={price_list}&filter[product.id][gt]=0&sort=product,id", needs=("price",), count=1),
    Case("price-product-takes-no-gt", "PP2", "GET productprices?filter[priceList]={price_list}&filter[product][gt]=0", 400, needs=("price_list",),
         errors=(Error("filter constraint", 'The operator "gt" is not supported.'),)),
    Case("price-include", "PP2", "GET productprices?filter[priceList]={price_list}&include=product&fields[products]=sku", needs=("price",),
         has={"included": [{"type": "products", "attributes": {"sku": "{product_name}"}}]}),
    Case("price-changed", "PP4", "PATCH productprices/{price}", needs=("price",), body=d.doc("productprices", {"value": "14", "quantity": 3}, id="{price}"),
         has={"data": {"attributes": {"value": "14.0000", "quantity": 3}}}),
    Case("price-list-of-a-price-stays", "PP4", "PATCH productprices/{price}", needs=("price", "price_list2"),
         body=d.doc("productprices", None, {"priceList": d.ref("pricelists", "{price_list2}")}, id="{price}"),
         has={"data": {"id": "{price}", "relationships": {"priceList": {"data": {"id": "{price_list}"}}}}}),
    Case("price-gone", "PP5", "DELETE productprices/{price}", 204, needs=("price",), empty=True),
    Case("price-has-no-sub-resources", "prices have no sub-resources", "GET productprices/{price}/product", 404, needs=("price",), errors=(Error("relationship constraint"),)),
    Case("customer-prices-need-a-customer", "customer prices", "GET customerprices", 400, since="6.1", errors=(Error("filter constraint", 'The "customer" filter is required.', ""),)),
    Case("customer-prices-unknown-before", "customer prices", "GET customerprices", 404, until="6.0", errors=(Error("entity type constraint"),)),
)  # fmt: skip

_LISTS = (
    Case("price-list-read", "PL1", "GET pricelists/{price_list}", needs=("price_list",), has={"data": {"attributes": {"name": "{price_list_name}", "active": True}}}),
    Case("price-list-pages", "PL2", "GET pricelists?page[number]=1&page[size]=1", count=1),
    Case("price-list-by-search", "PL3", "GET pricelists?filter[searchText][eq]={fresh}", count=0),
    Case("price-list-made", "PL4", "POST pricelists", 201, body=d.doc("pricelists", {"name": "{fresh}", "active": True, "priceListCurrencies": ["USD", "EUR"]}),
         has={"data": {"attributes": {"priceListCurrencies": ["EUR", "USD"]}}}),
    Case("price-list-without-currency", "PL4", "POST pricelists", 400, body=d.doc("pricelists", {"name": "{fresh}", "active": True}),
         errors=(Error("count constraint", "This collection should contain 1 element or more. Source: currencies.", ""),)),
    Case("price-list-bad-currency", "PL4", "POST pricelists", 400, body=d.doc("pricelists", {"name": "{fresh}", "priceListCurrencies": ["XXX"]}),
         errors=(Error("currency constraint", "This value is not a valid currency. Source: currencies.0.currency.", ""),)),
    Case("price-list-without-name", "PL4", "POST pricelists", 400, body=d.doc("pricelists", {"priceListCurrencies": ["USD"]}),
         errors=(Error("not blank constraint", None, "/data/attributes/name"),)),
    Case("price-list-name-twice", "PL4", "POST pricelists", 201, needs=("price_list",), body=d.doc("pricelists", {"name": "{price_list_name}", "priceListCurrencies": ["USD"]})),
    Case("price-list-changed", "PL5", "PATCH pricelists/{price_list}", needs=("price_list",), body=d.doc("pricelists", {"active": False}, id="{price_list}"),
         has={"data": {"attributes": {"active": False}}}),
    Case("price-list-upsert", "price lists take no upsert", "POST pricelists", 400, body=d.doc("pricelists", {"name": "X"}, meta={"upsert": ["name"]}),
         errors=(Error("value constraint", "The upsert operation is not allowed.", "/meta/upsert"),)),
)  # fmt: skip

_LINKED = {"customerGroup": d.ref("customergroups", "{group}"), "priceList": d.ref("pricelists", "{price_list}")}
_LINKS = (
    Case("link-read", "PG1", "GET pricelisttocustomergroups/{link}", needs=("link",), has={"data": {"attributes": {"sortOrder": 10, "mergeAllowed": True}}}),
    Case("link-by-both", "PG2", "GET pricelisttocustomergroups?filter[customerGroup]={group}&filter[priceList]={price_list}", needs=("link",), count=1),
    Case("link-made", "PG3", "POST pricelisttocustomergroups", 201, needs=("group", "price_list"), body=d.doc("pricelisttocustomergroups", {"sortOrder": 5}, _LINKED)),
    Case("link-without-order", "PG3", "POST pricelisttocustomergroups", 400, needs=("group", "price_list"),
         body=d.doc("pricelisttocustomergroups", {"mergeAllowed": True}, _LINKED), errors=(Error("not blank constraint", None, "/data/attributes/sortOrder"),)),
    Case("link-twice", "PG3", "POST pricelisttocustomergroups", 400, needs=("link",), body=d.doc("pricelisttocustomergroups", {"sortOrder": 5}, _LINKED),
         errors=(Error("unique entity constraint", None, "/data/relationships/priceList/data"),)),
    Case("link-to-a-website", "no websites in the Community Edition", "POST pricelisttocustomergroups", 400, needs=("group", "price_list"),
         body=d.doc("pricelisttocustomergroups", {"sortOrder": 5}, {**_LINKED, "website": d.ref("websites", "1")}),
         errors=(Error("extra fields constraint", 'This form should not contain extra fields: "website".', ""),)),
    Case("link-changed", "PG4", "PATCH pricelisttocustomergroups/{link}", needs=("link",), body=d.doc("pricelisttocustomergroups", {"sortOrder": 7}, id="{link}"),
         has={"data": {"attributes": {"sortOrder": 7}}}),
    Case("link-group-stays", "PG4", "PATCH pricelisttocustomergroups/{link}", needs=("link", "group2"),
         body=d.doc("pricelisttocustomergroups", None, {"customerGroup": d.ref("customergroups", "{group2}")}, id="{link}"),
         has={"data": {"relationships": {"customerGroup": {"data": {"id": "{group}"}}}}}),
    Case("link-to-a-customer", "contract prices", "POST pricelisttocustomers", 201, needs=("customer", "price_list"),
         body=d.doc("pricelisttocustomers", {"sortOrder": 1}, {"customer": d.ref("customers", "{customer}"), "priceList": d.ref("pricelists", "{price_list}")})),
)  # fmt: skip

CASES = (*_PRICES, *_LISTS, *_LINKS)
