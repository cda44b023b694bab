"""Records on their way into the database: what a body says of one, with its references found and its problems noted."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox.errors import Problem, refuse
from oro_provider.sandbox.storage import TEXT_IDS, link_of, quoted
from oro_provider.sandbox.values import InvalidValueError, convert

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from oro_provider.entities.shapes import To
    from oro_provider.sandbox.bodies import Item
    from oro_provider.sandbox.versions import Catalog

BLANK = "This value should not be blank."
ABSENT = "The entity does not exist."


@dataclass(slots=True, eq=False)
class Draft:
    """A record to be written. `values` holds columns (a to-one may be another draft), `many` lists of ids and drafts."""

    type: str
    pointer: str
    update: bool
    id: Any = None
    include_id: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    many: dict[str, list[Any]] = field(default_factory=dict)
    secrets: dict[str, Any] = field(default_factory=dict)
    added: dict[str, list[tuple[Any, Any]]] = field(default_factory=dict)  # (id, localization) that the store adds
    current: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)  # fields that already have a problem
    linked: bool = False  # reached from the primary record

    def get(self, name: str) -> Any:
        """The value that a column will have."""
        return self.values[name] if name in self.values else self.current.get(name)

    def blank(self, name: str) -> bool:
        """Whether a column will be empty."""
        return self.get(name) in (None, "")

    def complain(self, title: str, detail: str, at: str | None = None, status: int = 400) -> None:
        """Note a problem at an attribute (`attributes/sku`), a relation (`relationships/unit`) or nowhere (None)."""
        pointer = None
        if at == "":
            pointer = self.pointer
        elif at is not None:
            pointer = f"{self.pointer}/{at}" + ("/data" if at.startswith("relationships/") else "")
        self.problems.append(Problem(status, title, detail, pointer))

    def place(self, catalog: Catalog, name: str) -> str:
        """Where a field stands in the document."""
        relation = name in catalog.shapes[self.type].relationships
        return f"relationships/{name}" if relation else f"attributes/{name}"


@dataclass(slots=True)
class Graph:
    """The drafts of one body by (type, id in the body), so that references among them are found."""

    drafts: dict[tuple[str, str], Draft] = field(default_factory=dict)
    edges: list[tuple[Draft, Draft]] = field(default_factory=list)
    made: dict[tuple[str, str], Any] = field(default_factory=dict)  # ids of what an earlier item of a batch brought

    def reached(self, primary: Draft) -> set[int]:
        """The identities of the drafts that hang together with the primary one, in either direction."""
        reached = {id(primary)}
        grown = True
        while grown:
            grown = False
            for one, other in self.edges:
                if (id(one) in reached) != (id(other) in reached):
                    reached |= {id(one), id(other)}
                    grown = True
        return reached


def fill(catalog: Catalog, connection: sqlite3.Connection, graph: Graph, draft: Draft, item: Item) -> None:
    """Put a body's attributes and relations into a draft, noting extra fields, bad values and absent records."""
    shape, row = catalog.shapes[draft.type], catalog.resources[draft.type]
    extra = []
    for name, value in item.attributes.items():
        if name in row.write_only and not draft.update:
            draft.secrets[name] = value
        elif name not in shape.attributes:
            extra.append(name)
        elif name not in row.ignored and not (draft.update and name in row.fixed):
            _fill_attribute(draft, name, shape.attributes, value)
    for name, value in item.relationships.items():
        to = shape.relationships.get(name)
        if to is None:
            _refuse_unknown_types(catalog, value["data"], f"{draft.pointer}/relationships/{name}/data")
            extra.append(name)
        elif name not in row.ignored and not (draft.update and name in row.fixed):
            _fill_relation(catalog, connection, graph, draft, name, to, value["data"])
    if extra:
        shown = '", "'.join(extra)
        draft.problems.insert(0, Problem(400, "extra fields constraint", _extra_detail(shown), _extra_pointer(draft)))


def _refuse_unknown_types(catalog: Catalog, data: Any, at: str) -> None:
    for one in data if isinstance(data, list) else [data]:
        kind = one.get("type") if isinstance(one, dict) else None
        if kind is not None and kind in catalog.facts.unknown:
            raise refuse(400, "entity type constraint", f"Unknown entity type: {kind}.", pointer=f"{at}/type")


def _extra_detail(shown: str) -> str:
    return f'This form should not contain extra fields: "{shown}".'


def _extra_pointer(draft: Draft) -> str | None:
    # A single record's extra fields have no source; those of an included or batch record point at the record.
    return None if draft.pointer == "/data" else draft.pointer


def _fill_attribute(draft: Draft, name: str, attributes: Mapping[str, Any], value: Any) -> None:
    if name == "updatedAt" or (name == "createdAt" and draft.type not in {"orders", "orderlineitems"}):
        return
    if name == "wysiwyg" and isinstance(value, dict):
        # A store without a theme's own blocks renders a text as it is.
        value = {"value": None, "style": None, "properties": None, **value, "valueRendered": value.get("value")}
    try:
        draft.values[name] = convert(attributes[name], value)
    except InvalidValueError as error:
        draft.failed.add(name)
        draft.complain("form constraint", str(error), f"attributes/{name}")


def _fill_relation(
    catalog: Catalog, connection: sqlite3.Connection, graph: Graph, draft: Draft, name: str, to: To, data: Any
) -> None:
    stored = catalog.stored_relation(draft.type, name)
    listed = data if isinstance(data, list) else [] if data is None else [data]
    found: list[Any] = []
    for position, one in enumerate(listed):
        at = f"{draft.pointer}/relationships/{name}/data" + (f"/{position}" if isinstance(data, list) else "")
        target = _find(catalog, connection, graph, draft, name, to, one, at)
        if target is not None:
            found.append(target)
    if to.many or stored != name:
        if name not in draft.failed or found:
            draft.many[stored] = found
    elif name not in draft.failed:
        draft.values[name] = found[0] if found else None


def _find(
    catalog: Catalog,
    connection: sqlite3.Connection,
    graph: Graph,
    draft: Draft,
    name: str,
    to: To,
    one: Any,
    at: str,
) -> Any:
    if not isinstance(one, dict) or one.get("type") != to.type:
        draft.failed.add(name)
        draft.problems.append(Problem(400, "entity type constraint", "Not acceptable entity type.", f"{at}/type"))
        return None
    identifier = str(one.get("id", ""))
    other = graph.drafts.get((to.type, identifier))
    if other is not None:
        graph.edges.append((draft, other))
        return other
    if (to.type, identifier) in graph.made:
        return graph.made[to.type, identifier]
    key: Any = identifier
    if to.type not in TEXT_IDS:
        if not identifier.removeprefix("-").isdigit():
            draft.failed.add(name)
            detail = f'Expected integer value. Given "{identifier}".'
            draft.problems.append(Problem(400, "entity identifier constraint", detail, f"{at}/id"))
            return None
        key = int(identifier)
    if to.type not in catalog.shapes or not row_of(connection, to.type, key):
        if name not in draft.failed:
            draft.complain("form constraint", ABSENT, f"relationships/{name}")
        draft.failed.add(name)
        return None
    return key


def row_of(connection: sqlite3.Connection, resource: str, one: Any) -> dict[str, Any] | None:
    """A record's columns, or None."""
    cursor = connection.execute(f'SELECT * FROM {quoted(resource)} WHERE "id" = ?', (one,))
    row = cursor.fetchone()
    return None if row is None else dict(zip((column[0] for column in cursor.description), row, strict=True))


def related_ids(connection: sqlite3.Connection, resource: str, relation: str, to: To, one: Any) -> list[Any]:
    """The ids that a stored to-many relation leads to."""
    link = link_of(resource, relation, to)
    if link is None:
        return []
    statement = f"SELECT {quoted(link.other)} FROM {quoted(link.table)} WHERE {quoted(link.own)} = ? ORDER BY 1"
    return [row[0] for row in connection.execute(statement, (one,))]
