"""Triggers that wait for records that match, and for the status of an order. They only read."""

from __future__ import annotations

import json
from abc import abstractmethod
from contextlib import aclosing
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Hashable, Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.triggers.polling import Poll


class StoreTrigger(BaseEventTrigger):
    """Looks every `poll_interval` seconds, once for all who wait for the same, until there is something or the time is up.

    Fires one event: `{"status": "found", "found": ...}`, `{"status": "timeout", "message": ...}` at the deadline (ISO 8601), or
    `{"status": "error", "message": ...}` for what only a person can mend.
    """

    supports_triggerer_queue = True  # a task's, unlike a watcher's

    def __init__(self, *, orocommerce_conn_id: str, poll_interval: float, deadline: str | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow has no types there
        self.orocommerce_conn_id = orocommerce_conn_id
        self.poll_interval = poll_interval
        self.deadline = deadline

    @abstractmethod
    def wanted(self) -> dict[str, Any]:
        """Return the arguments that say what is looked for."""

    @abstractmethod
    async def look(self, client: AsyncOroClient) -> Any:
        """Look once; None where there is nothing yet."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what the trigger is stored as: no token, no secret."""
        kwargs = {"orocommerce_conn_id": self.orocommerce_conn_id, "poll_interval": self.poll_interval}
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {**kwargs, "deadline": self.deadline, **self.wanted()}

    def shared_stream_key(self) -> Hashable | None:
        """Return what makes two polls the same one."""
        path, kwargs = self.serialize()
        return (path, json.dumps({**kwargs, "deadline": None}, sort_keys=True, default=str))

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncGenerator[Poll[Any], None]:
        """Look, for ever."""
        from oro_provider.triggers.polling import polls

        trigger = cls(**kwargs)
        async with aclosing(polls(trigger.orocommerce_conn_id, trigger.poll_interval, trigger.look)) as stream:
            async for poll in stream:
                yield poll

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Poll[Any]]) -> AsyncIterator[TriggerEvent]:
        """Wait for the event."""
        reason = ""
        async for poll in shared_stream:
            if poll.permanent:
                yield TriggerEvent({"status": "error", "message": poll.error})
                return
            if poll.value is not None:
                yield TriggerEvent({"status": "found", "found": poll.value})
                return
            reason = f" The store last failed: {poll.error}" if poll.error else reason
            if self.deadline and datetime.now(timezone.utc) >= datetime.fromisoformat(self.deadline):
                yield TriggerEvent({"status": "timeout", "message": f"Nothing came in time.{reason}"})
                return

    async def run(self) -> AsyncGenerator[TriggerEvent, None]:
        """Wait with a poll of one's own, as Airflow before 3.3 does."""
        async with aclosing(self.open_shared_stream(self.serialize()[1])) as stream:
            async for event in self.filter_shared_stream(stream):
                yield event


class OroCommerceRecordTrigger(StoreTrigger):
    """Waits for records that match (`oro_provider.extract.matching`)."""

    def __init__(
        self, *, resource: str, filters: Mapping[str, Any], min_records: int = 1, max_ids: int = 1000, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.resource = resource
        self.filters = dict(filters)
        self.min_records = min_records
        self.max_ids = max_ids

    def wanted(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("resource", "filters", "min_records", "max_ids")}

    async def look(self, client: AsyncOroClient) -> Any:
        from oro_provider.extract.matching import Matching, find

        return await find(client, Matching(**self.wanted()))


class OroCommerceOrderStatusTrigger(StoreTrigger):
    """Waits until an order has a status (`oro_provider.extract.order_status`)."""

    def __init__(self, *, order: str, by: str, internal: Sequence[str], shipping: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.order = order
        self.by = by
        self.internal = list(internal)
        self.shipping = list(shipping)

    def wanted(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("order", "by", "internal", "shipping")}

    async def look(self, client: AsyncOroClient) -> Any:
        from oro_provider.extract.order_status import WantedStatus, order_status

        return await order_status(client, WantedStatus(self.order, self.by, tuple(self.internal), tuple(self.shipping)))
