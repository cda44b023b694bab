"""Loading rows into the store of the suite."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.entities import entity_of
from oro_provider.load.load import load
from oro_provider.load.plan import PlanOptions
from oro_provider.load.run import Load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oro_provider.load.outcome import Outcome
    from oro_provider.load.rows import Reject


def run_load(
    store: Any, entity: str, rows: Iterable[Any], *, missing: Any = None, remove_units: bool = False, **more: Any
) -> tuple[Outcome, list[Reject]]:
    """Load rows of an entity; `more` are columns of `Load`."""
    plan = PlanOptions(missing=missing or {}, remove_units=remove_units)
    spec = Load(entity_of(entity), rows, plan=plan, **more)

    async def run() -> tuple[Outcome, list[Reject]]:
        async with AsyncOroClient(store.settings) as client:
            return await load(client, spec)

    return asyncio.run(run())


def counts(outcome: Outcome) -> tuple[int, int, int, int]:
    """Return created, updated, unchanged, rejected."""
    return outcome["created"], outcome["updated"], outcome["unchanged"], outcome["rejected"]
