"""To-many lists that a store may have cut, of a page's records and of what they include: found by their length, read to their end.

A list of exactly a limit's length may be whole; what is certain is read from the list's own address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from oro_provider.api.errors import Incomplete
from oro_provider.api.query import Query
from oro_provider.entities.shapes import SHAPES
from oro_provider.extract.heads import Identity, identity, lengths_reader
from oro_provider.extract.large import LargePages
from oro_provider.extract.records import IncludeTree, include_paths, include_tree, sparse_fields

if TYPE_CHECKING:
    from collections.abc import Container

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.entities.shapes import Shape
    from oro_provider.extract.pages import PageRows
    from oro_provider.extract.spec import Extract

# A store cuts to-many lists of a document at 100 (5.1) or 1,000 (6.0 and later); `noHateoas` removes the only sign of it.
CUT_LENGTHS = frozenset({100, 1000})
# A record with fewer bytes has no list that long: an identifier takes at least `{"type":"t","id":"1"},`.
CUT_BYTES = min(CUT_LENGTHS) * 22


class Lists:
    """Completes the lists of one extract's pages."""

    def __init__(self, client: AsyncOroClient, spec: Extract) -> None:
        self._large = LargePages(client, 1000)
        self._type = spec.type
        self._asked = asked_lists(spec)
        self._lengths = {type_: lengths_reader(list(names)) for type_, names in self._asked.items()}
        # Included records have lists where one is included below them, or where they are of the extract's own type.
        self._nested = bool(self._asked) and refers_to(spec.entity.shape, spec.together, self._asked)

    async def complete(self, page: PageRows) -> None:
        """Put each list that may be cut whole into its record, and what it refers to beside it."""
        if self._type in self._lengths:
            for place, data in enumerate(page.data):
                if memoryview(data).nbytes >= CUT_BYTES:
                    await self._complete(page, page.data, place, self._type)
        if self._nested:
            for place, data in enumerate(page.included):  # which grows by what the lists bring
                if memoryview(data).nbytes >= CUT_BYTES:
                    await self._complete(page, page.included, place, identity(data).type)

    async def _complete(self, page: PageRows, records: list[msgspec.Raw], place: int, type_: str) -> None:
        if type_ in self._lengths:
            for name, length in self._lengths[type_](records[place]).items():
                if length in CUT_LENGTHS:
                    records[place] = await self._whole(page, records[place], type_, name)

    async def _whole(self, page: PageRows, data: msgspec.Raw, type_: str, name: str) -> msgspec.Raw:
        """Return a record with the whole of a list, read from the list's own address."""
        item = msgspec.json.decode(data)
        refs = msgspec.convert(item["relationships"][name]["data"], list[Identity])
        below = self._asked[type_][name]
        shape = SHAPES.get(refs[0].type)
        fields = sparse_fields(refs[0].type, shape, below or {}, frozenset()) if shape and below is not None else {}
        query = Query(sort=("id",), fields=fields, include=tuple(include_paths(below or {})), number=1)
        whole: dict[str, msgspec.Raw] = {}
        more = True
        while more:
            # A total of such a list is a 500 in 5.1 and 6.0.
            raw, more = await self._large.page(f"{type_}/{item['id']}/{name}", query, total=False)
            whole.update((identity(one).id, one) for one in raw.data)
            page.included.extend(raw.included)
            query = query.where(number=(query.number or 1) + 1)
        known = {ref.id for ref in refs}
        if known - whole.keys():
            raise Incomplete(
                f"{type_} {item['id']} has {len(refs)} or more {name}, of which the store sends {len(whole)} by themselves."
            )
        if below is not None:
            page.included.extend(one for id_, one in whole.items() if id_ not in known)
        item["relationships"][name]["data"] = [{"type": refs[0].type, "id": id_} for id_ in whole]
        return msgspec.Raw(msgspec.json.encode(item))


def asked_lists(spec: Extract) -> dict[str, dict[str, IncludeTree | None]]:
    """Return the to-many lists that are asked for, by type and name, with what is included below each; None: its ids only.

    What only a user's store has may be a list too.
    """
    lists: dict[str, dict[str, IncludeTree | None]] = {}
    for type_, names in spec.sparse.items():
        shape = spec.entity.shape if type_ == spec.type else SHAPES[type_]
        for name in names:
            to = shape.relationships.get(name)
            if to.many if to is not None else name not in shape.attributes:
                lists.setdefault(type_, {})[name] = None
    _note_included(lists, spec.type, spec.entity.shape, spec.together)
    return lists


def refers_to(shape: Shape, tree: IncludeTree, types: Container[str]) -> bool:
    """Whether what is included of a resource, at any depth, is of these types."""
    targets = [(shape.relationships[name].type, below) for name, below in tree.items()]
    return any(
        type_ in types or (type_ in SHAPES and refers_to(SHAPES[type_], below, types)) for type_, below in targets
    )


def _note_included(
    lists: dict[str, dict[str, IncludeTree | None]], type_: str, shape: Shape, tree: IncludeTree
) -> None:
    for name, below in tree.items():
        to = shape.relationships[name]
        if to.many:
            other = lists[type_][name]
            lists[type_][name] = include_tree([*include_paths(other or {}), *include_paths(below)])
        if to.type in SHAPES:
            _note_included(lists, to.type, SHAPES[to.type], below)
