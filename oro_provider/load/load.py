"""A load to its outcome; and the loads of one task, one for each resource that its rows belong to, which add up to one.

Each keeps its journal until all have ended, so that a task that is killed in the last one still counts the first.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from oro_provider.load.journal import write_all
from oro_provider.load.outcome import Outcome, read_reject
from oro_provider.load.run import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.load.rows import Reject
    from oro_provider.load.run import Load


# Refusals that are kept for messages; all of them are in the file.
REJECTS_KEPT = 1000


async def load(client: AsyncOroClient, spec: Load) -> tuple[Outcome, list[Reject]]:
    """Load what `spec` says; return the outcome and the first refused rows, in the order in which they were refused.

    Raise `WaitingForOperations` where `spec.apply.patience` is over: call again with the same `spec` when they have ended.
    """
    return await Runs(client, [spec], spec.entity.type).to_the_end()


class Runs:
    """The loads of one task under way, one after another. `running` names the operations that are at work in the store, `operation` the
    last one that was waited for.
    """

    def __init__(self, client: AsyncOroClient, specs: Sequence[Load], entity: str) -> None:
        self._client = client
        self._specs = specs
        self._entity = entity
        self._runs: list[Run] = []

    @property
    def running(self) -> list[str]:
        """The operations that are at work in the store."""
        return [id_ for run in self._runs for id_ in run.running]

    @property
    def operation(self) -> str | None:
        """The last operation that was waited for, None where nothing was written by one."""
        return next((run.operation for run in reversed(self._runs) if run.operation is not None), None)

    async def to_the_end(self) -> tuple[Outcome, list[Reject]]:
        """Do what is not done yet; return the outcome and the first refused rows."""
        for spec in self._specs:
            self._runs.append(Run(self._client, spec))
            await self._runs[-1].go()
        outcome, rejects = self._outcome()
        for run in self._runs:
            run.journal.close()
        return outcome, rejects

    def _outcome(self) -> tuple[Outcome, list[Reject]]:
        spec = self._specs[0]
        journals = [run.journal for run in self._runs]
        states = [journal.state for journal in journals]
        removed: dict[str, int] = {}
        for state in states:
            removed |= {type_: removed.get(type_, 0) + count for type_, count in state.removed.items()}
        lines = [line for journal in journals for line in islice(journal.lines("rejects"), REJECTS_KEPT)]
        if spec.rejects is not None and not lines:
            spec.rejects.unlink(missing_ok=True)  # of a load before, which nobody should send again
        outcome = Outcome(
            entity=self._entity,
            read=sum(state.read for state in states),
            created=sum(state.created for state in states),
            updated=sum(state.updated for state in states),
            unchanged=sum(state.unchanged for state in states),
            rejected=sum(state.rejected for state in states),
            removed=removed,
            rejects=write_all(journals, "rejects", spec.rejects) if lines and spec.rejects is not None else None,
            results=write_all(journals, "results", spec.results) if spec.results is not None else None,
            requests=sum(state.requests for state in states),
            seconds=round(sum(state.seconds for state in states), 3),
            dry_run=spec.dry_run,
        )
        return outcome, [read_reject(line) for line in lines[:REJECTS_KEPT]]
