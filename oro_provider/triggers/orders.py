"""The trigger that waits for new orders on behalf of a deferred sensor. It only reads."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from oro_provider.extract.new_orders import NewOrders


class OroCommerceNewOrdersTrigger(BaseTrigger):
    """Looks for orders made from `since` to `until` every `poll_interval` seconds, until there are `min_orders`.

    Fires one event: `{"status": "found", "found": FoundOrders}`, `{"status": "over"}` when the window is over without any, or
    `{"status": "error", "message": ..., "permanent": ...}`. A store that fails for a while is waited for, longer each time.
    """

    def __init__(
        self,
        *,
        orocommerce_conn_id: str,
        since: str,
        until: str | None,
        filters: Mapping[str, Any],
        min_orders: int,
        max_ids: int,
        poll_interval: float,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow has no types there
        self.orocommerce_conn_id = orocommerce_conn_id
        self.since = since
        self.until = until
        self.filters = dict(filters)
        self.min_orders = min_orders
        self.max_ids = max_ids
        self.poll_interval = poll_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what the trigger is stored as: no token, no secret."""
        return (
            "oro_provider.triggers.orders.OroCommerceNewOrdersTrigger",
            {
                "orocommerce_conn_id": self.orocommerce_conn_id,
                "since": self.since,
                "until": self.until,
                "filters": self.filters,
                "min_orders": self.min_orders,
                "max_ids": self.max_ids,
                "poll_interval": self.poll_interval,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the event."""
        from oro_provider.api.errors import OroCommerceError
        from oro_provider.hooks.orocommerce import OroCommerceHook

        try:
            hook = OroCommerceHook(self.orocommerce_conn_id)
            await hook.load_settings()
            async with hook.async_client as client:
                yield TriggerEvent(await self._wait(client))
        except (OroCommerceError, ValueError) as error:
            permanent = error.permanent if isinstance(error, OroCommerceError) else True
            yield TriggerEvent({"status": "error", "message": str(error), "permanent": permanent})

    async def _wait(self, client: Any) -> dict[str, Any]:
        from oro_provider.api.errors import OroCommerceError
        from oro_provider.extract.new_orders import look

        wanted = self._wanted()
        failures = 0
        while True:
            try:
                seen = await look(client, wanted)
            except OroCommerceError as error:
                if error.permanent:
                    raise
                failures += 1
                self.log.warning("Failed to look for new orders %s times in a row: %s", failures, error)
                pause = max(self.poll_interval * min(2**failures, 16), error.retry_after or 0.0)
            else:
                if seen.found is not None:
                    return {"status": "found", "found": seen.found}
                if seen.over:
                    return {"status": "over"}
                failures = 0
                pause = self.poll_interval
            await asyncio.sleep(pause * random.uniform(0.9, 1.1))  # noqa: S311 - jitter, not a secret

    def _wanted(self) -> NewOrders:
        from oro_provider.extract.new_orders import NewOrders

        return NewOrders(
            since=_moment(self.since),
            until=_moment(self.until) if self.until else None,
            filters=self.filters,
            min_orders=self.min_orders,
            max_ids=self.max_ids,
        )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(timezone.utc)
