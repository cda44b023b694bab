"""Logins, media types, methods and the structure of bodies."""

from __future__ import annotations

from typing import Any

from tests.contract import documents as d
from tests.contract.case import Case, Error

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", "Authorization": ""}
_BODY = d.doc("customers", {"name": "{fresh}"})


def _token(name: str, form: str, status: int, error: str | None, **rest: Any) -> Case:
    has = {"error": error} if error else {"token_type": "Bearer", "expires_in": ..., "access_token": ...}
    return Case(f"token-{name}", "AU3", "POST /oauth2-token", status, body=form, headers=_FORM, has=has, **rest)


_TOKENS = (
    _token("unknown-client", "grant_type=client_credentials&client_id=nobody&client_secret=x", 401, "invalid_client"),
    _token("no-client", "grant_type=client_credentials", 400, "invalid_request"),
    _token("unknown-grant", "grant_type=magic&client_id=nobody", 400, "unsupported_grant_type"),
    _token("no-grant", "client_id=nobody&client_secret=x", 400, "unsupported_grant_type"),
    _token("empty", "x=1", 400, "unsupported_grant_type"),
    Case("token-below-admin", "AU2", "POST /admin/oauth2-token", 404, body="grant_type=client_credentials", headers=_FORM, has={"code": 404}),
    Case("token-by-get", "AU3", "GET /oauth2-token", 405, headers={"Accept": "application/json", "Authorization": ""}, has={"code": 405}),
    Case("authorize-needs-a-login", "AU1", "GET /admin/oauth2-token/authorize?response_type=code&client_id=nobody", 302,
         headers={"Accept": "text/html", "Authorization": ""}),
    Case("login-page", "AU1", "GET /admin/user/login", 200, headers={"Accept": "text/html", "Authorization": ""},
         answer_headers={"Content-Type": "text/html; charset=UTF-8"}, since="6.1"),
    Case("login-page-before", "AU1", "GET /admin/oauth2-token/login", 200, headers={"Accept": "text/html", "Authorization": ""},
         answer_headers={"Content-Type": "text/html; charset=UTF-8"}, until="5.1"),
    Case("authorize-of-the-storefront", "AU1", "GET /oauth2-token/authorize?response_type=code&client_id=nobody", 302,
         headers={"Accept": "text/html", "Authorization": ""}),
)  # fmt: skip

_AUTHORIZATION = (
    Case("401-without-token", "an empty 401", "GET customers", 401, headers={"Authorization": ""}, empty=True),
    Case("401-names-bearer", "an empty 401", "GET customers", 401, headers={"Authorization": ""}, empty=True,
         answer_headers={"WWW-Authenticate": "Bearer"}, since="6.1"),
    Case("401-names-wsse", "an empty 401", "GET customers", 401, headers={"Authorization": ""}, empty=True,
         answer_headers={"WWW-Authenticate": 'WSSE realm="Secured API", profile="UsernameToken"'}, until="5.1"),
    Case("401-bad-token", "an empty 401", "GET customers", 401, headers={"Authorization": "Bearer garbage"}, empty=True),
    Case("401-bad-token-without-challenge", "an empty 401", "GET customers", 401, headers={"Authorization": "Bearer garbage"},
         empty=True, answer_headers={"WWW-Authenticate": None}, since="6.1"),
    Case("401-lower-case-scheme", "the scheme is case-sensitive", "GET customers", 401, headers={"Authorization": "bearer x"}, empty=True),
    Case("401-basic", "no Basic on the API", "GET customers", 401, headers={"Authorization": "Basic YTpi"}, empty=True),
    Case("401-before-404", "401 before 404", "GET nonsense", 401, headers={"Authorization": ""}, empty=True),
    Case("options-without-token", "OPTIONS needs no token", "OPTIONS customers", headers={"Authorization": ""}, empty=True),
)  # fmt: skip

_UNACCEPTABLE = [{"title": "not acceptable http exception", "detail": ...}]
_MEDIA = (
    Case("accept-any-is-plain", "plain JSON without the media type", "GET countries/US", headers={"Accept": "*/*"},
         answer_headers={"Content-Type": "application/json"}, has={"id": "US", "iso3Code": "USA"}),
    Case("accept-json-is-plain", "plain JSON without the media type", "GET countries/US", headers={"Accept": "application/json"},
         answer_headers={"Content-Type": "application/json"}, has={"id": "US"}),
    Case("accept-none-is-plain", "plain JSON without the media type", "GET countries/US", headers={"Accept": ""}, has={"id": "US"}),
    Case("plain-list", "plain JSON is a bare list", "GET lengthunits", headers={"Accept": "*/*"}, answer_headers={"Content-Type": "application/json"}),
    Case("plain-page-size", "plain JSON has other parameters", "GET countries?page[size]=1", 400, headers={"Accept": "*/*"},
         errors=(Error("filter constraint", "The filter is not supported."),)),
    Case("accept-html", "406", "GET customers", 406, headers={"Accept": "text/html"}, has=_UNACCEPTABLE),
    Case("accept-parameters", "406 for a parameter", "GET customers", 406, headers={"Accept": "application/vnd.api+json; charset=utf-8"},
         has=_UNACCEPTABLE),
    Case("accept-quality", "a quality is no parameter", "GET countries/US", headers={"Accept": "application/vnd.api+json;q=0.9"}, has={"data": ...}),
    Case("accept-html-type-jsonapi", "406", "GET customers", 406, headers={"Accept": "text/html", "Content-Type": "application/vnd.api+json"},
         has=_UNACCEPTABLE),
    Case("accept-json-type-jsonapi", "the content type decides too", "GET countries/US",
         headers={"Accept": "application/json", "Content-Type": "application/vnd.api+json"}, has={"data": {"id": "US"}}),
    Case("type-charset", "415 for a charset", "POST customers", 415, body=_BODY,
         headers={"Content-Type": "application/vnd.api+json; charset=utf-8"}, has=[{"title": "unsupported media type http exception", "detail": ...}]),
    Case("type-json", "Accept alone decides", "POST customers", 201, body=_BODY, headers={"Content-Type": "application/json"}, has={"data": {"id": ...}}),
    Case("type-text", "an unreadable body", "POST customers", 400, body="a=b", headers={"Content-Type": "text/plain"},
         errors=(Error("request data constraint", None, ""),)),
    Case("plain-body-with-data", "plain JSON knows no data", "POST customers", 400, body=_BODY,
         headers={"Accept": "*/*", "Content-Type": "application/json"},
         errors=(Error("extra fields constraint", 'This form should not contain extra fields: "data".'),)),
)  # fmt: skip


def _allow(resource: str, methods: str, *, since: str = "5.1", until: str = "7.0") -> Case:
    allow = {"Allow": f"OPTIONS, {methods}"}
    name = resource.replace("/", "-")
    return Case(
        f"options-{name}",
        "OPTIONS tells what a resource takes",
        f"OPTIONS {resource}",
        answer_headers=allow,
        empty=True,
        since=since,
        until=until,
    )


_ALL, _NO_BATCH = "GET, PATCH, POST, DELETE", "GET, POST, DELETE"
_OPTIONS = (
    *(_allow(name, _ALL) for name in ("customers", "customerusers", "customeraddresses", "customeruseraddresses", "products",
                                      "productprices", "pricelists", "orders")),
    *(_allow(name, _NO_BATCH) for name in ("customergroups", "orderlineitems", "ordershippingtrackings", "orderdiscounts", "users",
                                           "pricelisttocustomergroups", "pricelisttocustomers", "productunits", "producttaxcodes",
                                           "customertaxcodes", "paymentterms", "brands", "productunitprecisions", "orderaddresses")),
    *(_allow(name, "GET") for name in ("categories", "countries", "regions", "organizations", "attributefamilies", "localizations")),
    _allow("ordersubtotals", "GET", since="6.1"),
    _allow("inventorylevels", "GET, PATCH"),
    _allow("customers/1", "GET, PATCH, DELETE"),
    _allow("organizations/1", "GET, PATCH"),
    _allow("inventorylevels/1", "GET, PATCH"),
    _allow("categories/1", "GET"),
    _allow("asyncoperations/1", "GET"),
    _allow("customers/1/relationships/group", "GET, PATCH"),
)  # fmt: skip

_METHODS = (
    Case("405-put", "an empty 405", "PUT customers/1", 405, body=_BODY, empty=True, answer_headers={"Allow": "OPTIONS, GET, PATCH, DELETE"}),
    Case("405-post-item", "an empty 405", "POST customers/1", 405, body=_BODY, empty=True),
    Case("405-head", "no HEAD", "HEAD customers", 405, empty=True, answer_headers={"Allow": "OPTIONS, GET, PATCH, POST, DELETE"}),
    Case("405-post-organization", "organizations are not created", "POST organizations", 405, body=_BODY, empty=True),
    Case("405-delete-organization", "organizations are not deleted", "DELETE organizations/1", 405, empty=True),
    Case("405-post-category", "categories are read-only", "POST categories", 405, body=_BODY, empty=True),
    Case("405-post-inventory", "stock rows come with units", "POST inventorylevels", 405, body=_BODY, empty=True),
    Case("405-batch-trackings", "no batch for trackings", "PATCH ordershippingtrackings", 405, body={"data": []}, empty=True),
    Case("405-batch-groups", "no batch for groups", "PATCH customergroups", 405, body={"data": []}, empty=True),
    Case("405-batch-lines", "no batch for lines", "PATCH orderlineitems", 405, body={"data": []}, empty=True),
    Case("404-unknown-resource", "an unknown resource", "GET nonsense", 404, errors=(Error("entity type constraint", "Unknown entity type: nonsense.", ""),)),
    Case("404-closed-resource", "L19", "GET websites", 404, errors=(Error("resource not accessible exception", "The resource is not accessible.", ""),)),
    Case("404-closed-resource-searched", "L19", "GET websites?filter[searchText]=Default", 404, errors=(Error("resource not accessible exception"),)),
    Case("404-shopping-lists", "the storefront's resources are closed", "GET shoppinglists", 404, errors=(Error("resource not accessible exception"),)),
    Case("404-record", "a missing record", "GET customers/999999999", 404,
         errors=(Error("not found http exception", "An entity with the requested identifier does not exist.", ""),)),
    Case("400-word-for-a-number", "a bad id has no source", "GET customers/abc", 400, errors=(Error("entity identifier constraint", 'Expected integer value. Given "abc".', ""),)),
    Case("404-operations-list", "there is no list of operations", "GET asyncoperations", 404, empty=True),
    Case("404-operation", "a missing operation", "GET asyncoperations/999999999", 404, errors=(Error("not found http exception"),)),
    Case("override-delete", "a POST may be a DELETE", "POST customers/999999999", 404, headers={"X-HTTP-Method-Override": "DELETE"},
         errors=(Error("not found http exception"),)),
    Case("override-put", "a POST may not be a PUT", "POST customers", 405, body={"filter": {"id": "1"}}, headers={"X-HTTP-Method-Override": "PUT"}, empty=True),
    Case("override-on-get", "only a POST is overridden", "GET countries/US", headers={"X-HTTP-Method-Override": "DELETE"}, has={"data": {"id": "US"}}),
)  # fmt: skip


def _structure(
    name: str, body: Any, status: int, title: str, detail: str, at: str, call: str = "POST customers", **rest: Any
) -> Case:
    return Case(
        f"body-{name}",
        "the structure of a document",
        call,
        status,
        body=body,
        errors=(Error(title, detail, at),),
        **rest,
    )


_DATA = "request data constraint"
_BODIES = (
    _structure("no-data", {"foo": 1}, 400, _DATA, "The primary data object should exist", "/data"),
    _structure("data-list", {"data": [_BODY["data"]]}, 400, _DATA, "The 'type' property is required", "/data/type"),
    _structure("no-type", {"data": {"attributes": {"name": "X"}}}, 400, _DATA, "The 'type' property is required", "/data/type"),
    _structure("wrong-type", d.doc("users", {"name": "X"}), 409, "conflict constraint",
               "The 'type' property of the primary data object should match the requested resource", "/data/type"),
    _structure("empty-attributes", {"data": {"type": "customers", "attributes": {}}}, 400, _DATA,
               "The 'attributes' property should not be empty", "/data/attributes"),
    _structure("empty-relationships", {"data": {"type": "customers", "attributes": {"name": "X"}, "relationships": {}}}, 400, _DATA,
               "The 'relationships' property should not be empty", "/data/relationships"),
    _structure("relation-without-data", {"data": {"type": "customers", "attributes": {"name": "X"}, "relationships": {"group": {"id": "1"}}}},
               400, _DATA, "The relationship should have 'data' property", "/data/relationships/group"),
    _structure("relation-of-wrong-type", d.doc("customers", {"name": "X"}, {"group": d.ref("users", "1")}), 400,
               "entity type constraint", "Not acceptable entity type.", "/data/relationships/group/data/type"),
    _structure("number-as-id", {"data": {"type": "customers", "id": 1, "attributes": {"name": "X"}}}, 400, _DATA,
               "The 'id' property should be a string", "/data/id", "PATCH customers/{customer}", needs=("customer",)),
    _structure("foreign-member", {"data": {"type": "customers", "name": "X"}}, 400, _DATA,
               "The 'name' property is not allowed for a resource object", "/data/name"),
    _structure("patch-without-id", d.doc("customers", {"name": "X"}), 400, _DATA, "The 'id' property is required", "/data/id",
               "PATCH customers/{customer}", needs=("customer",)),
    _structure("patch-other-id", d.doc("customers", {"name": "X"}, id="1"), 409, "conflict constraint",
               "The 'id' property of the primary data object should match 'id' parameter of the query string", "/data/id",
               "PATCH customers/{customer}", needs=("customer",)),
    _structure("broken-json", '{"data": {"type":', 400, "bad request http exception", "Invalid json message received.", "",
               headers={"Content-Type": "application/vnd.api+json"}),
    _structure("extra-attribute", d.doc("customers", {"name": "X", "foo": 1}), 400, "extra fields constraint",
               'This form should not contain extra fields: "foo".', ""),
    _structure("extra-relation", d.doc("customers", {"name": "X"}, {"foo": d.ref("users", "1")}), 400, "extra fields constraint",
               'This form should not contain extra fields: "foo".', ""),
    _structure("unlinked-included", {**d.doc("customers", {"name": "X"}), "included": [d.item("customergroups", {"name": "G"}, id="g")]}, 400, _DATA,
               "The entity should have a relationship with the primary entity and this should be explicitly specified in the request", "/included/0"),
    _structure("absent-relation", d.doc("customers", {"name": "X"}, {"group": d.ref("customergroups", "999999999")}), 400,
               "form constraint", "The entity does not exist.", "/data/relationships/group/data"),
    _structure("two-flags", d.doc("orders", {"identifier": "X"}, meta={"validate": True, "upsert": ["identifier"]}), 400, _DATA,
               "Only one meta option can be used.", "/meta", "POST orders"),
    Case("body-client-id-is-ignored", "an id of the client's is ignored", "POST customers", 201,
         body=d.doc("customers", {"name": "{fresh}"}, id="mine"), has={"data": {"type": "customers"}}),
)  # fmt: skip

CASES = (*_TOKENS, *_AUTHORIZATION, *_MEDIA, *_OPTIONS, *_METHODS, *_BODIES)
