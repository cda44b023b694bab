"""Asynchronous operations of a store: submitting one, watching it to its end, and finding one whose answer was lost.

There is no list of operations, but their ids are sequential, and an empty batch gives a fence: whatever was submitted
before it has a lower id (6.1). Operations that were answered at once leave holes behind.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oro_provider.api.documents import decode, id_number, read_one
from oro_provider.api.errors import NotFound, OroCommerceError, PermissionDenied, UnexpectedAnswer, error_object
from oro_provider.api.query import Query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.documents import JsonObject, Resource
    from oro_provider.api.errors import ErrorObject

UNFINISHED = frozenset({"new", "running"})
# Finished operations in a row after which a walk back has passed everything that may still be at work.
QUIET = 25
FIRST_POLL = 0.1
# A store answers a synchronous batch within 25 s, or says that nobody works on it.
PROBE_SECONDS = 40.0


class BatchNotDone(OroCommerceError):
    """An operation that the store took and did not finish: no consumer runs, or it failed as a whole."""

    permanent = False


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as the store shows it; the counts are of records, but `errors` counts errors."""

    id: str
    status: str
    entity_type: str = ""
    read: int = 0
    written: int = 0
    errors: int = 0

    @property
    def finished(self) -> bool:
        return self.status not in UNFINISHED


class Operations:
    """The operations of one resource. Times are seconds; `deadline` is for one operation, from the moment it is watched."""

    def __init__(self, client: AsyncOroClient, type_: str, *, deadline: float, poll: float) -> None:
        self._client = client
        self._type = type_
        self._deadline = deadline
        self._poll = poll

    async def submit(self, data: list[JsonObject], included: Sequence[JsonObject] = ()) -> str:
        """Submit a batch and return its operation's id. A lost answer is `OutcomeUnknown`."""
        call = self._client.calls.batch(self._type, data, included, mode=None)
        return read_one(decode(await self._client.perform(call))).id

    async def fence(self) -> int:
        """Return an id above those of all operations that were submitted before."""
        return id_number("asyncoperations", await self.submit([]))

    async def look(self, id_: str) -> Operation | None:
        """Return an operation, or None where it is not there (any more) or not ours."""
        try:
            return _operation((await self._client.get("asyncoperations", id_)).resource)
        except (NotFound, PermissionDenied):
            return None

    async def wait(self, ids: Sequence[str], patience: float | None = None) -> dict[str, Operation] | None:
        """Return these operations when they have ended, or None where that takes longer than `patience` seconds.

        Raise `BatchNotDone` at the deadline, having asked the store why.
        """
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._deadline
        leave = loop.time() + patience if patience is not None else None
        ended: dict[str, Operation] = {}
        pause = min(FIRST_POLL, self._poll)
        while True:
            for id_ in ids:
                if id_ not in ended:
                    operation = await self.look(id_) or Operation(id_, "gone")
                    if operation.finished:
                        ended[id_] = operation
            if len(ended) == len(ids):
                return ended
            if loop.time() >= give_up:
                raise await self._overdue([id_ for id_ in ids if id_ not in ended])
            if leave is not None and loop.time() >= leave:
                return None
            await asyncio.sleep(min(pause, max(give_up - loop.time(), 0.01)))
            pause = min(pause * 1.5, self._poll)

    async def errors(self, id_: str) -> list[ErrorObject]:
        """Return an operation's errors."""
        # Pages of 100: a size of -1 gives no row and a next link for ever (6.1).
        pages = self._client.pages(f"asyncoperations/{id_}/errors", Query(size=100), order="number")
        return [error_object(found.attributes) async for page in pages for found in page.resources]

    async def settle(self, since: int | None) -> None:
        """Wait until every operation of this resource that was submitted after `since` has ended.

        For a submission whose answer was lost: it may be any of them, and until they have ended "absent" proves nothing.
        Without `since`, back until there was nothing but finished ones for a while.
        """
        fence = await self.fence()
        waiting: list[str] = []
        quiet = 0
        for number in range(fence - 1, since if since is not None else 0, -1):
            operation = await self.look(str(number))
            if operation is None or operation.finished:
                quiet += 1
                if since is None and quiet >= QUIET:
                    break
                continue
            quiet = 0
            if operation.entity_type in {"", self._type}:
                waiting.append(str(number))
        if waiting:
            await self.wait(waiting)

    async def _overdue(self, ids: Sequence[str]) -> BatchNotDone:
        named = ", ".join(ids)
        busy = await self._is_worked_on()
        if busy is None:
            why = "Whether a consumer runs could not be found out."
        elif busy:
            why = "A message-queue consumer runs, so the store is only busy: raise the deadline, or load when it has less to do."
        else:
            why = "No message-queue consumer runs in the store: start one (`oro:message-queue:consume`)."
        return BatchNotDone(
            f"Operations of {self._type} ({named}) have not ended after {self._deadline:g} s. {why} They are not sent again: "
            "a retry of the task waits for them."
        )

    async def _is_worked_on(self) -> bool | None:
        """Whether a consumer runs: a synchronous no-op is answered at once by a busy store, and by 202 where none does."""
        page = await self._client.perform(
            self._client.calls.page("customers", Query(fields={"customers": ["name"]}, size=1))
        )
        data: list[dict[str, Any]] = [
            # An unchanged name moves nothing, not even the date of a customer (6.1.9).
            {
                "type": "customers",
                "id": one.id,
                "meta": {"update": True},
                "attributes": {"name": one.attributes["name"]},
            }
            for one in page.resources
        ]
        try:
            call = self._client.calls.batch("customers", data)
            answer = await asyncio.wait_for(self._client.perform(call), PROBE_SECONDS)
        except (OroCommerceError, asyncio.TimeoutError):
            return None
        return answer.status == 200


def _operation(found: Resource) -> Operation:
    summary = found.attributes.get("summary")
    summary = summary if isinstance(summary, dict) else {}
    return Operation(
        found.id,
        str(found.attributes.get("status")),
        str(found.attributes.get("entityType") or ""),
        _count(summary, "readCount"),
        _count(summary, "writeCount"),
        _count(summary, "errorCount"),
    )


def _count(summary: JsonObject, name: str) -> int:
    found = summary.get(name) or 0
    if not isinstance(found, int) or found < 0:
        raise UnexpectedAnswer(f"The store answered an operation whose {name} is no count.")
    return found
