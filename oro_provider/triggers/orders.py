"""Triggers for new orders: one that waits on behalf of a deferred sensor, one that watches for an asset. They only read.

However many wait on a connection, the triggerer polls once an interval for all of them, where Airflow has shared streams (3.3);
before that each polls for itself, by the same code.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Hashable, Mapping

    from oro_provider.extract.new_orders import NewOrders, Pulse
    from oro_provider.extract.position import OrderHead, Position
    from oro_provider.triggers.polling import Poll


class OrdersTrigger(BaseEventTrigger):
    """What both have in common: the poll of a connection's orders that they share."""

    def __init__(self, *, orocommerce_conn_id: str, poll_interval: float, changed: bool, overlap: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow has no types there
        self.orocommerce_conn_id = orocommerce_conn_id
        self.poll_interval = poll_interval
        self.changed = changed
        self.overlap = overlap

    def shared_stream_key(self) -> Hashable | None:
        """Return what makes two polls the same one."""
        return ("orocommerce-orders", self.orocommerce_conn_id, self.poll_interval, self.changed, self.overlap)

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncGenerator[Poll[Pulse], None]:
        """Poll the store's orders, for ever."""
        from oro_provider.extract.new_orders import Poller
        from oro_provider.triggers.polling import polls

        poller = Poller(changed=kwargs["changed"], overlap=timedelta(seconds=kwargs["overlap"]))
        async with aclosing(polls(kwargs["orocommerce_conn_id"], kwargs["poll_interval"], poller.poll)) as stream:
            async for poll in stream:
                yield poll

    async def run(self) -> AsyncGenerator[TriggerEvent, None]:
        """Wait with a poll of one's own, as Airflow before 3.3 does."""
        async with aclosing(self.open_shared_stream(self.serialize()[1])) as stream:
            async for event in self.filter_shared_stream(stream):
                yield event

    def _kwargs(self) -> dict[str, Any]:
        return {
            "orocommerce_conn_id": self.orocommerce_conn_id,
            "poll_interval": self.poll_interval,
            "changed": self.changed,
            "overlap": self.overlap,
        }


class OroCommerceNewOrdersTrigger(OrdersTrigger):
    """Waits for what a sensor looks for (`oro_provider.extract.new_orders.NewOrders`).

    Fires one event: `{"status": "found", "found": FoundOrders}`, `{"status": "over"}` when the window is over without any,
    `{"status": "timeout", "message": ...}` at the deadline, or `{"status": "error", "message": ...}` for what only a person can
    mend. A store that fails for a while is waited for. Moments are ISO 8601; `position` is where the look on the worker ended.
    """

    supports_triggerer_queue = True  # a task's, unlike a watcher's

    def __init__(
        self,
        *,
        orocommerce_conn_id: str,
        poll_interval: float,
        deadline: str | None = None,
        since: str | None = None,
        until: str | None = None,
        after_id: int | None = None,
        watermark: dict[str, Any] | None = None,
        position: dict[str, Any] | None = None,
        filters: Mapping[str, Any] | None = None,
        min_orders: int = 1,
        max_ids: int = 1000,
        changed: bool = False,
        overlap: float = 120.0,
        settle: float | None = None,
    ) -> None:
        super().__init__(
            orocommerce_conn_id=orocommerce_conn_id, poll_interval=poll_interval, changed=changed, overlap=overlap
        )
        self.deadline = deadline
        self.since = since
        self.until = until
        self.after_id = after_id
        self.watermark = watermark
        self.position = position
        self.filters = dict(filters or {})
        self.min_orders = min_orders
        self.max_ids = max_ids
        self.settle = settle
        self._found: list[OrderHead] | None = None  # those since `position`, where they need no look of our own
        self._looked = False
        self._failures = 0
        self._skip = 0
        self._reason = ""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what the trigger is stored as: no token, no secret."""
        own = (
            "deadline",
            "since",
            "until",
            "after_id",
            "watermark",
            "position",
            "filters",
            "min_orders",
            "max_ids",
            "settle",
        )
        kwargs = {**self._kwargs(), **{name: getattr(self, name) for name in own}}
        return "oro_provider.triggers.orders.OroCommerceNewOrdersTrigger", kwargs

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Poll[Pulse]]) -> AsyncIterator[TriggerEvent]:
        """Wait for the event."""
        async for poll in shared_stream:
            event = await self._event(poll)
            if event is not None:
                yield TriggerEvent(event)
                return

    async def _event(self, poll: Poll[Pulse]) -> dict[str, Any] | None:
        if poll.permanent:
            return {"status": "error", "message": poll.error}
        if poll.value is None:
            self._reason = f" The store last failed: {poll.error}"
        else:
            event = await self._see(poll.value)
            if event is not None:
                return event
        if self.deadline and datetime.now(timezone.utc) >= _moment(self.deadline):
            return {"status": "timeout", "message": f"No new orders came in time.{self._reason}"}
        return None

    async def _see(self, pulse: Pulse) -> dict[str, Any] | None:
        """Tell from a pulse alone whether there is an event where that is enough, and look for oneself where it is not."""
        wanted = self._wanted()
        plain = wanted.until is None and not wanted.filters and not wanted.changed
        if plain and self._found is None and self.position is not None and not self._looked:
            position = self._position(self.position)
            if position.floor >= pulse.floor:
                self._found = position.new(pulse.recent)
        elif self._found is not None:
            self._found.extend(pulse.fresh)
        if self._found is not None:
            found = wanted.found(self._found, pulse.now)
            return {"status": "found", "found": found} if found else None
        if not wanted.over(pulse.now) and (wanted.settle is not None or (self._looked and not pulse.fresh)):
            return None
        return await self._look(wanted)

    async def _look(self, wanted: NewOrders) -> dict[str, Any] | None:
        from oro_provider.api.errors import OroCommerceError
        from oro_provider.extract.new_orders import look
        from oro_provider.triggers.polling import ask
        from oro_provider.version_compat import AirflowException

        self._looked = False
        if self._skip > 0:
            self._skip -= 1
            return None
        try:
            seen = await ask(self.orocommerce_conn_id, lambda client: look(client, wanted))
        except (OroCommerceError, AirflowException, ValueError) as error:
            if isinstance(error, ValueError) or (isinstance(error, OroCommerceError) and error.permanent):
                return {"status": "error", "message": str(error)}
            self._failures += 1
            self._skip = 2 ** min(self._failures, 6) - 1
            self._reason = f" The store last failed: {error}"
            self.log.warning("Looking for new orders failed %s times in a row: %s", self._failures, error)
            return None
        self._failures, self._looked = 0, True
        if seen.found is not None:
            return {"status": "found", "found": seen.found}
        return {"status": "over"} if seen.over else None

    def _wanted(self) -> NewOrders:
        from oro_provider.extract.new_orders import NewOrders

        return NewOrders(
            since=_moment(self.since) if self.since else None,
            until=_moment(self.until) if self.until else None,
            after_id=self.after_id,
            position=self._position(self.watermark) if self.watermark else None,
            changed=self.changed,
            filters=self.filters,
            min_orders=self.min_orders,
            max_ids=self.max_ids,
            overlap=timedelta(seconds=self.overlap),
            settle=None if self.settle is None else timedelta(seconds=self.settle),
        )

    def _position(self, value: dict[str, Any]) -> Position:
        from oro_provider.extract.position import Position

        return Position.from_json(value, timedelta(seconds=self.overlap))


class OroCommerceNewOrdersEventTrigger(OrdersTrigger):
    """Watches for new orders on behalf of an asset: `AssetWatcher(name="orders", trigger=OroCommerceNewOrdersEventTrigger())`.

    An event is a wake-up and not the data: `{"since": ..., "until": ..., "count": ...}`. The DAG that it starts reads from its
    watermark to now and advances the watermark when the data is safe; the trigger reads the watermark and never writes it. What
    was announced and is not behind the watermark after `remind_after` seconds is announced again, so an event that got lost and
    a run that failed delay orders and lose none.

    :param orocommerce_conn_id: the connection.
    :param poll_interval: seconds between two polls.
    :param changed: announce changed orders too (stores from 6.0.5).
    :param asset: name of the asset whose watermark is meant, where it is not `orders_asset(orocommerce_conn_id)`.
    :param reader: whose watermark it is, where an asset has several readers.
    :param overlap: seconds after its id was given in which an order may be committed and still be seen.
    """

    def __init__(
        self,
        *,
        orocommerce_conn_id: str = "orocommerce_default",
        poll_interval: float = 60.0,
        changed: bool = False,
        asset: str | None = None,
        reader: str = "default",
        overlap: float = 120.0,
        remind_after: float = 600.0,
    ) -> None:
        super().__init__(
            orocommerce_conn_id=orocommerce_conn_id, poll_interval=poll_interval, changed=changed, overlap=overlap
        )
        self.asset = asset
        self.reader = reader
        self.remind_after = remind_after
        self._announced: Position | None = None
        self._waiting: list[OrderHead] = []  # announced, and not known to be behind the watermark
        self._unset = False
        self._remind_at: datetime | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what the trigger is stored as; the asset and the reader keep watchers of two assets apart."""
        own = {name: getattr(self, name) for name in ("asset", "reader", "remind_after")}
        return "oro_provider.triggers.orders.OroCommerceNewOrdersEventTrigger", {**self._kwargs(), **own}

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Poll[Pulse]]) -> AsyncIterator[TriggerEvent]:
        """Announce what is new, for ever."""
        from oro_provider.api.errors import OroCommerceError
        from oro_provider.version_compat import AirflowException, AirflowRuntimeError

        async for poll in shared_stream:
            if poll.value is None:
                continue  # the poll has logged why, and comes more slowly
            try:
                event = await self._announce(poll.value)
            except (OroCommerceError, AirflowException, AirflowRuntimeError) as error:
                # A watcher that raises is started again every second, and its poll with it.
                self.log.warning("The watermark, or the orders since, cannot be read; trying again: %s", error)
                continue
            if event is not None:
                yield TriggerEvent(event)

    async def _announce(self, pulse: Pulse) -> dict[str, Any] | None:
        if self._announced is None:
            return await self._begin(pulse)
        since = self._announced.until
        # Of all recent ones, not of this pulse's: `_begin` leaves those of the running second to the next.
        fresh = self._announced.changed(pulse.recent) if self.changed else self._announced.new(pulse.recent)
        self._announced = self._announced.after(fresh, pulse.now)
        self._waiting += fresh
        due = self._remind_at is not None and pulse.now >= self._remind_at
        if due:
            watermark = await self._watermark()
            self._unset = watermark is None
            self._waiting = self._behind(watermark, self._waiting)
            self._remind_at, fresh = None, self._waiting
        if not fresh and not (due and self._unset):
            return None
        self._remind_at = self._remind_at or pulse.now + timedelta(seconds=self.remind_after)
        return _wake_up(since, pulse.now, len(fresh))

    async def _begin(self, pulse: Pulse) -> dict[str, Any] | None:
        """Begin at the watermark. Where there is none yet, one event starts the run that sets it."""
        from oro_provider.api.errors import Incomplete
        from oro_provider.extract.new_orders import read_news
        from oro_provider.triggers.polling import ask

        watermark = await self._watermark()
        if watermark is None:
            return self._begin_now(pulse)
        try:
            fresh, position = await ask(self.orocommerce_conn_id, lambda client: read_news(client, watermark))
        except Incomplete as error:
            # The store's clock went back. Only a run shows that to people: it reads by this watermark too, and fails.
            self.log.warning("What is new since the watermark cannot be told: %s", error)
            return self._begin_now(pulse)
        self._announced = position
        self._waiting = fresh if self.changed else watermark.new(fresh)
        if not self._waiting:
            return None
        self._remind_at = pulse.now + timedelta(seconds=self.remind_after)
        return _wake_up(watermark.until, pulse.now, len(self._waiting))

    def _begin_now(self, pulse: Pulse) -> dict[str, Any]:
        """Begin with what there is, and wake up a run whatever that is."""
        from oro_provider.extract.position import Position

        last_id = max((head.id for head in pulse.recent), default=pulse.floor)
        start = Position(pulse.now, ((pulse.now, pulse.floor),), last_id, {}, timedelta(seconds=self.overlap))
        self._announced = start.after(pulse.recent, pulse.now)
        self._unset = True
        self._remind_at = pulse.now + timedelta(seconds=self.remind_after)
        return _wake_up(None, pulse.now, len(pulse.recent))

    def _behind(self, watermark: Position | None, heads: list[OrderHead]) -> list[OrderHead]:
        """Return those of the announced orders that the watermark has not passed."""
        if watermark is None:
            return heads
        return watermark.changed(heads) if self.changed else watermark.new(heads)

    async def _watermark(self) -> Position | None:
        from oro_provider.assets import asset_uri
        from oro_provider.watermarks import Watermark

        name = self.asset or asset_uri(self.orocommerce_conn_id, "orders")
        # Airflow has the attribute from 3.3 on.
        position = await Watermark(name, self.reader).read_in_trigger(getattr(self, "asset_state_store", None))
        return position and replace(position, overlap=timedelta(seconds=self.overlap))


def _wake_up(since: datetime | None, until: datetime, count: int) -> dict[str, Any]:
    told = {"since": since.isoformat() if since else None, "until": until.isoformat()}
    return {**told, "count": count}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(timezone.utc)
