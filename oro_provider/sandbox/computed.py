"""Resources without a table: a customer's prices and the descriptions of entities, computed for each request."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from oro_provider.sandbox.errors import bad_filter, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oro_provider.sandbox.query import Query
    from oro_provider.sandbox.reading import Reader

_STRUCTURES = {
    "product": ("Product", "Product", "products"),
    "productprice": ("Pricing", "ProductPrice", "productprices"),
    "productkititem": ("Product", "ProductKitItem", "productkititems"),
    "customer": ("Customer", "Customer", "customers"),
    "customeruser": ("Customer", "CustomerUser", "customerusers"),
    "customeraddress": ("Customer", "CustomerAddress", "customeraddresses"),
    "customeruseraddress": ("Customer", "CustomerUserAddress", "customeruseraddresses"),
    "customergroup": ("Customer", "CustomerGroup", "customergroups"),
    "order": ("Order", "Order", "orders"),
    "orderlineitem": ("Order", "OrderLineItem", "orderlineitems"),
    "pricelist": ("Pricing", "PriceList", "pricelists"),
    "brand": ("Product", "Brand", "brands"),
    "category": ("Catalog", "Category", "categories"),
}


_SECTIONS = {
    "application": ("oro_ui.application_url",),
    "localization": ("oro_locale.timezone", "oro_locale.country"),
    "currency": ("oro_currency.default_currency",),
}


def customer_prices(reader: Reader, query: Query) -> list[dict[str, Any]]:
    """The prices that a customer gets: those of the lists of its own and of its group, lowest list first."""
    asked = {one.path: one.value for one in query.filters}
    for name in ("customer", "website", "product"):
        if name not in asked:
            raise bad_filter(f'The "{name}" filter is required.', None)
    products = [int(part) for part in asked["product"].split(",") if part.isdigit()]
    marks = ",".join("?" * len(products))
    customer = int(asked["customer"]) if asked["customer"].isdigit() else 0
    rows = reader.connection.execute(
        f"""SELECT p."product", p."currency", p."unit", p."quantity", p."value" FROM productprices p
        WHERE p."product" IN ({marks}) AND p."priceList" IN (
          SELECT "priceList" FROM pricelisttocustomers WHERE "customer" = ?
          UNION SELECT g."priceList" FROM pricelisttocustomergroups g JOIN customers c ON c."group" = g."customerGroup" WHERE c."id" = ?
          UNION SELECT 1)
        GROUP BY p."product", p."currency", p."unit", p."quantity" ORDER BY p."product", p."unit", p."quantity" """,
        (*products, customer, customer),
    )
    website = asked["website"]
    return [
        {
            "type": "customerprices",
            "id": f"{customer}-{website}-{product}-{currency}-{unit}-{quantity}",
            "attributes": {"currency": currency, "quantity": quantity, "value": value},
            "relationships": {
                "product": {"data": {"type": "products", "id": str(product)}},
                "customer": {"data": {"type": "customers", "id": str(customer)}},
                "website": {"data": {"type": "websites", "id": website}},
                "unit": {"data": {"type": "productunits", "id": unit}},
            },
        }
        for product, currency, unit, quantity, value in rows
        if asked.get("currency", currency) == currency and asked.get("unit", unit) == unit
    ]


def entity_structures(reader: Reader, query: Query, name: str | None = None) -> list[dict[str, Any]]:
    """The fields of entities. A plural alias breaks the store: only class names and singular aliases are known."""
    if name is None:
        return [_structure(reader, alias) for alias in _STRUCTURES]
    asked = unquote(name).replace("\\", "_")
    for alias in _STRUCTURES:
        if asked in (alias, _class(alias).replace("\\", "_")):
            return [_structure(reader, alias)]
    if "_" in asked:
        raise refuse(404, "not found http exception", "An entity with the requested identifier does not exist.")
    detail = f'The alias "{asked}" is not associated with any entity class.'
    raise refuse(500, "entity alias not found exception", detail)


def _class(alias: str) -> str:
    bundle, entity, _ = _STRUCTURES[alias]
    return f"Oro\\Bundle\\{bundle}Bundle\\Entity\\{entity}"


def _structure(reader: Reader, alias: str) -> dict[str, Any]:
    _, entity, resource = _STRUCTURES[alias]
    shape = reader.catalog.shapes[resource]
    fields = [
        {"label": name, "name": name, "type": kind, "relationType": None} for name, kind in shape.attributes.items()
    ]
    fields += [
        {"label": name, "name": name, "type": to.type, "relationType": "manyToMany" if to.many else "manyToOne"}
        for name, to in shape.relationships.items()
    ]
    return {
        "type": "entitystructures",
        "id": _class(alias).replace("\\", "_"),
        "attributes": {
            "label": entity,
            "pluralLabel": f"{entity}s",
            "alias": alias,
            "pluralAlias": resource,
            "className": _class(alias),
            "icon": "fa-briefcase",
            "options": {"auditable": True},
            "routes": {},
            "fields": fields,
        },
    }


def configuration(reader: Reader, query: Query) -> list[dict[str, Any]]:
    """The sections of the system configuration that the API shows, with the names of their options."""
    return [
        {
            "type": "configuration",
            "id": section,
            "relationships": {"options": {"data": [{"type": "configurationoptions", "id": name} for name in names]}},
        }
        for section, names in _SECTIONS.items()
    ]


COMPUTED_READS: Mapping[str, Callable[..., list[dict[str, Any]]]] = {
    "customerprices": customer_prices,
    "entitystructures": entity_structures,
    "configuration": configuration,
}
