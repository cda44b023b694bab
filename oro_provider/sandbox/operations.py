"""The batch API: asynchronous operations that a consumer works off in chunks, and the synchronous mode on top of them."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox.bodies import Item, read_item
from oro_provider.sandbox.dates import text
from oro_provider.sandbox.drafts import Draft, Graph, fill
from oro_provider.sandbox.errors import Problem, RefusedError, not_found, refuse
from oro_provider.sandbox.exchange import Response
from oro_provider.sandbox.query import parse, split_query
from oro_provider.sandbox.upserts import check_upsert

if TYPE_CHECKING:
    from oro_provider.sandbox.clock import Clock
    from oro_provider.sandbox.documents import View
    from oro_provider.sandbox.exchange import Request
    from oro_provider.sandbox.query import Query
    from oro_provider.sandbox.reading import Reader
    from oro_provider.sandbox.writing import Writer, Written

_CHUNK = 100
_SYNC_RECORDS = 100
_SYNC_INCLUDED = 50
_SYNC_WAIT = 25.0
_PARSE = "Failed to parse the data file. Parsing error in [0:0]. Document must start with a named object that has an array as a value."


@dataclass(slots=True)
class Operation:
    """One asynchronous operation and what became of its records."""

    id: int
    resource: str
    created: float
    document: dict[str, Any] | None
    status: str = "new"
    updated: float = 0.0
    progress: float | None = None
    read: int = 0
    written: int = 0
    creates: int = 0
    updates: int = 0
    done: bool = False
    vanishes: float | None = None
    sync: bool = False
    errors: list[dict[str, Any]] = field(default_factory=list)
    places: dict[tuple[Any, Any], int] = field(default_factory=dict)  # included records by type and id
    made: dict[tuple[str, str], Any] = field(default_factory=dict)  # the ids that they got: two items may share one
    results: list[Written] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class Operations:
    """The queue and its consumers. `work` does one chunk; the server calls it between requests."""

    def __init__(self, writer: Writer, reader: Reader, clock: Clock, consumers: int = 1) -> None:
        self.writer = writer
        self.reader = reader
        self.clock = clock
        self.consumers = consumers
        self.delay = 0.0  # seconds that a chunk takes at least
        self._all: dict[int, Operation] = {}
        self._queue: list[Operation] = []
        self._busy_until = 0.0
        self._next = 1

    def expect_id(self, number: int) -> None:
        """Go on from this number with the next operation."""
        if number not in self._all:
            self._next = number

    def pretend(self, number: int, errors: list[dict[str, Any]]) -> None:
        """Let there be a finished operation of this number that had these errors and wrote nothing."""
        now = self.clock.seconds()
        self._all[number] = Operation(number, "customers", now, None, "success", now, 1, done=True, errors=errors)

    def knows(self, number: int) -> bool:
        """Whether there was an operation of this number."""
        return number in self._all

    # -- submitting ----------------------------------------------------------------------------------------------------

    def submit(self, request: Request, resource: str, base: str) -> Response:
        """Answer `PATCH /{resource}`: 202 with an operation, or in the synchronous mode what became of the records."""
        mode = request.header("x-mode")
        facts = self.writer.catalog.facts
        sync = False
        if mode and facts.sync_batch:
            if mode not in {"sync", "async"}:
                detail = 'The accepted values for the "X-Mode" are "sync" or "async".'
                raise refuse(400, "invalid header value exception", detail)
            sync = mode == "sync"
        if not request.body:
            raise refuse(400, "request data constraint", facts.empty_body_detail)
        try:
            document = json.loads(request.body)
        except ValueError:
            document = {"data": []}  # truncated JSON is accepted and ends as a success that read nothing
        operation = self._open(resource, document, sync=sync)
        if not sync:
            return self._accepted(operation, base)
        return self._synchronous(operation, request, base)

    def _open(self, resource: str, document: Any, *, sync: bool) -> Operation:
        now = self.clock.seconds()
        known = isinstance(document, dict) and isinstance(document.get("data"), list)
        operation = Operation(self._next, resource, now, document if known else None, updated=now, sync=sync)
        operation.places = _places(document.get("included", [])) if known else {}
        self._next += 1
        self._all[operation.id] = operation
        self._queue.append(operation)
        return operation

    def _accepted(self, operation: Operation, base: str) -> Response:
        data = self.document(operation.id, base, links=True)
        headers = {"Content-Location": f"{base}/asyncoperations/{operation.id}"}
        return Response(202, json.dumps({"data": data}).encode(), headers=headers)

    def _synchronous(self, operation: Operation, request: Request, base: str) -> Response:
        document = operation.document or {"data": []}
        if len(document["data"]) > _SYNC_RECORDS or len(document.get("included", ())) > _SYNC_INCLUDED:
            # Never the 400 of the documentation: a failed operation whose errors are gone at once, and itself soon after.
            self._queue.remove(operation)
            operation.status, operation.done = "failed", True
            operation.errors = [{}]
            operation.vanishes = self.clock.seconds() + 0.3
            return self._accepted(operation, base)
        if self.consumers == 0:
            # Nobody works the queue: 202 after 25 seconds, and the records are written when a consumer comes.
            response = self._accepted(operation, base)
            response.wait = _SYNC_WAIT
            return response
        self._queue.remove(operation)
        with_flags = parse(split_query(request.query))
        self._run_sync(operation)
        if operation.problems:
            error = RefusedError(*operation.problems)
            raise error
        if not operation.results:
            return Response(200, b"[]")
        flags = request.header("x-include").split(";")
        view = self.reader.view(with_flags, links="noHateoas" not in flags, base=base)
        return Response(200, self._sync_body(operation, with_flags, view, base).encode())

    def _run_sync(self, operation: Operation) -> None:
        document = operation.document or {"data": []}
        try:
            with self.writer.transaction():
                for position, data in enumerate(document["data"]):
                    self._record(operation, document, position, data)
                if operation.problems:
                    raise RefusedError(*operation.problems)
        except RefusedError:
            operation.results.clear()
        finally:
            self.writer.unflushed.clear()
            operation.places.clear()
            operation.made.clear()
        del self._all[operation.id]  # a finished synchronous operation leaves a hole in the numbering
        self._all[operation.id] = Operation(operation.id, operation.resource, operation.created, None, vanishes=0.0)

    def _sync_body(self, operation: Operation, query: Query, view: View, base: str) -> str:
        records, included = [], []
        sent = [data.get("id") for data in (operation.document or {})["data"]]
        for written, given in zip(operation.results, sent, strict=True):
            meta = {written.id: f',"meta":{json.dumps({"dataId": given})}'} if given is not None else {}
            records += self.reader.renderer.render(written.type, [written.id], view, meta)
            included += self._included(written, view)
        body = f'{{"data":[{",".join(records)}]'
        if included:
            body += f',"included":[{",".join(dict.fromkeys(included))}]'
        return body + (f',"links":{json.dumps({"self": f"{base}/{operation.resource}"})}}}' if view.links else "}")

    # -- working -------------------------------------------------------------------------------------------------------

    def work(self) -> bool:
        """Let a consumer do the next chunk, if there is one and the last is over; True when something was done."""
        now = self.clock.seconds()
        if not self._queue or self.consumers == 0 or now < self._busy_until:
            return False
        operation = self._queue[0]
        if operation.status == "new":
            operation.status, operation.updated, operation.progress = "running", now, None
            self._busy_until = now + self.delay
            return True
        self._chunk(operation)
        operation.updated = self.clock.seconds()
        self._busy_until = operation.updated + self.delay
        if operation.done:
            self._queue.pop(0)
        return True

    def _chunk(self, operation: Operation) -> None:
        document = operation.document
        if document is None:
            operation.status, operation.done = "failed", True
            error = {"status": 400, "title": "async operation exception", "detail": _PARSE, "source": None}
            operation.errors.append(_error(f"{operation.id}-0-1", error))
            return
        records = document["data"]
        first = _repeats(document.get("included", [])) if operation.read == 0 else None
        if first is not None:
            detail = f"The item duplicates the item with the index {first}"
            operation.errors.append(_error(f"{operation.id}-0-1", {
                "status": 400, "title": "request data constraint", "detail": detail, "source": None,
            }))  # fmt: skip
            operation.status, operation.progress, operation.done = "success", 1, True
            return
        number = operation.read // _CHUNK + 1
        before = len(operation.errors)
        for position in range(operation.read, min(operation.read + _CHUNK, len(records))):
            self._record(operation, document, position, records[position])
            for problem in operation.problems:
                identifier = f"{operation.id}-{number}-{len(operation.errors) - before + 1}"
                operation.errors.append(_error(identifier, _as_batch(problem)))
            operation.problems.clear()
        self.writer.unflushed.clear()
        operation.read = min(operation.read + _CHUNK, len(records))
        operation.progress = round(operation.read / len(records), 2) if records else 1
        if operation.read >= len(records):
            operation.status, operation.progress, operation.done = "success", 1, True
            operation.document = None
            operation.results.clear()
            operation.places.clear()
            operation.made.clear()

    def _record(self, operation: Operation, document: dict[str, Any], position: int, data: Any) -> None:
        pointer = f"/data/{position}"
        try:
            item = read_item(data, pointer)
            if item.type != operation.resource:
                detail = f'The entity type "{item.type}" is not supported by this batch operation.'
                raise refuse(400, "entity type constraint", detail, pointer=pointer)
            check_upsert(self.writer.catalog, item.type, item, f"{pointer}/meta/upsert")
            written = self._write(operation, item, document.get("included", []))
        except sqlite3.IntegrityError:
            operation.problems.append(Problem(409, "conflict constraint", "The entity already exists.", pointer))
            return
        except RefusedError as error:
            operation.problems += [
                problem if problem.pointer else Problem(problem.status, problem.title, problem.detail, pointer)
                for problem in error.problems
            ]
            return
        self.writer.unflushed.add((written.type, written.id))
        operation.results.append(written)
        operation.written += 1
        operation.creates += written.created
        operation.updates += not written.created

    def _write(self, operation: Operation, item: Item, included: list[Any]) -> Written:
        row = self.writer.catalog.resources[item.type]
        if not (item.update or item.upsert) and "C" not in row.actions:
            raise RefusedError(
                Problem(405, "action not allowed exception", 'The "create" action is not allowed.', item.pointer)
            )
        named = _named(item, included, operation.places)
        wanted = [n for n in named if (included[n].get("type"), included[n].get("id")) not in operation.made]
        with self.writer.transaction():
            graph = Graph(made=operation.made)
            primary = self.writer.draft(item, update=item.update)
            # Included records cannot name the item that names them: its id in the request is unknown to them here.
            pairs = self.writer.include(graph, [read_item(included[n], f"/included/{n}") for n in wanted])
            fill(self.writer.catalog, self.writer.connection, graph, primary, item)
            for draft, one in pairs:
                fill(self.writer.catalog, self.writer.connection, graph, draft, one)
            drafts: list[Draft] = [primary, *(draft for draft, _ in pairs)]
            self.writer.check(drafts)
            self.writer.save(drafts)
        written = self.writer.written(primary, drafts)
        operation.made.update({(kind, name): one for kind, one, name in written.included})
        return written

    # -- showing -------------------------------------------------------------------------------------------------------

    def written_members(self, written: Written, query: Query, view: View) -> str:
        """The members `data` and `included` of a write's answer: the included records carry the ids of the body."""
        data = self.reader.renderer.render(written.type, [written.id], view)
        included = self._included(written, view)
        if query.include:
            shown = self.reader.renderer.included(written.type, [written.id], query.include, view)
            included += [text for text in shown if text not in included]
        return f'"data":{data[0]}' + (f',"included":[{",".join(included)}]' if included else "")

    def _included(self, written: Written, view: View) -> list[str]:
        texts = []
        for kind, one, name in written.included:
            meta = {one: f',"meta":{json.dumps({"includeId": name})}'}
            texts += self.reader.renderer.render(kind, [one], view, meta)
        return texts

    def _find(self, one: object) -> Operation:
        operation = self._all.get(one) if isinstance(one, int) else None
        if operation is None or (operation.vanishes is not None and operation.vanishes <= self.clock.seconds()):
            raise not_found()
        return operation

    def document(self, one: object, base: str, *, links: bool) -> dict[str, Any]:
        """An operation as a resource object."""
        operation = self._find(one)
        summary = None
        if operation.done:
            spent = int((operation.updated - operation.created) * 1000)
            summary = {
                "aggregateTime": 0 if operation.status == "failed" else spent,
                "readCount": operation.read,
                "writeCount": operation.written,
                "errorCount": len(operation.errors),
                "createCount": operation.creates,
                "updateCount": operation.updates,
            }
        record: dict[str, Any] = {"type": "asyncoperations", "id": str(operation.id)}
        if links:
            record["links"] = {"self": f"{base}/asyncoperations/{operation.id}"}
        record["attributes"] = {
            "status": operation.status,
            "progress": operation.progress,
            "createdAt": text(self.clock.moment(operation.created)),
            "updatedAt": text(self.clock.moment(operation.updated)),
            "elapsedTime": int(operation.updated - operation.created),
            "entityType": operation.resource,
            "summary": summary,
        }
        record["relationships"] = {
            "owner": {"data": {"type": "users", "id": "1"}},
            "organization": {"data": {"type": "organizations", "id": "1"}},
        }
        return record

    def errors(self, one: object) -> list[dict[str, Any]]:
        """An operation's errors; those of a failed synchronous one are gone before anybody can read them."""
        operation = self._all.get(one) if isinstance(one, int) else None
        if operation is None or operation.vanishes is not None:
            detail = "The asynchronous operation does not exist."
            raise refuse(404, "not found http exception", detail)
        return operation.errors


def _error(identifier: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"type": "asyncoperationerrors", "id": identifier, "attributes": attributes}


def _as_batch(problem: Problem) -> dict[str, Any]:
    # The status is a number here, and a string everywhere else.
    source = {"pointer": problem.pointer} if problem.pointer else None
    return {"status": problem.status, "title": problem.title, "detail": problem.detail, "source": source}


def _repeats(included: list[Any]) -> int | None:
    seen: dict[tuple[Any, Any], int] = {}
    for position, one in enumerate(included):
        key = (one.get("type"), one.get("id")) if isinstance(one, dict) else (None, position)
        if key in seen:
            return seen[key]
        seen[key] = position
    return None


def _places(included: list[Any]) -> dict[tuple[Any, Any], int]:
    return {(one.get("type"), one.get("id")): n for n, one in enumerate(included) if isinstance(one, dict)}


def _named(item: Item, included: list[Any], places: dict[tuple[Any, Any], int]) -> list[int]:
    """The included records that an item names, directly or through another; the store drops all others without a word."""
    wanted: list[int] = []
    queue = [item.relationships]
    while queue:
        for relation in queue.pop(0).values():
            data = relation.get("data") if isinstance(relation, dict) else None
            for one in data if isinstance(data, list) else [data]:
                place = places.get((one.get("type"), one.get("id"))) if isinstance(one, dict) else None
                if place is not None and place not in wanted:
                    wanted.append(place)
                    queue.append(included[place].get("relationships", {}))
    return sorted(wanted)
