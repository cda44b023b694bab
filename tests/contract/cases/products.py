"""Products, their units, names, stock, kits and variants."""

from __future__ import annotations

from typing import Any

from tests.contract import documents as d
from tests.contract.case import Case, Error

_BLANK = "This value should not be blank."
_NO_NAME = Error(
    "not blank default localized fallback value constraint",
    "Product default name is blank",
    "/data/relationships/names/data",
)


def _refused(
    name: str, title: str, detail: str | None, at: str, document: Any, stands_for: str = "P2", **rest: Any
) -> Case:
    return Case(
        f"product-{name}", stands_for, "POST products", 400, body=document, errors=(Error(title, detail, at),), **rest
    )


def _upsert(name: str, upsert: Any, detail: str = "The upsert operation is not allowed.") -> Case:
    document = d.product("{fresh}")
    document["data"]["meta"] = {"upsert": upsert}
    return _refused(f"upsert-{name}", "value constraint", detail, "/meta/upsert", document, "products take no upsert")


_CREATED = (
    Case("product-made", "P2", "POST products", 201, body=d.product("{fresh}"),
         has={"data": {"attributes": {"sku": "{fresh}", "productType": "simple", "status": "enabled", "variantFields": []}},
              "included": [{"type": "productnames", "meta": {"includeId": "title"}}, {"type": "productunitprecisions", "meta": {"includeId": "unit"}}]}),
    Case("product-disabled-by-default", "P2", "POST products", 201, body=d.product("{fresh}", attributes={"status": "disabled"}),
         has={"data": {"attributes": {"status": "disabled"}}}),
    _refused("without-sku", "not blank constraint", "SKU should not be blank.", "/data/attributes/sku", d.product("")),
    _refused("short-sku", "length constraint", "This value is too short. It should have 3 characters or more.", "/data/attributes/sku", d.product("AB")),
    _refused("bad-sku", "sku regex constraint", 'This value should contain only latin letters, numbers and symbols "-" or "_".',
             "/data/attributes/sku", d.product("bad sku!")),
    _refused("long-sku", "length constraint", "This value is too long. It should have 255 characters or less.", "/data/attributes/sku", d.product("A" * 256)),
    _refused("sku-twice", "unique entity constraint", "This value is already used.", "/data/attributes/sku", d.product("{product_name}"), needs=("product",)),
    _refused("sku-twice-in-other-case", "unique entity constraint", None, "/data/attributes/sku", d.product("{product_lower}"), needs=("product",)),
    _refused("without-family", "not blank constraint", _BLANK, "/data/relationships/attributeFamily/data", d.product("{fresh}", relations={"attributeFamily": None})),
    _refused("without-status-of-stock", "not blank constraint", _BLANK, "/data/relationships/inventory_status/data",
             d.product("{fresh}", relations={"inventory_status": None})),
    _refused("without-unit", "not blank constraint", _BLANK, "/data/relationships/primaryUnitPrecision/data",
             d.product("{fresh}", relations={"primaryUnitPrecision": None})),
    _refused("without-names", _NO_NAME.title, _NO_NAME.detail, "/data/relationships/names/data", d.product("{fresh}", relations={"names": None})),
    _refused("without-names-count", "count constraint", "This collection should contain 1 element or more.", "/data/relationships/names/data",
             d.product("{fresh}", relations={"names": None})),
    _refused("bad-type", "choice constraint", "The value you selected is not a valid choice.", "/data/attributes/productType",
             d.product("{fresh}", attributes={"productType": "foo"})),
    _refused("bad-stock-status", "form constraint", "The entity does not exist.", "/data/relationships/inventory_status/data",
             d.product("{fresh}", relations={"inventory_status": d.ref("prodinventorystatuses", "prod_inventory_status.in_stock")})),
    _refused("kit-without-items", "not empty product kit items collection constraint",
             "Product kit should have at least one kit item fully specified.", "/data/relationships/kitItems/data",
             d.product("{fresh}", attributes={"productType": "kit"})),
    _refused("configurable-without-attribute", "not empty configurable attributes constraint", None, "",
             d.product("{fresh}", attributes={"productType": "configurable"})),
    _upsert("by-sku", ["sku"]),
    _upsert("by-sku-and-organization", ["sku", "organization"]),
    _upsert("by-id", ["id"]),
    _upsert("by-nothing", [], "This value should be a boolean or an array of strings."),
    _upsert("by-word", "sku", "This value should be a boolean or an array of strings."),
    Case("product-validate-refused", "meta.validate is for orders only", "POST products", 400, since="6.1",
         body={**d.product("{fresh}"), "data": {**d.product("{fresh}")["data"], "meta": {"validate": True}}},
         errors=(Error("value constraint", "The option is not supported.", "/meta/validate"),)),
    Case("product-validate-ignored", "meta.validate is ignored before 6.1", "POST products", 201, until="6.0",
         body={**d.product("{fresh}"), "data": {**d.product("{fresh}")["data"], "meta": {"validate": True}}}),
    Case("product-upsert-by-patch", "no upsert where ids are given", "PATCH products/{product}", 400, needs=("product",),
         body=d.doc("products", {"featured": True}, id="{product}", meta={"upsert": True}),
         errors=(Error("value constraint", "The upsert operation is not supported for resources with auto-generated identifier value.", "/meta/upsert"),)),
)  # fmt: skip

_UPDATED = (
    Case("product-read", "P1", "GET products/{product}", needs=("product",), has={"data": {"id": "{product}", "attributes": {"sku": "{product_name}"}}}),
    Case("product-changed", "P3", "PATCH products/{product}", needs=("product",), body=d.doc("products", {"featured": True}, id="{product}"),
         has={"data": {"attributes": {"featured": True, "sku": "{product_name}"}}}),
    Case("product-name-changed-by-included", "P3", "PATCH products/{product}", needs=("product",),
         body={**d.doc("products", None, {"names": d.refs("productnames", "{product_title}")}, id="{product}"),
               "included": [d.item("productnames", {"string": "Renamed"}, id="{product_title}", meta={"update": True})]},
         has={"included": [{"attributes": {"string": "Renamed"}}]}),
    Case("product-names-replaced-by-none", "P3", "PATCH products/{product}", 400, needs=("product",),
         body=d.doc("products", None, {"names": {"data": []}}, id="{product}"), errors=(_NO_NAME,)),
    Case("product-sku-taken-by-patch", "P3", "PATCH products/{product}", 400, needs=("product", "product2"),
         body=d.doc("products", {"sku": "{product2_name}"}, id="{product}"), errors=(Error("unique entity constraint", None, "/data/attributes/sku"),)),
    Case("product-gone", "P4", "DELETE products/{product}", 204, needs=("product",), empty=True),
    Case("product-missing-is-not-changed", "P3", "PATCH products/999999999", 404, body=d.doc("products", {"featured": True}, id="999999999"),
         errors=(Error("not found http exception"),)),
    Case("product-dates-are-ignored", "dates in a body are ignored", "PATCH products/{product}", needs=("product",),
         body=d.doc("products", {"createdAt": "2001-01-01T00:00:00Z", "featured": False}, id="{product}"), has={"data": {"attributes": {"createdAt": ...}}}),
    Case("product-trimmed", "values are trimmed", "PATCH products/{product}", needs=("product",),
         body=d.doc("products", {"sku": " {fresh} "}, id="{product}"), has={"data": {"attributes": {"sku": "{fresh}"}}}),
    Case("product-kit-items", "P6", "GET products/{product}/kitItems", needs=("product",), count=0),
    Case("product-primary-unit", "P9", "GET products/{product}/primaryUnitPrecision", needs=("product",), has={"data": {"id": "{product_unit}"}}),
    Case("product-units", "P10", "GET products/{product}/unitPrecisions", needs=("product",), count=1),
    Case("product-shipping-options", "P11", "GET products/{product}/productShippingOptions", needs=("product",), count=0),
    Case("product-unit-by-id-and-product", "P12", "GET productunitprecisions?filter[id][eq]={product_unit}&filter[product][eq]={product}", needs=("product",), count=1),
    Case("product-names-for-every-localization", "a product brings names for every localization", "GET productnames?filter[product]={product}&filter[localization][exists]=no",
         needs=("product",), count=1),
    Case("product-stock-comes-with-it", "a product brings a stock level", "GET inventorylevels?filter[product]={product}", needs=("product",),
         has={"data": [{"attributes": {"quantity": "0"}}]}),
)  # fmt: skip

_UNIT = {"precision": 0, "conversionRate": 10, "sell": True}
_KIT_ITEM = [
    d.item("productkititems", {"optional": False, "sortOrder": 1}, {
        "labels": d.refs("productkititemlabels", "label"), "kitItemProducts": d.refs("productkititemproducts", "part"),
        "productUnit": d.ref("productunits", "item"),
    }, id="kititem"),
    d.item("productkititemlabels", {"string": "Part", "fallback": None}, id="label"),
    d.item("productkititemproducts", {"sortOrder": 1}, {"product": d.ref("products", "{product}")}, id="part"),
]  # fmt: skip


def _kit() -> dict[str, Any]:
    kit = d.product(
        "{fresh}", attributes={"productType": "kit"}, relations={"kitItems": d.refs("productkititems", "kititem")}
    )
    return {**kit, "included": [*kit["included"], *_KIT_ITEM]}


_PARTS = (
    Case("unit-added", "a second unit", "POST productunitprecisions", 201, needs=("product",),
         body=d.doc("productunitprecisions", _UNIT, {"product": d.ref("products", "{product}"), "unit": d.ref("productunits", "set")}),
         has={"data": {"attributes": {"conversionRate": 10, "precision": 0, "sell": True}}}),
    Case("unit-twice", "a unit once a product", "POST productunitprecisions", 400, needs=("product",),
         body=d.doc("productunitprecisions", _UNIT, {"product": d.ref("products", "{product}"), "unit": d.ref("productunits", "item")}),
         errors=(Error("unique entity constraint", None, "/data/relationships/product/data"),)),
    Case("unit-absent", "a unit must exist", "POST productunitprecisions", 400, needs=("product",),
         body=d.doc("productunitprecisions", _UNIT, {"product": d.ref("products", "{product}"), "unit": d.ref("productunits", "nonsense")}),
         errors=(Error("form constraint", "The entity does not exist.", "/data/relationships/unit/data"),)),
    Case("stock-written-as-text", "stock is written", "PATCH inventorylevels/1", writes=True, body=d.doc("inventorylevels", {"quantity": "17.5"}, id="1"),
         has={"data": {"attributes": {"quantity": "17.5"}}}),
    Case("stock-written-as-number", "stock is text in answers", "PATCH inventorylevels/1", writes=True, body=d.doc("inventorylevels", {"quantity": 18}, id="1"),
         has={"data": {"attributes": {"quantity": "18"}}}),
    Case("stock-negative", "stock may be negative", "PATCH inventorylevels/1", writes=True, body=d.doc("inventorylevels", {"quantity": "-5"}, id="1"),
         has={"data": {"attributes": {"quantity": "-5"}}}),
    Case("stock-word", "stock is a number", "PATCH inventorylevels/1", 400, writes=True, body=d.doc("inventorylevels", {"quantity": "abc"}, id="1"),
         errors=(Error("form constraint", "This value is not valid.", "/data/attributes/quantity"),)),
    Case("kit-made", "P6", "POST products", 201, needs=("product",), body=_kit(), has={"data": {"attributes": {"productType": "kit"}}}),
    Case("kit-part-alone", "P7", "POST productkititemproducts", 403, needs=("product",),
         body=d.doc("productkititemproducts", {"sortOrder": 1}, {"product": d.ref("products", "{product}")}), errors=(Error("access denied exception"),)),
    Case("kit-label-alone", "P8", "POST productkititemlabels", 403, body=d.doc("productkititemlabels", {"string": "X"}), errors=(Error("access denied exception"),)),
    Case("variant-link", "P5", "POST productvariantlinks", 201, needs=("product", "product2"),
         body=d.doc("productvariantlinks", None, {"parentProduct": d.ref("products", "{product}"), "product": d.ref("products", "{product2}")}),
         has={"data": {"attributes": {"visible": True}}}),
    Case("variant-link-without-parent", "P5", "POST productvariantlinks", 400, needs=("product",),
         body=d.doc("productvariantlinks", None, {"product": d.ref("products", "{product}")}),
         errors=(Error("not blank constraint", _BLANK, "/data/relationships/parentProduct/data"),)),
    Case("related-product", "related products", "POST relatedproducts", 201, needs=("product", "product2"),
         body=d.doc("relatedproducts", None, {"product": d.ref("products", "{product}"), "relatedItem": d.ref("products", "{product2}")})),
)  # fmt: skip

CASES = (*_CREATED, *_UPDATED, *_PARTS)
