"""Pages, links, totals, sub-resources and relationships, includes and sparse fields."""

from __future__ import annotations

from tests.contract.case import Case, Error

_UNSUPPORTED = "The filter is not supported."
# Resources that every store has two records of.
_FULL = ("customers", "products", "productunitprecisions", "inventorylevels", "regions", "countries", "productnames", "localizedfallbackvalues",
         "customerusers", "orderlineitems", "orders", "categories")  # fmt: skip


def _sizes(resource: str) -> tuple[Case, ...]:
    follows = {"links": {"self": ...}} if resource == "products" else {"links": {"self": ..., "next": ...}}
    return (
        Case(f"page-one-of-{resource}", "page[size]", f"GET {resource}?page[size]=1", count=1, has=follows,
             lacks=("next",) if resource == "products" else ()),
        Case(f"page-none-of-{resource}", "page[size]=0 is empty with a next link", f"GET {resource}?page[size]=0", count=0, has=follows),
        Case(f"page-far-of-{resource}", "a page beyond the end is empty", f"GET {resource}?page[size]=100&page[number]=99999", count=0,
             has={"links": {"first": ..., "prev": ...}}, lacks=("next",)),
        Case(f"page-bare-of-{resource}", "noHateoas takes every link", f"GET {resource}?page[size]=1", headers={"X-Include": "noHateoas"},
             count=1, lacks=("links", "next")),
    )  # fmt: skip


def _bad(name: str, query: str, detail: str, at: str) -> Case:
    return Case(
        f"page-bad-{name}",
        "bad paging",
        f"GET customers?{query}",
        400,
        errors=(Error("filter constraint", detail, at),),
    )


_BAD = (
    _bad("size-minus-two", "page[size]=-2", "The value should be greater than or equals to -1.", "page[size]"),
    _bad("size-word", "page[size]=abc", 'Expected integer value. Given "abc".', "page[size]"),
    _bad("size-empty", "page[size]=", 'Expected integer value. Given "".', "page[size]"),
    _bad("size-fraction", "page[size]=1.5", 'Expected integer value. Given "1.5".', "page[size]"),
    _bad("number-zero", "page[number]=0", "The value should be greater than or equals to 1.", "page[number]"),
    _bad("number-negative", "page[number]=-1", 'Expected unsigned integer value. Given "-1".', "page[number]"),
    _bad("key", "page[foo]=1", _UNSUPPORTED, "page[foo]"),
    _bad("parameter", "foo=1", _UNSUPPORTED, "foo"),
)

_TOTALS = (
    Case("total-of-none", "totalCount", "GET customers?filter[name]={fresh}", headers={"X-Include": "totalCount"}, count=0,
         answer_headers={"X-Include-Total-Count": "0"}),
    Case("total-of-one", "totalCount", "GET customers?filter[name]={customer_name}", needs=("customer",),
         headers={"X-Include": "totalCount"}, count=1, answer_headers={"X-Include-Total-Count": "1"}),
    Case("total-with-other-flags", "flags are separated by semicolons", "GET customers?filter[name]={fresh}",
         headers={"X-Include": "noHateoas;totalCount"}, answer_headers={"X-Include-Total-Count": "0"}, lacks=("links",)),
    Case("total-not-by-comma", "a comma separates no flags", "GET customers?page[size]=1", headers={"X-Include": "noHateoas,totalCount"},
         answer_headers={"X-Include-Total-Count": None}, has={"links": {"self": ...}}),
    Case("total-not-in-capitals", "flags are exact", "GET customers?page[size]=1", headers={"X-Include": "TOTALCOUNT"},
         answer_headers={"X-Include-Total-Count": None}),
    Case("total-of-a-products-page", "the total of products is that of the page", "GET products?page[size]=2",
         headers={"X-Include": "totalCount"}, count=2, answer_headers={"X-Include-Total-Count": "2"}, until="6.1"),
    Case("total-of-a-sub-resource-breaks", "totalCount breaks sub-resources of 5.1", "GET countries/US/regions", 500,
         headers={"X-Include": "totalCount"}, errors=(Error("error exception"),), until="5.1"),
    Case("total-of-a-sub-resource", "totalCount on a sub-resource", "GET customers/{customer}/users",
         needs=("user",), headers={"X-Include": "totalCount"}, answer_headers={"X-Include-Total-Count": "1"}, since="6.0"),
)  # fmt: skip

_SUB = (
    Case("sub-default-page", "sub-resources have pages of ten", "GET countries/US/regions", count=10, has={"links": {"next": ...}}),
    Case("sub-page-two", "sub-resources are paged", "GET countries/US/regions?page[size]=2&page[number]=2", count=2,
         has={"links": {"first": ..., "prev": ..., "next": ...}}),
    Case("relationship-is-cut", "a relationship is cut at ten without a sign", "GET countries/US/relationships/regions", count=10,
         has={"links": {"self": ..., "related": ...}}, lacks=("next",)),
    Case("sub-sorted", "sub-resources are sorted", "GET countries/US/regions?sort=-id&page[size]=1", count=1),
    Case("sub-filtered", "sub-resources are filtered", "GET customers/{customer}/addresses?filter[country]=DE", needs=("address",), count=0),
    Case("sub-bad-filter", "sub-resources refuse filters", "GET customers/{customer}/users?filter[foo]=1", 400, needs=("customer",),
         errors=(Error("filter constraint", _UNSUPPORTED, "filter[foo]"),)),
    Case("sub-unknown", "L21", "GET customers/{customer}/foo", 404, needs=("customer",), errors=(Error("relationship constraint", "Unsupported subresource.", ""),)),
    Case("sub-of-no-parent", "L21", "GET customers/999999999/addresses", 404,
         errors=(Error("not found http exception", "The parent entity does not exist.", ""),)),
    Case("sub-to-one", "L21", "GET products/{product}/attributeFamily", needs=("product",), has={"data": {"type": "attributefamilies"}}),
    Case("sub-to-one-empty", "L21", "GET customers/{customer}/parent", needs=("customer",), has={"data": None}),
    Case("relationship-to-one", "a to-one linkage", "GET products/{product}/relationships/attributeFamily", needs=("product",),
         has={"data": {"type": "attributefamilies", "id": ...}}),
    Case("relationship-patch", "a to-one is set by its relationship", "PATCH customers/{customer}/relationships/group", 204,
         needs=("customer", "group"), body={"data": {"type": "customergroups", "id": "{group}"}}, empty=True),
    Case("relationship-patch-null", "a to-one is emptied by its relationship", "PATCH customers/{customer}/relationships/group", 204,
         needs=("customer",), body={"data": None}, empty=True),
    Case("sub-with-include", "sub-resources take include", "GET customers/{customer}/addresses?include=country", needs=("address",), count=1,
         has={"included": [{"type": "countries", "id": "US"}]}),
)  # fmt: skip

_SHAPE = (
    Case("include-unknown", "unknown includes are ignored", "GET customers/{customer}?include=foo", needs=("customer",), lacks=("included",)),
    Case("include-one", "included records", "GET customers/{customer}?include=organization", needs=("customer",),
         has={"included": [{"type": "organizations"}]}),
    Case("include-nested", "included records of included ones", "GET products/{product}?include=primaryUnitPrecision.unit", needs=("product",),
         has={"included": [{"type": "productunitprecisions"}, {"type": "productunits", "id": "item"}]}),
    Case("include-without-field", "sparse fields take an include its effect", "GET products/{product}?include=names&fields[products]=sku",
         needs=("product",), lacks=("included", "relationships")),
    Case("fields-some", "sparse fields", "GET customers/{customer}?fields[customers]=name", needs=("customer",),
         has={"data": {"attributes": {"name": "{customer_name}"}}}, lacks=("relationships", "createdAt")),
    Case("fields-unknown", "unknown fields are ignored", "GET customers/{customer}?fields[customers]=foo", needs=("customer",),
         has={"data": {"id": "{customer}"}}, lacks=("attributes", "relationships")),
    Case("fields-without-type", "fields need a type", "GET customers?fields=name", 400, errors=(Error("filter constraint"),)),
    Case("meta-title", "titles on demand", "GET customers/{customer}?meta=title&fields[customers]=name", needs=("customer",),
         has={"data": {"meta": {"title": "{customer_name}"}}}),
    Case("meta-unknown", "titles only", "GET customers/{customer}?meta=foo", 400, needs=("customer",),
         errors=(Error("filter constraint", 'The "foo" is not known meta property. Known properties: title.', "meta"),)),
    Case("single-links", "a record's document links to its list", "GET countries/US", has={"links": {"self": ...}, "data": {"links": {"self": ...}}}),
    Case("relation-links", "relations have links", "GET customers/{customer}", needs=("customer",),
         has={"data": {"relationships": {"group": {"links": {"self": ..., "related": ...}, "data": None}}}}),
)  # fmt: skip

CASES = (*(case for resource in _FULL for case in _sizes(resource)), *_BAD, *_TOTALS, *_SUB, *_SHAPE)
