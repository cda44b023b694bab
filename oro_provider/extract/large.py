"""Pages larger than the connection's, of what is small: as large as the store takes, and proven by its count.

An installation may have a maximum (`oro_api.max_entities`), a resource too (`max_results`): a larger page is a 400 that tells it, and
is not cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oro_provider.api.errors import Incomplete, InvalidRequest
from oro_provider.api.paging import SIZES, refuses_size

if TYPE_CHECKING:
    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.query import Query
    from oro_provider.api.raw import RawPage

# The rows and the total of an answer are two queries of the store, between which a row may come or go.
CONTRADICTIONS = 3


class LargePages:
    """Asks for pages of at most `size` records, and for smaller ones once the store has refused that."""

    def __init__(self, client: AsyncOroClient, size: int) -> None:
        self._client = client
        own = client.settings.page_size
        self._sizes = sorted({size, *(less for less in (*SIZES, own) if less < size)}, reverse=True)

    async def page(self, type_: str, query: Query, *, total: bool = True) -> tuple[RawPage, bool]:
        """Return a page, and whether it is full, so that there may be more.

        `total`: ask for the count of what `query` is about, and raise `Incomplete` where a page that is not full has fewer.
        """
        for _ in range(CONTRADICTIONS):
            raw, size = await self._ask(type_, query, total)
            rows = len(raw.data)
            if rows >= size or not total or raw.total == rows:
                return raw, rows >= size
        raise Incomplete(
            f"The store says that there are {raw.total} more {type_}, and sends {rows} ({CONTRADICTIONS} times)."
        )

    async def _ask(self, type_: str, query: Query, total: bool) -> tuple[RawPage, int]:
        while True:
            size = self._sizes[0]
            try:
                return await self._client.perform(
                    self._client.calls.raw_page(type_, query.where(size=size), total=total)
                ), size
            except InvalidRequest as error:
                if not refuses_size(error) or size == self._sizes[-1]:
                    raise
            if size == self._sizes[0]:  # no other request has found that out meanwhile
                del self._sizes[0]
