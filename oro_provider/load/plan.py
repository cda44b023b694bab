"""The plan: for each row, what has to happen so that the store is as the row says. Nothing is written here, but what a task
asks to be made for want of a name (`missing="create"`).

Existing records are found in bulk by business key and compared field by field with what the rows mention, so that an update
sends only what differs and a row that changes nothing causes no write.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from oro_provider.api.bulk import Bulk
from oro_provider.entities import paging_order
from oro_provider.load.belongings import Belongings
from oro_provider.load.compare import Comparison, text_changes
from oro_provider.load.contents import Content, file_places, measure
from oro_provider.load.desired import desire
from oro_provider.load.dialect import Dialect
from oro_provider.load.existing import Finder
from oro_provider.load.leaders import other_leader
from oro_provider.load.lookups import Resolver
from oro_provider.load.losses import count_losses, with_losses
from oro_provider.load.makers import make_missing
from oro_provider.load.mentions import Missing, mentions, resolve_rows
from oro_provider.load.rows import Reject
from oro_provider.load.values import key_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.documents import JsonObject
    from oro_provider.entities.model import Entity
    from oro_provider.load.contents import Measured
    from oro_provider.load.desired import Desired, Node
    from oro_provider.load.existing import Found
    from oro_provider.load.losses import Removed
    from oro_provider.load.mentions import Resolved
    from oro_provider.load.rows import FilePlace, Row

Verb: TypeAlias = Literal["create", "update", "unchanged"]


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to one row: the resource object to send and what goes along with it (nothing where unchanged).

    `changes` says what differs: by attribute or relationship, before and after. `removed` are the parts that are taken away,
    `losses` counts those that have something to lose and the records that the store deletes along with them, by type.
    """

    verb: Verb
    row: Row
    id: str | None = None
    data: JsonObject = field(default_factory=dict, repr=False)
    included: tuple[JsonObject, ...] = field(default=(), repr=False)
    changes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    removed: tuple[Removed, ...] = field(default=(), repr=False)
    losses: Mapping[str, int] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class Plan:
    """The actions of some rows, the rows that are refused before anything is sent, and those that wait for others.

    `absent` are those of the refused that name something which the store does not have.
    """

    actions: list[Action] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    held: list[Row] = field(default_factory=list)
    absent: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How to plan. `missing`: by a row's field, or `*`, what becomes of a name that the store does not have.

    `writes`: something may be made. `sole`: a row names one record, also where the first of several could stand for them all; a
    deletion would leave the others. `open_path` makes a path of where a row says that a file is.
    """

    missing: Mapping[str, Missing] = field(default_factory=dict)
    remove_units: bool = False
    writes: bool = True
    sole: bool = False
    open_path: Callable[[str], Any] = Path

    def when_missing(self, path: str) -> Missing:
        """Return what becomes of a missing name at this field."""
        return self.missing.get(path, self.missing.get("*", "reject"))


class Planner:
    """Plans the rows of one entity; keeps what was learnt of the store from one chunk of rows to the next."""

    def __init__(
        self,
        client: AsyncOroClient,
        entity: Entity,
        known: Mapping[str, Mapping[str, str]] | None = None,
        options: PlanOptions | None = None,
    ) -> None:
        self.entity = entity
        self.options = options or PlanOptions()
        self._client = client
        self._known = known or {}
        self._bulk = bulk = Bulk(client)
        self._dialect = Dialect(client)
        self.resolver = Resolver(client, bulk)
        self._finder = Finder(client, bulk, self.resolver, self._dialect, entity)
        self._belongings = Belongings(bulk, self._dialect)
        self._marks: dict[tuple[str, str], int] = {}
        keys = {entity.attribute(name) for name in entity.key}
        keys |= {entity.references[name].relationship for name in entity.key if name in entity.references}
        before = {entity.references[name].before_6_1 for name in entity.key if name in entity.references}
        self._unchangeable = frozenset(keys | {name for name in before if name} | entity.once)

    async def plan(self, rows: Sequence[Row], *, hold: bool = False, fresh: bool = False) -> Plan:
        """Return what has to be done for these rows.

        `hold`: keep rows back that name a record of this kind which the store does not have (yet). `fresh`: look also for
        what was made since the last look.
        """
        await self._dialect.learn(self.entity)
        resolved = await resolve_rows(self.resolver, self.entity, rows, self._known)
        if self.options.writes:
            await make_missing(self._client, self.resolver, self.entity, rows, resolved, self.options.when_missing)
        measured = await measure(rows, self.options.open_path)

        def content(place: FilePlace) -> Content:
            return Content(place.name, self.options.open_path(place.path), measured.sizes[place.path])

        plan = Plan()
        desired: list[Desired] = []
        for row in rows:
            refused = self._refused(row, resolved, plan, hold=hold) or _unreadable(row, measured, plan)
            if not refused:
                desired.append(desire(self.entity, row, resolved.table, self._dialect, content))
        desired = self._without_repeats(desired, plan)
        found = await self._finder.find(desired, fresh=fresh)
        for item in desired:
            records = found.records.get(item.row.number, [])
            if len(records) == 1 or (records and self._interchangeable):
                item.node.record = records[0]
        await self._belongings.hold([item.node for item in desired])
        await self._complete_texts(desired)
        for item in desired:
            action = self._action(item, found)
            (plan.rejects if isinstance(action, Reject) else plan.actions).append(action)  # type: ignore[arg-type]
        plan.actions = await self._with_losses(self._of_one_record_each(plan))
        return plan

    def _of_one_record_each(self, plan: Plan) -> list[Action]:
        """Refuse rows that name the record of an earlier one in other words (stock with and without its unit) and change it."""
        first: dict[str | None, Action] = {}
        kept = []
        for action in plan.actions:
            before = first.setdefault(action.id, action) if action.id is not None else action
            if before is action or before.verb == action.verb == "unchanged":
                kept.append(action)
                continue
            reason = f"names the record of row {before.row.number} (id {action.id})"
            plan.rejects.append(action.row.rejected(reason, self.entity.key[0]))
        return kept

    async def _with_losses(self, actions: list[Action]) -> list[Action]:
        """Say of each action that takes something away how much the store deletes along with it."""
        removed = [one for action in actions for one in action.removed]
        if not removed:
            return actions
        counts = await count_losses(self._bulk, self.resolver, removed)
        return [with_losses(action, counts) if action.removed else action for action in actions]

    @property
    def _interchangeable(self) -> bool:
        """Whether several records of an owner with one key are one to people, so that the first stands for it: a parcel, a place."""
        entity = self.entity
        owned = entity.find is not None and entity.find.by == "owner"
        return owned and entity.key_folded and not entity.enforced and not self.options.sole

    @property
    def can_rehearse(self) -> bool:
        """Whether the store says what it thinks of a record without keeping it. Asked after a first plan."""
        return self.entity.rehearsed and self._dialect.surely_6_1

    async def look(self, rows: Sequence[Row]) -> Plan:
        """Plan rows once more, to see what has become of them."""
        return await self.plan(rows, fresh=True)

    async def refresh_references(self) -> None:
        """Learn the records of this kind that other rows may name, after some were made."""
        for reference in self.entity.references.values():
            if reference.lookup.type == self.entity.type:
                await self.resolver.refresh(reference.lookup)

    def _refused(self, row: Row, resolved: Resolved, plan: Plan, *, hold: bool) -> bool:
        waits = False
        for mention in mentions(self.entity, row.fields):
            problem = resolved.problem(mention)
            if problem is None:
                continue
            absent = resolved.is_absent(mention)
            if absent and hold and mention.lookup.type == self.entity.type:
                waits = True
                continue
            # Without a part of its key a row would name other records than its own.
            optional = absent and mention.path not in self.entity.key
            policy = self.options.when_missing(mention.path) if optional else "reject"
            if policy == "fail":
                raise ValueError(f"row {row.number}, field {mention.shown}: {problem}")
            if policy == "null" or (policy == "create" and not self.options.writes):
                continue
            plan.rejects.append(row.rejected(problem, mention.shown))
            if absent:
                plan.absent.add(row.number)
            return True
        if waits:
            plan.held.append(row)
        return waits

    def _without_repeats(self, desired: Iterable[Desired], plan: Plan) -> list[Desired]:
        """Refuse rows that name the record of another one in other words, or claim what only one record can be."""
        seen: dict[tuple[str, ...], int] = {}
        kept = []
        for item in desired:
            row = item.row
            first = seen.setdefault(item.key, row.number)
            if first != row.number:
                named = ", ".join(self.entity.key)
                plan.rejects.append(row.rejected(f"repeats the {named} of row {first}", self.entity.key[0]))
                continue
            marks = self.entity.sole(item.node.attributes) if self.entity.sole else frozenset[str]()
            taken = [(mark, self._marks.setdefault((item.key[0], mark), row.number)) for mark in sorted(marks)]
            other = next(((mark, number) for mark, number in taken if number != row.number), None)
            if other is not None:
                reason = f"is {other[0]} as row {other[1]} is, and only one of an owner can be"
                plan.rejects.append(row.rejected(reason, "primary" if other[0] == "primary" else "default_types"))
                continue
            kept.append(item)
        return kept

    async def _complete_texts(self, desired: Sequence[Desired]) -> None:
        """Read all languages of the texts that will be changed: a list that is sent replaces the store's."""
        by_field: dict[tuple[int, str], list[Node]] = {}
        for node in _nodes(item.node for item in desired):
            if node.record is None:
                continue
            for name in node.texts:
                if name not in node.whole_texts and any(True for _ in text_changes(node, name)):
                    by_field.setdefault((id(node.described), name), []).append(node)
        for (_, name), nodes in by_field.items():
            await self._belongings.complete(name, nodes)

    def _action(self, item: Desired, found: Found) -> Action | Reject:
        entity, row, node = self.entity, item.row, item.node
        records = found.records.get(row.number, [])
        if records and node.record is None:
            ids = ", ".join(record.id for record in records)
            return row.rejected(f"names {len(records)} records of the store: ids {ids}", entity.key[0])
        stray = self._stray_id(node)
        if stray is not None:
            return row.rejected(stray, "id")
        comparison = Comparison(row.number, found.included, self._unchangeable, remove_units=self.options.remove_units)
        if node.record is None:
            return self._create(item, comparison)
        stuck = other_leader(node)
        if stuck is not None:
            return row.rejected(stuck[1], stuck[0])
        if found.owned[item.key[0]] == 1:
            self._leave_lone(node)
        draft = comparison.update(node)
        if not draft.changes:
            return Action("unchanged", row, node.record.id)
        data = draft.object(entity.type, node.record.id)
        return Action(
            "update", row, node.record.id, data, tuple(draft.included), draft.changes, tuple(comparison.removed)
        )

    def _leave_lone(self, node: Node) -> None:
        """Leave what the store sets for an owner's only record: a row that says otherwise would be sent again each time."""
        for name in self.entity.lone:
            if not node.attributes.get(name, True):
                del node.attributes[name]

    def _stray_id(self, node: Node) -> str | None:
        """Take the id out of what a row says where the store gives ids itself; return why it is not that of the row's record."""
        entity = self.entity
        if "id" in entity.key or paging_order(entity.type) == "number":
            return None
        given = key_text("integer", node.attributes.pop("id", None), folded=False)
        if not given or (node.record is not None and node.record.id == given):
            return None
        named = ", ".join(entity.key)
        if node.record is None:
            return f"is {given}, but the store has no {entity.type} of this {named}, and gives a new one its id itself: leave it out"
        return f"is {given}, but the {entity.type} of this {named} have the id {node.record.id}"

    def _create(self, item: Desired, comparison: Comparison) -> Action | Reject:
        entity, row = self.entity, item.row
        if not entity.creatable:
            names = ", ".join(str(row.values.get(name)) for name in entity.key if row.values.get(name))
            return row.rejected(f"the store has no {entity.type} of {names}, and its API makes none", entity.key[0])
        draft = comparison.create(item.node)
        own = draft.attributes.pop("id", None)
        id_ = str(own) if own is not None else None
        # What is told of a row goes into files; a password stays out of them.
        changes = {name: "new" if name in entity.once else value for name, value in draft.changes.items()}
        return Action("create", row, None, draft.object(entity.type, id_), tuple(draft.included), changes)


def _nodes(nodes: Iterable[Node]) -> Iterable[Node]:
    for node in nodes:
        yield node
        for children in node.parts.values():
            yield from _nodes(children)


def _unreadable(row: Row, measured: Measured, plan: Plan) -> bool:
    for field_, place in file_places(row.fields):
        if place.path in measured.problems:
            plan.rejects.append(row.rejected(measured.problems[place.path], field_))
            return True
    return False
