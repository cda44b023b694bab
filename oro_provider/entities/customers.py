"""Customers: the companies that buy."""

from __future__ import annotations

from oro_provider.entities.model import Dictionary, Entity, Lookup

CUSTOMERS_BY_NAME = Lookup("customers", Dictionary("name"))

CUSTOMERS = Entity(
    type="customers",
    key=("name",),
    watermark="updatedAt",
    batch=True,
    personal=True,
    back_office="customer/view/{id}",
)
