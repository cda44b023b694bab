"""Whether an order has a status that is waited for, on stores that show the statuses of orders (6.1 and later)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from oro_provider.api.errors import InvalidRequest, NotFound
from oro_provider.api.query import FilterValue, Query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.documents import Resource

FIELDS = ("identifier", "internalStatus", "shippingStatus")
BEFORE_6_1 = (
    "This store does not show the statuses of orders (OroCommerce does from 6.1 on), so they cannot be waited for. "
    "OroCommerceNewOrdersSensor(changed=True) waits for any change of an order."
)


class OrderStatus(TypedDict):
    """An order's statuses, as plain JSON."""

    id: str
    identifier: str
    internal_status: str | None
    shipping_status: str | None


@dataclass(frozen=True, slots=True)
class WantedStatus:
    """An order, and the statuses of which it should have one of each kind that is given."""

    order: str
    by: str = "identifier"
    internal: tuple[str, ...] = ()
    shipping: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.by not in {"identifier", "id"}:
            raise ValueError(f"by should be 'identifier' or 'id', not {self.by!r}")
        if not self.internal and not self.shipping:
            raise ValueError("give the statuses to wait for: internal_status, shipping_status, or both")

    def to_json(self) -> dict[str, Any]:
        """Return it as a trigger is stored."""
        return {"order": self.order, "by": self.by, "internal": list(self.internal), "shipping": list(self.shipping)}


async def order_status(client: AsyncOroClient, wanted: WantedStatus) -> OrderStatus | None:
    """Return the order's statuses where they are those waited for, else None.

    Raise `NotFound` where there is no such order, and `InvalidRequest` on a store that does not show statuses.
    """
    filters: dict[str, FilterValue] = {wanted.by: wanted.order}
    query = Query(filters=filters, fields={"orders": list(FIELDS)}, size=2)
    orders = (await client.perform(client.calls.page("orders", query))).resources
    order = _named(wanted, orders)
    asked: tuple[tuple[Literal["internalStatus", "shippingStatus"], tuple[str, ...]], ...] = (
        ("internalStatus", wanted.internal),
        ("shippingStatus", wanted.shipping),
    )
    for name, statuses in asked:
        # An unknown field is left out in silence.
        if statuses and name not in order.relationships:
            raise InvalidRequest(BEFORE_6_1)
    has = {name: ref.id if (ref := order.one(name)) else None for name, _ in asked}
    if any(statuses and has[name] not in statuses for name, statuses in asked):
        return None
    return OrderStatus(
        id=order.id,
        identifier=order.text("identifier"),
        internal_status=has["internalStatus"],
        shipping_status=has["shippingStatus"],
    )


def _named(wanted: WantedStatus, orders: Sequence[Resource]) -> Resource:
    """Return the order that is meant, of those that the store's filter gave."""
    names = {order.id if wanted.by == "id" else order.text("identifier"): order for order in orders}
    if wanted.order in names:
        return names[wanted.order]
    # The filter ignores the case of identifiers, and takes a comma for a list of them.
    for name, order in names.items():
        if name.casefold() == wanted.order.casefold():
            return order
    raise NotFound(f"The store has no order with the {wanted.by} {wanted.order!r}.", status=404)
