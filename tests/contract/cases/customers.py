"""Customers, their users and groups, and both kinds of addresses."""

from __future__ import annotations

from typing import Any

from tests.contract import documents as d
from tests.contract.case import Case, Error

_BLANK = "This value should not be blank."
_LONG = Error(
    "length constraint", "This value is too long. It should have 255 characters or less.", "/data/attributes/name"
)

_CUSTOMERS = (
    Case("customer-read", "C1", "GET customers/{customer}", needs=("customer",), has={"data": {"attributes": {"name": "{customer_name}"}}}),
    Case("customer-by-name", "C2", "GET customers?filter[name]={customer_name}", needs=("customer",), count=1),
    Case("customer-names-take-no-list", "C2", "GET customers?filter[name]={customer_name},{customer2_name}", needs=("customer", "customer2"), count=0),
    Case("customer-made", "C3", "POST customers", 201, body=d.doc("customers", {"name": "{fresh}"}, {"owner": d.ref("users", "1"), "organization": d.ref("organizations", "1")}),
         has={"data": {"attributes": {"name": "{fresh}", "createdAt": ..., "updatedAt": ...}}}),
    Case("customer-name-twice", "C3", "POST customers", 201, needs=("customer",), body=d.doc("customers", {"name": "{customer_name}"})),
    Case("customer-without-name", "C3", "POST customers", 400, body=d.doc("customers"), errors=(Error("not blank constraint", _BLANK, "/data/attributes/name"),)),
    Case("customer-long-name", "C3", "POST customers", 400, body=d.doc("customers", {"name": "x" * 256}), errors=(_LONG,)),
    Case("customer-name-is-no-object", "C3", "POST customers", 400, body=d.doc("customers", {"name": {"a": 1}}),
         errors=(Error("form constraint", "This value is not valid.", "/data/attributes/name"),)),
    Case("customer-with-address", "C3", "POST customers", 201,
         body={**d.doc("customers", {"name": "{fresh}"}, {"addresses": d.refs("customeraddresses", "a")}),
               "included": [d.item("customeraddresses", {"label": "HQ", "street": "1 Main", "city": "LA", "postalCode": "90001", "organization": "Firm"},
                                   {"country": d.ref("countries", "US"), "region": d.ref("regions", "US-CA")}, id="a")]},
         has={"included": [{"type": "customeraddresses", "meta": {"includeId": "a"}}]}),
    Case("customer-changed", "C4", "PATCH customers/{customer}", needs=("customer",), body=d.doc("customers", {"name": "{fresh}"}, id="{customer}"),
         has={"data": {"attributes": {"name": "{fresh}"}}}),
    Case("customer-name-emptied", "C4", "PATCH customers/{customer}", 400, needs=("customer",), body=d.doc("customers", {"name": None}, id="{customer}"),
         errors=(Error("not blank constraint", _BLANK, "/data/attributes/name"),)),
    Case("customer-missing", "C4", "PATCH customers/999999999", 404, body=d.doc("customers", {"name": "X"}, id="999999999"), errors=(Error("not found http exception"),)),
    Case("customer-addresses", "C5", "GET customers/{customer}/addresses", needs=("address",), count=1),
    Case("customer-with-users-stays", "what has associations is not deleted", "DELETE customers/{customer}", 403, needs=("user",),
         errors=(Error("access denied exception", "The delete operation is forbidden. Reason: has associations to other entities.", ""),)),
    Case("customer-gone", "a customer is deleted", "DELETE customers/{customer}", 204, needs=("customer",), empty=True),
    Case("customer-upsert", "customers take no upsert", "POST customers", 400, body=d.doc("customers", {"name": "X"}, meta={"upsert": ["name"]}),
         errors=(Error("value constraint", "The upsert operation is not allowed.", "/meta/upsert"),)),
    Case("customer-validate", "meta.validate is for orders only", "POST customers", 400, since="6.1", body=d.doc("customers", {"name": "X"}, meta={"validate": True}),
         errors=(Error("value constraint", "The option is not supported.", "/meta/validate"),)),
    Case("customer-external-id", "externalId", "POST customers", 201, since="6.1.11", body=d.doc("customers", {"name": "{fresh}", "externalId": "{fresh}"}),
         has={"data": {"attributes": {"externalId": "{fresh}"}}}),
    Case("customer-external-id-before", "externalId", "POST customers", 400, until="6.1", body=d.doc("customers", {"name": "{fresh}", "externalId": "X"}),
         errors=(Error("extra fields constraint", 'This form should not contain extra fields: "externalId".', ""),)),
)  # fmt: skip


def _user_refused(
    name: str, title: str, detail: str | None, at: str, email: str = "{fresh}@example.com", **attributes: Any
) -> Case:
    return Case(
        f"user-{name}",
        "CU4",
        "POST customerusers",
        400,
        needs=("customer",),
        body=d.customer_user(email, "{customer}", **attributes),
        errors=(Error(title, detail, at),),
    )


_PASSWORD = "The password must be at least 8 characters long and include an upper case letter and a number"
_USERS = (
    Case("user-read", "CU1", "GET customerusers/{user}", needs=("user",), has={"data": {"attributes": {"email": "{user_name}@example.com", "enabled": False}}}),
    Case("user-by-email", "CU2", "GET customerusers?filter[email]={user_name}@example.com", needs=("user",), count=1),
    Case("user-by-email-in-other-case", "CU2", "GET customerusers?filter[email]={user_lower}@example.com", needs=("user",), count=0),
    Case("user-email-only", "CU3", "GET customerusers/{user}?fields[customerusers]=email", needs=("user",), has={"data": {"attributes": {"email": "{user_name}@example.com"}}},
         lacks=("relationships", "firstName")),
    Case("user-made", "CU4", "POST customerusers", 201, needs=("customer",), body=d.customer_user("{fresh}@example.com", "{customer}", enabled=True, password="Passw0rd!x"),
         has={"data": {"attributes": {"enabled": True, "isGuest": False, "loginCount": 0}}}, lacks=("password",)),
    _user_refused("bad-email", "email constraint", "This value is not a valid email address.", "/data/attributes/email", "nope"),
    _user_refused("short-email", "length constraint", "This value is too short. It should have 6 characters or more.", "/data/attributes/email", "nope"),
    _user_refused("without-first-name", "not blank constraint", _BLANK, "/data/attributes/firstName", firstName=None),
    _user_refused("without-last-name", "not blank constraint", _BLANK, "/data/attributes/lastName", lastName=None),
    _user_refused("weak-password", "password complexity constraint", _PASSWORD, "/data/attributes/password", password="a"),
    Case("user-email-twice", "CU4", "POST customerusers", 400, needs=("user",), body=d.customer_user("{user_name}@example.com", "{customer}"),
         errors=(Error("unique customer user name and email constraint", "This email is already used.", "/data/attributes/email"),)),
    Case("user-email-in-other-case", "CU4", "POST customerusers", 201, needs=("user",), body=d.customer_user("{user_lower}@EXAMPLE.com", "{customer}")),
    Case("user-without-customer", "CU4", "POST customerusers", 400, body=d.doc("customerusers", {"email": "{fresh}@example.com", "firstName": "A", "lastName": "B"}),
         errors=(Error("not blank constraint", _BLANK, "/data/relationships/customer/data"),)),
    Case("user-changed", "CU5", "PATCH customerusers/{user}", needs=("user",), body=d.doc("customerusers", {"firstName": "Rosa"}, id="{user}"),
         has={"data": {"attributes": {"firstName": "Rosa"}}}),
    Case("user-password-stays", "CU5", "PATCH customerusers/{user}", 400, needs=("user",), body=d.doc("customerusers", {"password": "Another1!x"}, id="{user}"),
         errors=(Error("extra fields constraint", 'This form should not contain extra fields: "password".', ""),)),
    Case("user-addresses", "CU6", "GET customerusers/{user}/addresses", needs=("user_address",), count=1),
    Case("user-upsert", "customer users take no upsert", "POST customerusers", 400, needs=("customer",),
         body={"data": {**d.customer_user("a@b.example", "{customer}")["data"], "meta": {"upsert": ["email"]}}},
         errors=(Error("value constraint", "The upsert operation is not allowed.", "/meta/upsert"),)),
)  # fmt: skip

_GROUPS = (
    Case("group-read", "CG1", "GET customergroups/{group}", needs=("group",), has={"data": {"attributes": {"name": "{group_name}"}}}),
    Case("group-by-name", "CG2", "GET customergroups?filter[name][eq]={group_name}", needs=("group",), count=1),
    Case("group-made", "CG3", "POST customergroups", 201, body=d.doc("customergroups", {"name": "{fresh}"})),
    Case("group-name-twice", "CG3", "POST customergroups", 201, needs=("group",), body=d.doc("customergroups", {"name": "{group_name}"})),
    Case("group-without-name", "CG3", "POST customergroups", 400, body=d.doc("customergroups"), errors=(Error("not blank constraint", _BLANK, "/data/attributes/name"),)),
    Case("group-changed", "CG4", "PATCH customergroups/{group}", needs=("group",), body=d.doc("customergroups", None, {"paymentTerm": d.ref("paymentterms", "1")}, id="{group}"),
         has={"data": {"relationships": {"paymentTerm": {"data": {"id": "1"}}}}}),
    Case("group-gone", "a group is deleted", "DELETE customergroups/{group}", 204, needs=("group",), empty=True),
    Case("group-upsert", "groups take no upsert", "POST customergroups", 400, body=d.doc("customergroups", {"name": "X"}, meta={"upsert": ["name"]}),
         errors=(Error("value constraint", "The upsert operation is not allowed.", "/meta/upsert"),)),
    Case("role-made", "a role gets its code", "POST customeruserroles", 201, body=d.doc("customeruserroles", {"label": "{fresh}"}), has={"data": {"attributes": {"role": ...}}}),
)  # fmt: skip


def _address_refused(
    name: str,
    title: str,
    detail: str | None,
    at: str,
    country: str = "US",
    region: str | None = "US-CA",
    **attributes: Any,
) -> Case:
    return Case(f"address-{name}", "A3", "POST customeraddresses", 400, needs=("customer",),
                body=d.address("customer", "{customer}", country, region, **attributes), errors=(Error(title, detail, at),))  # fmt: skip


_ADDRESSES = (
    Case("address-read", "A1", "GET customeraddresses/{address}", needs=("address",), has={"data": {"attributes": {"city": "Los Angeles"}}}),
    Case("address-of-a-user-read", "A1", "GET customeruseraddresses/{user_address}", needs=("user_address",), has={"data": {"relationships": {"customerUser": {"data": {"id": "{user}"}}}}}),
    Case("address-by-place", "A2", "GET customeraddresses?filter[customer]={customer}&filter[country]=US&filter[region]=US-CA", needs=("address",), count=1),
    Case("address-by-other-country", "A2", "GET customeraddresses?filter[customer]={customer}&filter[country]=DE", needs=("address",), count=0),
    Case("address-of-a-user-by-owner", "A2", "GET customeruseraddresses?filter[customerUser]={user}", needs=("user_address",), count=1),
    Case("address-made", "A3", "POST customeraddresses", 201, needs=("customer",),
         body=d.address("customer", "{customer}", primary=True, types=[{"default": True, "addressType": "billing"}]),
         has={"data": {"attributes": {"primary": True, "types": [{"default": True, "addressType": "billing"}]}}}),
    Case("address-of-a-user-made", "A3", "POST customeruseraddresses", 201, needs=("user",), body=d.address("customerUser", "{user}")),
    Case("address-without-region-where-there-is-none", "A3", "POST customeraddresses", 201, needs=("customer",), body=d.address("customer", "{customer}", "MC", None)),
    _address_refused("without-region", "required region constraint", "State is required for country United States", "/data/relationships/region/data", region=None),
    _address_refused("custom-region", "region text constraint", "Custom region can be used only for countries without predefined regions.", "", region=None, customRegion="X"),
    _address_refused("region-of-another-country", "valid region constraint", "Region California does not belong to country Germany", "", "DE"),
    _address_refused("unknown-country", "form constraint", "The entity does not exist.", "/data/relationships/country/data", "XX", None),
    _address_refused("country-in-lower-case", "form constraint", "The entity does not exist.", "/data/relationships/country/data", "us", None),
    _address_refused("without-street", "not blank constraint", _BLANK, "/data/attributes/street", street=None),
    _address_refused("without-city", "not blank constraint", _BLANK, "/data/attributes/city", city=None),
    _address_refused("without-post-code", "not blank constraint", _BLANK, "/data/attributes/postalCode", postalCode=None),
    _address_refused("without-any-name", "name or organization constraint", "Organization or First Name and Last Name should not be blank.", "/data/attributes/organization", organization=None),
    Case("address-of-frontend-owner", "A3", "POST customeruseraddresses", 400, needs=("user",),
         body=d.doc("customeruseraddresses", {"street": "1"}, {"frontendOwner": d.ref("customerusers", "{user}")}),
         errors=(Error("extra fields constraint", 'This form should not contain extra fields: "frontendOwner".', ""),)),
    Case("address-changed", "A4", "PATCH customeraddresses/{address}", needs=("address",), body=d.doc("customeraddresses", {"city": "San Diego"}, id="{address}"),
         has={"data": {"attributes": {"city": "San Diego"}}}),
    Case("address-owner-stays", "A4", "PATCH customeraddresses/{address}", needs=("address", "customer2"),
         body=d.doc("customeraddresses", None, {"customer": d.ref("customers", "{customer2}")}, id="{address}"),
         has={"data": {"relationships": {"customer": {"data": {"id": "{customer}"}}}}}),
)  # fmt: skip

CASES = (*_CUSTOMERS, *_USERS, *_GROUPS, *_ADDRESSES)
