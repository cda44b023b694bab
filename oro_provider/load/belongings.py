"""What belongs to the records found: their texts in the languages that rows mention, and their parts.

Each is read from its own resource for all records at once, never by include: 1,000 products with their names included
take a store 7 s, the names by themselves 0.1 s (6.1.9).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from oro_provider.api.query import Query
from oro_provider.load.desired import held_part_key, part_key, refs_of
from oro_provider.load.lookups import PAGE, WIDE_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oro_provider.api.bulk import Bulk
    from oro_provider.api.documents import Ref, Resource
    from oro_provider.entities.model import Part, Text
    from oro_provider.load.desired import Node
    from oro_provider.load.dialect import Dialect

# Ids a request: a list of this many records' texts is one request of some 100 kB.
OWNERS = 2000
# What a file is told by. Its content would come along otherwise.
FILE_FIELDS = ("originalFilename", "fileSize")


class Belongings:
    """Puts what belongs to records beside the nodes that want them."""

    def __init__(self, bulk: Bulk, dialect: Dialect) -> None:
        self._bulk = bulk
        self._dialect = dialect

    async def hold(self, nodes: Iterable[Node]) -> None:
        """Read texts and parts of these nodes' records; nodes without a record have none."""
        there = [node for node in nodes if node.record is not None]
        if not there:
            return
        described = there[0].described
        texts = dict.fromkeys(name for node in there for name in node.texts)
        parts = dict.fromkeys(name for node in there for name in node.parts)
        done = await asyncio.gather(
            *(self._texts(name, described.texts[name], [one for one in there if name in one.texts]) for name in texts),
            *(self._parts(name, described.parts[name], [one for one in there if name in one.parts]) for name in parts),
            return_exceptions=True,
        )
        for result in done:
            if isinstance(result, BaseException):
                raise result
        for name in parts:
            await self.hold([child for node in there for child in node.parts.get(name, ())])

    async def complete(self, name: str, nodes: Sequence[Node]) -> None:
        """Read the texts of a field in every language: a list that is sent replaces the store's."""
        await self._read_texts(name, nodes[0].described.texts[name], nodes, whole=True)

    async def _texts(self, name: str, text: Text, nodes: Sequence[Node]) -> None:
        whole = text.owner is None or any(language is not None for node in nodes for language in node.texts[name])
        await self._read_texts(name, text, nodes, whole=whole)

    async def _read_texts(self, name: str, text: Text, nodes: Sequence[Node], *, whole: bool) -> None:
        records = {node.record.id: node.record for node in nodes if node.record is not None}
        held = await self._texts_of(text, list(records.values()), whole=whole)
        for node in nodes:
            if node.record is not None:
                node.texts_held[name] = held.get(node.record.id, [])
                if whole:
                    node.whole_texts.add(name)

    async def _texts_of(self, text: Text, records: Sequence[Resource], *, whole: bool) -> dict[str, list[Resource]]:
        """Return the texts of these records, by the record's id."""
        names = [text.attribute, "fallback", "localization"]
        held: dict[str, list[Resource]] = {}
        if text.owner is not None:
            filters = {} if whole else {"localization[exists]": "no"}
            query = Query(filters=filters, fields={text.type: [*names, text.owner]}, size=PAGE)
            ids = [record.id for record in records]
            async for page in self._bulk.pages(text.type, query, text.owner, ids, chunk=OWNERS):
                for value in page.resources:
                    owner = value.one(text.owner)
                    if owner is not None:
                        held.setdefault(owner.id, []).append(value)
            return held
        owners = {
            ref.id: record.id for record in records for ref in refs_of(record.relationships.get(text.relationship))
        }
        query = Query(fields={text.type: names}, size=PAGE)
        async for page in self._bulk.pages(text.type, query, "id", list(owners), chunk=OWNERS):
            for value in page.resources:
                held.setdefault(owners[value.id], []).append(value)
        return held

    async def _parts(self, name: str, part: Part, nodes: Sequence[Node]) -> None:
        by_record, included = await self._parts_of(name, part, nodes)
        named = [field for field in part.key if field in part.texts]
        texts: dict[str, dict[str, list[Resource]]] = {}
        for field in named:
            every = [one for listed in by_record.values() for one in listed]
            texts[field] = await self._texts_of(part.texts[field], every, whole=True)
        for node in nodes:
            if node.record is None:
                continue
            rest = list(by_record.get(node.record.id, ()))
            for child in node.parts[name]:
                for one in rest:
                    own = {field: texts[field].get(one.id, []) for field in named}
                    files = _files(part, one, included)
                    if not part.many or held_part_key(part, one, own, files) == part_key(child):
                        child.record = one
                        child.files_held = files
                        rest.remove(one)
                        break
            node.others[name] = rest

    async def _parts_of(
        self, name: str, part: Part, nodes: Sequence[Node]
    ) -> tuple[dict[str, list[Resource]], dict[Ref, Resource]]:
        """Return all parts of these nodes' records, by the record's id, and their files."""
        children = [child for node in nodes for child in node.parts[name]]
        names = dict.fromkeys(field for child in children for field in (*child.attributes, *child.linkages))
        names |= dict.fromkeys(
            part.references[key].relationship if key in part.references else part.attribute(key)
            for key in part.key
            if key not in part.texts and key not in part.files
        )
        for text in part.texts.values():
            if text.owner is None:
                names[text.relationship] = None
        include = tuple(file.relationship for file in part.files.values())
        names |= dict.fromkeys(include)
        fields = {file.type: FILE_FIELDS for file in part.files.values()}
        owner, many = self._dialect.owner(part)
        found: dict[str, list[Resource]] = {}
        included: dict[Ref, Resource] = {}
        if owner is not None:
            size = WIDE_PAGE if include else PAGE
            query = Query(fields={part.type: [*names, owner], **fields}, include=include, size=size)
            ids = [node.record.id for node in nodes if node.record is not None]
            pages = self._bulk.pages(part.type, query, owner, ids, chunk=OWNERS, until_empty=many)
            async for page in pages:
                included.update(page.included)
                for record in page.resources:
                    for ref in refs_of(record.relationships.get(owner)):
                        listed = found.setdefault(ref.id, [])
                        if record not in listed:
                            listed.append(record)
            return found, included
        owners = {
            ref.id: node.record.id
            for node in nodes
            if node.record is not None
            for ref in refs_of(node.record.relationships.get(part.relationship))
        }
        query = Query(fields={part.type: list(names)}, size=PAGE)
        async for page in self._bulk.pages(part.type, query, "id", list(owners), chunk=OWNERS):
            for record in page.resources:
                found.setdefault(owners[record.id], []).append(record)
        return found, included


def _files(part: Part, record: Resource, included: Mapping[Ref, Resource]) -> dict[str, Resource]:
    refs = {name: record.one(file.relationship) for name, file in part.files.items()}
    return {name: included[ref] for name, ref in refs.items() if ref is not None and ref in included}
