"""A load under way, from records to its journal: rows in chunks, each resolved, planned and applied before the next is read.

Rows that name a record of their own kind which is not there yet (a kit's products, a customer's parent) are held back
until the others are in; a wave of them that brings nothing in is refused.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from oro_provider.load.apply import Applier, ApplyOptions
from oro_provider.load.journal import Journal
from oro_provider.load.outcome import Chunk
from oro_provider.load.plan import Planner, PlanOptions
from oro_provider.load.repeats import Repeats
from oro_provider.load.rows import Reject, Row, read_rows, row_or_reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.entities.model import Entity
    from oro_provider.load.shares import Share

CHUNK_ROWS = 2000

Repeated = Literal["error", "last"]


@dataclass(frozen=True, slots=True)
class Load:
    """What to load: records of an entity, ids that were resolved before, and where refused rows go (a path or None).

    results: path of a file with a line for each row. work: folder of the journal; None keeps none. resume: go on where
    the journal stands, instead of beginning afresh. repeated: a row that repeats the key of an earlier one is refused, or
    the last one wins. dry_run: write nothing, say what would be. share: which of the records are this load's, None for all.
    """

    entity: Entity
    records: Iterable[Any]
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rejects: Any = None
    results: Any = None
    work: Any = None
    resume: bool = True
    repeated: Repeated = "error"
    dry_run: bool = False
    share: Share | None = None
    plan: PlanOptions = field(default_factory=PlanOptions)
    apply: ApplyOptions = field(default_factory=ApplyOptions)


class Run:
    """One load under way. `running` names the operations that are at work in the store."""

    def __init__(self, client: AsyncOroClient, spec: Load) -> None:
        options = replace(spec.plan, writes=False) if spec.dry_run else spec.plan
        self._client = client
        self._spec = spec
        self._planner = Planner(client, spec.entity, spec.lookups, options)
        self.journal = Journal(spec.work)
        self._applier = Applier(client, self._planner, self.journal, spec.apply)
        self._started = time.monotonic()
        self._requests = client.requests

    @property
    def running(self) -> list[str]:
        """The operations that are at work in the store."""
        return self._applier.running

    @property
    def operation(self) -> str | None:
        """The last operation that was waited for, None where nothing was written by one."""
        return self._applier.watched

    async def go(self) -> None:
        """Do what is not done yet; the journal then holds what came of every row."""
        journal = self.journal
        if journal.begun and not self._spec.resume:
            # The rows may be others now; what is still at work in the store has to end before they are looked at.
            await self._applier.resume({}, Chunk())
            journal.forget()
        try:
            await self._waves()
        finally:
            self._count()
            if journal.state.pending:
                journal.save()  # what was asked so far counts, also where another process goes on

    async def _waves(self) -> None:
        state = self.journal.state
        before: int | None = None
        while True:
            await self._wave()
            if state.held == 0 or state.last:
                return
            # Everything that was held back in this wave has its turn in the next; without progress, its last one.
            state.last = before is not None and state.held >= before
            before = state.held
            state.wave, state.rows, state.held = state.wave + 1, 0, 0
            self.journal.save()
            await self._planner.refresh_references()

    async def _wave(self) -> None:
        repeats = Repeats() if self._spec.repeated == "error" else None
        try:
            rows = self._rows()
            done = 0
            while chunk_rows := list(islice(rows, CHUNK_ROWS)):
                kept = [self._repeat(repeats, one) for one in chunk_rows]
                done += len(chunk_rows)
                if done > self.journal.state.rows:
                    await self._chunk(kept, hold=not self.journal.state.last)
        finally:
            if repeats is not None:
                repeats.close()

    def _rows(self) -> Iterator[Row | Reject]:
        state = self.journal.state
        spec = self._spec
        if state.wave == 0:
            yield from spec.share.rows(spec.records) if spec.share else read_rows(spec.entity, spec.records)
            return
        for number, record in self.journal.lines(f"held-{state.wave - 1}"):
            yield row_or_reject(spec.entity, number, record)

    def _repeat(self, repeats: Repeats | None, one: Row | Reject) -> Row | Reject:
        if repeats is None or isinstance(one, Reject):
            return one
        first = repeats.first(one.key, one.number)
        if first == one.number:
            return one
        entity = self._spec.entity
        return one.rejected(f"repeats the {', '.join(entity.key)} of row {first}", entity.key[0])

    async def _chunk(self, rows: Sequence[Row | Reject], *, hold: bool) -> None:
        chunk = Chunk.begun(self.journal)
        good: dict[tuple[str, ...], Row] = {}
        for one in rows:
            if isinstance(one, Reject):
                chunk.reject(one)
                continue
            before = good.pop(one.key, None)
            if before is not None:
                chunk.done(before.number, "unchanged", None, {"superseded": one.number})
            good[one.key] = one
        by_number = {row.number: row for row in good.values()}
        if self.journal.state.pending:
            await self._applier.resume(by_number, chunk)
        todo = [row for number, row in by_number.items() if number not in chunk.results and number not in chunk.rejects]
        # The last of repeated rows may be in another chunk than the one that made its record.
        fresh = self._spec.repeated == "last"
        plan = await self._planner.plan(todo, hold=hold, fresh=fresh) if todo else None
        if plan is not None:
            for reject in plan.rejects:
                chunk.reject(reject)
            chunk.held = plan.held
            if self._spec.dry_run:
                await self._applier.rehearse(plan.actions, chunk)
            else:
                await self._applier.apply(plan.actions, chunk)
        self._settle(chunk, rows, by_number)
        self._count()
        chunk.enter(self.journal, len(rows), keep_results=self._spec.results is not None)

    def _settle(self, chunk: Chunk, rows: Sequence[Row | Reject], by_number: Mapping[int, Row]) -> None:
        """Every row has come to something: the sum of an outcome is the number of rows."""
        if self.journal.state.wave == 0:
            self.journal.state.read += len(rows)
        held = {row.number for row in chunk.held}
        for number in by_number:
            if number in chunk.rejects:
                chunk.results.pop(number, None)
            elif number not in chunk.results and number not in held:
                raise RuntimeError(f"row {number} of {self._spec.entity.type} came to nothing; please report this")

    def _count(self) -> None:
        state = self.journal.state
        now = time.monotonic()
        state.requests += self._client.requests - self._requests
        state.seconds += now - self._started
        self._requests, self._started = self._client.requests, now
