"""The ids of all that is to be read, in their order, thousands a request: what the pages are cut from and proven against.

Knowing the ids first makes every page full and independent of the others, whatever gaps the ids have, and shows each record
that a page lacks. It costs one cheap request (two fields) for fifty pages.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from operator import ge
from typing import TYPE_CHECKING

from oro_provider.api.documents import LONGEST_ID
from oro_provider.api.errors import Incomplete, InvalidRequest, TimedOut, UnexpectedAnswer
from oro_provider.api.paging import refuses_size
from oro_provider.extract.heads import entries_reader
from oro_provider.extract.large import CONTRADICTIONS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.query import Query
    from oro_provider.extract.heads import Entries
    from oro_provider.extract.spec import Extract

# Records a request, the next where a store refuses the size or takes too long for it.
SIZES = (5000, 1000, 100)


@dataclass(frozen=True, slots=True)
class IndexPage:
    """Some ids, in order, with their dates (`""` where there are none). `left`: the store's count of these and all after.

    `owners`: what each belongs to, in order, where pages are cut by that; else empty.
    """

    ids: list[str]
    dates: list[str]
    left: int
    clock: datetime | None
    owners: list[int] = field(default_factory=list)


class Index:
    """Reads the ids that `spec` is about, after `last` where a part was read before."""

    def __init__(self, client: AsyncOroClient, spec: Extract, last: str | None = None) -> None:
        self._client = client
        self._spec = spec
        self._last = last
        own = spec.page_size or client.settings.page_size
        self._sizes = [*SIZES, own] if own < SIZES[-1] else [*SIZES]
        self._read = entries_reader(spec.date)

    async def pages(self) -> AsyncIterator[IndexPage]:
        """Yield pages of ids to the end; the next is asked for while this one is worked on."""
        following = asyncio.ensure_future(self._page(self._last))
        try:
            while True:
                found = await following
                page = self._checked(found)
                if self._ended(page):
                    if page.ids or self._last is None:
                        yield page
                    return
                self._last = page.ids[-1]
                following = asyncio.ensure_future(self._page(self._last))
                yield page
        finally:
            following.cancel()

    def _ended(self, page: IndexPage) -> bool:
        if self._spec.until_empty:
            return not page.ids
        return len(page.ids) < self._sizes[0]

    async def _page(self, last: str | None) -> Entries:
        """Return the page after an id, whose rows and total agree."""
        query = self._spec.index_after(last)
        for _ in range(CONTRADICTIONS):
            page = await self._ask(query)
            rows = len(page.ids)
            if page.total is None:
                raise UnexpectedAnswer(f"The store does not say how many {self._spec.type} it has.")
            # Fewer rows than were asked for are all that there is. Of a full page nothing is known but that there may be more:
            # the total of products is that of the page (5.1 to 7.0.3).
            if rows == self._sizes[0] or (rows and self._spec.until_empty) or page.total == rows:
                return page
        raise Incomplete(
            f"The store says that it has {page.total} {self._spec.type} {_after(last)}, and sends {rows} "
            f"({CONTRADICTIONS} times). Nothing is published."
        )

    async def _ask(self, query: Query) -> Entries:
        while True:
            sized = query.where(size=self._sizes[0])
            smaller = len(self._sizes) > 1
            try:
                call = self._client.calls.page_as(self._read, self._spec.type, sized, total=True, divisible=smaller)
                return await self._client.perform(call)
            except TimedOut:
                if not smaller:
                    raise
            except InvalidRequest as error:
                if not smaller or not refuses_size(error):
                    raise
            del self._sizes[0]

    def _checked(self, found: Entries) -> IndexPage:
        ids = found.ids
        together = "".join(ids)
        lengths = set(map(len, ids))
        if ids and not (
            together.isascii() and together.encode().isdigit() and min(lengths) and max(lengths) < LONGEST_ID
        ):
            raise UnexpectedAnswer(f"{self._spec.type} have ids that are no integers: read them by page number")
        # Of one length, as nearly all are, they are in the order of their digits.
        numbers = ids if len(lengths) == 1 else list(map(int, ids))
        if (ids and int(ids[0]) <= int(self._last or -1)) or any(map(ge, numbers, numbers[1:])):
            raise UnexpectedAnswer(f"The store answered {self._spec.type} {_after(self._last)} out of order or twice.")
        return IndexPage(ids, found.dates, max(found.total or 0, len(ids)), found.clock)


def _after(last: str | None) -> str:
    return f"after id {last}" if last is not None else "in all"
