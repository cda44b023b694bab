"""Each operator that is named after an entity is about that entity, and takes what the general one takes."""

from __future__ import annotations

from typing import Any

import pytest

from oro_provider.operators import delete, extract, upsert

EXTRACTS = {
    "Orders": "orders",
    "Products": "products",
    "ProductPrices": "productprices",
    "InventoryLevels": "inventorylevels",
    "Customers": "customers",
    "CustomerUsers": "customerusers",
    "CustomerGroups": "customergroups",
    "Addresses": "customeraddresses",
    "PriceLists": "pricelists",
    "ShippingTrackings": "ordershippingtrackings",
}
UPSERTS = EXTRACTS | {"PriceListCustomerGroups": "pricelisttocustomergroups", "Addresses": "addresses"}
DELETES = {"Products": "products", "ProductPrices": "productprices"}


def named(module: Any, verb: str, names: dict[str, str]) -> list[Any]:
    return [pytest.param(getattr(module, f"OroCommerce{verb}{name}Operator"), entity, id=f"{verb} {name}") for name, entity in names.items()]  # fmt: skip


@pytest.mark.parametrize(("operator", "entity"), named(extract, "Extract", EXTRACTS))
def test_an_extract_is_of_its_entity(operator: Any, entity: str) -> None:
    task = operator(task_id="x", target="/lake", page_size=7)
    assert (task.entity, task.target, task.page_size) == (entity, "/lake", 7)


@pytest.mark.parametrize(("operator", "entity"), [*named(upsert, "Upsert", UPSERTS), *named(delete, "Delete", DELETES)])
def test_a_load_is_of_its_entity(operator: Any, entity: str) -> None:
    task = operator(task_id="x", records=[{"id": "1"}], max_rejects=3)
    assert (task.entity, task.records, task.max_rejects) == (entity, [{"id": "1"}], 3)


def test_addresses_are_of_customers_or_of_their_users() -> None:
    task = extract.OroCommerceExtractAddressesOperator(task_id="x", target="/lake", owner="customerusers")
    assert task.entity == "customeruseraddresses"
