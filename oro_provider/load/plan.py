"""The plan: for each row, what has to happen so that the store is as the row says. Nothing is written here.

Existing records are found in bulk by business key and compared field by field with what the rows mention, so that an update
sends only what differs and a row that changes nothing causes no write.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from oro_provider.api.documents import Ref, linkage, resource_object
from oro_provider.api.errors import InvalidRequest
from oro_provider.api.query import Query
from oro_provider.load.lookups import PAGE, Resolver, resolve_rows
from oro_provider.load.rows import Reject, cast_value, folded_key, linkage_to, same_linkage, same_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.documents import JsonObject, Linkage, Resource
    from oro_provider.entities.model import Entity, Reference
    from oro_provider.load.lookups import LookupTable
    from oro_provider.load.rows import Row

Verb: TypeAlias = Literal["create", "update", "unchanged"]


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to one row: the resource object to send and what goes along with it (nothing where unchanged)."""

    verb: Verb
    row: Row
    id: str | None = None
    data: JsonObject = field(default_factory=dict, repr=False)
    included: tuple[JsonObject, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """The actions of some rows, and the rows that are refused before anything is sent."""

    actions: list[Action]
    rejects: list[Reject]


@dataclass(frozen=True, slots=True)
class Desired:
    """A row with its names resolved: what its record should hold, as far as the row mentions it."""

    row: Row
    attributes: Mapping[str, Any]
    linkages: Mapping[str, Linkage]


class Planner:
    """Plans the rows of one entity; keeps what was learnt of the store from one chunk of rows to the next."""

    def __init__(
        self, client: AsyncOroClient, entity: Entity, known: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        if entity.find is None:
            raise ValueError(f"rows cannot be loaded into {entity.type} yet: existing records could not be found again")
        self.entity = entity
        self._client = client
        self._known = known
        self._resolver = Resolver(client)
        self._owner_relationship: str | None = None

    async def plan(self, rows: Sequence[Row]) -> Plan:
        """Return what has to be done for these rows."""
        table, problems = await resolve_rows(self._resolver, self.entity, rows, self._known)
        rejects: list[Reject] = []
        desired: list[Desired] = []
        for row in rows:
            found = _problem(row, problems)
            if found is not None:
                rejects.append(row.rejected(found[1], found[0]))
            else:
                desired.append(await self._desired(row, table))
        existing = await self._existing(desired)
        localized = await self._localized(desired, existing)
        units = await self._units(desired, existing)
        actions: list[Action] = []
        for item in desired:
            matches = existing.get(folded_key(self.entity, item.row.key), [])
            action = self._action(item, matches, localized, units, table)
            (rejects if isinstance(action, Reject) else actions).append(action)  # type: ignore[arg-type]
        return Plan(actions, rejects)

    async def _desired(self, row: Row, table: LookupTable) -> Desired:
        linkages = dict(row.linkages)
        for name, value in row.references.items():
            reference = self.entity.references[name]
            id_ = table[name][value] if value is not None else None
            relationship, many = await self._relationship(reference)
            linkages[relationship] = linkage_to(reference.lookup.type, id_, many=many)
        return Desired(row, row.attributes, linkages)

    async def _relationship(self, reference: Reference) -> tuple[str, bool]:
        """Return the name that this store has for a relationship, and whether it is to many; asked of the store once."""
        if reference.before_6_1 is None:
            return reference.relationship, reference.many
        if self._owner_relationship is None:
            fields = {self.entity.type: [self.entity.attribute(self.entity.key[-1])]}
            query = Query(filters={reference.relationship: "0"}, fields=fields, size=1)
            try:
                await self._client.perform(self._client.calls.page(self.entity.type, query))
                self._owner_relationship = reference.relationship
            except InvalidRequest:
                self._owner_relationship = reference.before_6_1
        return self._owner_relationship, self._owner_relationship == reference.relationship and reference.many

    async def _existing(self, desired: Sequence[Desired]) -> dict[tuple[str, ...], list[Resource]]:
        """Return the store's records by their folded key, with the attributes and relationships that the rows mention."""
        if not desired:
            return {}
        if self.entity.find == "owner":
            return await self._by_owner(desired)
        attribute = self.entity.attribute(self.entity.key[0])
        spellings = dict.fromkeys(item.row.key[0] for item in desired)
        found: dict[tuple[str, ...], list[Resource]] = {}
        query = Query(filters={attribute: list(spellings)}, fields=self._fields(desired, attribute), size=PAGE)
        async for page in self._client.pages(self.entity.type, query):
            for resource in page.resources:
                key = folded_key(self.entity, (str(resource.attributes[attribute]),))
                found.setdefault(key, []).append(resource)
        return found

    async def _by_owner(self, desired: Sequence[Desired]) -> dict[tuple[str, ...], list[Resource]]:
        reference = self.entity.references[self.entity.key[0]]
        relationship, many = await self._relationship(reference)
        owners: dict[str, set[str]] = {}  # the owner's id -> the names by which rows call it
        for item in desired:
            for ref in _refs(item.linkages[relationship]):
                owners.setdefault(ref.id, set()).add(item.row.key[0])
        rest = [self.entity.attribute(name) for name in self.entity.key[1:]]
        query = Query(
            filters={relationship: list(owners)}, fields=self._fields(desired, *rest, relationship), size=PAGE
        )
        found: dict[tuple[str, ...], list[Resource]] = {}
        # A filter over a to-many relation makes short pages: only an empty one is the end.
        async for page in self._client.pages(self.entity.type, query, until_empty=many):
            for resource in page.resources:
                values = [str(resource.attributes.get(name) or "").strip() for name in rest]
                for ref in _refs(resource.relationships.get(relationship)):
                    for name in owners.get(ref.id, ()):
                        records = found.setdefault(folded_key(self.entity, (name, *values)), [])
                        if resource not in records:
                            records.append(resource)
        return found

    def _fields(self, desired: Iterable[Desired], *always: str) -> dict[str, list[str]]:
        entity = self.entity
        names = dict.fromkeys(always)
        for item in desired:
            names |= dict.fromkeys((*item.attributes, *item.linkages))
            names |= dict.fromkeys(entity.units[name].relationship for name in item.row.units)
        return {entity.type: list(names)}

    async def _localized(
        self, desired: Sequence[Desired], existing: Mapping[tuple[str, ...], list[Resource]]
    ) -> dict[str, dict[str, list[Resource]]]:
        """Return every localized value of the records found, by the row's field and the record's id.

        All of them, since a list that is sent replaces the store's: naming the default value only would delete the others.
        """
        fields = {name for item in desired for name in item.row.localized}
        ids = [resource.id for records in existing.values() for resource in records]
        values: dict[str, dict[str, list[Resource]]] = {name: {} for name in fields}
        for name in fields if ids else ():
            part = self.entity.localized[name]
            owner = _owner_of(part.type, self.entity.type)
            query = Query(filters={owner: ids}, fields={part.type: ["string", "localization", owner]}, size=5 * PAGE)
            async for page in self._client.pages(part.type, query):
                for value in page.resources:
                    ref = value.one(owner)
                    if ref is not None:
                        values[name].setdefault(ref.id, []).append(value)
        return values

    async def _units(
        self, desired: Sequence[Desired], existing: Mapping[tuple[str, ...], list[Resource]]
    ) -> dict[str, str]:
        """Return the unit's code of each unit record that the records found refer to."""
        codes: dict[str, str] = {}
        for name, part in self.entity.units.items():
            if not any(name in item.row.units for item in desired):
                continue
            refs = (resource.one(part.relationship) for records in existing.values() for resource in records)
            ids = [ref.id for ref in refs if ref is not None]
            if ids:
                query = Query(filters={"id": ids}, fields={part.type: [part.to_unit]}, size=len(ids) + 1)
                page = await self._client.perform(self._client.calls.page(part.type, query))
                codes |= {found.id: unit.id for found in page.resources if (unit := found.one(part.to_unit))}
        return codes

    def _action(
        self,
        item: Desired,
        matches: Sequence[Resource],
        localized: Mapping[str, Mapping[str, list[Resource]]],
        units: Mapping[str, str],
        table: LookupTable,
    ) -> Action | Reject:
        if len(matches) > 1 and self.entity.find == "filter":
            ids = ", ".join(resource.id for resource in matches)
            return item.row.rejected(f"names {len(matches)} records of the store: ids {ids}", self.entity.key[0])
        if not matches:
            return self._create(item, table)
        record = matches[0]
        for name, code in item.row.units.items():
            ref = record.one(self.entity.units[name].relationship)
            if ref is not None and units.get(ref.id) != code:
                return item.row.rejected(
                    f"is {code!r}, but the record's unit is {units.get(ref.id)!r}: the primary unit stays, since "
                    "changing it deletes the prices and the stock of the old one",
                    name,
                )
        return self._update(item, record, localized)

    def _create(self, item: Desired, table: LookupTable) -> Action | Reject:
        entity, row = self.entity, item.row
        temporary = f"row-{row.number}"
        attributes = dict(item.attributes)
        linkages = dict(item.linkages)
        for name, default in entity.defaults.items():
            if name in entity.references:
                reference = entity.references[name]
                if reference.relationship in linkages:
                    continue
                if default not in table[name]:
                    return row.rejected(
                        f"is needed for a new record: the store has no {default!r} to take instead", name
                    )
                linkages[reference.relationship] = Ref(reference.lookup.type, table[name][default])
            else:
                attribute = entity.attribute(name)
                attributes.setdefault(attribute, cast_value(entity.shape.attributes.get(attribute), default, name))
        included: list[JsonObject] = []
        for name, text in row.localized.items():
            part = entity.localized[name]
            linkages[part.relationship] = (Ref(part.type, f"{temporary}-{name}"),)
            empty = {"localization": linkage(None)}
            values = {"string": text, "fallback": None}
            included.append(resource_object(part.type, f"{temporary}-{name}", attributes=values, relationships=empty))
        for name, code in row.units.items():
            unit = entity.units[name]
            linkages[unit.relationship] = Ref(unit.type, f"{temporary}-{name}")
            to_unit = {unit.to_unit: linkage(Ref(unit.units.type, table[name][code]))}
            included.append(
                resource_object(unit.type, f"{temporary}-{name}", attributes=unit.attributes, relationships=to_unit)
            )
        relationships = {name: linkage(target) for name, target in linkages.items()}
        data = resource_object(entity.type, attributes=attributes, relationships=relationships)
        return Action("create", row, None, data, tuple(included))

    def _update(self, item: Desired, record: Resource, localized: Mapping[str, Mapping[str, list[Resource]]]) -> Action:
        entity, row = self.entity, item.row
        kinds = entity.shape.attributes
        keys = {entity.attribute(name) for name in entity.key}
        attributes = {
            name: value
            for name, value in item.attributes.items()
            if name not in keys and not same_value(kinds.get(name), value, record.attributes.get(name))
        }
        linkages: dict[str, Linkage] = {
            name: target
            for name, target in item.linkages.items()
            if name not in {entity.references[key].relationship for key in entity.key if key in entity.references}
            and not (name in record.relationships and same_linkage(target, record.relationships[name]))
        }
        included: list[JsonObject] = []
        for name, text in row.localized.items():
            part = entity.localized[name]
            values = localized[name].get(record.id, [])
            default = next((value for value in values if value.one("localization") is None), None)
            if default is None or str(default.attributes.get("string") or "").strip() == text:
                continue
            linkages[part.relationship] = tuple(value.ref for value in values)
            # A text has no effect while its fallback is set.
            new = {"string": text, "fallback": None}
            included.append(resource_object(part.type, default.id, attributes=new, meta={"update": True}))
        if not attributes and not linkages:
            return Action("unchanged", row, record.id)
        relationships = {name: linkage(target) for name, target in linkages.items()}
        data = resource_object(entity.type, record.id, attributes=attributes, relationships=relationships)
        return Action("update", row, record.id, data, tuple(included))


def _problem(row: Row, problems: Mapping[str, Mapping[str, str]]) -> tuple[str, str] | None:
    for name, value in (*row.references.items(), *row.units.items()):
        if value is not None and value in problems.get(name, {}):
            return name, problems[name][value]
    return None


def _refs(target: Linkage) -> tuple[Ref, ...]:
    if isinstance(target, Ref):
        return (target,)
    return target or ()


def _owner_of(type_: str, owner: str) -> str:
    """Return the relationship of a part that leads to its owner: `productnames` -> `product`."""
    from oro_provider.entities.shapes import SHAPES

    return next(name for name, to in SHAPES[type_].relationships.items() if to.type == owner)
