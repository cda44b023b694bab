"""Taking records out of a store by their business key. What is not there is fine; how many may go is limited.

Products are discontinued and disabled instead, unless deletion is asked for: a deleted product takes its prices along and
leaves order lines without a product (5.1 to 7.0).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from oro_provider.api.errors import NotFound, ServerError
from oro_provider.api.query import Query
from oro_provider.entities import CODE_IDS
from oro_provider.load.apply import MOST_FAILURES, REFUSALS, failed_at, of_every_record
from oro_provider.load.load import load
from oro_provider.load.outcome import reject_line
from oro_provider.load.plan import Planner, PlanOptions
from oro_provider.load.refusals import Refusals
from oro_provider.load.rows import Reject, Row, is_resource_object, read_rows
from oro_provider.load.run import Load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.errors import InvalidRequest, PermissionDenied
    from oro_provider.entities.model import Entity

CHUNK_ROWS = 1000
# A store deletes 100 records a call at most (5.1 to 7.0).
CALL = 100


class Deleted(TypedDict):
    """What a deletion did, as plain JSON. Counts are rows: `read` is the sum of `deleted`, `retired`, `absent` and `rejected`.

    `retired` are those that were switched off instead of deleted.
    """

    entity: str
    read: int
    deleted: int
    retired: int
    absent: int
    rejected: int
    rejects: str | None
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Deletion:
    """What to delete. `most`: more records than this are not deleted at all. `hard`: delete also what could be switched off."""

    entity: Entity
    records: Iterable[Any]
    most: int
    hard: bool = False
    dry_run: bool = False
    rejects: Any = None


class TooMany(ValueError):
    """More records would go than the task allows."""


@dataclass(slots=True)
class _Tally:
    read: int = 0
    absent: int = 0
    ids: dict[str, Row] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)


async def delete(client: AsyncOroClient, spec: Deletion) -> tuple[Deleted, list[Reject]]:
    """Delete what `spec` says; raise `TooMany` before anything is done where that is more than it allows."""
    tally = await _find(client, spec)
    if len(tally.ids) > spec.most:
        raise TooMany(
            f"{len(tally.ids)} records of {spec.entity.type} would go, and {spec.most} at most may: nothing was done. "
            "Raise max_deletes if that is right."
        )
    retire = bool(spec.entity.retire) and not spec.hard
    done = 0
    if spec.dry_run:
        done = len(tally.ids)
    elif retire:
        done = await _retire(client, spec, tally)
    else:
        done = await _delete(client, spec.entity, tally)
    rejects = sorted(tally.rejects, key=lambda reject: reject.row)
    path = None
    if spec.rejects is not None and not rejects:
        spec.rejects.unlink(missing_ok=True)  # of a deletion before, which nobody should send again
    elif spec.rejects is not None:
        spec.rejects.parent.mkdir(parents=True, exist_ok=True)
        spec.rejects.write_bytes(msgspec.json.Encoder().encode_lines([reject_line(one) for one in rejects]))
        path = str(spec.rejects)
    return Deleted(
        entity=spec.entity.type,
        read=tally.read,
        deleted=0 if retire else done,
        retired=done if retire else 0,
        absent=tally.absent,
        rejected=len(rejects),
        rejects=path,
        dry_run=spec.dry_run,
    ), rejects


async def _find(client: AsyncOroClient, spec: Deletion) -> _Tally:
    """Find the records before any is deleted, so that the limit holds for all of them."""
    planner = Planner(client, spec.entity, None, PlanOptions(writes=False, sole=True))
    refusals = Refusals(client, planner)
    tally = _Tally()
    rows = read_rows(spec.entity, _keys_only(spec.entity, spec.records))
    while chunk := list(islice(rows, CHUNK_ROWS)):
        tally.read += len(chunk)
        tally.rejects += [one for one in chunk if isinstance(one, Reject)]
        plan = await planner.plan([one for one in chunk if isinstance(one, Row)])
        for reject in plan.rejects:
            if reject.row in plan.absent:
                tally.absent += 1
            else:
                tally.rejects.append(reject)
        for action in plan.actions:
            if action.id is None:
                other = await refusals.in_another_case(action.row)
                tally.absent += other is None
                tally.rejects += [other] if other is not None else []
            elif action.id in tally.ids:
                tally.rejects.append(action.row.rejected(f"names the record of row {tally.ids[action.id].number}"))
            else:
                tally.ids[action.id] = action.row
    return tally


def _keys_only(entity: Entity, records: Iterable[Any]) -> Iterator[Any]:
    """Yield the keys of rows; whatever else they say does not matter to a deletion."""
    scopes = {reference.scope for reference in entity.references.values() if reference.scope}
    for record in records:
        if isinstance(record, str) and len(entity.key) == 1:
            yield {entity.key[0]: record}
        elif isinstance(record, dict) and is_resource_object(record):
            yield _object_key(entity, record)
        elif isinstance(record, dict):
            yield {name: value for name, value in record.items() if name in entity.key or name in scopes}
        else:
            yield record


def _object_key(entity: Entity, record: dict[str, Any]) -> dict[str, Any]:
    """Return what of a resource object tells its record: a resource object of the same type."""
    names = {
        "attributes": {entity.attribute(name) for name in entity.key},
        "relationships": {entity.references[name].relationship for name in entity.key if name in entity.references},
    }
    kept = {
        member: {name: value for name, value in record[member].items() if name in names[member]}
        for member in names
        if isinstance(record.get(member), dict)
    }
    return {"type": record["type"], "attributes": {}, **kept}


def _retired(entity: Entity, row: Row) -> dict[str, Any]:
    """Return the row that switches a record off instead of deleting it."""
    if not is_resource_object(row.values):
        return {**row.values, **entity.retire}
    # A reference in the key would be an id here, which no row names: such a row is refused.
    attributes = row.values["attributes"]
    return {**{name: attributes.get(entity.attribute(name)) for name in entity.key}, **entity.retire}


async def _retire(client: AsyncOroClient, spec: Deletion, tally: _Tally) -> int:
    entity = spec.entity
    rows = list(tally.ids.values())
    outcome, rejects = await load(client, Load(entity, [_retired(entity, row) for row in rows]))
    for reject in rejects:
        tally.rejects.append(rows[reject.row - 1].rejected(reject.reason, reject.field, reject.pointer))
    return outcome["updated"] + outcome["unchanged"]


async def _delete(client: AsyncOroClient, entity: Entity, tally: _Tally) -> int:
    ids = list(tally.ids)
    singly: list[str] = []
    if entity.type in CODE_IDS:
        singly = ids
    else:
        for start in range(0, len(ids), CALL):
            some = ids[start : start + CALL]
            try:
                gone = await client.perform(client.calls.delete_list(entity.type, Query(filters={"id": some})))
            except (*REFUSALS, ServerError) as error:
                if not _of_one(error):
                    raise
                gone = 0
            if gone < len(some):
                singly += some  # one of them is gone, or not to be deleted: which one shows when each goes alone
    before = len(tally.rejects)
    await _singly(client, entity, singly, tally)
    return len(ids) - (len(tally.rejects) - before)


async def _singly(client: AsyncOroClient, entity: Entity, ids: Sequence[str], tally: _Tally) -> None:
    slots = asyncio.Semaphore(client.settings.max_connections)

    failures = 0

    async def one(id_: str) -> None:
        nonlocal failures
        async with slots:
            try:
                await client.delete(entity.type, id_)
            except NotFound:
                return  # gone already
            except (*REFUSALS, ServerError) as error:
                failed = isinstance(error, ServerError)
                failures += failed
                if not _of_one(error) or failures >= MOST_FAILURES:
                    raise
                said = "; ".join(map(str, error.errors)) or str(error)
                reason = f"the store fails at it each time: {said}" if failed else said
                tally.rejects.append(tally.ids[id_].rejected(reason))

    await asyncio.gather(*map(one, ids))


def _of_one(error: InvalidRequest | NotFound | PermissionDenied | ServerError) -> bool:
    """Whether an error may be about one of the records, which the others do not share."""
    return failed_at(error) if isinstance(error, ServerError) else not of_every_record(error)
