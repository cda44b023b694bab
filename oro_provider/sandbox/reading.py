"""Reading: lists, single records, sub-resources and relationships, with the store's paging and its mistakes."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oro_provider.sandbox import filters
from oro_provider.sandbox.documents import Renderer, View
from oro_provider.sandbox.errors import bad_filter, not_found, refuse
from oro_provider.sandbox.storage import TEXT_IDS, link_of, quoted

if TYPE_CHECKING:
    import sqlite3

    from oro_provider.sandbox.query import Query
    from oro_provider.sandbox.resources import Resource
    from oro_provider.sandbox.search_index import SearchIndex
    from oro_provider.sandbox.versions import Catalog

_UNSUPPORTED = "The filter is not supported."


@dataclass(frozen=True, slots=True)
class Page:
    """A list's answer: the documents, whether one more page follows, and the total when it was asked for."""

    ids: list[object]
    more: bool
    total: int | None


@dataclass(frozen=True, slots=True)
class Parent:
    """The record and relation that a sub-resource hangs from."""

    resource: str
    id: object
    relation: str


class Reader:
    """Answers every GET from one database, as one version does."""

    def __init__(self, catalog: Catalog, connection: sqlite3.Connection, search: SearchIndex) -> None:
        self.catalog = catalog
        self.connection = connection
        self.search = search
        self.renderer = Renderer(catalog, connection)

    def identify(self, resource: str, text: str, *, external: bool = False) -> object:
        """The id of a URL, checked: a word where the ids are integers is a 400 without a source."""
        if external and resource == "products":
            found = self.connection.execute('SELECT "id" FROM products WHERE "sku" = ?', (text,)).fetchone()
            if found is None:
                raise not_found()
            return int(found[0])
        if resource in TEXT_IDS:
            return text
        if not text.removeprefix("-").isdigit():
            detail = f'Expected integer value. Given "{text}".'
            raise refuse(400, "entity identifier constraint", detail)
        return int(text)

    def exists(self, resource: str, one: object) -> bool:
        """Whether a record is there."""
        return bool(self.connection.execute(f'SELECT 1 FROM {quoted(resource)} WHERE "id" = ?', (one,)).fetchone())

    def check(self, row: Resource, query: Query) -> None:
        """Refuse what this resource does not take: paging where there is none, a compulsory filter left out."""
        if not row.paged:
            for parameter in query.paging:
                raise bad_filter(_UNSUPPORTED, parameter)
            if query.sort is not None:
                raise bad_filter(_UNSUPPORTED, "sort")
        for name in query.fields:
            if name not in self.catalog.shapes:
                raise bad_filter("An entity type is not known.", f"fields[{name}]")

    def page(self, row: Resource, query: Query, *, total: bool, parent: Parent | None = None) -> Page:
        """The ids of a list's page."""
        statement = filters.Statement()
        if parent is not None:
            self._under(parent, statement)
        searching = [one for one in query.filters if one.path in self.catalog.facts.searches]
        if searching and row.searched:
            return self._search(row, query, searching[0].value, total=total)
        filters.apply(self.catalog, row.name, query, statement)
        named = {one.path.partition(".")[0] for one in query.filters}
        for name in row.compulsory_filter:
            if name not in named and parent is None:
                raise bad_filter(f'The "{name}" filter is required.', None)
        return self._select(row, query, statement, total=total)

    def _select(self, row: Resource, query: Query, statement: filters.Statement, *, total: bool) -> Page:
        source = f"{quoted(row.name)} t {' '.join(statement.joins)}"
        where = f" WHERE {' AND '.join(statement.conditions)}" if statement.conditions else ""
        order = ", ".join(statement.order)
        unlimited = query.size == -1 or not row.paged
        limit = "" if unlimited else f" LIMIT {query.size + 1} OFFSET {(query.number - 1) * query.size}"
        select = f'SELECT t."id" FROM {source}{where} ORDER BY {order}{limit}'
        found = [one[0] for one in self.connection.execute(select, statement.parameters)]
        if statement.multiplied:
            # The LIMIT above counted joined rows, so the page may come short and without a next link although more follows.
            found = list(dict.fromkeys(found))
        more = not unlimited and len(found) > query.size
        ids = found if unlimited else found[: query.size]
        count = None
        if total:
            what = 'DISTINCT t."id"' if statement.multiplied else "*"
            count = self.connection.execute(
                f"SELECT count({what}) FROM {source}{where}", statement.parameters
            ).fetchone()[0]
        if row.name == "products":
            # GET /products never has links.next, and before 6.1.11 its total is the number of rows on the page.
            more = False
            if self.catalog.facts.products_total_wrong and total and query.size != -1:
                count = len(ids)
        return Page(ids, more, count)

    def _search(self, row: Resource, query: Query, text: str, *, total: bool) -> Page:
        others = [one for one in query.filters if one.path not in self.catalog.facts.searches]
        if others:
            detail = "The search filter cannot be used together with other filters."
            raise bad_filter(detail, next(p for p in query.raw if "search" in p))
        found, count = self.search.search(row.name, text)
        size = len(found) if query.size == -1 else query.size
        start = 0 if query.size == -1 else (query.number - 1) * query.size
        ids = found[start : start + size]
        more = query.size != -1 and len(found) > start + size and row.name != "products"
        if row.name == "products" and self.catalog.facts.products_total_wrong and query.size != -1:
            count = len(ids)
        return Page(list(ids), more, count if total else None)

    def _under(self, parent: Parent, statement: filters.Statement) -> None:
        to = self.catalog.shapes[parent.resource].relationships[parent.relation]
        stored = self.catalog.stored_relation(parent.resource, parent.relation)
        link = link_of(parent.resource, stored, to)
        if link is None:
            statement.conditions.append("0")
            return
        rows = f"SELECT {quoted(link.other)} FROM {quoted(link.table)} WHERE {quoted(link.own)} = ?"
        statement.conditions.append(f't."id" IN ({rows})')
        statement.parameters.append(parent.id)

    def view(self, query: Query, *, links: bool, base: str, external: bool = False) -> View:
        """The view of a request."""
        asked = tuple((name, tuple(names)) for name, names in query.fields.items())
        return View(asked, links, base, query.title, external)

    def one(self, resource: str, one: object, query: Query, view: View) -> str:
        """The members `data` and `included` of a single record's document; 404 when there is none."""
        rendered = self.renderer.render(resource, [one], view)
        if not rendered:
            raise not_found()
        included = self.renderer.included(resource, [one], query.include, view) if query.include else []
        return f'"data":{rendered[0]}' + (f',"included":[{",".join(included)}]' if included else "")

    def many(self, resource: str, page: Page, query: Query, view: View) -> str:
        """The members `data` and `included` of a list's document."""
        rendered = self.renderer.render(resource, page.ids, view)
        included = self.renderer.included(resource, page.ids, query.include, view) if query.include else []
        return f'"data":[{",".join(rendered)}]' + (f',"included":[{",".join(included)}]' if included else "")

    def to_one(self, parent: Parent) -> object:
        """The id that a to-one relation points to, or None."""
        stored = self.catalog.stored_relation(parent.resource, parent.relation)
        to = self.catalog.shapes[parent.resource].relationships[parent.relation]
        if stored != parent.relation:
            link = link_of(parent.resource, stored, to)
            assert link is not None  # noqa: S101 - a renamed relation is a stored one
            statement = f"SELECT {quoted(link.other)} FROM {quoted(link.table)} WHERE {quoted(link.own)} = ? LIMIT 1"
        else:
            statement = f'SELECT {quoted(parent.relation)} FROM {quoted(parent.resource)} WHERE "id" = ?'
        found = self.connection.execute(statement, (parent.id,)).fetchone()
        return found[0] if found else None
