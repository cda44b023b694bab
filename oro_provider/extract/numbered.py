"""Lists whose ids are no integers: short ones (units, countries, statuses) by page number, long ones (prices) by their owners.

Page numbers shift when a record comes or goes meanwhile, so each list is proven by its total, and no id may come twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from oro_provider.api.documents import id_number
from oro_provider.api.errors import Incomplete, InvalidRequest, UnexpectedAnswer
from oro_provider.api.paging import has_no_pages
from oro_provider.api.query import Query
from oro_provider.extract.heads import Identity, identity
from oro_provider.extract.index import IndexPage
from oro_provider.extract.large import LargePages
from oro_provider.extract.pages import PageRows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.entities.reading import Keyset
    from oro_provider.extract.pages import Pages
    from oro_provider.extract.spec import Extract

# Prices of a request of ids; more of one product in one price list there are not.
KEYED_SIZE = 5000


async def numbered_pages(client: AsyncOroClient, spec: Extract, pages: Pages) -> AsyncIterator[PageRows]:
    """Yield the pages of a short list; raise `Incomplete` where it is not all that the store has."""
    size = spec.page_size or client.settings.page_size
    query = spec.page.where(size=size, sort=("id",), number=1)
    seen: set[str] = set()
    while True:
        try:
            raw = await client.perform(client.calls.raw_page(spec.type, query, total=True))
        except InvalidRequest as error:
            if not has_no_pages(error) or seen:
                raise
            # The statuses of orders have neither pages nor an order before 7.0: all of them come at once.
            everything = query.where(size=None, number=None, sort=())
            raw = await client.perform(client.calls.raw_page(spec.type, everything, total=True))
            size = len(raw.data) + 1
        ids = [identity(data).id for data in raw.data]
        if not seen.isdisjoint(ids):
            raise Incomplete(f"{spec.type} changed while they were read by page number: nothing is published.")
        seen.update(ids)
        if ids:
            yield await pages.checked(PageRows(ids, raw.data, raw.included))
        if len(ids) < size:
            if raw.total != len(seen):
                raise Incomplete(f"The store says that it has {raw.total} {spec.type}, and sends {len(seen)}.")
            return
        query = query.where(number=(query.number or 1) + 1)


async def scopes(client: AsyncOroClient, spec: Extract, keyset: Keyset) -> list[Extract]:
    """Return the extract once for each value of the compulsory filter: the one that it names, else all that there are."""
    if keyset.each in spec.filters:
        return [spec]
    type_ = spec.entity.shape.relationships[keyset.each].type
    query = Query(fields={type_: ["id"]}, size=client.settings.page_size)
    ids = [resource.id async for page in client.pages(type_, query) for resource in page.resources]
    return [replace(spec, filters={**spec.filters, keyset.each: id_}) for id_ in ids]


class _Owned(msgspec.Struct, gc=False):
    id: str
    relationships: dict[str, _Owner]


class _Owner(msgspec.Struct, gc=False):
    data: Identity


_decode = msgspec.json.Decoder(_Owned).decode


def _owner(name: str, row: _Owned) -> int:
    if name not in row.relationships:
        raise UnexpectedAnswer(f"The store answered a record without the {name} that was asked for.")
    return id_number(name, row.relationships[name].data.id)


class PositionLost(Exception):
    """The record that was read last is no longer there, so that nothing tells where to go on."""


class Rest:
    """What of an index comes after the id `last` (None: all), which may be in any of several; such ids have no order of their own."""

    def __init__(self, last: str | None) -> None:
        self._last = last

    async def of(self, index: AsyncIterator[IndexPage]) -> AsyncIterator[IndexPage]:
        """Yield the pages of an index after that id."""
        async for page in index:
            start = 0
            if self._last is not None:
                if self._last not in page.ids:
                    continue
                start = page.ids.index(self._last) + 1
                self._last = None
            yield IndexPage(page.ids[start:], page.dates[start:], page.left - start, page.clock, page.owners[start:])

    def check(self) -> None:
        """Raise `PositionLost` where none of the indexes had that id."""
        if self._last is not None:
            raise PositionLost(self._last)


async def keyed_index(client: AsyncOroClient, spec: Extract, keyset: Keyset) -> AsyncIterator[IndexPage]:
    """Yield the ids in the order of their owners; the last owner of a full page is left to the next, as it may be cut."""
    query = Query(filters=spec.where, fields={spec.type: [keyset.by]}, sort=(keyset.by, "id"))
    large = LargePages(client, KEYED_SIZE)
    more = True
    while more:
        raw, more = await large.page(spec.type, query)
        rows = [_decode(data) for data in raw.data]
        owners = [_owner(keyset.by, row) for row in rows]
        whole = owners.index(owners[-1]) if more else len(rows)
        if more and whole == 0:
            raise Incomplete(f"One of the {keyset.by}s has more than {len(rows)} {spec.type}.")
        ids = [row.id for row in rows[:whole]]
        yield IndexPage(ids, [""] * whole, max(raw.total or 0, whole), None, owners[:whole])
        if more:
            query = query.filtered({f"{keyset.by}.id[gt]": owners[whole - 1]})
