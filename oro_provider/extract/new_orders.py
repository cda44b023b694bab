"""Orders that are new: what the sensor looks for, the trigger waits for, and an extract by watermark reads.

A poll costs one small request (`page[size]=1`, one field: 73 ms on a 6.1.9 store, where a page of orders takes 1,900); only
when it shows something new are the others read, and of each only its head.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, TypedDict

from oro_provider.api.errors import Incomplete, InvalidRequest, UnexpectedAnswer
from oro_provider.api.query import FilterValue, Query, Range, filtered_names, timestamp
from oro_provider.entities.orders import ORDERS
from oro_provider.extract.position import OVERLAP, OrderHead, Position
from oro_provider.extract.spec import Extract
from oro_provider.extract.window import SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient

# How long after its end, by the store's clock, a window is over where nothing else is said: orders are committed late.
SETTLE = timedelta(seconds=60)
LARGEST_PAGE = 1000
HEAD = ("identifier", "createdAt", "updatedAt")


class FoundOrders(TypedDict):
    """Orders that were found, as plain JSON. `since` and `until` are UTC, ISO 8601; `ids` are for mapping.

    The next look begins with `after_id=last_id`, which is exact, or with `since=until`, which may give an order of that second
    twice. Where `truncated`, both lie right after the last order that is listed.
    """

    since: str | None
    until: str
    last_id: int
    count: int
    ids: list[str]
    identifiers: list[str]
    truncated: bool


@dataclass(frozen=True, slots=True)
class NewOrders:
    """What to look for.

    With `until`: the orders dated from `since` to `until` (excluded); with `settle` all of them, so that none is a find before so
    long after the window's end. Without: the orders made from `since` on, or with ids above `after_id`, or that `position` has not
    taken; known by id, so back-dated ones are among them. `changed`: orders that were made or changed, by `updatedAt`.
    `min_orders` make a find.
    """

    since: datetime | None = None
    until: datetime | None = None
    after_id: int | None = None
    position: Position | None = None
    changed: bool = False
    filters: Mapping[str, FilterValue] = field(default_factory=dict)
    min_orders: int = 1
    max_ids: int = 1000
    overlap: timedelta = OVERLAP
    settle: timedelta | None = None

    @property
    def date(self) -> str:
        """The attribute that a window is about."""
        return "updatedAt" if self.changed else "createdAt"

    def found(self, heads: Sequence[OrderHead], now: datetime) -> FoundOrders | None:
        """Return these orders as a find, cut where it has to be; None where they are too few."""
        if len(heads) < max(self.min_orders, 1):
            return None
        by_id = self.until is None and not self.changed
        ordered = sorted(heads, key=lambda head: ((0 if by_id else self._dated(head)), head.id))
        kept, left = ordered[: self.max_ids], ordered[self.max_ids :]
        until = timestamp(min(self.until or now, now))
        if left:
            until = min(self._dated(head) for head in left)
        since = self.since or (self.position.until if self.position else None)
        return FoundOrders(
            since=timestamp(since) if since else None,
            until=max(until, timestamp(since)) if since else until,
            last_id=max(head.id for head in kept),
            count=len(kept),
            ids=[str(head.id) for head in kept],
            identifiers=[head.identifier for head in kept],
            truncated=bool(left),
        )

    def over(self, now: datetime) -> bool:
        """Whether the window has ended, and long enough ago that what belongs to it has been committed."""
        return self.until is not None and now >= self.until + (SETTLE if self.settle is None else self.settle)

    def _dated(self, head: OrderHead) -> str:
        return head.updated if self.changed else head.created


@dataclass(frozen=True, slots=True)
class Look:
    """What one look gave: a find, or none; the store's clock; whether the window is over, so that there will be none; and from
    where a wait may go on, which is None where it has to look anew."""

    found: FoundOrders | None
    now: datetime
    over: bool = False
    position: Position | None = None


async def look(client: AsyncOroClient, wanted: NewOrders) -> Look:
    """Look once.

    Raise `ValueError` for a filter that a store would answer wrongly in silence, or that is the look's own; `Incomplete` as `read_news`
    does, where changes since a watermark are looked for.
    """
    for path in wanted.filters:
        if path.partition("[")[0] in {"id", "createdAt", "updatedAt"}:
            raise ValueError(f"filter {path!r} is the look's own: give since=, until= or after_id= instead")
    Extract(entity=ORDERS, filters=wanted.filters)  # refuses enums of other resources
    if wanted.until is not None:
        return await _look_at_window(client, wanted)
    position = wanted.position or await begin(client, wanted)
    heads, now = await read_heads(client, {**wanted.filters, "id[gt]": position.floor})
    if wanted.changed and wanted.position is not None:
        _check_clock(position, now)
    known = {head.id for head in heads}
    if wanted.position is not None:
        fresh = position.new(heads)
    elif wanted.since is not None:
        fresh = _made_since(heads, wanted.since, position.low)
    else:
        fresh = heads
    since = position.low if wanted.position is not None else wanted.since
    if since is not None and (wanted.changed or wanted.position is None):
        dated = await _dated_since(client, wanted, since, position.floor)
        dated = position.changed(dated) if wanted.position is not None else dated
        fresh += [head for head in dated if head.id not in {other.id for other in fresh}]
        heads += [head for head in dated if head.id not in known]
    found = wanted.found(fresh, now)
    # A wait counts from here; where there are some, but too few, it has to look at all of them again. An order below the floor
    # that a filter hides is news to a poll without filters, which then looks anew.
    resumable = not fresh and not wanted.changed
    return Look(found, now, position=position.after(heads, now) if resumable else None)


async def _dated_since(client: AsyncOroClient, wanted: NewOrders, since: datetime, floor: int) -> list[OrderHead]:
    filters: dict[str, FilterValue] = {**wanted.filters, f"{wanted.date}[gte]": since}
    if not wanted.changed:
        # Usually none: only where the order that gave the floor was itself made later and back-dated.
        filters["id"] = Range(0, floor)
    heads, _ = await read_heads(client, filters)
    return heads


async def _look_at_window(client: AsyncOroClient, wanted: NewOrders) -> Look:
    if wanted.since is None or wanted.until is None:
        raise ValueError("a window has two ends")
    dated = Range(wanted.since, wanted.until - SECOND)
    heads, now = await read_heads(client, {**wanted.filters, wanted.date: dated})
    over = wanted.over(now)
    return Look(wanted.found(heads, now) if over or wanted.settle is None else None, now, over)


def _made_since(heads: Sequence[OrderHead], since: datetime, low: datetime) -> list[OrderHead]:
    """Return those made since a moment, of the orders with ids above that of the newest one dated before `low`."""
    start, early = timestamp(since), timestamp(low)
    # An order dated before `low` is back-dated, as its id says; it was made since where no order dated before `since` came later.
    before = max((head.id for head in heads if early <= head.created < start), default=0)
    return [head for head in heads if head.created >= start or (head.created < early and head.id > before)]


async def begin(client: AsyncOroClient, wanted: NewOrders) -> Position:
    """Return the position of someone who has read everything until `since`: the floor is the id of the newest order dated an
    overlap before."""
    if wanted.after_id is not None:
        moment = wanted.since or datetime.fromtimestamp(0, timezone.utc)
        return Position(moment, ((moment, wanted.after_id),), wanted.after_id, {}, wanted.overlap)
    if wanted.since is None:
        raise ValueError("new orders are looked for since a moment, above an id, or from a watermark")
    low = wanted.since - wanted.overlap
    query = Query(filters={"createdAt[lt]": low}, sort=("-createdAt", "-id"), fields={"orders": ["createdAt"]}, size=1)
    page = await client.perform(client.calls.page("orders", query))
    floor = page.resources[0].number if page.resources else 0
    return Position(wanted.since, ((low, floor),), floor, {}, wanted.overlap)


async def store_clock(client: AsyncOroClient) -> datetime:
    """Return the store's time (UTC, whole seconds)."""
    query = Query(fields={"orders": ["identifier"]}, sort=("-id",), size=1)
    return _date((await client.perform(client.calls.page("orders", query))).date)


async def read_heads(client: AsyncOroClient, filters: Mapping[str, FilterValue]) -> tuple[list[OrderHead], datetime]:
    """Return the heads of the orders that match, and the store's clock when it began to answer."""
    fields = list(dict.fromkeys([*HEAD, *filtered_names(filters)]))
    query = Query(filters=filters, fields={"orders": fields}, size=LARGEST_PAGE)
    heads: list[OrderHead] = []
    dates: list[datetime | None] = []
    # A filter over a to-many relation makes short pages of joined rows, so that only an empty page is the end.
    until_empty = any(not path.startswith(("id", "createdAt", "updatedAt")) for path in filters)
    try:
        async for page in client.pages("orders", query, until_empty=until_empty):
            dates.append(page.date)
            heads += [OrderHead(one.number, *(one.text(name) for name in HEAD)) for one in page.resources]
    except InvalidRequest as error:
        raise _clearer(error) from error
    return heads, _date(dates[0])


def _clearer(error: InvalidRequest) -> InvalidRequest:
    if not any("filter[updatedAt]" in (said.parameter or "") for said in error.errors):
        return error
    return InvalidRequest(
        "This store cannot filter orders by updatedAt (only from 6.0.5), so changed orders cannot be waited for; new ones can.",
        status=error.status,
        errors=error.errors,
    )


def _date(date: datetime | None) -> datetime:
    if date is None:
        raise UnexpectedAnswer("The store's answer has no Date header, so its clock is unknown.")
    return date


@dataclass(frozen=True, slots=True)
class Pulse:
    """What one poll of a store showed: its clock, the orders that this poll saw first, and all those above the floor."""

    now: datetime
    floor: int
    fresh: tuple[OrderHead, ...]
    recent: tuple[OrderHead, ...]


class Poller:
    """Polls a store for everyone who waits for its orders: one small request, and the heads of what is new."""

    def __init__(self, *, changed: bool = False, overlap: timedelta = OVERLAP) -> None:
        self._changed = changed
        self._overlap = overlap
        self._position: Position | None = None
        self._recent: dict[int, OrderHead] = {}

    async def poll(self, client: AsyncOroClient) -> Pulse:
        """Look once."""
        if self._position is None:
            now = await store_clock(client)
            position = await begin(client, NewOrders(since=now, overlap=self._overlap))
            heads, now = await self._heads(client, position)
            return self._pulse(position, heads, heads, now)
        position = self._position
        news, now = await self._news(client, position)
        if not news:
            return self._pulse(position, [], [], now)
        heads, now = await self._heads(client, position)
        fresh = position.changed(heads) if self._changed else position.new(heads)
        return self._pulse(position, heads, fresh, now)

    def _pulse(self, position: Position, heads: list[OrderHead], fresh: list[OrderHead], now: datetime) -> Pulse:
        self._position = position.after(heads, now)
        self._recent.update((head.id, head) for head in heads)
        self._recent = {id_: head for id_, head in self._recent.items() if id_ in self._position.seen}
        return Pulse(now, self._position.floor, tuple(fresh), tuple(self._recent.values()))

    async def _news(self, client: AsyncOroClient, position: Position) -> tuple[bool, datetime]:
        """Ask for one record more than is known: it is new, or there is none."""
        field_ = "updatedAt" if self._changed else "identifier"
        if self._changed:
            filters: dict[str, FilterValue] = {"updatedAt[gte]": position.low}
            known = sum(when >= timestamp(position.low) for when in position.seen.values())
        else:
            filters = {"id[gt]": position.floor}
            known = sum(id_ > position.floor for id_ in position.seen)
        query = Query(filters=filters, fields={"orders": [field_]}, size=min(known + 1, LARGEST_PAGE))
        now: datetime | None = None
        try:
            async for page in client.pages("orders", query):
                now = now or page.date
                for order in page.resources:
                    when = position.seen.get(order.number)
                    if when is None or (self._changed and when != order.text("updatedAt")):
                        return True, _date(now)
        except InvalidRequest as error:
            raise _clearer(error) from error
        return False, _date(now)

    async def _heads(self, client: AsyncOroClient, position: Position) -> tuple[list[OrderHead], datetime]:
        if not self._changed:
            return await read_heads(client, {"id[gt]": position.floor})
        return await read_heads(client, {"updatedAt[gte]": position.low})


def _check_clock(position: Position, now: datetime) -> None:
    """Raise `Incomplete` where the store's clock is behind a position by more than the overlap, since changes are known by their dates."""
    if now < position.low:
        raise Incomplete(
            f"It is {timestamp(now)} at the store, and orders were read up to {timestamp(position.until)} before: its clock was ahead then, or "
            "is behind now, so that changes would be missed. Set it right; where it was ahead, reset the watermark."
        )


async def read_news(client: AsyncOroClient, position: Position) -> tuple[list[OrderHead], Position]:
    """Return the orders that were made or changed since, and the position when they have been taken.

    Changes are read up to the store's running second, which is left to the next reading, since an order may change twice
    within it; so is a second that is yet to come by less than an overlap, since the store's clocks may differ. An order dated later than
    that was imported so. Where a store cannot filter by `updatedAt` (before 6.0.5), new orders alone are read.

    Raise `Incomplete` where the store's clock is behind the position by more than the overlap: what was changed in between is dated
    before it.
    """
    new, now = await read_heads(client, {"id[gt]": position.floor})
    _check_clock(position, now)
    heads = {head.id: head for head in new}
    try:
        dated, _ = await read_heads(client, {"updatedAt[gte]": position.low})
    except InvalidRequest as error:
        if not any("filter[updatedAt]" in (said.parameter or "") for said in error.errors):
            raise
        # An order that was imported with a date in the past may have given the floor: those before it are known by their dates.
        dated, _ = await read_heads(client, {"createdAt[gte]": position.low})
    heads.update((head.id, head) for head in dated)
    running, imported = timestamp(now), timestamp(now + position.overlap)
    settled = [head for head in heads.values() if not running <= head.updated < imported]
    taken = position.changed(settled)
    return sorted(taken, key=lambda head: head.id), position.after(taken, now)
