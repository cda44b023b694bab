"""The demo shop's orders: spread over 30 days, with lines, both addresses and some trackings, changed days after they came in.

A million of them must be made in minutes, so rows go to the tables as tuples, some thousands at a time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from oro_provider.sandbox.demo.rows import amount, insert
from oro_provider.sandbox.demo.words import CARRIERS, NOTES

if TYPE_CHECKING:
    import random
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

    from oro_provider.sandbox.demo.catalogue import Ware
    from oro_provider.sandbox.demo.customers import Buyer

_SPAN = 30 * 24 * 3600
_BATCH = 5000
_ORDER = (
    "id identifier poNumber customerNotes currency subtotalWithDiscountsValue subtotalWithDiscounts subtotalValue totalValue "
    "external createdAt updatedAt disablePromotions discount shippingDiscount billingAddress shippingAddress owner organization "
    "customerUser customer paymentTerm internalStatus shippingStatus uuid"
)
_LINE = (
    "id productSku productName productVariantFields quantity productUnitCode value currency priceType fromExternalSource checksum "
    "createdAt updatedAt rowTotalDiscountAmount rowTotalAfterDiscountIncludingTax rowTotalAfterDiscountExcludingTax "
    "rowTotalAfterDiscount product productUnit"
)
_ADDRESS = "id fromExternalSource label street city postalCode organization firstName lastName createdAt updatedAt country region"


def fill_orders(
    connection: sqlite3.Connection,
    chance: random.Random,
    wares: Sequence[Ware],
    buyers: Sequence[Buyer],
    *,
    count: int,
    now: datetime,
) -> None:
    """Fill `count` orders into the 30 days before `now`, oldest first."""
    end = int(now.timestamp())
    line = 0
    tracking = 0
    for start in range(0, count, _BATCH):
        orders, lines, joins, addresses, trackings, shipped = [], [], [], [], [], []
        for number in range(start + 1, min(start + _BATCH, count) + 1):
            created = end - _SPAN + number * _SPAN // (count + 1)
            buyer = buyers[chance.randrange(len(buyers))]
            status, shipping, updated = _course(chance, created, end)
            born, moved = _text(created), _text(updated)
            subtotal = 0
            for _ in range(1 + int(chance.random() * 6)):
                line += 1
                ware = wares[int(chance.random() * len(wares))]
                quantity = 1 + int(chance.random() * 12)
                row = amount(ware.cents * quantity)
                subtotal += ware.cents * quantity
                lines.append((
                    line, ware.sku, ware.name, "[]", quantity, ware.unit, amount(ware.cents), "USD", 10, 0, f"{line:040x}", born,
                    born, "0.0000", row, row, row, ware.id, ware.unit,
                ))  # fmt: skip
                joins.append((number, line))
            total = amount(subtotal)
            city, country, region, code = buyer.place
            for place, label in ((number * 2 - 1, "Billing"), (number * 2, "Shipping")):
                addresses.append((
                    place, 0, label, buyer.street, city, code, buyer.name, buyer.first, buyer.last, born, born, country, region,
                ))  # fmt: skip
            orders.append((
                number, f"SO-{number:07d}", f"PO-{number * 7 % 100003}" if number % 3 else None,
                NOTES[number % len(NOTES)] if number % 5 == 0 else None, "USD", total, total, total, total, 0, born, moved, 0, 0, 0,
                number * 2 - 1, number * 2, 1, 1, buyer.user, buyer.customer, 1 + number % 4, status, shipping,
                f"00000000-0000-4000-8000-{number:012x}",
            ))  # fmt: skip
            if shipping == "shipped":
                tracking += 1
                trackings.append((tracking, CARRIERS[number % len(CARRIERS)], f"1Z{number * 7919 % 10**10:010d}"))
                shipped.append((number, tracking))
        insert(connection, "orders", _ORDER, orders)
        insert(connection, "orderlineitems", _LINE, lines)
        insert(connection, "orders_lineItems", "owner target", joins)
        insert(connection, "orderaddresses", _ADDRESS, addresses)
        insert(connection, "ordershippingtrackings", "id method number", trackings)
        insert(connection, "orders_shippingTrackings", "owner target", shipped)


def _course(chance: random.Random, created: int, end: int) -> tuple[str, str, int]:
    """How far an order has come: its statuses, and when that last changed."""
    age = (end - created) / 86400
    dice = chance.random()
    if dice < 0.05:
        status, shipping, days = "cancelled", "not_shipped", 1.0
    elif age > 12 and dice < 0.7:
        status, shipping, days = "closed", "shipped", 6.0
    elif age > 3 and dice < 0.8:
        status, shipping, days = "processing", "shipped", 3.0
    elif age > 1 and dice < 0.9:
        status, shipping, days = "processing", "not_shipped", 1.0
    else:
        status, shipping, days = "open", "not_shipped", 0.2
    updated = created + int(86400 * days * (0.25 + chance.random()))
    return status, shipping, min(max(updated, created), end)


def _text(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
