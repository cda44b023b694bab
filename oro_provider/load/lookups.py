"""From names and codes to ids, in the fewest requests: long lists by one filter, small dictionaries read whole.

Never by search, whose index is late, fuzzy and stops at 1,000 without a sign. Found is what matches exactly by the store's
own rules for case; a name that two records have is refused with both ids.
"""

from __future__ import annotations

import asyncio
import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oro_provider.api.bulk import Bulk
from oro_provider.api.documents import id_number
from oro_provider.api.errors import NotFound
from oro_provider.api.query import Query
from oro_provider.entities import paging_order
from oro_provider.entities.model import ByFilter, Dictionary, LocalizedDictionary, Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.entities.model import Lookup, Source

# Two attributes of 5,000 records are one request of 0.3 s (16,507 customers: 4 requests, 0.93 s on 6.1.9).
PAGE = 5000
# Records with what rows mention: a page of 1,000 products with names of attributes takes a store 1 to 2 s.
WIDE_PAGE = 1000
TREE_SEPARATOR = "/"
CANDIDATES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Names:
    """What was found of one lookup: ids by name as it was asked for, and why the others have none.

    `absent` are those of the others that the store does not have at all.
    """

    ids: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)


class Directory:
    """A dictionary that was read whole: ids by name, and the highest id, above which newer records are."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.names: dict[str, list[str]] = {}
        self.highest = 0
        self._folded: dict[str, list[str]] | None = None

    def add(self, name: object, id_: str) -> None:
        """Enter a name of a record."""
        if isinstance(name, str) and name.strip():
            ids = self.names.setdefault(name.strip(), [])
            if id_ not in ids:
                ids.append(id_)
                self._folded = None
        if id_.isdigit():
            self.highest = max(self.highest, id_number("record", id_))

    def ids(self, name: str, *, folded: bool) -> list[str]:
        """Return the ids of the records with this name: exactly, or else in another case where that does not count."""
        found = self.names.get(name.strip(), [])
        if found or not folded:
            return found
        if self._folded is None:
            self._folded = {}
            for known, ids in self.names.items():
                self._folded.setdefault(known.casefold(), []).extend(ids)
        return list(dict.fromkeys(self._folded.get(name.strip().casefold(), [])))


class Resolver:
    """Resolves names for one load or operator; each dictionary is read once."""

    def __init__(self, client: AsyncOroClient, bulk: Bulk | None = None) -> None:
        self._client = client
        self._bulk = bulk or Bulk(client)
        self._directories: dict[tuple[str, Source], Directory] = {}
        self._reading: dict[tuple[str, Source], asyncio.Lock] = {}

    async def resolve(self, lookup: Lookup, names: Iterable[str]) -> Names:
        """Return the ids of these names."""
        wanted = list(dict.fromkeys(names))
        source = lookup.source
        folded = isinstance(source, ByFilter | Dictionary) and source.folded
        if isinstance(source, ByFilter):
            return _matched(
                lookup, {name: name for name in wanted}, await self._by_filter(lookup, source, wanted), folded
            )
        directory = await self.directory(lookup)
        spelled = {name: _path(name) if isinstance(source, Tree) else name for name in wanted}
        return _matched(lookup, spelled, directory, folded)

    async def directory(self, lookup: Lookup) -> Directory:
        """Return the whole dictionary of a lookup, read once."""
        at = (lookup.type, lookup.source)
        async with self._reading.setdefault(at, asyncio.Lock()):
            if at not in self._directories:
                read = Directory(lookup.source)
                try:
                    await self._read(lookup, read)
                except NotFound as error:
                    if lookup.edition is None:
                        raise
                    raise ValueError(
                        f"{lookup.type} can be named only in OroCommerce {lookup.edition}; this store does not have them"
                    ) from error
                self._directories[at] = read
            return self._directories[at]

    async def refresh(self, lookup: Lookup) -> None:
        """Learn the records that were made since: those above the highest id where ids are integers, else all of them."""
        known = self._directories.get((lookup.type, lookup.source))
        if known is None:
            return
        source = lookup.source
        if isinstance(source, Dictionary) and not source.scope and paging_order(lookup.type) == "id":
            await self._attributes(lookup.type, source, known, above=known.highest)
        else:
            del self._directories[lookup.type, lookup.source]

    def made(self, lookup: Lookup, name: str, id_: str) -> None:
        """Enter a record that was made just now."""
        known = self._directories.get((lookup.type, lookup.source))
        if known is not None:
            known.add(name, id_)

    async def _by_filter(self, lookup: Lookup, source: ByFilter, wanted: Sequence[str]) -> Directory:
        found = Directory(source)
        findable = [name for name in wanted if "," not in name]
        query = Query(fields={lookup.type: [source.attribute]}, size=min(source.chunk + 1, PAGE))
        async for page in self._bulk.pages(lookup.type, query, source.attribute, findable, chunk=source.chunk):
            for resource in page.resources:
                found.add(resource.attributes.get(source.attribute), resource.id)
        return found

    async def _read(self, lookup: Lookup, directory: Directory) -> None:
        match lookup.source:
            case Dictionary() as source:
                await self._attributes(lookup.type, source, directory)
            case LocalizedDictionary(relationship):
                await self._localized(lookup.type, relationship, directory)
            case Tree() as tree:
                await self._tree(lookup.type, tree, directory)

    async def _attributes(self, type_: str, source: Dictionary, directory: Directory, above: int = 0) -> None:
        filters: dict[str, Any] = dict(source.where)
        if above:
            filters["id[gt]"] = above
        fields = {type_: [*source.attributes, *([source.scope] if source.scope else [])]}
        query = Query(filters=filters, fields=fields, size=PAGE)
        async for page in self._client.pages(type_, query, order=paging_order(type_)):
            for resource in page.resources:
                within = resource.one(source.scope) if source.scope else None
                prefix = f"{within.id} {TREE_SEPARATOR} " if within else ""
                if source.ids:
                    directory.add(resource.id, resource.id)
                    if prefix:
                        directory.add(prefix + resource.id, resource.id)
                for name in source.attributes:
                    value = resource.attributes.get(name)
                    if isinstance(value, str) and value.strip():
                        directory.add(prefix + value.strip(), resource.id)

    async def _localized(self, type_: str, relationship: str, directory: Directory) -> None:
        values = "localizedfallbackvalues"
        query = Query(
            fields={type_: [relationship], values: ["string", "localization"]}, include=(relationship,), size=PAGE
        )
        async for page in self._client.pages(type_, query):
            for resource in page.resources:
                for ref in resource.many(relationship):
                    value = page.included.get(ref)
                    if value is not None and value.one("localization") is None:
                        directory.add(value.attributes.get("string"), resource.id)

    async def _tree(self, type_: str, tree: Tree, directory: Directory) -> None:
        titles: dict[str, str] = {}
        query = Query(filters={"localization[exists]": "no"}, fields={tree.titles: ["string", tree.owner]}, size=PAGE)
        async for page in self._client.pages(tree.titles, query):
            for title in page.resources:
                owner = title.one(tree.owner)
                if owner is not None:
                    titles[owner.id] = str(title.attributes.get("string") or "").strip()
        parents: dict[str, str | None] = {}
        async for page in self._client.pages(type_, Query(fields={type_: [tree.parent]}, size=PAGE)):
            for node in page.resources:
                parent = node.one(tree.parent)
                parents[node.id] = parent.id if parent else None
        _paths(titles, parents, directory)


def _paths(titles: Mapping[str, str], parents: Mapping[str, str | None], directory: Directory) -> None:
    """Enter every tail of every path: `All / Office / Lamps` is also `Office / Lamps` and `Lamps`."""
    for id_ in parents:
        parts: list[str] = []
        at: str | None = id_
        while at is not None and len(parts) <= len(parents):
            parts.insert(0, titles.get(at, ""))
            # A title may hold a slash itself (`Nuts/Bolts`), and is spelled as a name that is looked for.
            directory.add(_path(TREE_SEPARATOR.join(parts)), id_)
            at = parents.get(at)


def _path(name: str) -> str:
    return f" {TREE_SEPARATOR} ".join(part.strip() for part in name.split(TREE_SEPARATOR))


def _matched(lookup: Lookup, spelled: Mapping[str, str], directory: Directory, folded: bool) -> Names:
    names = Names()
    for name, spelling in spelled.items():
        ids = directory.ids(spelling, folded=folded)
        if len(ids) == 1:
            names.ids[name] = ids[0]
        elif ids:
            listed = sorted(ids, key=_by_number)
            more = f" and {len(ids) - CANDIDATES_SHOWN} more" if len(ids) > CANDIDATES_SHOWN else ""
            shown = ", ".join(listed[:CANDIDATES_SHOWN])
            said = "" if lookup.personal else f"{name!r} "
            names.problems[name] = f"{said}names {len(ids)} {lookup.type}: ids {shown}{more}"
        else:
            names.absent.add(name)
            said = "of this name" if lookup.personal else f"{name!r}{_hint(name, directory)}"
            names.problems[name] = f"the store has no {lookup.type} {said}"
    return names


def _by_number(id_: str) -> tuple[int, str]:
    return (int(id_), "") if id_.isdecimal() else (0, id_)


# Comparing with each of tens of thousands of names would take longer than the load.
HINTED_NAMES = 2000


def _hint(name: str, directory: Directory) -> str:
    if len(directory.names) > HINTED_NAMES:
        return ""
    close = difflib.get_close_matches(name, directory.names, n=3)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
