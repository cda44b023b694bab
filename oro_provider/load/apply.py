"""Applying a plan: batches where the resource has them, single calls side by side where it has not.

A batch asks for the answer at once (`X-Mode: sync`) within the store's limits, beyond which it is a failed operation that
vanishes (6.1). It is all or nothing: the rows that the store points at are refused and the others are sent again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oro_provider.api.documents import decode, encode
from oro_provider.api.errors import (
    ErrorObject,
    InvalidRequest,
    NotFound,
    OroCommerceError,
    OutcomeUnknown,
    PermissionDenied,
)
from oro_provider.api.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.documents import Resource
    from oro_provider.api.exchange import Response
    from oro_provider.entities.model import Entity
    from oro_provider.load.plan import Action, Planner
    from oro_provider.load.rows import Reject

# What a store takes in one synchronous batch (6.0.4 and later), and what nginx lets through by default.
BATCH_RECORDS = 100
BATCH_INCLUDED = 50
BATCH_BYTES = 900_000

# Refusals of one record; anything else is about the connection, not about a row.
REFUSALS = (InvalidRequest, NotFound, PermissionDenied)


class BatchNotDone(OroCommerceError):
    """An operation that the store took and did not finish: no consumer runs, or it failed as a whole."""

    permanent = False


@dataclass(slots=True)
class Applied:
    """What was done, in rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)

    def done(self, action: Action) -> None:
        """Count an action that the store carried out."""
        match action.verb:
            case "create":
                self.created += 1
            case "update":
                self.updated += 1
            case "unchanged":
                self.unchanged += 1


class Applier:
    """Carries out the actions of one entity.

    `operation_deadline`: seconds after which an operation that does not end is given up; a store may be busy for tens of
    minutes. `lost_answer_wait`: seconds to wait before a write whose answer was lost is looked for.
    """

    def __init__(
        self,
        client: AsyncOroClient,
        planner: Planner,
        *,
        operation_deadline: float = 1800.0,
        poll_interval: float = 2.0,
        lost_answer_wait: float = 10.0,
    ) -> None:
        self._client = client
        self._planner = planner
        self._entity = planner.entity
        self._operation_deadline = operation_deadline
        self._poll_interval = poll_interval
        self._lost_answer_wait = lost_answer_wait
        self._spellings: dict[str, tuple[str, str]] | None = None
        self.applied = Applied()

    async def apply(self, actions: Sequence[Action]) -> None:
        """Carry out these actions; what came of them adds up in `applied`."""
        writes = []
        for action in actions:
            if action.verb == "unchanged":
                self.applied.done(action)
            else:
                writes.append(action)
        if self._entity.batch:
            for batch in batches(writes):
                await self._batch(batch)
        else:
            await self._singly(writes)

    async def _batch(self, batch: Sequence[Action]) -> None:
        data = [_batch_item(action) for action in batch]
        included = [part for action in batch for part in action.included]
        try:
            answer = await self._client.perform(self._client.calls.batch(self._entity.type, data, included))
        except REFUSALS as error:
            if error.status == 413 and len(batch) > 1:
                await self._halves(batch)
            else:
                await self._refused(batch, error.errors or (ErrorObject(error.status or 0, str(error)),))
            return
        if answer.status == 202:
            await self._operation(batch, answer)
            return
        for action in batch:
            self.applied.done(action)

    async def _halves(self, batch: Sequence[Action]) -> None:
        middle = len(batch) // 2
        await self._batch(batch[:middle])
        await self._batch(batch[middle:])

    async def _refused(self, batch: Sequence[Action], errors: Sequence[ErrorObject]) -> None:
        """Nothing of the batch was written: refuse the rows that the errors point at and send the others again."""
        refused = self._by_action(batch, errors)
        if not refused:
            # An error that points at no row (`extra fields constraint` has no source): the row is found by halving.
            if len(batch) > 1:
                await self._halves(batch)
                return
            refused = {0: list(errors)}
        for index, said in refused.items():
            await self._reject(batch[index], said)
        rest = [action for index, action in enumerate(batch) if index not in refused]
        if rest:
            await self._batch(rest)

    def _by_action(self, batch: Sequence[Action], errors: Sequence[ErrorObject]) -> dict[int, list[ErrorObject]]:
        owners = [index for index, action in enumerate(batch) for _ in action.included]
        found: dict[int, list[ErrorObject]] = {}
        for error in errors:
            section, number = _place(error.pointer)
            if section == "data" and number is not None and number < len(batch):
                found.setdefault(number, []).append(error)
            elif section == "included" and number is not None and number < len(owners):
                found.setdefault(owners[number], []).append(error)
        return found

    async def _reject(self, action: Action, errors: Sequence[ErrorObject]) -> None:
        taken = [error for error in errors if error.title == "unique entity constraint" or error.status == 409]
        if action.verb == "create" and taken:
            other = await self._taken(action)
            if other is not None:
                self.applied.rejects.append(other)
                return
            if await self._found_again(action):
                return
        reason = "; ".join(f"{error.title}: {error.detail}" if error.detail else error.title for error in errors)
        pointer = errors[0].pointer
        self.applied.rejects.append(
            action.row.rejected(reason, row_field(self._entity, action.row.values, pointer), pointer)
        )

    async def _taken(self, action: Action) -> Reject | None:
        """The key is taken: perhaps in another case, which the store's filter does not find but its unique key does.

        No filter ignores case and a search is late, so the keys of all records are read, once for a load.
        """
        key = action.row.key[0]
        attribute = self._entity.attribute(self._entity.key[0])
        if self._spellings is None:
            self._spellings = {}
            query = Query(fields={self._entity.type: [attribute]}, size=5000)
            async for page in self._client.pages(self._entity.type, query):
                for record in page.resources:
                    spelled = str(record.attributes[attribute])
                    self._spellings[spelled.casefold()] = (spelled, record.id)
        spelled, id_ = self._spellings.get(key.casefold(), (key, ""))
        if spelled == key:
            return None
        reason = f"is {spelled!r} in the store (id {id_}), which takes the two for the same"
        return action.row.rejected(reason, self._entity.key[0])

    async def _found_again(self, action: Action) -> bool:
        """The record was made meanwhile, by a batch whose answer was lost or by another task: plan the row once more."""
        plan = await self._planner.plan([action.row])
        if not plan.actions or plan.actions[0].verb == "create":
            return False
        await self.apply(plan.actions)
        return True

    async def _operation(self, batch: Sequence[Action], answer: Response) -> None:
        """The store took the batch and works on it later: watch it to its end, for it will be executed."""
        operation = decode(answer)["data"]
        deadline = asyncio.get_running_loop().time() + self._operation_deadline
        while operation["attributes"]["status"] in {"new", "running"}:
            if asyncio.get_running_loop().time() > deadline:
                raise BatchNotDone(
                    f"operation {operation['id']} of {self._entity.type} is still {operation['attributes']['status']!r} after "
                    f"{self._operation_deadline:g} s. Does a message-queue consumer run (`oro:message-queue:consume`)?"
                )
            await asyncio.sleep(self._poll_interval)
            record = await self._client.get("asyncoperations", operation["id"])
            operation = {"id": record.resource.id, "attributes": dict(record.resource.attributes)}
        errors = await self._operation_errors(operation["id"])
        summary = operation["attributes"].get("summary") or {}
        refused = self._by_action(batch, errors)
        if operation["attributes"]["status"] != "success" or (errors and not refused) or not summary.get("readCount"):
            said = "; ".join(map(str, errors[:5])) or "without a word why"
            raise BatchNotDone(f"operation {operation['id']} of {self._entity.type} did not do its work: {said}.")
        for index, action in enumerate(batch):
            if index in refused:
                await self._reject(action, refused[index])
            else:
                self.applied.done(action)

    async def _operation_errors(self, id_: str) -> list[ErrorObject]:
        # Pages of 100: a size of -1 gives no row and a next link for ever (6.1).
        pages = self._client.pages(f"asyncoperations/{id_}/errors", Query(size=100), order="number")
        return [_error(found) async for page in pages for found in page.resources]

    async def _singly(self, actions: Sequence[Action]) -> None:
        """One call a record: owners side by side, the records of one owner one after another."""
        by_owner: dict[str, list[Action]] = {}
        for action in actions:
            by_owner.setdefault(action.row.key[0].casefold(), []).append(action)
        slots = asyncio.Semaphore(self._client.settings.max_connections)

        async def run(owned: list[Action]) -> None:
            async with slots:
                for action in owned:
                    await self._single(action)

        results = await asyncio.gather(*map(run, by_owner.values()), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _single(self, action: Action) -> None:
        calls = self._client.calls
        call = calls.create if action.verb == "create" else calls.update
        try:
            await self._client.perform(call(action.data, action.included))
        except OutcomeUnknown:
            await self._look_for(action)
        except REFUSALS as error:
            await self._reject(action, error.errors or (ErrorObject(error.status or 0, str(error)),))
        else:
            self.applied.done(action)

    async def _look_for(self, action: Action) -> None:
        """The answer was lost: wait until the store must have finished, then look whether the record is there."""
        await asyncio.sleep(self._lost_answer_wait)
        plan = await self._planner.plan([action.row])
        if plan.actions and plan.actions[0].verb == "create":
            raise OutcomeUnknown(
                f"row {action.row.number}: the answer to its creation was lost, and {self._lost_answer_wait:g} s later the store "
                "does not have it. It is not sent again at once, since the store may still be at it: run the task again."
            )
        self.applied.done(action)


def batches(actions: Sequence[Action]) -> Iterator[list[Action]]:
    """Cut actions into batches that a store takes at once: by records, by included records and by bytes."""
    batch: list[Action] = []
    included = size = 0
    for action in actions:
        bytes_ = len(encode(action.data, action.included))
        full = (
            len(batch) == BATCH_RECORDS
            or included + len(action.included) > BATCH_INCLUDED
            or size + bytes_ > BATCH_BYTES
        )
        if batch and full:
            yield batch
            batch, included, size = [], 0, 0
        batch.append(action)
        included += len(action.included)
        size += bytes_
    if batch:
        yield batch


def row_field(entity: Entity, values: Mapping[str, Any], pointer: str | None) -> str | None:
    """Return the row's field that a pointer of the store is about: `/data/3/relationships/taxCode/data` -> `tax_code`."""
    parts = (pointer or "").split("/")
    for name, reference in entity.references.items():
        if reference.relationship in parts or reference.before_6_1 in parts:
            return name
    for name, localized in entity.localized.items():
        if localized.relationship in parts:
            return name
    for name, unit in entity.units.items():
        if unit.relationship in parts or unit.to_unit in parts:
            return name
    if "attributes" not in parts[:-1]:
        return None
    attribute = parts[parts.index("attributes") + 1]
    if "included" in parts:
        return next(iter(entity.localized), None)
    return next((name for name in values if entity.attribute(str(name)) == attribute), attribute)


def _batch_item(action: Action) -> dict[str, Any]:
    # An item without `meta.update` is a create, even with an id.
    return {**action.data, "meta": {"update": True}} if action.verb == "update" else action.data


def _place(pointer: str | None) -> tuple[str, int | None]:
    parts = (pointer or "").strip("/").split("/")
    number = parts[1] if len(parts) > 1 else ""
    return parts[0], int(number) if number.isdigit() else None


def _error(found: Resource) -> ErrorObject:
    """Return an error of an operation, which is a resource there and whose status is a number."""
    source = found.attributes.get("source")
    return ErrorObject(
        status=int(found.attributes.get("status") or 0),
        title=str(found.attributes.get("title") or "error"),
        detail=str(found.attributes.get("detail") or ""),
        pointer=source.get("pointer") if isinstance(source, dict) else None,
    )
