"""Orders, and the shipment trackings that are pushed onto them."""

from __future__ import annotations

from oro_provider.entities.model import Apart, ByFilter, Entity, Lookup, Reference

ORDERS_BY_IDENTIFIER = Lookup("orders", ByFilter("identifier", chunk=1000, folded=True))

ORDERS = Entity(
    type="orders",
    key=("identifier",),
    watermark="updatedAt",  # there since 6.0.5
    older_watermark="createdAt",
    # Totals and taxes are computed anew for each order: 70 to 85 % of a default page (6.1.9).
    costly=frozenset({"orderSubtotals"}),
    apart={"orderSubtotals": Apart(size=25)},  # the resource `ordersubtotals` takes one order at a time
    batch=True,
    personal=True,
    back_office="order/view/{id}",
)

SHIPPING_TRACKINGS = Entity(
    type="ordershippingtrackings",
    key=("order", "method", "number"),
    find="owner",
    key_folded=True,  # `UPS/1Z9` and `ups/1z9` are two rows to a store, and one parcel to everybody else
    references={"order": Reference("orders", ORDERS_BY_IDENTIFIER, many=True, before_6_1="order")},
)
