"""The trigger that watches operations of a store on behalf of a deferred load. It only reads."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

STATUSES = frozenset({"ended", "overdue", "error"})


class OroCommerceOperationsTrigger(BaseTrigger):
    """Looks at operations every `poll_interval` seconds until all have ended, or `deadline` seconds are over.

    Fires one event: `{"status": "ended", "ids": [...]}`, `{"status": "overdue", "ids": [...]}` with those that have not ended,
    or `{"status": "error", "ids": [...], "message": ..., "permanent": ...}`. A store that fails for a while is waited for.
    """

    def __init__(
        self,
        *,
        orocommerce_conn_id: str,
        ids: Sequence[str],
        deadline: float,
        poll_interval: float,
        until: float | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow has no types there
        self.orocommerce_conn_id = orocommerce_conn_id
        self.ids = list(ids)
        self.deadline = deadline
        self.poll_interval = poll_interval
        # A triggerer that restarts makes the trigger anew; the deadline is that of the first.
        self.until = until if until is not None else time.time() + deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what the trigger is stored as: no token, no secret."""
        return (
            "oro_provider.triggers.operations.OroCommerceOperationsTrigger",
            {
                "orocommerce_conn_id": self.orocommerce_conn_id,
                "ids": self.ids,
                "deadline": self.deadline,
                "poll_interval": self.poll_interval,
                "until": self.until,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the event."""
        from oro_provider.api.errors import OroCommerceError
        from oro_provider.triggers.polling import loaded_hook

        try:
            hook = await loaded_hook(self.orocommerce_conn_id)
            async with hook.async_client as client:
                yield TriggerEvent(await self._watch(client))
        except (OroCommerceError, ValueError) as error:
            permanent = error.permanent if isinstance(error, OroCommerceError) else True
            yield TriggerEvent({"status": "error", "ids": self.ids, "message": str(error), "permanent": permanent})

    async def _watch(self, client: Any) -> dict[str, Any]:
        from oro_provider.api.errors import OroCommerceError
        from oro_provider.load.operations import Operations

        operations = Operations(client, "", deadline=self.deadline, poll=self.poll_interval)
        waiting = list(self.ids)
        while True:
            try:
                seen = [await operations.look(id_) for id_ in waiting]
                waiting = [id_ for id_, one in zip(waiting, seen, strict=True) if one is not None and not one.finished]
            except OroCommerceError as error:
                if error.permanent:
                    raise
                self.log.warning("Failed to look at operations %s: %s", ", ".join(waiting), error)
            if not waiting:
                return {"status": "ended", "ids": self.ids}
            if time.time() >= self.until:
                return {"status": "overdue", "ids": waiting}
            pause = min(self.poll_interval * random.uniform(0.9, 1.1), max(self.until - time.time(), 0.1))  # noqa: S311
            await asyncio.sleep(pause)


def validated(event: Any) -> dict[str, Any]:
    """Return the event of this trigger; raise `ValueError` for anything else, which a broken triggerer may send."""
    if not isinstance(event, dict) or event.get("status") not in STATUSES:
        raise ValueError(f"the trigger sent no event of its own but {type(event).__name__}")
    return {"ids": [], "message": "", "permanent": False, **event}
