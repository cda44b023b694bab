"""A load, from records to an outcome: rows in chunks, each resolved, planned and applied before the next is read."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from oro_provider.load.apply import Applier
from oro_provider.load.outcome import Outcome, write_rejects
from oro_provider.load.plan import Planner
from oro_provider.load.rows import Reject, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.entities.model import Entity
    from oro_provider.load.rows import Row

CHUNK_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Load:
    """What to load: records of an entity, ids that were resolved before, and where refused rows go (a path or None).

    `lost_answer_wait` and `operation_deadline` in seconds, as `oro_provider.load.apply.Applier` has them.
    """

    entity: Entity
    records: Iterable[Any]
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rejects: Any = None
    lost_answer_wait: float = 10.0
    operation_deadline: float = 1800.0


async def load(client: AsyncOroClient, spec: Load) -> tuple[Outcome, list[Reject]]:
    """Load what `spec` says; return the outcome and the rows that were refused, in the order of the input."""
    started = time.monotonic()
    before = client.requests
    rows = Rows(spec.entity, spec.records)
    planner = Planner(client, spec.entity, spec.lookups)
    applier = Applier(
        client, planner, lost_answer_wait=spec.lost_answer_wait, operation_deadline=spec.operation_deadline
    )
    rejects: list[Reject] = []
    for chunk in _chunks(iter(rows)):
        plan = await planner.plan(chunk)
        rejects.extend(plan.rejects)
        await applier.apply(plan.actions)
    rejects.extend((*rows.rejects, *applier.applied.rejects))
    rejects.sort(key=lambda reject: reject.row)
    applied = applier.applied
    outcome = Outcome(
        entity=spec.entity.type,
        read=rows.read,
        created=applied.created,
        updated=applied.updated,
        unchanged=applied.unchanged,
        rejected=len(rejects),
        rejects=write_rejects(spec.rejects, rejects) if rejects and spec.rejects is not None else None,
        requests=client.requests - before,
        seconds=round(time.monotonic() - started, 3),
    )
    return outcome, rejects


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield chunk
