"""Rows into JSON:API resource objects. SQLite renders each member as JSON text and a compiled template puts the text in place,
so a page costs one query and one `str.format` a record, whatever it shows.
"""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oro_provider.sandbox.storage import link_of, quoted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from oro_provider.entities.shapes import Kind, To
    from oro_provider.sandbox.versions import Catalog

# Where relations are shown without links of their own.
_UNLINKED_RELATIONS = frozenset({"orderSubtotals", "topic", "format"})
_UNLINKED_RESOURCES = frozenset({"productprices", "asyncoperations"})


@dataclass(frozen=True, slots=True)
class View:
    """How a request wants documents: sparse fields by type, links or not, the base of the links, titles."""

    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    links: bool = True
    base: str = ""
    title: bool = False
    external: bool = False  # products go by their SKU

    def fields_of(self, resource: str) -> tuple[str, ...] | None:
        """The names asked for, or None for all."""
        for name, names in self.fields:
            if name == resource:
                return names
        return None


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled document: what to select and the text around it. Column 0 is the id, column 1 the `meta` member."""

    columns: str
    template: str


class Renderer:
    """Makes documents of one version out of one database."""

    def __init__(self, catalog: Catalog, connection: sqlite3.Connection) -> None:
        self.catalog = catalog
        self.connection = connection
        self._plans: dict[tuple[str, View], Plan] = {}

    def forget(self) -> None:
        """Forget compiled documents after the shapes changed."""
        self._plans.clear()

    def plan(self, resource: str, view: View) -> Plan:
        """The compiled document of a resource in a view."""
        key = (resource, view)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) > 2000:
                self._plans.clear()
            plan = self._plans[key] = self._compile(resource, view)
        return plan

    def render(
        self, resource: str, ids: Sequence[object], view: View, meta: dict[object, str] | None = None
    ) -> list[str]:
        """The documents of these records, in this order; ids that do not exist are left out."""
        if not ids:
            return []
        plan = self.plan(resource, view)
        where = "= ?" if len(ids) == 1 else "IN (SELECT value FROM json_each(?))"
        parameter = ids[0] if len(ids) == 1 else json.dumps(list(ids))
        statement = f'SELECT {plan.columns} FROM {quoted(resource)} t WHERE t."id" {where}'
        form = plan.template.format
        found = {}
        for row in self.connection.execute(statement, (parameter,)):
            one = row[0]
            found[one] = form(one, meta[one], *row[2:]) if meta is not None and one in meta else form(*row)
        return [found[one] for one in ids if one in found]

    def related(self, resource: str, ids: Sequence[object], relation: str) -> tuple[str, list[object]]:
        """The type and ids that a relation of these records leads to, each once."""
        to = self.catalog.shapes[resource].relationships[relation]
        stored = self.catalog.stored_relation(resource, relation)
        parameters = (json.dumps(list(ids)),)
        if not to.many and stored == relation:
            statement = (
                f"SELECT DISTINCT {quoted(relation)} FROM {quoted(resource)} "
                f'WHERE "id" IN (SELECT value FROM json_each(?)) AND {quoted(relation)} IS NOT NULL'
            )
        else:
            link = link_of(resource, stored, to)
            if link is None:
                return to.type, []
            # Included records are cut like the list that names them.
            own, other = quoted(link.own), quoted(link.other)
            unlimited = (resource, stored) in self.catalog.facts.unlimited_related
            most = -1 if unlimited else self.catalog.facts.max_related
            ranked = (
                f"SELECT {own} AS o, {other} AS k, row_number() OVER (PARTITION BY {own} ORDER BY {other}) AS n "
                f"FROM {quoted(link.table)} WHERE {own} IN (SELECT value FROM json_each(?))"
            )
            statement = f"SELECT DISTINCT k FROM ({ranked}) WHERE {most} < 0 OR n <= {most} ORDER BY o, n"
        return to.type, [row[0] for row in self.connection.execute(statement, parameters)]

    def included(self, resource: str, ids: Sequence[object], paths: Iterable[str], view: View) -> list[str]:
        """The records that the include paths lead to, each once and none that is primary; unknown names are ignored."""
        seen: dict[tuple[str, object], None] = {}
        primary = {(resource, one) for one in ids}
        for path in paths:
            kind, current = resource, list(ids)
            for name in path.split("."):
                asked = view.fields_of(kind)
                known = name in self.catalog.shapes[kind].relationships
                if not known or not current or (asked is not None and name not in asked):
                    break
                kind, current = self.related(kind, current, name)
                if kind not in self.catalog.shapes:
                    break
                seen.update(dict.fromkeys((kind, one) for one in current if (kind, one) not in primary))
        by_type: dict[str, list[object]] = {}
        for kind, one in seen:
            by_type.setdefault(kind, []).append(one)
        return [text for kind, many in by_type.items() for text in self.render(kind, many, view)]

    def _compile(self, resource: str, view: View) -> Plan:
        shape = self.catalog.shapes[resource]
        row = self.catalog.resources.get(resource)
        wanted = view.fields_of(resource)
        linked = view.links and (row is None or row.linked)
        columns = ['t."id"', _title(self.catalog, resource) if view.title else "''"]
        shown, key = "{0}", 't."id"'
        if view.external and resource == "products":
            shown, key = "{2}", 't."sku"'
            columns.append(key)
        base = _literal(f"{view.base}/{resource}/") + shown
        parts = [f'{{{{"type":"{resource}","id":"{shown}"{{1}}']
        if linked:
            parts.append(f',"links":{{{{"self":"{base}"}}}}')
        attributes = []
        for name, kind in shape.attributes.items():
            if (wanted is None or name in wanted) and key != f"t.{quoted(name)}":
                attributes.append(f'"{name}":{{{len(columns)}}}')
                columns.append(_attribute(name, kind))
        if key == 't."sku"' and (wanted is None or "dbId" in wanted):
            attributes.append('"dbId":{0}')
        if attributes:
            parts.append(f',"attributes":{{{{{",".join(attributes)}}}}}')
        relationships = []
        for name, to in shape.relationships.items():
            if wanted is None or name in wanted:
                relation_linked = linked and resource not in _UNLINKED_RESOURCES and name not in _UNLINKED_RELATIONS
                place = (base, key) if relation_linked else (None, key)
                relationships.append(self._relationship(resource, name, to, place, columns, view))
        if relationships:
            parts.append(f',"relationships":{{{{{",".join(relationships)}}}}}')
        parts.append("}}")
        return Plan(", ".join(columns), "".join(parts))

    def _relationship(
        self, resource: str, name: str, to: To, place: tuple[str | None, str], columns: list[str], view: View
    ) -> str:
        links = ""
        base, key = place
        column, more = self._linkage(resource, name, to, view)
        if base is not None:
            links = f'"links":{{{{"self":"{base}/relationships/{name}","related":"{base}/{name}"'
            if more is not None:
                # A list cut at the store's limit shows it by a `next` link, and not at all without links.
                links += f"{{{len(columns)}}}"
                following = f"{base}/relationships/{name}?page%5Bnumber%5D=2".replace("{0}", f"' || {key} || '")
                columns.append(f"CASE WHEN {more} THEN ',\"next\":\"{following}\"' ELSE '' END")
            links += "}},"
        columns.append(column)
        return f'"{name}":{{{{{links}"data":{{{len(columns) - 1}}}}}}}'

    def _linkage(self, resource: str, name: str, to: To, view: View) -> tuple[str, str | None]:
        """The SQL of a relation's `data`, and of whether it is cut."""
        stored = self.catalog.stored_relation(resource, name)
        opening = f'\'{{"type":"{to.type}","id":"\' || '
        closing = " || '\"}'"

        def shown(one: str) -> str:
            by_sku = view.external and to.type == "products"
            return opening + (f'(SELECT "sku" FROM products WHERE "id" = {one})' if by_sku else one) + closing

        if not to.many and stored == name:
            return f"CASE WHEN t.{quoted(name)} IS NULL THEN 'null' ELSE {shown('t.' + quoted(name))} END", None
        link = link_of(resource, stored, to)
        if link is None:
            return "'[]'", None
        table, own, other = quoted(link.table), quoted(link.own), quoted(link.other)
        if not to.many:
            inner = f'(SELECT {shown(other)} FROM {table} WHERE {own} = t."id" LIMIT 1)'
            return f"coalesce({inner}, 'null')", None
        order = '"position"' if link.table == "ordersubtotals" else other
        limit = self.catalog.facts.max_related
        unlimited = (resource, stored) in self.catalog.facts.unlimited_related
        cut = "" if unlimited else f" LIMIT {limit}"
        rows = f'SELECT {other} AS k FROM {table} WHERE {own} = t."id" ORDER BY {order}{cut}'
        data = f"coalesce('[' || (SELECT group_concat({shown('k')}) FROM ({rows})) || ']', '[]')"
        more = f'EXISTS (SELECT 1 FROM {table} WHERE {own} = t."id" LIMIT 1 OFFSET {limit})'
        return data, None if unlimited else more


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _attribute(name: str, kind: Kind) -> str:
    column = f"t.{quoted(name)}"
    if kind == "boolean":
        return f"CASE {column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END"
    if kind in {"integer", "float", "list", "object"}:
        return f"coalesce({column}, 'null')"
    return f"json_quote({column})"


def _title(catalog: Catalog, resource: str) -> str:
    """The `meta` member with a human title, as SQL; none where the store has none for the resource."""
    row = catalog.resources.get(resource)
    by = row.titled_by if row else None
    if by is None:
        return "''"
    value = f"t.{quoted(by)}"
    to = catalog.shapes[resource].relationships.get(by)
    if to is not None:
        link = link_of(resource, by, to)
        if link is None:
            return "''"
        names = quoted(to.type)
        if link.join:
            value = (
                f'(SELECT n."string" FROM {quoted(link.table)} j JOIN {names} n ON n."id" = j."target" '
                'WHERE j."owner" = t."id" AND n."localization" IS NULL LIMIT 1)'
            )
        else:
            value = f'(SELECT n."string" FROM {names} n WHERE n.{quoted(link.own)} = t."id" AND n."localization" IS NULL LIMIT 1)'
    return f"',\"meta\":{{\"title\":' || json_quote({value}) || '}}'"
