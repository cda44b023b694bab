"""Orders, and the shipment trackings that are pushed onto them."""

from __future__ import annotations

from oro_provider.entities import lookups
from oro_provider.entities.model import Apart, Entity, Find, Part, Reference

_PLACE = {
    "country": Reference("country", lookups.COUNTRIES),
    "region": Reference("region", lookups.REGIONS, scope="country"),
}

ORDERS = Entity(
    type="orders",
    key=("identifier",),
    find=Find("filter", "identifier", chunk=1000),
    enforced=True,
    references={
        "customer": Reference("customer", lookups.CUSTOMERS_BY_NAME),
        "customer_external_id": Reference("customer", lookups.CUSTOMERS_BY_EXTERNAL_ID),
        "customer_user": Reference("customerUser", lookups.CUSTOMER_USERS_BY_EMAIL),
        "payment_term": Reference("paymentTerm", lookups.PAYMENT_TERMS),
        "shipping_status": Reference("shippingStatus", lookups.SHIPPING_STATUSES),
        "owner": Reference("owner", lookups.USERS),
        "organization": Reference("organization", lookups.ORGANIZATIONS),
    },
    parts={
        "line_items": Part(
            type="orderlineitems",
            relationship="lineItems",
            owner="orders",
            owner_before_6_1="order",
            key=("sku", "unit"),
            whole=True,
            references={
                "sku": Reference("product", lookups.PRODUCTS_BY_SKU),
                "unit": Reference("productUnit", lookups.PRODUCT_UNITS),
            },
        ),
        "billing_address": Part(type="orderaddresses", relationship="billingAddress", many=False, references=_PLACE),
        "shipping_address": Part(type="orderaddresses", relationship="shippingAddress", many=False, references=_PLACE),
    },
    rehearsed=True,
    watermark="updatedAt",  # there since 6.0.5
    older_watermark="createdAt",
    # Totals and taxes are computed anew for each order: 70 to 85 % of a default page (6.1.9).
    costly=frozenset({"orderSubtotals"}),
    apart={"orderSubtotals": Apart(size=25)},  # the resource `ordersubtotals` takes one order at a time
    batch=True,
    back_office="order/view/{id}",
)

SHIPPING_TRACKINGS = Entity(
    type="ordershippingtrackings",
    key=("order", "method", "number"),
    find=Find("owner", "order", chunk=1000),
    key_folded=True,  # `UPS/1Z9` and `ups/1z9` are two rows to a store, and one parcel to everybody else
    references={"order": Reference("orders", lookups.ORDERS_BY_IDENTIFIER, many=True, before_6_1="order")},
    back_office_list="order/",
)
