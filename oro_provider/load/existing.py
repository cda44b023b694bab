"""What the store has of what rows want: records by business key, in bulk, with the fields that the rows mention.

A list by keys where the store's filter takes one; all keys read once where it does not, and then the records by id; the
records of an owner where the key begins with one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oro_provider.api.query import Query
from oro_provider.entities import paging_order
from oro_provider.entities.model import Dictionary, LocalizedDictionary, Lookup
from oro_provider.load.desired import record_keys, same_key
from oro_provider.load.lookups import PAGE, WIDE_PAGE
from oro_provider.load.values import key_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.bulk import Bulk
    from oro_provider.api.documents import Ref, Resource
    from oro_provider.entities.model import Entity, Find
    from oro_provider.load.desired import Desired
    from oro_provider.load.dialect import Dialect
    from oro_provider.load.lookups import Resolver

# Beyond this many columns a page is kept small, so that no answer takes a store many seconds.
NARROW_FIELDS = 4
SETTING_FIELDS = ("fallback", "scalarValue")


@dataclass(slots=True)
class Found:
    """The records that rows name, by the row's number, what came with them, and how many records an owner has."""

    records: dict[int, list[Resource]] = field(default_factory=dict)
    included: dict[Ref, Resource] = field(default_factory=dict)
    owned: Counter[str] = field(default_factory=Counter)


class Finder:
    """Finds the records of one entity."""

    def __init__(
        self, client: AsyncOroClient, bulk: Bulk, resolver: Resolver, dialect: Dialect, entity: Entity
    ) -> None:
        if entity.find is None:
            raise ValueError(
                f"rows cannot be loaded into {entity.type}: its entity does not say how existing records are found (`find`)"
            )
        self._client = client
        self._bulk = bulk
        self._resolver = resolver
        self._dialect = dialect
        self._entity = entity
        self._find: Find = entity.find

    async def find(self, desired: Sequence[Desired], *, fresh: bool = False) -> Found:
        """Return the records of these rows; `fresh` also those that were made since the keys were read."""
        found = Found()
        if not desired:
            return found
        match self._find.by:
            case "filter":
                await self._by_filter(desired, found)
            case "scan":
                await self._by_scan(desired, found, fresh=fresh)
            case "owner":
                await self._by_owner(desired, found)
            case other:
                raise ValueError(f"{self._entity.type} cannot be found by {other!r}")
        return found

    @property
    def scanned(self) -> Lookup:
        """The lookup that reads the keys of all records."""
        entity, name = self._entity, self._find.field
        if name in entity.texts:
            return Lookup(entity.type, LocalizedDictionary(entity.texts[name].relationship))
        if name == "id":
            return Lookup(entity.type, Dictionary(ids=True))
        return Lookup(entity.type, Dictionary((entity.attribute(name),), folded=entity.key_folded))

    async def _by_filter(self, desired: Sequence[Desired], found: Found) -> None:
        entity = self._entity
        attribute = entity.attribute(self._find.field)
        by_key: dict[str, list[Desired]] = {}
        for item in desired:
            by_key.setdefault(str(item.node.attributes[attribute]).strip(), []).append(item)
        query = self._query(desired, attribute)
        folded: dict[str, list[Desired]] = {}
        for key, items in by_key.items():
            folded.setdefault(key_text(None, key, folded=entity.key_folded), []).extend(items)
        async for page in self._bulk.pages(entity.type, query, attribute, list(by_key), chunk=self._find.chunk):
            found.included.update(page.included)
            for record in page.resources:
                key = key_text(None, record.attributes.get(attribute), folded=entity.key_folded)
                for item in folded.get(key, ()):
                    found.records.setdefault(item.row.number, []).append(record)

    async def _by_scan(self, desired: Sequence[Desired], found: Found, *, fresh: bool) -> None:
        entity, lookup = self._entity, self.scanned
        if fresh:
            await self._resolver.refresh(lookup)
        directory = await self._resolver.directory(lookup)
        wanted: dict[str, list[Desired]] = {}
        for item in desired:
            for id_ in directory.ids(self._spelled(item), folded=entity.key_folded):
                wanted.setdefault(id_, []).append(item)
        query = self._query(
            desired, *([] if self._find.field in entity.texts else [entity.attribute(self._find.field)])
        )
        if paging_order(entity.type) == "number":
            query = query.where(size=PAGE)
            pages = self._client.pages(entity.type, query, order="number")
        else:
            pages = self._bulk.pages(entity.type, query, "id", list(wanted), chunk=PAGE)
        async for page in pages:
            found.included.update(page.included)
            for record in page.resources:
                for item in wanted.get(record.id, ()):
                    found.records.setdefault(item.row.number, []).append(record)

    def _spelled(self, item: Desired) -> str:
        """Return the key that is scanned for as the row spells it: of two records that differ in case the row's own is meant."""
        entity, name = self._entity, self._find.field
        given = item.node.attributes.get(entity.attribute(name))
        return item.key[entity.key.index(name)] if given is None else str(given)

    async def _by_owner(self, desired: Sequence[Desired], found: Found) -> None:
        entity, find = self._entity, self._find
        relationship, many = self._dialect.relationship(entity, entity.references[find.field])
        position = entity.key.index(find.field)
        by_owner: dict[str, list[Desired]] = {}
        groups: dict[str, dict[str, None]] = {}
        for item in desired:
            owner = item.key[position]
            by_owner.setdefault(owner, []).append(item)
            each = item.key[entity.key.index(find.each)] if find.each else ""
            groups.setdefault(each, {})[owner] = None
        query = self._query(desired, relationship, *self._key_fields())
        for each, owners in groups.items():
            asked = query
            if find.each:
                filters = {entity.references[find.each].relationship: each}
                asked = query.filtered(filters)
            order = paging_order(entity.type)
            if order == "number":
                # Ids that are no integers cannot be walked along; the product and the id keep pages apart (5.1 to 7.0).
                asked = asked.where(sort=(relationship, "id"))
            pages = self._bulk.pages(
                entity.type, asked, relationship, list(owners), chunk=find.chunk, order=order, until_empty=many
            )
            async for page in pages:
                found.included.update(page.included)
                for record in page.resources:
                    self._match(record, by_owner, position, found, page.included)

    def _match(
        self,
        record: Resource,
        by_owner: Mapping[str, list[Desired]],
        position: int,
        found: Found,
        included: Mapping[Ref, Resource],
    ) -> None:
        keys = list(record_keys(self._entity, record, included, self._dialect))
        found.owned.update({key[position] for key in keys})
        for key in keys:
            for item in by_owner.get(key[position], ()):
                records = found.records.setdefault(item.row.number, [])
                if same_key(self._entity, item.key, key) and record not in records:
                    records.append(record)

    def _key_fields(self) -> Iterable[str]:
        for name in self._entity.key:
            if name in self._entity.references:
                yield self._dialect.relationship(self._entity, self._entity.references[name])[0]
            else:
                yield self._entity.attribute(name)

    def _query(self, desired: Iterable[Desired], *always: str) -> Query:
        """Return the query for records with what the rows mention, and no more."""
        entity = self._entity
        names: dict[str, None] = dict.fromkeys(name for name in always if name != "id")
        settings: set[str] = set()
        for item in desired:
            node = item.node
            names |= dict.fromkeys((*node.attributes, *node.linkages))
            settings |= node.settings.keys()
            for field_ in node.texts:
                if entity.texts[field_].owner is None:
                    names[entity.texts[field_].relationship] = None
            for field_ in node.parts:
                part = entity.parts[field_]
                if part.first is not None:
                    names[part.first[1]] = None
                if self._dialect.owner(part)[0] is None:
                    names[part.relationship] = None
        names.pop("id", None)
        include = [entity.settings[name] for name in sorted(settings)]
        fields: dict[str, Any] = {entity.type: list(names | dict.fromkeys(include))}
        if include:
            fields["entityfieldfallbackvalues"] = SETTING_FIELDS
        for name in entity.key:
            reference = entity.references.get(name)
            if reference is not None and reference.through is not None:
                include.append(reference.relationship)
                to = entity.shape.relationships[reference.relationship].type
                fields[to] = [reference.through]
        size = PAGE if len(names) <= NARROW_FIELDS and not include else WIDE_PAGE
        return Query(fields=fields, include=tuple(include), size=size)
