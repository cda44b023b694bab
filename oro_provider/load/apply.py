"""Applying a plan by the cheapest safe way: operations for many rows, synchronous batches for few, single calls side by side
where a resource has no batch.

A synchronous batch is all or nothing: the rows that the store points at are refused and the others sent again. An operation
keeps what is good. A write whose answer was lost is looked for before it is sent again, after everything that may still do
it has ended.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from oro_provider.api.documents import decode, read_one, read_page
from oro_provider.api.errors import ErrorObject, InvalidRequest, NotFound, OutcomeUnknown, PermissionDenied, ServerError
from oro_provider.load.batches import ASYNC, SYNC, batch_item, batches, errors_by_place
from oro_provider.load.contents import with_contents
from oro_provider.load.journal import Carried
from oro_provider.load.operations import BatchNotDone, Operations
from oro_provider.load.refusals import Refusals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.exchange import Response
    from oro_provider.load.journal import Journal
    from oro_provider.load.operations import Operation
    from oro_provider.load.outcome import Chunk
    from oro_provider.load.plan import Action, Planner
    from oro_provider.load.rows import Row

Way = Literal["single", "sync", "async"]

# Refusals of one record; anything else is about the connection, not about a row.
REFUSALS = (InvalidRequest, NotFound, PermissionDenied)
TOO_LARGE = 413
NO_METHOD = 405
ROW_TOO_LARGE = (
    "is larger than the web server before the store takes in one request (413): raise its limit (nginx: client_max_body_size), or "
    "give the row less"
)
# A role's missing permission, other than "to the entity", which is about one record such as a closed order (6.1).
NO_ACCESS = "No access to this type of entities"
# So many synchronous batches are quicker than an operation, which waits for its turn in the queue.
FEW_BATCHES = 2
# How often a row whose write was lost or not done is sent again.
ATTEMPTS = 5
# Rows in a row at which the store fails, from which on it is not about the rows.
MOST_FAILURES = 10


class WaitingForOperations(Exception):
    """Operations are at work and entered in the journal: load again with it when they have ended."""

    def __init__(self, type_: str, ids: Sequence[str]) -> None:
        super().__init__(f"operations of {type_} are at work: {', '.join(ids)}")
        self.type = type_
        self.ids = list(ids)


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How to write.

    :param way: how, or None for the cheapest.
    :param operations: how many are in flight; with one consumer a second gains nothing.
    :param operation_deadline: seconds after which an operation that does not end is given up; a store may be busy for tens
        of minutes.
    :param lost_answer_wait: seconds after which a store has surely ended a call whose answer was lost.
    :param patience: seconds to wait for operations before `WaitingForOperations` is raised; None to wait to their end.
    """

    way: Way | None = None
    operations: int = 1
    operation_deadline: float = 1800.0
    poll_interval: float = 2.0
    lost_answer_wait: float = 30.0
    patience: float | None = None


def failed_at(error: OutcomeUnknown | ServerError) -> bool:
    """Whether the store itself answered that it failed at a request; what stands before a store answers in HTML."""
    return error.status == 500 and bool(error.errors)


def of_every_record(error: InvalidRequest | NotFound | PermissionDenied) -> bool:
    """Whether a refusal is about no record of its own: the role lacks the permission, the API has no such method (405), or something
    before the store refuses us."""
    denied = any(NO_ACCESS in said.detail for said in error.errors)
    return denied or error.status == NO_METHOD or (isinstance(error, PermissionDenied) and not error.errors)


def cheapest(batch: bool, writes: int, sync_batches: int) -> Way:
    """Return how to write so many rows that make up so many synchronous batches."""
    if not batch or writes == 0:
        return "single"
    return "sync" if sync_batches <= FEW_BATCHES else "async"


class Applier:
    """Carries out the actions of one entity; what became of each row is entered in a chunk."""

    def __init__(
        self, client: AsyncOroClient, planner: Planner, journal: Journal, options: ApplyOptions | None = None
    ) -> None:
        self.options = options or ApplyOptions()
        self.running: list[str] = []
        self.watched: str | None = None  # the last operation that was waited for
        self._failures = 0
        self._client = client
        self._planner = planner
        self._entity = planner.entity
        self._journal = journal
        self._operations = Operations(
            client,
            self._entity.type,
            deadline=self.options.operation_deadline,
            poll=self.options.poll_interval,
        )
        self._refusals = Refusals(client, planner)

    async def apply(self, actions: Sequence[Action], chunk: Chunk, attempt: int = 1) -> None:
        """Carry out these actions."""
        writes = []
        for action in actions:
            if action.verb == "unchanged":
                chunk.done(action.row.number, "unchanged", action.id)
            else:
                writes.append(action)
                chunk.loses(action.row.number, action.losses)
        if not writes:
            return
        entity = self._entity
        cut = list(batches(writes, SYNC)) if entity.batch else []
        way = self.options.way or cheapest(entity.batch, len(writes), len(cut))
        if not entity.batch or way == "single":
            await self._singly(writes, chunk, attempt)
        elif way == "sync":
            for batch in cut:
                # A row that brings more than a synchronous batch holds would be a failed operation that says nothing (6.1).
                send = self._singly if len(batch[0].included) > (SYNC.included or 0) else self._sync
                await send(batch, chunk, attempt)
        else:
            await self._waves(writes, chunk, attempt)

    async def resume(self, rows: Mapping[int, Row], chunk: Chunk) -> None:
        """Bring the batches that the journal has to their end; what is unknown of them is looked for by the next plan."""
        pending = self._journal.state.pending
        if any(batch.id is None for batch in pending):
            await self._operations.settle(self._journal.state.since)
        known = [batch for batch in pending if batch.id is not None]
        ended = await self._wait([batch.id for batch in known if batch.id is not None]) if known else {}
        again: list[Row] = []
        for batch in known:
            operation = ended[str(batch.id)]
            carried = [one for one in batch.rows if one.row in rows]
            for one in carried:
                chunk.loses(one.row, one.losses)
            if operation.status == "gone" or len(carried) != len(batch.rows):
                continue
            again += await self._ended(operation, [rows[one.row] for one in carried], carried, [], chunk)
        await self._replan(again, chunk, max((batch.attempt for batch in known), default=1))

    async def rehearse(self, actions: Sequence[Action], chunk: Chunk) -> None:
        """Enter what these actions would do; where the store can, it is asked, one record after another, and keeps none.

        Never in a batch, where the flag is ignored and the record is made (6.1.9).
        """
        for action in actions:
            if action.verb != "unchanged" and self._planner.can_rehearse:
                call = self._client.calls.create if action.verb == "create" else self._client.calls.update
                try:
                    included = await with_contents(action.included)
                    await self._client.perform(call({**action.data, "meta": {"validate": True}}, included))
                except REFUSALS as error:
                    errors = error.errors or (ErrorObject(error.status or 0, str(error)),)
                    one = Carried(action.row.number, "rehearsal", len(action.included))
                    await self._refusals.refuse(action.row, one, errors, 0, action, chunk)
                    continue
            chunk.loses(action.row.number, action.losses)
            chunk.done(action.row.number, action.verb, action.id, action.changes)

    # -- operations ----------------------------------------------------------------------------------------------------

    async def _waves(self, writes: Sequence[Action], chunk: Chunk, attempt: int) -> None:
        cut = list(batches(writes, ASYNC))
        size = max(self.options.operations, 1)
        for start in range(0, len(cut), size):
            await self._wave(cut[start : start + size], chunk, attempt)

    async def _wave(self, wave: Sequence[list[Action]], chunk: Chunk, attempt: int) -> None:
        since = self._journal.state.since
        if since is None:
            since = await self._operations.fence()
        chunk.note(self._journal)
        self._journal.submitting([_carried(batch) for batch in wave], since, attempt)
        submitted: dict[str, list[Action]] = {}
        lost: list[Action] = []
        too_large: list[list[Action]] = []
        for place, batch in enumerate(wave):
            data, included = await _body(batch)
            try:
                id_ = await self._operations.submit(data, included)
            except OutcomeUnknown:
                lost += batch
            except InvalidRequest as error:
                # Rows are not looked at yet: anything else is about the whole, such as a permission that is missing.
                if error.status != TOO_LARGE:
                    raise
                too_large.append(batch)
            else:
                submitted[id_] = batch
                self._journal.submitted(place, id_)
        if lost:
            await self._operations.settle(since)
        ended = await self._wait(list(submitted))
        for id_, batch in submitted.items():
            rows = [action.row for action in batch]
            again = await self._ended(ended[id_], rows, _carried(batch), batch, chunk)
            await self._replan(again, chunk, attempt)
        if lost:
            await self._again(lost, chunk, attempt)
        for batch in too_large:
            if len(batch) == 1:
                chunk.reject(batch[0].row.rejected(ROW_TOO_LARGE))
                continue
            middle = len(batch) // 2
            await self._wave([batch[:middle]], chunk, attempt)
            await self._wave([batch[middle:]], chunk, attempt)

    async def _wait(self, ids: Sequence[str]) -> dict[str, Operation]:
        if not ids:
            return {}
        self.running, self.watched = list(ids), ids[-1]
        ended = await self._operations.wait(ids, self.options.patience)
        if ended is None:
            raise WaitingForOperations(self._entity.type, ids)
        self.running = []
        return ended

    async def _ended(
        self,
        operation: Operation,
        rows: Sequence[Row],
        carried: Sequence[Carried],
        actions: Sequence[Action],
        chunk: Chunk,
    ) -> list[Row]:
        """Bring an operation's errors home to its rows; what it says it did has to add up to them.

        Return the rows that have to be planned again.
        """
        whole = operation.status == "success" and operation.read == len(rows)
        spotless = operation.status == "gone" or (whole and operation.errors == 0)
        errors = [] if spotless else await self._operations.errors(operation.id)
        refused = errors_by_place([one.included for one in carried], errors)
        if not whole and not refused and errors:
            said = "; ".join(map(str, errors[:5]))
            raise BatchNotDone(f"operation {operation.id} of {self._entity.type} did not do its work: {said}.")
        sure = whole and operation.written >= len(rows) - len(refused)
        again: list[Row] = []
        doubtful: list[int] = []
        for place, one in enumerate(carried):
            if place in refused:
                action = actions[place] if actions else None
                before = sum(other.included for other in carried[:place])
                if await self._refusals.refuse(rows[place], one, refused[place], before, action, chunk):
                    again.append(rows[place])
            elif not sure or one.included:
                doubtful.append(place)
            else:
                chunk.done(one.row, one.verb, None, actions[place].changes if actions else None)
        if doubtful:
            again += await self._read_back([(rows[place], carried[place]) for place in doubtful], sure, chunk)
        return again

    async def _read_back(self, doubtful: Sequence[tuple[Row, Carried]], sure: bool, chunk: Chunk) -> list[Row]:
        """Look whether rows with nested parts are in the store as they were sent: a batch may drop parts without a word.

        Return those that are not, where the store did not even say that it wrote them.
        """
        verbs = {one.row: one.verb for _, one in doubtful}
        plan = await self._planner.look([row for row, _ in doubtful])
        again: list[Row] = []
        for reject in plan.rejects:
            chunk.reject(reject)
        for action in plan.actions:
            number = action.row.number
            if action.verb == "unchanged":
                chunk.done(number, verbs[number], action.id)
            elif sure:
                fields = ", ".join(sorted(map(str, action.changes))) or "it"
                chunk.reject(
                    action.row.rejected(
                        f"the store took the row without an error and does not keep {fields}: it rewrites the value, or another "
                        "task has changed it"
                    )
                )
            else:
                again.append(action.row)
        return again

    # -- synchronous batches -------------------------------------------------------------------------------------------

    async def _sync(self, batch: Sequence[Action], chunk: Chunk, attempt: int) -> None:
        data, included = await _body(batch)
        try:
            answer = await self._client.perform(self._client.calls.batch(self._entity.type, data, included))
        except OutcomeUnknown as lost:
            await self._operations.settle(None)
            await self._again(batch, chunk, attempt, lost)
        except REFUSALS as error:
            await self._refuse_whole(batch, error, chunk, attempt)
        else:
            self._failures = 0
            if answer.status == 202:
                await self._became_operation(batch, answer, chunk, attempt)
            else:
                ids = [one.id for one in read_page(answer).resources]
                for place, action in enumerate(batch):
                    id_ = ids[place] if len(ids) == len(batch) else action.id
                    chunk.done(action.row.number, action.verb, id_, action.changes)

    async def _became_operation(self, batch: Sequence[Action], answer: Response, chunk: Chunk, attempt: int) -> None:
        """The store took the batch and works on it later: watch it to its end, for it will be executed."""
        id_ = read_one(decode(answer)).id
        chunk.note(self._journal)
        self._journal.submitting([_carried(batch)], None, attempt)
        self._journal.submitted(0, id_)
        ended = await self._wait([id_])
        if ended[id_].status == "failed" and ended[id_].read == 0:
            raise BatchNotDone(f"operation {id_} of {self._entity.type} failed as a whole and does not say why.")
        rows = [action.row for action in batch]
        again = await self._ended(ended[id_], rows, _carried(batch), list(batch), chunk)
        await self._replan(again, chunk, attempt)

    async def _refuse_whole(
        self, batch: Sequence[Action], error: InvalidRequest | NotFound | PermissionDenied, chunk: Chunk, attempt: int
    ) -> None:
        """Nothing of the batch was written: refuse the rows that the errors point at and send the others again."""
        if isinstance(error, PermissionDenied) and not any(said.pointer for said in error.errors):
            raise error  # about the resource or batches, not about a row
        errors = error.errors or (ErrorObject(error.status or 0, str(error)),)
        refused = errors_by_place([len(action.included) for action in batch], errors)
        if not refused or error.status == TOO_LARGE:
            # An error that points at no row (`extra fields constraint` has no source): the row is found by halving.
            if len(batch) > 1:
                middle = len(batch) // 2
                for half in (batch[:middle], batch[middle:]):
                    await self._sync(half, chunk, attempt)
                return
            if error.status == TOO_LARGE:
                chunk.reject(batch[0].row.rejected(ROW_TOO_LARGE))
                return
            refused = {0: list(errors)}
        again: list[Row] = []
        for place, said in refused.items():
            action = batch[place]
            before = sum(len(other.included) for other in batch[:place])
            one = Carried(action.row.number, action.verb, len(action.included))
            if await self._refusals.refuse(action.row, one, said, before, action, chunk):
                again.append(action.row)
        rest = [action for place, action in enumerate(batch) if place not in refused]
        if rest:
            await self._sync(rest, chunk, attempt)
        await self._replan(again, chunk, attempt)

    # -- single calls --------------------------------------------------------------------------------------------------

    async def _singly(self, actions: Sequence[Action], chunk: Chunk, attempt: int) -> None:
        """One call a record: owners side by side, the records of one owner one after another."""
        by_owner: dict[str, list[Action]] = {}
        for action in actions:
            by_owner.setdefault(action.row.key[0].casefold(), []).append(action)
        slots = asyncio.Semaphore(self._client.settings.max_connections)

        async def run(owned: list[Action]) -> None:
            async with slots:
                for action in owned:
                    await self._single(action, chunk, attempt)

        results = await asyncio.gather(*map(run, by_owner.values()), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _single(self, action: Action, chunk: Chunk, attempt: int) -> None:
        calls = self._client.calls
        call = calls.create if action.verb == "create" else calls.update
        try:
            record = await self._client.perform(call(action.data, await with_contents(action.included)))
        except OutcomeUnknown as lost:
            await self._look_for(action, chunk, attempt, lost)
        except ServerError as error:  # of a change, which may be sent again and was
            if not failed_at(error):
                raise
            self._fails(action.row, error, chunk)
        except REFUSALS as error:
            if of_every_record(error):
                raise
            errors = error.errors or (ErrorObject(error.status or 0, str(error)),)
            one = Carried(action.row.number, action.verb, len(action.included))
            if await self._refusals.refuse(action.row, one, errors, 0, action, chunk):
                await self._replan([action.row], chunk, attempt)
        else:
            self._failures = 0
            chunk.done(action.row.number, action.verb, record.resource.id, action.changes)

    async def _look_for(self, action: Action, chunk: Chunk, attempt: int, lost: OutcomeUnknown) -> None:
        """The answer was lost: look until the record is there, or until the store must have ended; then send it again."""
        loop = asyncio.get_running_loop()
        # A store that said that it failed has ended.
        wait = (
            min(2.0 ** (attempt - 1), self.options.lost_answer_wait)
            if failed_at(lost)
            else self.options.lost_answer_wait
        )
        over = loop.time() + wait
        pause = 0.25
        while True:
            plan = await self._planner.look([action.row])
            if not plan.actions or plan.actions[0].verb == "unchanged":
                break
            if loop.time() >= over:
                break
            await asyncio.sleep(min(pause, max(over - loop.time(), 0.01)))
            pause *= 2
        await self._take_up(plan.actions, {action.row.number: action.verb}, chunk, attempt, lost)
        for reject in plan.rejects:
            chunk.reject(reject)

    # -- again ---------------------------------------------------------------------------------------------------------

    async def _again(
        self, actions: Sequence[Action], chunk: Chunk, attempt: int, lost: OutcomeUnknown | None = None
    ) -> None:
        """The answer to these was lost, and everything that may have done them has ended: look, and send what is missing."""
        plan = await self._planner.look([action.row for action in actions])
        for reject in plan.rejects:
            chunk.reject(reject)
        await self._take_up(plan.actions, {action.row.number: action.verb for action in actions}, chunk, attempt, lost)

    async def _take_up(
        self,
        found: Sequence[Action],
        verbs: Mapping[int, str],
        chunk: Chunk,
        attempt: int,
        lost: OutcomeUnknown | None,
    ) -> None:
        missing = []
        for action in found:
            if action.verb == "unchanged":
                chunk.done(action.row.number, verbs[action.row.number], action.id)
            else:
                missing.append(action)
        if not missing:
            return
        if attempt < ATTEMPTS:
            await self.apply(missing, chunk, attempt + 1)
        elif lost is None or not failed_at(lost):
            numbers = ", ".join(str(action.row.number) for action in missing[:10])
            raise OutcomeUnknown(
                f"The answers to writes of {self._entity.type} were lost {attempt} times in a row (rows {numbers}). What was done is "
                "looked for before anything is sent again: run the task again."
            )
        elif len(missing) == 1:
            self._fails(missing[0].row, lost, chunk)
        else:
            for action in missing:  # which of them it is shows when each goes alone
                await self.apply([action], chunk, attempt)

    def _fails(self, row: Row, error: OutcomeUnknown | ServerError, chunk: Chunk) -> None:
        """Refuse a row at which the store fails each time; raise where it fails at so many that it is not about them."""
        self._failures += 1
        if self._failures >= MOST_FAILURES:
            raise error
        chunk.reject(row.rejected(f"the store fails at it each time: {'; '.join(map(str, error.errors))}"))

    async def _replan(self, rows: Sequence[Row], chunk: Chunk, attempt: int) -> None:
        """The store has these already, or did not do them: plan them as it is now."""
        if not rows:
            return
        if attempt >= ATTEMPTS:
            for row in rows:
                chunk.reject(row.rejected("the store neither wrote the row nor said why, several times in a row"))
            return
        plan = await self._planner.look(rows)
        for reject in plan.rejects:
            chunk.reject(reject)
        await self.apply(plan.actions, chunk, attempt + 1)


def _carried(batch: Sequence[Action]) -> list[Carried]:
    return [Carried(one.row.number, one.verb, len(one.included), dict(one.losses)) for one in batch]


async def _body(batch: Sequence[Action]) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    included = await with_contents([part for action in batch for part in action.included])
    return [batch_item(action) for action in batch], included
