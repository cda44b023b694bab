"""Pages of records whose ids are known: fetched, halved where the store takes too long, completed, and proven against the ids.

What a page lacks is not judged here: `missing` is asked for again by itself (`oro_provider.extract.missing`).
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from oro_provider.api.calls import Selection
from oro_provider.api.documents import id_number
from oro_provider.api.errors import Incomplete, OroCommerceError, TimedOut, UnexpectedAnswer
from oro_provider.api.query import Query
from oro_provider.entities.shapes import SHAPES
from oro_provider.extract.heads import Identity, identity
from oro_provider.extract.large import LargePages
from oro_provider.extract.lists import Lists, asked_lists
from oro_provider.extract.records import IncludeTree, check_members, include_paths, sparse_fields
from oro_provider.extract.spans import Spans, boundary, owned_by
from oro_provider.extract.spec import ids_filter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.query import FilterValue
    from oro_provider.entities.model import Apart
    from oro_provider.entities.shapes import Shape
    from oro_provider.extract.spec import Extract


@dataclass(slots=True)
class PartRows:
    """Records of a list that is read apart, by their owner's id, and what they include; owners that no longer came are `without`."""

    by_owner: dict[str, list[msgspec.Raw]] = field(default_factory=dict)
    included: list[msgspec.Raw] = field(default_factory=list)
    without: list[str] = field(default_factory=list)


@dataclass(slots=True)
class PageRows:
    """The records of some ids as the store sent them, in order. `newest` is the latest of their dates in the index, `scope` the
    filter without which the store does not list them.
    """

    ids: list[str]
    data: list[msgspec.Raw] = field(default_factory=list)
    included: list[msgspec.Raw] = field(default_factory=list)
    apart: dict[str, PartRows] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    newest: str = ""
    scope: Mapping[str, FilterValue] = field(default_factory=dict)

    def leave_out(self, absent: set[str]) -> None:
        """Count these as missing, though they came."""
        if absent:
            self.data = [data for data in self.data if identity(data).id not in absent]
            self.missing = [*self.missing, *absent]


class Pages:
    """Fetches pages of one extract."""

    def __init__(self, client: AsyncOroClient, spec: Extract) -> None:
        self._client = client
        self._spec = spec
        self._apart = spec.apart
        self._large = LargePages(client, 1000)
        self._selection = Selection(client.calls, spec.type, spec.page)
        self._lists = Lists(client, spec) if asked_lists(spec) else None
        self._spans = Spans(client, spec, spec.keyset) if spec.keyset is not None else None
        # How every version of OroCommerce begins a resource object; what begins otherwise is decoded for its id.
        self._beginning = f'{{"type":"{spec.type}","id":"'
        self._expected = {*spec.together, *spec.fields} - set(self._apart)
        self._before_6_1 = spec.before_6_1
        self._nested: dict[str, set[str]] = {}
        self._expect_nested(spec.entity.shape, spec.together)

    async def fetch(self, ids: Sequence[str], dates: Sequence[str], owners: Sequence[int] = ()) -> PageRows:
        """Return the records with these ids, with all that the extract wants of them; `dates` and `owners` are the index's."""
        try:
            page = await self._page(ids, owners)
            gone = set(page.missing)
            found = [id_ for id_ in ids if id_ not in gone] if gone else ids
            if found and self._apart:
                parts = await asyncio.gather(*(self._part(name, found) for name in self._apart))
                page.apart = dict(zip(self._apart, parts, strict=True))
                page.leave_out({id_ for part in parts for id_ in part.without})
            page.scope = self._spec.scope
            if self._spec.keyset is not None:
                page.scope = {**page.scope, **owned_by(self._spec.keyset, owners)}
            page.newest = max(dates, default="")
            if page.missing:
                gone = set(page.missing)
                page.newest = max((date for id_, date in zip(ids, dates, strict=True) if id_ not in gone), default="")
        except OroCommerceError as error:
            span = f"{self._spec.type} {ids[0]}" + (f" to {ids[-1]}" if len(ids) > 1 else "")
            error.args = (f"{span} could not be read, so nothing is published: {error}",)
            raise
        return page

    async def _page(self, ids: Sequence[str], owners: Sequence[int]) -> PageRows:
        middle = boundary(owners, 0, len(ids) // 2) if owners else len(ids) // 2
        divisible = 0 < middle < len(ids)
        try:
            if self._spans is not None:
                raw = await self._spans.page(ids, owners, divisible=divisible)
            else:
                call = self._selection.page(ids_filter(ids), len(ids), divisible=divisible)
                raw = await self._client.perform(call)
        except OroCommerceError as error:
            if not divisible or not (isinstance(error, TimedOut) or error.status == 504):
                raise
            first = await self._page(ids[:middle], owners[:middle])
            return _joined(first, await self._page(ids[middle:], owners[middle:]))
        return await self.checked(PageRows(list(ids), raw.data, raw.included))

    async def checked(self, page: PageRows) -> PageRows:
        """Complete the page's lists and say which ids it lacks; raise where it holds what was not asked for."""
        if not self._as_asked(page):
            found = [identity(data).id for data in page.data]
            strange = set(found) - set(page.ids)
            if strange or len(set(found)) < len(found):
                said = ", ".join(sorted(strange)[:5]) or "one of them twice"
                raise UnexpectedAnswer(f"Asked for {len(page.ids)} {self._spec.type}, the store sent {said}.")
            page.missing = [id_ for id_ in page.ids if id_ not in set(found)]
        if page.data and self._expected:
            older = {name for name, before in self._before_6_1.items() if before in _members(page.data[0])}
            _check_delivered(page.data[0], self._spec.type, self._expected - older)
        if self._nested:
            waiting = {**self._nested}
            for data in page.included:
                type_ = identity(data).type
                _check_delivered(data, type_, waiting.pop(type_, set()))
                if not waiting:
                    break
        if self._lists is not None:
            await self._lists.complete(page)
        return page

    def _as_asked(self, page: PageRows) -> bool:
        """Whether the page is what was asked for, record by record, seen from how each begins."""
        ids = page.ids
        if len(page.data) != len(ids) or len(ids[0]) != len(ids[-1]):
            return False
        # Ids in order whose first and last are of one length are all of that length.
        beginning = struct.Struct(f"{len(self._beginning) + len(ids[0]) + 1}s").unpack_from
        try:
            found = b"".join([first for (first,) in map(beginning, page.data)])
        except struct.error:  # a record that is shorter
            return False
        return found == (self._beginning + ('"' + self._beginning).join(ids) + '"').encode()

    def _expect_nested(self, shape: Shape, tree: IncludeTree) -> None:
        """Note what is included below included records, by their type."""
        for name, below in tree.items():
            type_ = shape.relationships[name].type
            if below and type_ in SHAPES:
                self._nested.setdefault(type_, set()).update(below)
                self._expect_nested(SHAPES[type_], below)

    async def _part(self, name: str, ids: Sequence[str]) -> PartRows:
        apart, below = self._apart[name]
        part = PartRows()
        chunks = [ids[start : start + apart.size] for start in range(0, len(ids), apart.size)]
        read = self._owned if apart.owner else self._computed
        await asyncio.gather(*(read(part, name, apart, below, chunk) for chunk in chunks))
        return part

    async def _owned(self, part: PartRows, name: str, apart: Apart, below: IncludeTree, ids: Sequence[str]) -> None:
        """Read the list from its own resource, for many owners at once."""
        assert apart.owner is not None  # noqa: S101 - the caller looked
        type_ = self._spec.entity.shape.relationships[name].type
        fields = sparse_fields(type_, SHAPES[type_], below, frozenset(), [apart.owner])
        filters = {apart.owner: list(ids)}
        query = Query(filters=filters, sort=("id",), fields=fields, include=tuple(include_paths(below)))
        owners = set(ids)
        more = True
        while more:
            raw, more = await self._large.page(type_, query)
            if raw.data:
                _check_delivered(raw.data[0], type_, set(below))
                query = query.filtered({"id[gt]": id_number(type_, identity(raw.data[-1]).id)})
            for data in raw.data:
                owner = _owner_of(data, apart.owner)
                if owner not in owners:
                    raise UnexpectedAnswer(f"Asked for the {name} of some {self._spec.type}, the store sent others'.")
                part.by_owner.setdefault(owner, []).append(data)
            part.included.extend(raw.included)

    async def _computed(self, part: PartRows, name: str, apart: Apart, below: IncludeTree, ids: Sequence[str]) -> None:
        """Ask the same records again for a list that the store computes, a few at a time."""
        type_ = self._spec.entity.shape.relationships[name].type
        paths = include_paths({name: below})
        fields = {**sparse_fields(type_, SHAPES[type_], below, frozenset()), self._spec.type: [name]}
        query = Query(filters={"id": list(ids)}, fields=fields, include=tuple(paths), size=len(ids), sort=("id",))
        raw = await self._client.perform(self._client.calls.raw_page(self._spec.type, query))
        documents = {identity(data): data for data in raw.included}
        lists: dict[str, list[Identity]] = {}
        for data in raw.data:
            item = msgspec.json.decode(data, type=_Members)
            if name not in item.relationships:
                raise ValueError(f"this store's {self._spec.type} have no {name}: leave it out of `include`")
            lists[item.id] = msgspec.convert(item.relationships[name].get("data") or [], list[Identity])
        part.without.extend(id_ for id_ in ids if id_ not in lists)
        for id_, refs in lists.items():
            absent = [ref.id for ref in refs if ref not in documents]
            if absent:
                raise Incomplete(f"{self._spec.type} {id_} refers to {name} {absent[0]}, which the store did not send.")
            part.by_owner[id_] = [documents.pop(ref) for ref in refs]
        part.included.extend(documents.values())


class _Members(msgspec.Struct):
    id: str
    attributes: dict[str, msgspec.Raw] | list[msgspec.Raw] = []
    relationships: dict[str, dict[str, object]] = {}


def _members(data: msgspec.Raw) -> set[str]:
    """Return the names of what a resource object has."""
    item = msgspec.json.decode(data, type=_Members)
    return {*item.attributes, *item.relationships}


def _check_delivered(data: msgspec.Raw, type_: str, asked: set[str]) -> None:
    if asked:
        check_members(type_, asked, _members(data))


def _owner_of(data: msgspec.Raw, relationship: str) -> str:
    owner = msgspec.json.decode(data, type=_Members).relationships.get(relationship, {})
    return msgspec.convert(owner.get("data"), Identity).id


def _joined(first: PageRows, second: PageRows) -> PageRows:
    return PageRows(
        ids=[*first.ids, *second.ids],
        data=[*first.data, *second.data],
        included=[*first.included, *second.included],
        missing=[*first.missing, *second.missing],
    )
