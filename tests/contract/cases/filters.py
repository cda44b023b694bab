"""Which filters and sorts each resource takes, with which operators, lists, ranges and paths, and how it refuses the rest."""

from __future__ import annotations

from typing import Any

from tests.contract.case import Case, Error

_UNSUPPORTED = "The filter is not supported."

# resource: filters that it takes, as they stand in the query
_TAKEN = {
    "customers": ("id=1,2", "id=1..9", "id[gt]=1", "id[neq]=1", "name=x", "name[neq]=x", "name[exists]=yes", "createdAt[gte]=2020-01-01",
                  "updatedAt=2020-01-01..2030-01-01", "parent=1,2", "parent[exists]=no", "group=1..3", "group.name=x", "users=1", "owner=1",
                  "organization=1", "salesRepresentatives[exists]=no", "paymentTerm=1", "taxCode[neq_or_null]=1", "internal_rating=1_of_5,2_of_5"),
    "customerusers": ("email=a@b.example", "customer=1,2", "customer.name=x", "userRoles=1", "owner=1", "id[lte]=5", "addresses[exists]=no"),
    "customergroups": ("name=x", "name[eq]=x", "paymentTerm=1", "taxCode[exists]=no", "id[gte]=1"),
    "customeraddresses": ("customer=1", "customer.name=x", "country=US,DE", "region=US-CA", "addressType=billing", "id=1..5"),
    "customeruseraddresses": ("customerUser=1", "customerUser.email=x", "country=US"),
    "products": ("sku=A,B", "sku[neq]=A", "sku[exists]=true", "status=enabled", "createdAt[gt]=2020-01-01", "updatedAt[lt]=2030", "featured=no",
                 "newArrival=1", "brand=1", "category=1,2", "attributeFamily=1", "taxCode=1", "names.string=x", "primaryUnitPrecision=1",
                 "unitPrecisions[exists]=yes", "kitItems[exists]=no", "organization=1"),
    "productnames": ("string=x", "fallback=system", "product=1,2", "product.sku=A,B", "localization[exists]=no"),
    "productunitprecisions": ("product=1", "product.sku=A", "unit=each", "id[eq]=1"),
    "productvariantlinks": ("parentProduct=1", "product=1,2"),
    "productkititems": ("productKit=1", "productUnit=item", "labels[exists]=yes"),
    "productkititemproducts": ("kitItem=1", "product=1..5"),
    "productkititemlabels": ("kitItem=1", "string=x"),
    "productshippingoptions": ("product=1", "productUnit=item", "weightUnit=kg", "freightClass=parcel"),
    "inventorylevels": ("product=1,2", "product.sku=A", "productUnitPrecision=1", "product.updatedAt=2020-01-01..2030-01-01"),
    "productprices": ("priceList=1", "priceList=999999"),
    "pricelists": ("id=1", "organization=1", "schedules[exists]=no", "priceRules[exists]=no"),
    "pricelisttocustomergroups": ("customerGroup=1", "priceList=1,2"),
    "pricelisttocustomers": ("customer=1", "priceList=1"),
    "orders": ("identifier=a,b", "identifier[neq]=a", "identifier[exists]=yes", "poNumber=a,b", "poNumber[exists]=no", "createdAt[lt]=2020-01-01T00:00:00Z",
               "disablePromotions=no", "customer=1", "customer.name=x", "customerUser=1", "billingAddress=1", "shippingAddress[exists]=yes",
               "lineItems=1", "discounts[exists]=no", "shippingTrackings[exists]=no", "parent[exists]=no", "subOrders[exists]=no", "paymentTerm=1,2",
               "owner=1", "id[gt]=1"),
    "orderlineitems": ("product=1", "product.sku=A,B", "parentProduct[exists]=no", "productUnit=item", "id=1..9"),
    "orderaddresses": ("country=US", "region=US-CA", "customerAddress[exists]=no"),
    "orderdiscounts": ("order=1,2",),
    "brands": ("names.string=x", "createdAt[gt]=2020", "owner=1"),
    "categories": ("parentCategory=1", "titles.string=x", "products=1", "childCategories[exists]=yes"),
    "categorytitles": ("string=x", "category=1", "localization[exists]=no"),
    "countries": ("id=US,DE", "name=Germany", "regions[exists]=yes"),
    "regions": ("id=US-CA,US-NY", "name=California", "country=US,CA"),
    "users": ("username=admin", "email=x", "firstName=x", "owner=1"),
    "organizations": ("name=x", "businessUnits[exists]=yes"),
    "businessunits": ("organization=1", "owner[exists]=no"),
    "customeruserroles": ("role=x", "customer[exists]=no"),
    "productunits": ("id=each", "id[neq]=each"),
    "lengthunits": ("id=cm",),
    "weightunits": ("id=kg",),
    "taxes": ("code=x", "id=1"),
    "attributefamilies": ("id=1", "owner=1", "labels[exists]=yes"),
    "producttaxcodes": ("id=1", "organization=1"),
    "customertaxcodes": ("id=1", "owner=1"),
    "paymentterms": ("id[lt]=5",),
}  # fmt: skip

_TAKEN_SINCE = {
    ("orders", "updatedAt[gte]=2020-01-01T00:00:00Z"): "6.0",
    ("orders", "updatedAt=2020-01-01T00:00:00Z..2030-01-01T23:59:59Z"): "6.0",
    ("orders", "external=no"): "6.1",
    ("orders", "internalStatus=open"): "6.1",
    ("orders", "shippingStatus=shipped,not_shipped"): "6.1",
    ("orders", "createdBy[exists]=no"): "6.1",
    ("orderlineitems", "orders=1,2"): "6.1",
    ("orderlineitems", "orders=1..3"): "6.1",
    ("orderlineitems", "orders.identifier=a"): "6.1",
    ("orderlineitems", "orders.updatedAt=2020-01-01..2030-01-01"): "6.1",
    ("orderlineitems", "updatedAt[gte]=2020-01-01"): "6.1",
    ("ordershippingtrackings", "orders=1,2"): "6.1",
    ("ordershippingtrackings", "orders.identifier=a,b"): "6.1",
    ("ordersubtotals", "order=999999999"): "6.1",
    ("customers", "updatedAt=2020-01-01,2021-01-01"): "6.1",
    ("orders", "externalId=a,b"): "6.1.11",
    ("customers", "externalId=a,b"): "6.1.11",
}

# resource: filters that it refuses, and since when (None: always) or until when
_REFUSED = {
    "customers": ("foo=1",),
    "customerusers": ("updatedAt[gte]=2020-01-01", "username=x"),
    "customeruseraddresses": ("frontendOwner=1",),
    "products": ("productType=simple", "isKit=1", "type=simple"),
    "productprices": (
        "priceList=1&filter[currency]=USD",
        "priceList=1&filter[quantity]=1",
        "priceList=1&filter[productSku]=A",
    ),
    "pricelists": ("name=x", "default=true", "updatedAt[gt]=2020"),
    "orders": ("currency=USD", "website=1", "internal_status=open", "totalValue=1"),
    "orderlineitems": ("productSku=x",),
    "ordershippingtrackings": ("method=UPS", "number=1", "updatedAt[gte]=2020-01-01"),
    "businessunits": ("name=x",),
    "producttaxcodes": ("code=x",),
    "customertaxcodes": ("code=x",),
    "paymentterms": ("label=x",),
    "attributefamilies": ("code=x", "entityClass=x"),
    "categories": ("title=x",),
    "brands": ("name=x",),
}

_REFUSED_BETWEEN = (
    ("orders", "updatedAt[gte]=2020-01-01", "5.1", "5.1"),
    ("orderlineitems", "orders=1", "5.1", "6.0"),
    ("ordershippingtrackings", "orders=1", "5.1", "6.0"),
    ("orderlineitems", "order=1", "6.1", "7.0"),
    ("ordershippingtrackings", "order=1", "6.1", "7.0"),
    ("ordersubtotals", "orders=1", "6.1", "7.0"),
    ("orders", "externalId=a", "5.1", "6.1"),
)


def _named(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text).strip("-")


def _taken(resource: str, wanted: str, since: str = "5.1") -> Case:
    return Case(f"filter-{resource}-{_named(wanted)}", f"a filter of {resource}", f"GET {resource}?filter[{wanted.replace('=', ']=', 1) if '[' not in wanted.partition('=')[0] else wanted.replace('[', '][', 1)}&page[size]=2"
                if resource != "ordersubtotals" else f"GET {resource}?filter[order]=999999999", has={"data": ...}, since=since)  # fmt: skip


def _refused(resource: str, wanted: str, since: str = "5.1", until: str = "7.0") -> Case:
    name, _, value = wanted.partition("=")
    first = f"filter[{name}]" if "[" not in name else f"filter[{name.replace('[', '][', 1)}"
    call = f"GET {resource}?{first}={value}"
    return Case(f"refused-{resource}-{_named(wanted)}", f"a filter that {resource} do not take", call, 400,
                errors=(Error("filter constraint", _UNSUPPORTED),), since=since, until=until)  # fmt: skip


_OPERATORS = (
    ("products", "filter[sku][contains]=A", "contains"),
    ("products", "filter[sku][starts_with]=A", "starts_with"),
    ("customers", "filter[name][contains]=A", "contains"),
    ("orders", "filter[identifier][gt]=A", "gt"),
    ("orders", "filter[identifier][ends_with]=A", "ends_with"),
    ("countries", "filter[id][gt]=US", "gt"),
)
_ORDERED = {
    "orders": ("id", "-id", "identifier", "createdAt", "customer", "customer.name", "-createdAt,-id"),
    "customers": ("name", "-name", "updatedAt", "parent"),
    "products": ("sku", "-updatedAt,-id"),
    "customerusers": ("email",),
    "productprices?filter[priceList]=1&x": ("product,id", "unit"),
}
_UNORDERED = {
    "orders": ("poNumber", "totalValue", "currency", "foo", "createdAt,-foo", "", "createdAt,,id"),
    "customers": ("foo",),
    "products": ("productType",),
}


def _value(name: str, query: str, detail: str | None, at: str, resource: str = "customers", **versions: Any) -> Case:
    return Case(
        f"value-{name}",
        "a filter's value",
        f"GET {resource}?{query}",
        400,
        errors=(Error("filter constraint", detail, at),),
        **versions,
    )


_VALUES = (
    _value("word-for-number", "filter[id]=abc", 'Expected integer value. Given "abc".', "filter[id]"),
    _value("word-in-list", "filter[id]=1,abc", 'Expected integer value. Given "abc".', "filter[id]"),
    _value("empty", "filter[name]=", 'Expected not empty string value. Given "".', "filter[name]", since="6.0"),
    _value("boolean", "filter[name][exists]=maybe", 'Expected boolean value. Given "maybe".', "filter[name][exists]"),
    _value("list-of-price-lists", "filter[priceList]=1,2", 'Expected integer value. Given "1,2".', "filter[priceList]", "productprices"),
    _value("no-price-list", "page[size]=1", 'The "priceList" filter is required.', "", "productprices"),
    _value("month-13", "filter[updatedAt][gte]=2020-13-01", None, "filter[updatedAt][gte]"),
    _value("hour-25", "filter[updatedAt][gte]=2020-01-01T25:00:00Z", None, "filter[updatedAt][gte]"),
    *(
        _value(f"date-{_named(text)}", f"filter[updatedAt][gte]={text}", f'Expected datetime value. Given "{text}".', "filter[updatedAt][gte]", since="6.1")
        for text in ("2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00.1Z", "2020-01-01T00:00:00.123456Z", "2020-01-01T00:00:00z", "20200101",
                     "1577836800", "now", "2020-01-01Z", "10000-01-01", "2020-01-01T00:00:00Z..2021-01-01")
    ),
    _value("open-range", "filter[updatedAt]=2020-01-01..", 'Expected a pair of datetimes (datetime..datetime). Given "2020-01-01..".', "filter[updatedAt]"),
    *(
        Case(f"date-taken-{_named(text)}", "a date that is taken", f"GET customers?filter[updatedAt][gte]={text}&page[size]=1", has={"data": ...})
        for text in ("2020", "2020-01", "2020-01-01", "2020-01-01T00", "2020-01-01T00:00", "2020-01-01T00:00:00", "2020-01-01T00:00:00Z",
                     "2020-01-01T00:00:00+02:00", "2020-01-01T00:00:00-0500", "2020-02-30", "2020-01-01T23:59:60Z", "0001-01-01")
    ),
    Case("date-two-digits", "a fraction of two digits is taken", "GET customers?filter[updatedAt][gte]=2020-01-01T00:00:00.12Z&page[size]=1", has={"data": ...}),
    Case("range-reversed", "a reversed range finds nothing", "GET customers?filter[updatedAt]=2030-01-01..2020-01-01", count=0),
    Case("ids-in-id-order", "a list of ids comes in id order", "GET countries?filter[id]=US,DE", count=2, has={"data": [{"id": "DE"}, {"id": "US"}]}),
    Case("units-take-no-list", "unit ids take no list", "GET productunits?filter[id]=each,item", count=0),
    Case("case-of-countries", "string filters compare with case", "GET countries?filter[name]=germany", count=0),
    Case("case-of-skus", "the SKU filter compares with case", "GET products?filter[sku]={product_lower}", needs=("product",), count=0),
    Case("case-of-identifiers", "order identifiers are found in any case", "GET orders?filter[identifier]={order_lower}", needs=("order",), count=1),
    Case("two-operators", "two operators combine", "GET customers?filter[id][gte]={customer}&filter[id][lte]={customer}", needs=("customer",),
         count=1, since="6.1"),
    Case("range-of-one", "a range includes both ends", "GET customers?filter[id]={customer}..{customer}", needs=("customer",), count=1),
    Case("window-and-id", "a closed window with an id range", "GET customers?filter[updatedAt]=2020-01-01T00:00:00Z..2090-01-01T00:00:00Z&filter[id]={customer}..{customer}&sort=id",
         needs=("customer",), count=1),
    Case("nested-path", "a nested path", "GET customerusers?filter[customer.name]={customer_name}", needs=("user",), count=1),
    Case("enum-without-field", "an enum filter needs its field", "GET orders?filter[internalStatus]=open&filter[id]={order}&fields[orders]=identifier",
         needs=("order",), count=0, since="6.1"),
    Case("enum-with-field", "an enum filter with its field", "GET orders?filter[internalStatus]=open&filter[id]={order}&fields[orders]=identifier,internalStatus",
         needs=("order",), count=1, since="6.1"),
    Case("override-strings", "a list by POST", "POST customers", body={"filter": {"id": {"gte": "{customer}", "lte": "{customer}"}}, "page": {"size": "1"}},
         headers={"X-HTTP-Method-Override": "GET"}, needs=("customer",), count=1, since="6.1"),
    Case("override-list", "a list by POST takes strings only", "POST customers", 500, body={"filter": {"id": [1]}}, headers={"X-HTTP-Method-Override": "GET"},
         errors=(Error("unexpected value exception", 'Expected string value for the filter "filter[id]", given "array".'),)),
    Case("override-number", "a list by POST takes strings only", "POST customers", 500, body={"page": {"size": 1}}, headers={"X-HTTP-Method-Override": "GET"},
         errors=(Error("unexpected value exception", 'Expected string value for the filter "page[size]", given "int".'),)),
    Case("override-form", "a list by a form", "POST countries", body="filter[id]=US", count=1,
         headers={"X-HTTP-Method-Override": "GET", "Content-Type": "application/x-www-form-urlencoded"}),
    Case("search-alone", "a search stands alone", "GET customers?filter[searchText]=x&filter[id]=1", 400,
         errors=(Error("filter constraint", "The search filter cannot be used together with other filters."),)),
    Case("delete-without-filter", "a list is not deleted whole", "DELETE customers", 400,
         errors=(Error("filter constraint", "At least one filter must be provided.", ""),)),
    Case("delete-by-filter", "a list is deleted by filter", "DELETE customers?filter[name]={customer_name}", 204, needs=("customer",),
         headers={"X-Include": "deletedCount"}, empty=True, answer_headers={"X-Include-Deleted-Count": "1"}),
    Case("delete-nothing", "deleting nothing is no error", "DELETE customers?filter[name]={fresh}", 204, headers={"X-Include": "deletedCount"},
         empty=True, answer_headers={"X-Include-Deleted-Count": "0"}),
)  # fmt: skip

CASES = (
    *(_taken(resource, one) for resource, many in _TAKEN.items() for one in many),
    *(_taken(resource, one, since) for (resource, one), since in _TAKEN_SINCE.items()),
    *(_refused(resource, one) for resource, many in _REFUSED.items() for one in many),
    *(_refused(*one) for one in _REFUSED_BETWEEN),
    *_VALUES,
    *(
        Case(f"operator-{resource}-{operator}", "an operator that is refused", f"GET {resource}?{query}", 400,
             errors=(Error("filter constraint", f'The operator "{operator}" is not supported.'),))
        for resource, query, operator in _OPERATORS
    ),
    *(
        Case(f"sort-{_named(resource)}-{_named(one)}{'-down' if one.startswith('-') else ''}", "a sort", f"GET {resource.replace('&x', '&') if '?' in resource else resource + '?'}sort={one}&page[size]=2", has={"data": ...})
        for resource, many in _ORDERED.items()
        for one in many
    ),
    *(
        Case(f"unsorted-{resource}-{_named(one) or 'empty'}", "a sort that is refused", f"GET {resource}?sort={one}", 400, errors=(Error("sort constraint", None, "sort"),))
        for resource, many in _UNORDERED.items()
        for one in many
    ),
)  # fmt: skip
