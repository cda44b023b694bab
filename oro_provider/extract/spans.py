"""Pages of records whose ids no filter takes as a list (prices before 6.1): what a span of owners has, less what was not asked for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

from oro_provider.api.errors import UnexpectedAnswer
from oro_provider.api.query import Query
from oro_provider.extract.heads import identity
from oro_provider.extract.spec import ids_filter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.query import FilterValue
    from oro_provider.api.raw import RawPage
    from oro_provider.entities.reading import Keyset
    from oro_provider.extract.spec import Extract


def cuts(count: int, size: int, owners: Sequence[int]) -> Iterator[slice]:
    """Yield what to read together of `count` ids: `size` of them at most, but all of one owner."""
    start = 0
    while start < count:
        end = min(start + size, count)
        if owners and end < count:
            end = boundary(owners, start, end)
        yield slice(start, end)
        start = end


def boundary(owners: Sequence[int], start: int, at: int) -> int:
    """Return where the owner at a place begins, or where it ends if it is the one at `start`."""
    first = bisect_left(owners, owners[at])
    return first if first > start else bisect_right(owners, owners[at])


def owned_by(keyset: Keyset, owners: Sequence[int]) -> dict[str, FilterValue]:
    """Return the filter for all that these owners have; they are in order. It names no other: a range across owners that the extract
    leaves out would be read with all of theirs."""
    return {keyset.by: ids_filter([str(owner) for owner in dict.fromkeys(owners)])}


class Spans:
    """Fetches pages of one extract by their owners."""

    def __init__(self, client: AsyncOroClient, spec: Extract, keyset: Keyset) -> None:
        self._client = client
        self._spec = spec
        self._keyset = keyset

    async def page(self, ids: Sequence[str], owners: Sequence[int], *, divisible: bool) -> RawPage:
        """Return the records with these ids, in their order.

        A page holds them and nothing else, unless its owners have got more since the index was read: then it is read on.
        """
        query = self._spec.page.filtered(owned_by(self._keyset, owners)).where(
            size=len(ids), sort=(self._keyset.by, "id"), number=1
        )
        wanted, seen = set(ids), set[str]()
        found: RawPage | None = None
        while True:
            raw = await self._client.perform(self._client.calls.raw_page(self._spec.type, query, divisible=divisible))
            came = [identity(one).id for one in raw.data]
            if raw.data and seen.issuperset(came):
                raise UnexpectedAnswer(f"Asked for the next page of {self._spec.type}, the store sent one again.")
            seen.update(came)
            data = [one for id_, one in zip(came, raw.data, strict=True) if id_ in wanted]
            wanted.difference_update(came)
            if found is None:
                found = replace(raw, data=data)
            else:
                included = {identity(one): one for one in (*found.included, *raw.included)}
                found = replace(found, data=[*found.data, *data], included=list(included.values()))
            if not wanted or len(raw.data) < len(ids):
                return found
            query = query.where(number=(query.number or 1) + 1)


async def ids_of(client: AsyncOroClient, spec: Extract, filters: Mapping[str, FilterValue]) -> set[str]:
    """Return the ids of what these filters list."""
    query = Query(filters=filters, fields=spec.index.fields, sort=("id",), size=client.settings.page_size)
    return {one.id async for page in client.pages(spec.type, query, order="number") for one in page.resources}
