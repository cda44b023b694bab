"""The API behind the prefix: who asks, in which media type, for which resource, and which of its actions answers."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox import plain
from oro_provider.sandbox.bodies import read_json
from oro_provider.sandbox.computed import COMPUTED_READS
from oro_provider.sandbox.errors import EmptyAnswerError, Problem, RefusedError, bad_filter, denied, refuse
from oro_provider.sandbox.exchange import JSON, Request, Response
from oro_provider.sandbox.media import MediaTypeError, is_jsonapi
from oro_provider.sandbox.query import flat, parse, split_query
from oro_provider.sandbox.reading import Parent
from oro_provider.sandbox.table import CLOSED

if TYPE_CHECKING:
    from oro_provider.sandbox.documents import View
    from oro_provider.sandbox.faults import Faults
    from oro_provider.sandbox.oauth import Tokens
    from oro_provider.sandbox.operations import Operations
    from oro_provider.sandbox.query import Query
    from oro_provider.sandbox.reading import Reader
    from oro_provider.sandbox.resources import Resource
    from oro_provider.sandbox.versions import Catalog
    from oro_provider.sandbox.writing import Writer, Written

_MOST_DELETED = 100
_LIST_METHODS = (("L", "GET"), ("B", "PATCH"), ("C", "POST"), ("D", "DELETE"))
_ITEM_METHODS = (("G", "GET"), ("U", "PATCH"), ("D", "DELETE"))
_NEEDS = {"GET": "VIEW", "POST": "CREATE", "PATCH": "EDIT", "DELETE": "DELETE"}


@dataclass(slots=True)
class Call:
    """A request on its way: its method after overriding, the parts of its path, its flags."""

    request: Request
    method: str
    parts: list[str]
    base: str
    jsonapi: bool
    links: bool
    total: bool
    overridden: bool
    external: bool

    def path(self) -> str:
        """The URL of the request without its query."""
        return f"{self.base}/{'/'.join(self.parts)}"


class Api:
    """Answers every call below `/admin/api`."""

    def __init__(
        self, catalog: Catalog, reader: Reader, writer: Writer, operations: Operations, tokens: Tokens, faults: Faults
    ) -> None:
        self.catalog = catalog
        self.reader = reader
        self.writer = writer
        self.operations = operations
        self.tokens = tokens
        self.faults = faults

    def handle(self, request: Request, path: str, base: str, *, trusted: bool = False) -> Response:
        """Answer one call; refusals become documents here and nowhere else. A trusted one needs no token."""
        jsonapi = True
        try:
            if self.faults.api_off:
                return self.faults.switched_off(request)
            parts = [part for part in path.split("/") if part]
            if request.method != "OPTIONS" and not trusted:
                self._authenticate(request)
            jsonapi = is_jsonapi(request)
            return self._answer(self._call(request, parts, base, jsonapi=jsonapi))
        except EmptyAnswerError as error:
            return Response(error.status, b"", headers=error.headers)
        except MediaTypeError as error:
            return Response(error.status, _dump([{"title": error.title, "detail": error.detail}]), JSON)
        except sqlite3.IntegrityError:
            # What the validation did not see the database does: 409, in the store as here.
            problem = Problem(409, "conflict constraint", "The entity already exists.")
            return Response(409, _dump({"errors": [problem.as_json()]}))
        except RefusedError as error:
            if error.status == 405:
                return Response(405)
            if jsonapi:
                return Response(error.status, _dump({"errors": [one.as_json() for one in error.problems]}))
            return Response(error.status, _dump([one.as_plain() for one in error.problems]), JSON)

    def _authenticate(self, request: Request) -> None:
        given = request.header("authorization")
        if self.tokens.client_of(given) is not None and not self.faults.token_dies():
            return
        facts = self.catalog.facts
        bad_token = given.startswith("Bearer ")
        challenge = facts.challenge if not bad_token or facts.challenge_for_bad_token else None
        raise EmptyAnswerError(401, {"WWW-Authenticate": challenge} if challenge else {})

    def _call(self, request: Request, parts: list[str], base: str, *, jsonapi: bool) -> Call:
        flags = request.header("x-include").split(";")
        method, override = request.method, request.header("x-http-method-override").upper()
        overridden = method == "POST" and bool(override)
        if overridden:
            method = override
        links, total = "noHateoas" not in flags, "totalCount" in flags
        external = self.catalog.facts.external_id and request.header("x-integration-type") == "ext_id"
        return Call(request, method, parts, base, jsonapi, links, total, overridden, external)

    def _answer(self, call: Call) -> Response:
        name = call.parts[0] if call.parts else ""
        row = self.catalog.resources.get(name)
        if row is None or not call.parts:
            raise self._unknown(name)
        if call.method == "OPTIONS":
            return self._options(call, row)
        if not row.subresources and len(call.parts) > 2:
            raise refuse(404, "relationship constraint", "Unsupported subresource.")
        if len(call.parts) == 1:
            return self._list_call(call, row)
        if len(call.parts) == 2:
            return self._item_call(call, row)
        return self._relation_call(call, row)

    def _unknown(self, name: str) -> RefusedError | EmptyAnswerError:
        if name == "webcatalogs":
            return EmptyAnswerError(404)
        if name in CLOSED and name not in self.catalog.facts.unknown:
            return refuse(404, "resource not accessible exception", "The resource is not accessible.")
        return refuse(404, "entity type constraint", f"Unknown entity type: {name}.")

    # -- what is allowed -----------------------------------------------------------------------------------------------

    def _options(self, call: Call, row: Resource) -> Response:
        headers = {"Allow": self._allow(call, row), "Cache-Control": "max-age=600, public"}
        if row.name == "asyncoperations" and len(call.parts) == 1:
            raise EmptyAnswerError(404)
        return Response(200, b"", headers=headers)

    def _allow(self, call: Call, row: Resource) -> str:
        if len(call.parts) == 4 and row.name in self.catalog.shapes:
            to = self.catalog.shapes[row.name].relationships.get(call.parts[3])
            many = "GET, PATCH, POST, DELETE" if to is not None and to.many else "GET, PATCH"
            return f"OPTIONS, {many if 'U' in row.actions else 'GET'}"
        methods = _LIST_METHODS if len(call.parts) == 1 else _ITEM_METHODS if len(call.parts) == 2 else (("G", "GET"),)
        return ", ".join(["OPTIONS", *(method for action, method in methods if action in row.actions)])

    def _require(self, call: Call, row: Resource, action: str) -> None:
        if not action or action not in row.actions:
            if call.method == "GET" and row.name in {"asyncoperations", "ordersubtotals"}:
                raise EmptyAnswerError(404)
            raise EmptyAnswerError(405, {"Allow": self._allow(call, row)})
        self._permit(row.name, "CREATE" if action == "B" else _NEEDS[call.method], batch=action == "B")

    def _permit(self, resource: str, permission: str, *, batch: bool = False) -> None:
        if self.faults.denies(resource, permission):
            raise denied("No access to create the asynchronous operation.") if batch else denied()

    # -- lists ---------------------------------------------------------------------------------------------------------

    def _list_call(self, call: Call, row: Resource) -> Response:
        action = {"GET": "L", "POST": "C", "PATCH": "B", "DELETE": "D"}.get(call.method, "")
        self._require(call, row, action)
        if call.method == "GET":
            return self._list(call, row, self._query(call))
        if call.method == "POST":
            document = self._document(call, row, None)
            written = self._validated(document, lambda: self.writer.create(row.name, document))
            return self._written(call, row, written)
        if call.method == "PATCH":
            return self.operations.submit(call.request, row.name, call.base)
        return self._delete_list(call, row)

    def _query(self, call: Call) -> Query:
        pairs = list(split_query(call.request.query))
        if call.overridden and call.request.body:
            if call.request.header("content-type").startswith("application/x-www-form-urlencoded"):
                pairs += split_query(call.request.body.decode("utf-8", "replace"))
            else:
                body = read_json(call.request.body, "")
                pairs += flat(body) if isinstance(body, dict) else ()
        if not call.jsonapi:
            pairs = list(plain.parameters(iter(pairs)))
            for name, _ in pairs:
                if name.startswith("\x00"):
                    raise bad_filter("The filter is not supported.", name[1:])
        return parse(iter(pairs))

    def _list(self, call: Call, row: Resource, query: Query, parent: Parent | None = None) -> Response:
        self.reader.check(row, query)
        if call.external and row.name == "products":
            query.filters = [replace(asked, path="sku") if asked.path == "id" else asked for asked in query.filters]
        computed = COMPUTED_READS.get(row.name)
        if computed is not None:
            return self._computed_list(call, row, query)
        if parent is not None and call.total and self.catalog.facts.subresource_total_breaks:
            # A TypeError of 5.1 and 6.0.1 to 6.0.3 when a to-many sub-resource is asked for its total.
            raise RefusedError(Problem(500, "error exception"))
        page = self.reader.page(row, query, total=call.total, parent=parent)
        view = self.reader.view(query, links=call.links, base=call.base, external=call.external)
        members = self.reader.many(row.name, page, query, view)
        response = self._document_response(call, members + self._page_links(call, query, more=page.more))
        if page.total is not None:
            response.headers["X-Include-Total-Count"] = str(page.total)
        return response

    def _page_links(self, call: Call, query: Query, *, more: bool) -> str:
        if not call.links:
            return ""
        here = call.path()
        links = {"self": here}
        if query.number > 1:
            first = query.link(1)
            links["first"] = f"{here}?{first}" if first else here
            links["prev"] = f"{here}?{query.link(query.number - 1)}"
        if more:
            links["next"] = f"{here}?{query.link(query.number + 1)}"
        return f',"links":{_text(links)}'

    def _computed_list(self, call: Call, row: Resource, query: Query) -> Response:
        records = COMPUTED_READS[row.name](self.reader, query)
        members = f'"data":{_text(records)}' + (f',"links":{_text({"self": call.path()})}' if call.links else "")
        response = self._document_response(call, members)
        if call.total:
            response.headers["X-Include-Total-Count"] = str(len(records))
        return response

    def _delete_list(self, call: Call, row: Resource) -> Response:
        pairs = list(split_query(call.request.query))
        if call.request.body:
            pairs += flat(read_json(call.request.body, ""))
        query = parse(iter(pairs))
        if not query.filters:
            raise bad_filter("At least one filter must be provided.", None)
        query.size = -1
        page = self.reader.page(row, query, total=True)
        for one in page.ids[:_MOST_DELETED]:
            self.writer.delete(row.name, one)
        headers = {}
        flags = call.request.header("x-include").split(";")
        if "deletedCount" in flags:
            headers["X-Include-Deleted-Count"] = str(len(page.ids[:_MOST_DELETED]))
        if "totalCount" in flags:
            headers["X-Include-Total-Count"] = str(len(page.ids))
        return Response(204, b"", headers=headers)

    # -- single records ------------------------------------------------------------------------------------------------

    def _item_call(self, call: Call, row: Resource) -> Response:
        action = {"GET": "G", "PATCH": "U", "DELETE": "D"}.get(call.method, "")
        self._require(call, row, action)
        if row.name == "asyncoperations":
            return self._operation(call)
        if row.name == "entitystructures":
            return self._structure(call)
        one = self.reader.identify(row.name, call.parts[1], external=call.external)
        if call.method == "GET":
            query = self._query(call)
            self.reader.check(row, query)
            if query.filters or query.paging or query.sort is not None:
                raise bad_filter("The filter is not supported.", next(iter(query.raw)))
            view = self.reader.view(query, links=call.links, base=call.base, external=call.external)
            members = self.reader.one(row.name, one, query, view)
            own = f',"links":{_text({"self": f"{call.base}/{row.name}"})}' if call.links else ""
            return self._document_response(call, members + own)
        if call.method == "DELETE":
            self.writer.delete(row.name, one)
            return Response(204)
        document = self._document(call, row, call.parts[1])
        if call.external and row.name == "products" and isinstance(document, dict):
            # The id of the body is the SKU too.
            data = document.get("data")
            if isinstance(data, dict) and data.get("id") == call.parts[1]:
                document = {**document, "data": {**data, "id": str(one)}}
        upserting = isinstance(document, dict) and bool(((document.get("data") or {}).get("meta") or {}).get("upsert"))
        if not upserting and not self.reader.exists(row.name, one):
            raise refuse(404, "not found http exception", "An entity with the requested identifier does not exist.")
        written = self._validated(document, lambda: self.writer.update(row.name, one, document))
        return self._written(call, row, written)

    def _document(self, call: Call, row: Resource, one: str | None) -> Any:
        if not call.jsonapi:
            return plain.to_jsonapi(row.name, one, call.request.body, self.catalog.shapes[row.name].relationships)
        if call.overridden:
            # A single record by an overridden PATCH breaks the store.
            raise RefusedError(Problem(500, "error exception"))
        empty = self.catalog.facts.empty_body_detail
        return read_json(call.request.body, call.request.header("content-type"), empty)

    def _validated(self, document: Any, write: Any) -> Any:
        """Write, or with `meta.validate` do everything and take it back: the answer is the same, id included."""
        data = document.get("data") if isinstance(document, dict) else None
        meta = data.get("meta") if isinstance(data, dict) else None
        dry = isinstance(meta, dict) and meta.get("validate") is True and self.catalog.facts.validate_flag
        if not dry:
            return write()
        self.writer.connection.execute("SAVEPOINT rehearsal")
        try:
            written = write()
            written.rehearsed = True
            return written
        except BaseException:
            self.writer.take_back("rehearsal")
            raise

    def _written(self, call: Call, row: Resource, written: Written) -> Response:
        try:
            query = self._query(call) if not call.overridden else parse(iter(()))
            view = self.reader.view(query, links=call.links, base=call.base, external=call.external)
            members = self.operations.written_members(written, query, view)
        finally:
            if written.rehearsed:
                self.writer.take_back("rehearsal")
        own = f',"links":{_text({"self": f"{call.base}/{row.name}"})}' if call.links else ""
        upserted = not written.created and call.method == "POST"
        status = 201 if written.created else self.catalog.facts.upsert_update_status if upserted else 200
        response = self._document_response(call, members + own, status)
        if written.created or status == 302:
            # The Location of a price lacks the price list of its id, so following it is a 404.
            shown = str(written.id)[:36] if row.name == "productprices" else written.id
            response.headers["Location"] = f"{call.base}/{row.name}/{shown}"
        return response

    def _operation(self, call: Call) -> Response:
        one = self.reader.identify("asyncoperations", call.parts[1])
        return self._document_response(
            call, f'"data":{_text(self.operations.document(one, call.base, links=call.links))}'
        )

    def _structure(self, call: Call) -> Response:
        records = COMPUTED_READS["entitystructures"](self.reader, parse(iter(())), call.parts[1])
        own = f',"links":{_text({"self": f"{call.base}/entitystructures"})}' if call.links else ""
        return self._document_response(call, f'"data":{_text(records[0])}{own}')

    # -- sub-resources and relationships -------------------------------------------------------------------------------

    def _relation_call(self, call: Call, row: Resource) -> Response:
        whole = len(call.parts) == 3
        name = call.parts[2] if whole else call.parts[3]
        if row.name == "asyncoperations" and name == "errors":
            return self._operation_errors(call)
        to = self.catalog.shapes[row.name].relationships.get(name)
        if (
            to is None
            or (not whole and call.parts[2] != "relationships")
            or len(call.parts) > 4
            or name == "orderSubtotals"
        ):
            raise refuse(404, "relationship constraint", "Unsupported subresource.")
        fixed = name in row.fixed or "U" not in row.actions
        allowed = {"GET"} if whole or fixed else {"GET", "PATCH", "POST", "DELETE"} if to.many else {"GET", "PATCH"}
        if call.method not in allowed:
            raise EmptyAnswerError(405, {"Allow": self._allow(call, row)})
        self._permit(row.name, _NEEDS[call.method])
        one = self.reader.identify(row.name, call.parts[1], external=call.external)
        if not self.reader.exists(row.name, one):
            raise refuse(404, "not found http exception", "The parent entity does not exist.")
        if call.method != "GET":
            document = read_json(call.request.body, call.request.header("content-type"))
            self.writer.relate(row.name, one, name, document, call.method)
            return Response(204)
        parent = Parent(row.name, one, name)
        return self._sub_list(call, parent, to.type, whole) if to.many else self._sub_one(call, parent, to.type, whole)

    def _sub_list(self, call: Call, parent: Parent, target: str, whole: bool) -> Response:
        row = self.catalog.resources.get(target)
        if row is None:
            own = f',"links":{_text({"self": call.path()})}' if call.links else ""
            return self._document_response(call, f'"data":[]{own}')
        query = self._query(call)
        if whole:
            return self._list(call, row, query, parent)
        page = self.reader.page(row, query, total=call.total, parent=parent)
        view = self.reader.view(query, links=call.links, base=call.base, external=call.external)
        records = [self._linkage(target, one, view) for one in page.ids]
        members = f'"data":[{",".join(records)}]'
        # Cut at the default page of 10 like a list, but nothing says that there is more.
        response = self._document_response(call, members + self._relation_links(call, parent))
        if page.total is not None:
            response.headers["X-Include-Total-Count"] = str(page.total)
        return response

    def _linkage(self, target: str, one: object, view: View) -> str:
        record: dict[str, Any] = {"type": target, "id": str(one)}
        if view.links:
            record["links"] = {"self": f"{view.base}/{target}/{one}"}
        return _text(record)

    def _relation_links(self, call: Call, parent: Parent) -> str:
        if not call.links:
            return ""
        related = f"{call.base}/{parent.resource}/{parent.id}/{parent.relation}"
        return f',"links":{_text({"self": call.path(), "related": related})}'

    def _sub_one(self, call: Call, parent: Parent, target: str, whole: bool) -> Response:
        query = self._query(call)
        view = self.reader.view(query, links=call.links, base=call.base, external=call.external)
        one = self.reader.to_one(parent)
        if not whole:
            data = "null" if one is None else self._linkage(target, one, view)
            return self._document_response(call, f'"data":{data}' + self._relation_links(call, parent))
        members = '"data":null' if one is None else self.reader.one(target, one, query, view)
        own = f',"links":{_text({"self": call.path()})}' if call.links else ""
        return self._document_response(call, members + own)

    def _operation_errors(self, call: Call) -> Response:
        query = self._query(call)
        one = self.reader.identify("asyncoperations", call.parts[1])
        if call.total and self.catalog.facts.subresource_total_breaks:
            raise RefusedError(Problem(500, "error exception"))
        errors = self.operations.errors(one)
        # page[size]=-1 returns no row and a next link, for ever.
        start = max((query.number - 1) * query.size, 0)
        shown = errors[start : start + query.size] if query.size > 0 else []
        more = query.size == -1 or len(errors) > start + query.size
        members = f'"data":{_text(shown)}' + self._page_links(call, query, more=more)
        response = self._document_response(call, members)
        if call.total:
            response.headers["X-Include-Total-Count"] = str(len(errors))
        return response

    def _document_response(self, call: Call, members: str, status: int = 200) -> Response:
        if call.jsonapi:
            return Response(status, f"{{{members}}}".encode())
        return Response(status, _dump(plain.from_jsonapi(json.loads(f"{{{members}}}"))), JSON)


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _dump(value: Any) -> bytes:
    return _text(value).encode()
