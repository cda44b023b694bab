"""From names and codes to ids, in the fewest requests: long lists by one filter, small dictionaries read whole.

Never by search, whose index is late, fuzzy and stops at 1,000 without a sign. Found is what matches exactly by the store's
own rules for case; a name that two records have is refused with both ids.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oro_provider.api.errors import InvalidRequest
from oro_provider.api.query import Query
from oro_provider.entities.model import ByFilter, Code, Dictionary, LocalizedDictionary, Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.documents import Resource
    from oro_provider.entities.model import Entity, Lookup
    from oro_provider.load.rows import Row

PAGE = 1000
TREE_SEPARATOR = "/"


@dataclass(frozen=True, slots=True)
class Names:
    """What was found of one lookup: ids by name as it was asked for, and why the others have none."""

    ids: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


class Resolver:
    """Resolves names for one load or operator; each dictionary is read once."""

    def __init__(self, client: AsyncOroClient) -> None:
        self._client = client
        self._dictionaries: dict[Lookup, dict[str, list[str]]] = {}

    async def resolve(self, lookup: Lookup, names: Iterable[str]) -> Names:
        """Return the ids of these names."""
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return Names()
        source = lookup.source
        if isinstance(source, ByFilter):
            return _matched(lookup, wanted, await self._by_filter(lookup, source, wanted), folded=source.folded)
        if lookup not in self._dictionaries:
            self._dictionaries[lookup] = await self._dictionary(lookup)
        folded = isinstance(source, Dictionary) and source.folded
        spelled = (
            {_path(name): name for name in wanted} if isinstance(source, Tree) else {name: name for name in wanted}
        )
        found = _matched(lookup, list(spelled), self._dictionaries[lookup], folded=folded)
        return Names(
            {spelled[name]: id_ for name, id_ in found.ids.items()},
            {spelled[name]: problem for name, problem in found.problems.items()},
        )

    async def _by_filter(self, lookup: Lookup, source: ByFilter, wanted: Sequence[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        findable = [name for name in wanted if "," not in name]
        for start in range(0, len(findable), source.chunk):
            chunk = findable[start : start + source.chunk]
            query = Query(
                filters={source.attribute: chunk},
                fields={lookup.type: [source.attribute]},
                size=min(len(chunk) + 1, 5 * PAGE),
            )
            async for page in self._client.pages(lookup.type, query):
                _collect(found, page.resources, source.attribute)
        return found

    async def _dictionary(self, lookup: Lookup) -> dict[str, list[str]]:
        match lookup.source:
            case Code():
                return await self._codes(lookup)
            case Dictionary(attribute):
                return await self._attribute(lookup, attribute)
            case LocalizedDictionary(relationship):
                return await self._localized(lookup, relationship)
            case Tree() as tree:
                return await self._tree(lookup, tree)
        raise TypeError(f"{lookup.source!r} is no dictionary")

    async def _codes(self, lookup: Lookup) -> dict[str, list[str]]:
        try:
            # Ids that are codes have no `gt` filter, so these go by page number.
            pages = self._client.pages(lookup.type, Query(size=PAGE, sort=("id",)), order="number")
            return {resource.id: [resource.id] async for page in pages for resource in page.resources}
        except InvalidRequest as error:
            if not any((said.parameter or "").startswith(("page", "sort")) for said in error.errors):
                raise
            # Some lists of codes have paging switched off (order statuses on 6.1) and are whole without it.
            page = await self._client.perform(self._client.calls.page(lookup.type, Query()))
            return {resource.id: [resource.id] for resource in page.resources}

    async def _attribute(self, lookup: Lookup, attribute: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        query = Query(fields={lookup.type: [attribute]}, size=PAGE)
        async for page in self._client.pages(lookup.type, query):
            _collect(found, page.resources, attribute)
        return found

    async def _localized(self, lookup: Lookup, relationship: str) -> dict[str, list[str]]:
        values = "localizedfallbackvalues"
        query = Query(
            fields={lookup.type: [relationship], values: ["string", "localization"]},
            include=(relationship,),
            size=PAGE,
        )
        found: dict[str, list[str]] = {}
        async for page in self._client.pages(lookup.type, query):
            for resource in page.resources:
                for ref in resource.many(relationship):
                    value = page.included.get(ref)
                    if value is not None and value.one("localization") is None:
                        _add(found, value.attributes.get("string"), resource.id)
        return found

    async def _tree(self, lookup: Lookup, tree: Tree) -> dict[str, list[str]]:
        titles: dict[str, str] = {}
        query = Query(
            filters={"localization[exists]": "no"}, fields={tree.titles: ["string", tree.owner]}, size=5 * PAGE
        )
        async for page in self._client.pages(tree.titles, query):
            for title in page.resources:
                owner = title.one(tree.owner)
                if owner is not None:
                    titles[owner.id] = str(title.attributes.get("string") or "").strip()
        parents: dict[str, str | None] = {}
        async for page in self._client.pages(lookup.type, Query(fields={lookup.type: [tree.parent]}, size=5 * PAGE)):
            for node in page.resources:
                parent = node.one(tree.parent)
                parents[node.id] = parent.id if parent else None
        return _paths(titles, parents)


def _paths(titles: Mapping[str, str], parents: Mapping[str, str | None]) -> dict[str, list[str]]:
    """Return every tail of every path: `All / Office / Lamps` is also `Office / Lamps` and `Lamps`."""
    found: dict[str, list[str]] = {}
    for id_ in parents:
        parts: list[str] = []
        at: str | None = id_
        while at is not None and len(parts) <= len(parents):
            parts.insert(0, titles.get(at, ""))
            _add(found, f" {TREE_SEPARATOR} ".join(parts), id_)
            at = parents.get(at)
    return found


def _path(name: str) -> str:
    return f" {TREE_SEPARATOR} ".join(part.strip() for part in name.split(TREE_SEPARATOR))


def _collect(found: dict[str, list[str]], resources: Iterable[Resource], attribute: str) -> None:
    for resource in resources:
        _add(found, resource.attributes.get(attribute), resource.id)


def _add(found: dict[str, list[str]], name: object, id_: str) -> None:
    if isinstance(name, str) and name.strip() and id_ not in (ids := found.setdefault(name.strip(), [])):
        ids.append(id_)


def _matched(lookup: Lookup, wanted: Sequence[str], found: Mapping[str, list[str]], *, folded: bool) -> Names:
    names = Names()
    by_fold: dict[str, list[str]] = {}
    if folded:
        for name, ids in found.items():
            by_fold.setdefault(name.casefold(), []).extend(ids)
    for name in wanted:
        ids = found.get(name.strip()) or by_fold.get(name.strip().casefold(), [])
        if len(ids) == 1:
            names.ids[name] = ids[0]
        elif ids:
            names.problems[name] = (
                f"{name!r} names {len(ids)} {lookup.type}: ids {', '.join(sorted(ids, key=_by_number))}"
            )
        else:
            names.problems[name] = f"the store has no {lookup.type} {name!r}{_hint(name, found)}"
    return names


def _by_number(id_: str) -> tuple[int, str]:
    return (int(id_), "") if id_.isdigit() else (0, id_)


def _hint(name: str, found: Mapping[str, list[str]]) -> str:
    close = difflib.get_close_matches(name, found, n=3)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


# Ids by name, by the row's field: {"tax_code": {"TAXABLE": "3"}}. What `OroCommerceResolveLookupsOperator` gives and upserts take.
LookupTable = dict[str, dict[str, str]]


async def resolve_rows(
    resolver: Resolver, entity: Entity, rows: Iterable[Row], known: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[LookupTable, dict[str, dict[str, str]]]:
    """Return the ids of every name in these rows, and the problems of those that have none, each by field and name.

    `known` are ids that were resolved before; they are not asked for again. The names that a new record gets by default are
    resolved too.
    """
    wanted: dict[str, dict[str, None]] = {name: {} for name in (*entity.references, *entity.units)}
    for row in rows:
        for name, value in (*row.references.items(), *row.units.items()):
            if value is not None:
                wanted[name][value] = None
    for name in entity.references.keys() & entity.defaults.keys():
        wanted[name][entity.defaults[name]] = None
    table: LookupTable = {}
    problems: dict[str, dict[str, str]] = {}
    for name, values in wanted.items():
        before = (known or {}).get(name, {})
        lookup = entity.references[name].lookup if name in entity.references else entity.units[name].units
        found = await resolver.resolve(lookup, [value for value in values if value not in before])
        table[name] = {**{value: before[value] for value in values if value in before}, **found.ids}
        problems[name] = found.problems
    return table, problems
