"""Writing: create, update, delete and relationships, each in one transaction that a refusal rolls back."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oro_provider.entities.shapes import SHAPES
from oro_provider.sandbox.bodies import Item, read_document, read_item
from oro_provider.sandbox.drafts import BLANK, Draft, Graph, fill, related_ids, row_of
from oro_provider.sandbox.errors import Problem, RefusedError, denied, not_found, refuse
from oro_provider.sandbox.numbering import RANDOM_IDS, Numbering
from oro_provider.sandbox.rules import RULES, Rules
from oro_provider.sandbox.storage import TEXT_IDS, link_of, quoted
from oro_provider.sandbox.upserts import check_upsert, find_upserted

if TYPE_CHECKING:
    import random
    import sqlite3
    from collections.abc import Iterator, Sequence

    from oro_provider.sandbox.clock import Clock
    from oro_provider.sandbox.search_index import SearchIndex
    from oro_provider.sandbox.versions import Catalog

# To-many relations whose records cannot live without their owner: what an update leaves out of the list is deleted.
OWNED = frozenset({
    ("products", "names"), ("products", "descriptions"), ("products", "shortDescriptions"), ("products", "unitPrecisions"),
    ("products", "variantLinks"), ("products", "images"), ("products", "kitItems"), ("productkititems", "labels"),
    ("productkititems", "kitItemProducts"), ("orders", "lineItems"), ("orders", "discounts"),
    ("orders", "shippingTrackings"), ("brands", "names"),
})  # fmt: skip

# Lists of records that cannot be changed from this side once the owner exists.
_READ_ONLY_LISTS = frozenset({("customers", "addresses"), ("customerusers", "addresses")})


@dataclass(slots=True)
class Written:
    """What a write did: the primary record, whether it is new, and the included ones with their ids in the body."""

    type: str
    id: Any
    created: bool
    included: list[tuple[str, Any, str]] = field(default_factory=list)
    rehearsed: bool = False  # by `meta.validate`: still to be taken back


class Writer:
    """Applies writes to one database, as one version does."""

    def __init__(
        self,
        catalog: Catalog,
        connection: sqlite3.Connection,
        clock: Clock,
        search: SearchIndex,
        chance: random.Random,
    ) -> None:
        self.catalog = catalog
        self.connection = connection
        self.clock = clock
        self.search = search
        self.chance = chance
        self.numbers = Numbering(connection, chance)
        self.unflushed: set[tuple[str, Any]] = set()  # made by the chunk of a batch that is being worked off

    # -- transactions  ------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nests."""
        outer = not self.connection.in_transaction
        self.connection.execute("BEGIN" if outer else "SAVEPOINT inner_write")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK" if outer else "ROLLBACK TO inner_write")
            if not outer:
                self.connection.execute("RELEASE inner_write")
            raise
        self.connection.execute("COMMIT" if outer else "RELEASE inner_write")

    def take_back(self, savepoint: str) -> None:
        """Undo everything since a savepoint."""
        self.connection.execute(f"ROLLBACK TO {savepoint}")
        self.connection.execute(f"RELEASE {savepoint}")

    # -- single records ------------------------------------------------------------------------------------------------

    def create(self, resource: str, document: Any) -> Written:
        """POST of a single record with what it includes."""
        data, included = read_document(document)
        item = read_item(data, "/data", flags_at="/meta")
        if item.type != resource:
            detail = "The 'type' property of the primary data object should match the requested resource"
            raise refuse(409, "conflict constraint", detail, pointer="/data/type")
        self._check_flags(resource, item)
        return self._write(item, self._included(included), update=item.update)

    def update(self, resource: str, one: Any, document: Any) -> Written:
        """PATCH of a single record with what it includes."""
        data, included = read_document(document)
        item = read_item(data, "/data", flags_at="/meta")
        if item.id is None:
            raise refuse(400, "request data constraint", "The 'id' property is required", pointer="/data/id")
        if item.id != str(one):
            detail = "The 'id' property of the primary data object should match 'id' parameter of the query string"
            raise refuse(409, "conflict constraint", detail, pointer="/data/id")
        if item.type != resource:
            detail = "The 'type' property of the primary data object should match the requested resource"
            raise refuse(409, "conflict constraint", detail, pointer="/data/type")
        if item.upsert and resource not in TEXT_IDS:
            detail = "The upsert operation is not supported for resources with auto-generated identifier value."
            raise refuse(400, "value constraint", detail, pointer="/meta/upsert")
        self._check_flags(resource, item)
        return self._write(item, self._included(included), update=True)

    def _included(self, included: list[Any]) -> list[Item]:
        return [read_item(data, f"/included/{n}") for n, data in enumerate(included)]

    def _check_flags(self, resource: str, item: Item) -> None:
        if item.validate and self.catalog.facts.validate_flag and resource != "orders":
            raise refuse(400, "value constraint", "The option is not supported.", pointer="/meta/validate")
        if not self.catalog.facts.validate_flag:
            item.validate = False  # before 6.1 the flag is ignored, and the record is created
        check_upsert(self.catalog, resource, item, "/meta/upsert")

    def _write(self, item: Item, included: list[Item], *, update: bool) -> Written:
        with self.transaction():
            graph = Graph()
            primary = self.draft(item, update=update)
            drafts = self._drafts(graph, primary, item, included)
            self._require_links(graph, primary, drafts)
            self.check(drafts)
            self.save(drafts)
        return self.written(primary, drafts)

    def written(self, primary: Draft, drafts: Sequence[Draft]) -> Written:
        """The result of a saved body."""
        named = [(d.type, d.id, d.include_id) for d in drafts if d.include_id is not None]
        return Written(primary.type, primary.id, not primary.update, named)

    def draft(self, item: Item, *, update: bool) -> Draft:
        """An empty draft of the record that an item creates, updates or upserts."""
        row = self.catalog.resources[item.type]
        draft = Draft(item.type, item.pointer, update)
        if item.upsert:
            found = find_upserted(self.catalog, self.connection, item)
            draft.update = found is not None
            draft.id = found if found is not None else item.id if item.type in TEXT_IDS else None
        elif update:
            draft.id = item.id if item.type in TEXT_IDS else int(item.id or 0) if (item.id or "").isdigit() else None
        elif item.type in TEXT_IDS and item.type not in RANDOM_IDS:
            draft.id = item.id
            if item.id is None:
                at = f"{item.pointer}/id"
                raise refuse(400, "request data constraint", "The identifier should not be blank", pointer=at)
            if row_of(self.connection, item.type, item.id):
                raise refuse(409, "conflict constraint", "The entity already exists.")
        if draft.update:
            current = row_of(self.connection, item.type, draft.id) if draft.id is not None else None
            if current is None:
                raise not_found()
            draft.current = current
        else:
            draft.values.update(row.defaults)
        return draft

    def _drafts(self, graph: Graph, primary: Draft, item: Item, included: list[Item]) -> list[Draft]:
        if item.id is not None:
            graph.drafts[item.type, item.id] = primary
        pairs = self.include(graph, included)
        fill(self.catalog, self.connection, graph, primary, item)
        for draft, one in pairs:
            fill(self.catalog, self.connection, graph, draft, one)
        return [primary, *(draft for draft, _ in pairs)]

    def include(self, graph: Graph, included: list[Item]) -> list[tuple[Draft, Item]]:
        """Drafts of the included records, entered into the graph but not filled."""
        pairs: list[tuple[Draft, Item]] = []
        for one in included:
            row = self.catalog.resources.get(one.type)
            if row is None:
                detail = f"Unknown entity type: {one.type}."
                raise refuse(400, "entity type constraint", detail, pointer=f"{one.pointer}/type")
            if not one.update and "C" not in row.actions:
                detail = 'The "create" action is not allowed.'
                raise refuse(400, "action not allowed exception", detail, pointer=one.pointer)
            check_upsert(self.catalog, one.type, one, f"{one.pointer}/meta/upsert")
            key = (one.type, one.id or "")
            if key in graph.drafts:
                detail = f"The item duplicates the item with the index {len(pairs) - 1}"
                raise refuse(400, "request data constraint", detail, pointer=one.pointer)
            try:
                draft = self.draft(one, update=one.update)
            except RefusedError as error:
                raise RefusedError(
                    *(p.below(one.pointer) if p.pointer is None else p for p in error.problems)
                ) from None
            draft.include_id = one.id
            graph.drafts[key] = draft
            pairs.append((draft, one))
        return pairs

    def _require_links(self, graph: Graph, primary: Draft, drafts: list[Draft]) -> None:
        reached = graph.reached(primary)
        for draft in drafts:
            if id(draft) not in reached:
                detail = (
                    "The entity should have a relationship with the primary entity and this should be explicitly "
                    "specified in the request"
                )
                raise refuse(400, "request data constraint", detail, pointer=draft.pointer)

    # -- checking ------------------------------------------------------------------------------------------------------

    def check(self, drafts: Sequence[Draft]) -> None:
        """Validate drafts; every problem of every record is reported."""
        for draft in drafts:
            adopt = RULES.get(draft.type, Rules()).adopt
            if adopt is not None:
                adopt(draft)
            self._back_references(draft)
        for draft in drafts:
            self._validate(draft)
        problems = [problem for draft in drafts for problem in draft.problems]
        if problems:
            raise RefusedError(*problems)

    def _back_references(self, draft: Draft) -> None:
        """Tell included children whose owner names them in a list who their owner is."""
        for name, targets in draft.many.items():
            to = SHAPES[draft.type].relationships[name]
            link = link_of(draft.type, name, to)
            for target in targets:
                if isinstance(target, Draft) and link is not None:
                    if link.join:
                        mirrored = next(
                            (
                                other
                                for other, back in SHAPES[to.type].relationships.items()
                                if back.many and link_of(to.type, other, back) == _flipped(link)
                            ),
                            None,
                        )
                        if mirrored is not None and not target.update:
                            target.many.setdefault(mirrored, []).append(draft)
                    elif target.get(link.own) is None:
                        target.values[link.own] = draft

    def _validate(self, draft: Draft) -> None:
        row = self.catalog.resources[draft.type]
        shape = self.catalog.shapes[draft.type]
        rules = RULES.get(draft.type, Rules())
        for name in row.required:
            touched = not draft.update or name in draft.values
            if name in shape.relationships and shape.relationships[name].many:
                continue
            if (
                touched
                and name not in draft.failed
                and draft.blank(name)
                and (name in shape.attributes or name in shape.relationships)
            ):
                draft.complain("not blank constraint", rules.blank.get(name, BLANK), draft.place(self.catalog, name))
        for name, most in row.lengths.items():
            value = draft.values.get(name)
            if isinstance(value, str) and len(value) > most:
                detail = f"This value is too long. It should have {most} characters or less."
                draft.complain("length constraint", detail, f"attributes/{name}")
        for names in row.unique:
            self._check_unique(draft, names)
        if draft.values.get("externalId") is not None and self._taken(draft, ("externalId",)):
            draft.complain("unique entity constraint", 'Value for field "External ID" must be unique')
        if rules.check is not None:
            rules.check(self, draft)

    def _taken(self, draft: Draft, names: tuple[str, ...]) -> bool:
        """Whether another record has the same values."""
        values = [draft.get(name) for name in names]
        if any(value is None or isinstance(value, Draft) for value in values):
            return False
        where = " AND ".join(f"{quoted(name)} = ?" for name in names)
        statement = f'SELECT "id" FROM {quoted(draft.type)} WHERE {where} AND "id" IS NOT ? LIMIT 1'
        return self.connection.execute(statement, (*values, draft.id)).fetchone() is not None

    def _check_unique(self, draft: Draft, names: tuple[str, ...]) -> None:
        touched = not draft.update or any(name in draft.values for name in names)
        if touched and self._taken(draft, names):
            place = draft.place(self.catalog, names[0])
            draft.complain("unique entity constraint", "This value is already used.", place)

    # -- saving --------------------------------------------------------------------------------------------------------

    def save(self, drafts: Sequence[Draft]) -> None:
        """Write validated drafts: ids first, so that they can refer to each other, then rows, lists and side effects."""
        now = self.clock.text()
        for draft in drafts:
            reserve = RULES.get(draft.type, Rules()).reserve
            if reserve is not None:
                reserve(self, draft)
            if not draft.update and (draft.id is None or draft.type == "productprices"):
                draft.id = self.numbers.new(draft.type)
        for draft in drafts:
            rules = RULES.get(draft.type, Rules())
            if rules.before is not None:
                rules.before(self, draft)
            self._save_row(draft, now)
        for draft in drafts:
            for name, targets in draft.many.items():
                self._save_list(draft, name, targets)
        for draft in drafts:
            rules = RULES.get(draft.type, Rules())
            if rules.after is not None:
                rules.after(self, draft, now)

    def _save_row(self, draft: Draft, now: str) -> None:
        values = {
            name: value.id if isinstance(value, Draft) else value
            for name, value in draft.values.items()
            if name != "attributeFamily" or value is not None
        }
        attributes = SHAPES[draft.type].attributes
        before = self.search.text_of(draft.type, draft.id) if draft.update else None
        if draft.update:
            changed = {name: value for name, value in values.items() if draft.current.get(name) != value}
            if "updatedAt" in attributes and (changed or draft.type == "orders"):
                changed["updatedAt"] = now
            if changed:
                self.set(draft.type, draft.id, changed)
        else:
            values["id"] = draft.id
            for name in ("createdAt", "updatedAt"):
                if name in attributes:
                    values.setdefault(name, values.get("createdAt", now))
            columns = ", ".join(quoted(name) for name in values)
            marks = ", ".join("?" * len(values))
            self.connection.execute(
                f"INSERT INTO {quoted(draft.type)} ({columns}) VALUES ({marks})", list(values.values())
            )
        draft.current = {**draft.current, **values}
        self.search.written(draft.type, draft.id, before)

    def set(self, resource: str, one: Any, values: dict[str, Any]) -> None:
        """Change columns of a record."""
        assignments = ", ".join(f"{quoted(name)} = ?" for name in values)
        self.connection.execute(f'UPDATE {quoted(resource)} SET {assignments} WHERE "id" = ?', (*values.values(), one))

    def _save_list(self, draft: Draft, name: str, targets: list[Any]) -> None:
        to = SHAPES[draft.type].relationships[name]
        link = link_of(draft.type, name, to)
        if link is None or (draft.update and (draft.type, name) in _READ_ONLY_LISTS):
            return
        ids = [target.id if isinstance(target, Draft) else target for target in targets]
        current = related_ids(self.connection, draft.type, name, to, draft.id) if draft.update else []
        gone = [one for one in current if one not in ids]
        if link.join:
            table, own, other = quoted(link.table), quoted(link.own), quoted(link.other)
            self.connection.executemany(
                f"DELETE FROM {table} WHERE {own} = ? AND {other} = ?", [(draft.id, one) for one in gone]
            )
            self.connection.executemany(
                f"INSERT OR IGNORE INTO {table} ({own}, {other}) VALUES (?, ?)", [(draft.id, one) for one in ids]
            )
        else:
            for one in ids:
                self.set(to.type, one, {link.own: draft.id})
        for one in gone:
            if (draft.type, name) in OWNED:
                self.remove(to.type, one)
            elif not link.join:
                self.set(to.type, one, {link.own: None})

    # -- deleting and relationships ------------------------------------------------------------------------------------

    def delete(self, resource: str, one: Any) -> None:
        """DELETE of a single record, unless something forbids it."""
        current = row_of(self.connection, resource, one)
        if current is None:
            raise not_found()
        rules = RULES.get(resource, Rules())
        if rules.forbid is not None:
            reason = rules.forbid(self, current)
            if reason is not None:
                raise denied(f"The delete operation is forbidden. Reason: {reason}")
        with self.transaction():
            self.remove(resource, one)

    def remove(self, resource: str, one: Any) -> None:
        """Take a record away: what it owns goes too, and other records forget it."""
        rules = RULES.get(resource, Rules())
        if rules.removed is not None:
            rules.removed(self, one)
        for name, to in SHAPES[resource].relationships.items():
            link = link_of(resource, name, to) if to.many else None
            if link is None or link.table == "ordersubtotals":
                continue
            for other in related_ids(self.connection, resource, name, to, one) if (resource, name) in OWNED else ():
                self.remove(to.type, other)
            if link.join:
                self.connection.execute(f"DELETE FROM {quoted(link.table)} WHERE {quoted(link.own)} = ?", (one,))
            else:
                table, own = quoted(link.table), quoted(link.own)
                self.connection.execute(f"UPDATE {table} SET {own} = NULL WHERE {own} = ?", (one,))
        self.search.written(resource, one, self.search.text_of(resource, one))
        self.connection.execute(f'DELETE FROM {quoted(resource)} WHERE "id" = ?', (one,))

    def relate(self, resource: str, one: Any, relation: str, document: Any, how: str) -> None:
        """PATCH replaces a relation, POST adds to it, DELETE takes from it."""
        to = self.catalog.shapes[resource].relationships[relation]
        data = document.get("data") if isinstance(document, dict) else None
        if not isinstance(document, dict) or "data" not in document:
            raise refuse(400, "request data constraint", "The primary data object should exist", pointer="/data")
        current = row_of(self.connection, resource, one)
        if current is None:
            raise not_found()
        draft = Draft(resource, "/data", update=True, id=one, current=current)
        item = Item(resource, str(one), "/data", {}, {relation: {"data": data}})
        fill(self.catalog, self.connection, Graph(), draft, item)
        if draft.problems:
            raise RefusedError(*(Problem(p.status, p.title, p.detail) for p in draft.problems))
        stored = self.catalog.stored_relation(resource, relation)
        if to.many and how != "PATCH":
            before = related_ids(self.connection, resource, stored, to, one)
            named = draft.many.get(stored, [])
            kept = [other for other in before if other not in named] if how == "DELETE" else [*before, *named]
            draft.many[stored] = list(dict.fromkeys(kept))
        with self.transaction():
            self.check([draft])
            self.save([draft])


def _flipped(link: Any) -> Any:
    return type(link)(link.table, link.other, link.own, link.join)


def as_json(value: Any) -> str:
    """JSON text as the database keeps lists and objects."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
