"""Request documents that the cases and their makers send, each as small as a store accepts."""

from __future__ import annotations

from typing import Any


def ref(kind: str, one: str) -> dict[str, Any]:
    """A to-one relation."""
    return {"data": {"type": kind, "id": one}}


def refs(kind: str, *ids: str) -> dict[str, Any]:
    """A to-many relation."""
    return {"data": [{"type": kind, "id": one} for one in ids]}


def doc(
    kind: str, attributes: dict[str, Any] | None = None, relations: dict[str, Any] | None = None, **rest: Any
) -> dict[str, Any]:
    """A document of one record; empty members are left out, since a store refuses them."""
    return {"data": item(kind, attributes, relations, **rest)}


def item(
    kind: str, attributes: dict[str, Any] | None = None, relations: dict[str, Any] | None = None, **rest: Any
) -> dict[str, Any]:
    """One resource object."""
    record: dict[str, Any] = {"type": kind, **rest}
    if attributes:
        record["attributes"] = attributes
    if relations:
        record["relationships"] = relations
    return record


def product(
    sku: str, *, attributes: dict[str, Any] | None = None, relations: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A simple product with one unit and a default name; a relation of None is left out."""
    wanted = {
        "attributeFamily": ref("attributefamilies", "1"),
        "inventory_status": ref("prodinventorystatuses", "in_stock"),
        "primaryUnitPrecision": ref("productunitprecisions", "unit"),
        "names": refs("productnames", "title"),
        **(relations or {}),
    }
    linked = {name: value for name, value in wanted.items() if value is not None}
    included = [
        item("productnames", {"string": f"Name of {sku}", "fallback": None}, id="title"),
        item(
            "productunitprecisions",
            {"precision": 0, "conversionRate": 1, "sell": True},
            {"unit": ref("productunits", "item")},
            id="unit",
        ),
    ]
    named = {
        one["id"]
        for value in linked.values()
        for one in (value["data"] if isinstance(value["data"], list) else [value["data"]])
    }
    document = doc("products", {"sku": sku, "status": "enabled", **(attributes or {})}, linked)
    used = [one for one in included if one["id"] in named]
    return {**document, "included": used} if used else document


def line(product_id: str, name: str = "line", **attributes: Any) -> dict[str, Any]:
    """An order line as an included record; an attribute of None is left out."""
    values = {"quantity": 2, "value": "10.5", "currency": "USD", **attributes}
    relations = {"product": ref("products", product_id), "productUnit": ref("productunits", "item")}
    return item("orderlineitems", {n: v for n, v in values.items() if v is not None}, relations, id=name)


def order(identifier: str | None, customer: str, product_id: str, **attributes: Any) -> dict[str, Any]:
    """An order of one line."""
    values = {"currency": "USD", **({"identifier": identifier} if identifier else {}), **attributes}
    relations = {"customer": ref("customers", customer), "lineItems": refs("orderlineitems", "line")}
    return {**doc("orders", values, relations), "included": [line(product_id)]}


def price(product_id: str, price_list: str, unit: str = "item", **attributes: Any) -> dict[str, Any]:
    """A price."""
    relations = {
        "product": ref("products", product_id),
        "priceList": ref("pricelists", price_list),
        "unit": ref("productunits", unit),
    }
    return doc("productprices", {"quantity": 1, "value": "12.5", "currency": "USD", **attributes}, relations)


def address(
    owner: str, owner_id: str, country: str = "US", region: str | None = "US-CA", **attributes: Any
) -> dict[str, Any]:
    """An address of a customer or of a customer user; an attribute of None is left out."""
    values = {
        "label": "Office",
        "street": "1 Main Street",
        "city": "Los Angeles",
        "postalCode": "90001",
        "organization": "Firm",
        **attributes,
    }
    kind = "customeraddresses" if owner == "customer" else "customeruseraddresses"
    relations = {owner: ref(f"{owner.lower()}s", owner_id), "country": ref("countries", country)}
    if region:
        relations["region"] = ref("regions", region)
    return doc(kind, {n: v for n, v in values.items() if v is not None}, relations)


def customer_user(email: str, customer: str, **attributes: Any) -> dict[str, Any]:
    """A customer user."""
    values = {"email": email, "firstName": "Rita", "lastName": "Contract", **attributes}
    return doc(
        "customerusers", {n: v for n, v in values.items() if v is not None}, {"customer": ref("customers", customer)}
    )


def tracking(*orders: str, field: str = "orders", **attributes: Any) -> dict[str, Any]:
    """A shipment tracking."""
    values = {"method": "UPS", "number": "1Z999", **attributes}
    relations = {"orders": refs("orders", *orders)} if field == "orders" else {"order": ref("orders", orders[0])}
    return doc("ordershippingtrackings", {n: v for n, v in values.items() if v is not None}, relations)
