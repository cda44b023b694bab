"""Orders that were made since a moment: what the sensor looks for and the trigger waits for.

A look costs one small request (`page[size]=1`, one field: 73 ms on a 6.1.9 store, where a page of orders takes 1,900); only
when there is one are the others read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from oro_provider.api.errors import UnexpectedAnswer
from oro_provider.api.query import FilterValue, Query, Range, timestamp
from oro_provider.extract.window import SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oro_provider.api.async_client import AsyncOroClient

# How long after its end, by the store's clock, an empty window is over: orders are committed late.
SETTLE = timedelta(seconds=60)


class FoundOrders(TypedDict):
    """Orders that were found, as plain JSON. `since` and `until` (excluded) are UTC, ISO 8601; where `truncated`, `until` lies
    right after the last order that is listed, so that the next look begins there. `ids` are for mapping."""

    since: str
    until: str
    count: int
    ids: list[str]
    identifiers: list[str]
    truncated: bool


@dataclass(frozen=True, slots=True)
class NewOrders:
    """What to look for: orders made from `since` to `until` (excluded; None: up to the store's now), and how many make a find."""

    since: datetime
    until: datetime | None = None
    filters: Mapping[str, FilterValue] = field(default_factory=dict)
    min_orders: int = 1
    max_ids: int = 1000


@dataclass(frozen=True, slots=True)
class Look:
    """What one look gave: orders, or none, and whether the window is over, so that there will be none."""

    found: FoundOrders | None
    over: bool


async def look(client: AsyncOroClient, wanted: NewOrders) -> Look:
    """Look once for new orders."""
    page = await client.perform(client.calls.page("orders", _query(wanted, wanted.min_orders)))
    if page.date is None:
        raise UnexpectedAnswer("The store's answer has no Date header, so its clock is unknown.")
    over = wanted.until is not None and page.date >= wanted.until + SETTLE
    if len(page.resources) < wanted.min_orders:
        return Look(None, over)
    found = await _read(client, wanted, page.date)
    return Look(found if found["count"] >= wanted.min_orders else None, over)


async def _read(client: AsyncOroClient, wanted: NewOrders, now: datetime) -> FoundOrders:
    """Return all the orders up to the store's now, whose last second, not being over, is left to the next look."""
    until = min(wanted.until or now, now)
    orders: list[tuple[datetime, int, str]] = []
    query = _query(wanted, min(wanted.max_ids + 1, 1000))
    async for page in client.pages("orders", query, until_empty=bool(wanted.filters)):
        for order in page.resources:
            made = datetime.fromisoformat(str(order.attributes["createdAt"]).replace("Z", "+00:00"))
            if made < until:
                orders.append((made, int(order.id), str(order.attributes["identifier"])))
    orders.sort()
    truncated = len(orders) > wanted.max_ids
    if truncated:
        # The next look begins with the first order that is left out; one of the same second may then come twice.
        until = orders[wanted.max_ids][0]
        del orders[wanted.max_ids :]
    return FoundOrders(
        since=timestamp(wanted.since),
        until=timestamp(until),
        count=len(orders),
        ids=[str(id_) for _, id_, _ in orders],
        identifiers=[identifier for _, _, identifier in orders],
        truncated=truncated,
    )


def _query(wanted: NewOrders, size: int) -> Query:
    if wanted.until is None:
        made: dict[str, FilterValue] = {"createdAt[gte]": wanted.since}
    else:
        made = {"createdAt": Range(wanted.since, wanted.until - SECOND)}
    # A filter on an enum that `fields` does not name gives wrong rows (6.1), so each filtered field is named.
    named = dict.fromkeys(["identifier", "createdAt", *(path.partition("[")[0] for path in wanted.filters)])
    return Query(filters={**wanted.filters, **made}, fields={"orders": list(named)}, size=size)
