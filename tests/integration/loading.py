"""Loading rows into the store of the suite."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.entities import entities_of
from oro_provider.load.load import Runs
from oro_provider.load.plan import PlanOptions
from oro_provider.load.run import Load
from oro_provider.load.shares import shares

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oro_provider.entities.model import Entity
    from oro_provider.load.outcome import Outcome
    from oro_provider.load.rows import Reject


def run_load(
    store: Any,
    entity: str | Entity,
    rows: Iterable[Any],
    *,
    missing: Any = None,
    remove_units: bool = False,
    **more: Any,
) -> tuple[Outcome, list[Reject]]:
    """Load rows of an entity or a group of entities; `more` are columns of `Load`."""
    plan = PlanOptions(missing=missing or {}, remove_units=remove_units)
    entities = entities_of(entity)
    specs = [
        Load(one, rows, plan=plan, share=share, **more) for one, share in zip(entities, shares(entities), strict=True)
    ]

    async def run() -> tuple[Outcome, list[Reject]]:
        async with AsyncOroClient(store.settings) as client:
            return await Runs(client, specs, str(entity)).to_the_end()

    return asyncio.run(run())


def counts(outcome: Outcome) -> tuple[int, int, int, int]:
    """Return created, updated, unchanged, rejected."""
    return outcome["created"], outcome["updated"], outcome["unchanged"], outcome["rejected"]
