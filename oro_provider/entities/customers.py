"""Customers (the companies that buy), their groups and users, and the addresses of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oro_provider.entities import lookups
from oro_provider.entities.model import Entity, Find, Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CUSTOMERS = Entity(
    type="customers",
    key=("name",),
    find=Find("scan", "name"),
    keys={("external_id",): Find("filter", "external_id")},  # 6.1.10 and later
    references={
        "parent": Reference("parent", lookups.CUSTOMERS_BY_NAME),
        "parent_external_id": Reference("parent", lookups.CUSTOMERS_BY_EXTERNAL_ID),
        "group": Reference("group", lookups.CUSTOMER_GROUPS),
        "payment_term": Reference("paymentTerm", lookups.PAYMENT_TERMS),
        "tax_code": Reference("taxCode", lookups.CUSTOMER_TAX_CODES),
        "rating": Reference("internal_rating", lookups.CUSTOMER_RATINGS),
        "owner": Reference("owner", lookups.USERS),
        "sales_representatives": Reference("salesRepresentatives", lookups.USERS, many=True),
        "organization": Reference("organization", lookups.ORGANIZATIONS),
    },
    attributes={"external_id": "externalId"},
    watermark="updatedAt",
    batch=True,
    back_office="customer/view/{id}",
)

CUSTOMER_GROUPS = Entity(
    type="customergroups",
    key=("name",),
    find=Find("scan", "name"),
    references={
        "payment_term": Reference("paymentTerm", lookups.PAYMENT_TERMS),
        "tax_code": Reference("taxCode", lookups.CUSTOMER_TAX_CODES),
        "owner": Reference("owner", lookups.USERS),
        "organization": Reference("organization", lookups.ORGANIZATIONS),
    },
    back_office="customer/group/view/{id}",
)

CUSTOMER_USERS = Entity(
    type="customerusers",
    key=("email",),
    find=Find("scan", "email"),
    keys={("external_id",): Find("filter", "external_id")},
    key_folded=True,  # a store keeps two spellings apart by default, and sends one person's mail to both
    references={
        "customer": Reference("customer", lookups.CUSTOMERS_BY_NAME),
        "customer_external_id": Reference("customer", lookups.CUSTOMERS_BY_EXTERNAL_ID),
        "roles": Reference("userRoles", lookups.CUSTOMER_USER_ROLES, many=True),
        "owner": Reference("owner", lookups.USERS),
        "sales_representatives": Reference("salesRepresentatives", lookups.USERS, many=True),
        "organization": Reference("organization", lookups.ORGANIZATIONS),
    },
    attributes={"external_id": "externalId"},
    once=frozenset({"password"}),  # the store takes it at creation only
    batch=True,
    back_office="customer/user/view/{id}",
)

CUSTOMER_TAX_CODES = Entity(
    type="customertaxcodes",
    key=("code",),
    find=Find("scan", "code"),
    enforced=True,
    back_office="tax/customer/view/{id}",
)

PAYMENT_TERMS = Entity(
    type="paymentterms", key=("label",), find=Find("scan", "label"), back_office="payment/term/view/{id}"
)


def _names(value: Any) -> list[str]:
    listed: Iterable[Any] = value.split(",") if isinstance(value, str) else value or ()
    return [str(name).strip() for name in listed if str(name).strip()]


def address_types(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attribute `types` of a row's `types` and `default_types`: lists, or texts with commas.

    A default type is a type. Raise `ValueError` for anything but billing and shipping.
    """
    if "types" not in row and "default_types" not in row:
        return {}
    if isinstance(row.get("types"), list) and any(isinstance(one, dict) for one in row["types"]):
        return {"types": row["types"]}
    defaults = _names(row.get("default_types"))
    types = dict.fromkeys([*_names(row.get("types")), *defaults])
    unknown = [name for name in types if name not in {"billing", "shipping"}]
    if unknown:
        raise ValueError(f"has the type {unknown[0]!r}; there are billing and shipping")
    return {"types": [{"default": name in defaults, "addressType": name} for name in types]}


def sole_marks(attributes: Mapping[str, Any]) -> frozenset[str]:
    """Return what only one address of an owner can be: a default of each type, and primary.

    The store clears the mark on the others as it sets it, so two rows with one mark never come to rest.
    """
    marks = {f"default {one['addressType']}" for one in attributes.get("types") or () if one.get("default")}
    return frozenset(marks | ({"primary"} if attributes.get("primary") else set()))


def _addresses(type_: str, owners: dict[str, Reference], key: str, owners_page: str) -> Entity:
    place = ("street", "city", "postal_code", "country")
    find = Find("owner", key, chunk=500)
    return Entity(
        type=type_,
        key=(key, *place),
        find=find,
        keys={(key, "label"): find},
        key_folded=True,
        references={
            **owners,
            "country": Reference("country", lookups.COUNTRIES),
            "region": Reference("region", lookups.REGIONS, scope="country"),
            "owner": Reference("owner", lookups.USERS),
            "system_organization": Reference("systemOrganization", lookups.ORGANIZATIONS),
        },
        compose=address_types,
        composed=frozenset({"types", "default_types"}),
        sole=sole_marks,
        lone=frozenset({"primary"}),
        batch=True,
        back_office_list=owners_page,
    )


CUSTOMER_ADDRESSES = _addresses(
    "customeraddresses", {"customer": Reference("customer", lookups.CUSTOMERS_BY_NAME)}, "customer", "customer/"
)
CUSTOMER_USER_ADDRESSES = _addresses(
    "customeruseraddresses",
    {"customer_user": Reference("customerUser", lookups.CUSTOMER_USERS_BY_EMAIL)},
    "customer_user",
    "customer/user/",
)
