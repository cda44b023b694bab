"""Price lists, the prices in them, and who gets which list."""

from __future__ import annotations

from oro_provider.entities import lookups
from oro_provider.entities.model import Entity, Find, Reference

_PRODUCT = Reference("product", lookups.PRODUCTS_BY_SKU)
_UNIT = Reference("unit", lookups.PRODUCT_UNITS)

PRODUCT_PRICES = Entity(
    type="productprices",
    key=("price_list", "product", "unit", "quantity", "currency"),
    # A price's list is compulsory in its filter, and its id is no integer (5.1 to 7.0).
    find=Find("owner", "product", each="price_list", chunk=1000),
    enforced=True,
    references={"price_list": Reference("priceList", lookups.PRICE_LISTS), "product": _PRODUCT, "unit": _UNIT},
    defaults={"quantity": 1},
    batch=True,
    back_office_list="pricelist/",
)

PRICE_LISTS = Entity(
    type="pricelists",
    key=("name",),
    find=Find("scan", "name"),
    attributes={"currencies": "priceListCurrencies"},
    references={"organization": Reference("organization", lookups.ORGANIZATIONS)},
    defaults={"active": True},
    batch=True,
    back_office="pricelist/view/{id}",
)

PRICE_LIST_CUSTOMER_GROUPS = Entity(
    type="pricelisttocustomergroups",
    key=("customer_group", "price_list"),
    find=Find("owner", "customer_group", chunk=1000),
    enforced=True,
    references={
        "customer_group": Reference("customerGroup", lookups.CUSTOMER_GROUPS),
        "price_list": Reference("priceList", lookups.PRICE_LISTS),
        "website": Reference("website", lookups.WEBSITES),
    },
    defaults={"sort_order": 10},  # the store insists on one
)

PRICE_LIST_CUSTOMERS = Entity(
    type="pricelisttocustomers",
    key=("customer", "price_list"),
    find=Find("owner", "customer", chunk=1000),
    enforced=True,
    references={
        "customer": Reference("customer", lookups.CUSTOMERS_BY_NAME),
        "price_list": Reference("priceList", lookups.PRICE_LISTS),
        "website": Reference("website", lookups.WEBSITES),
    },
    defaults={"sort_order": 10},
)

PRICE_LIST_CUSTOMER_FALLBACKS = Entity(
    type="pricelistcustomerfallbacks",
    key=("customer",),
    find=Find("owner", "customer", chunk=1000),
    references={
        "customer": Reference("customer", lookups.CUSTOMERS_BY_NAME),
        "website": Reference("website", lookups.WEBSITES),
    },
)

PRICE_ATTRIBUTE_PRICES = Entity(
    type="priceattributeproductprices",
    key=("price_attribute", "product", "unit", "currency"),
    find=Find("owner", "product", chunk=1000),
    references={
        "price_attribute": Reference("priceList", lookups.PRICE_ATTRIBUTES),
        "product": _PRODUCT,
        "unit": _UNIT,
    },
    batch=True,
)
