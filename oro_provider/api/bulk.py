"""Lists asked for by thousands of keys: few requests by POST with a method override, short ones where that does not pass.

Something between us and the store may take `X-HTTP-Method-Override` away; the store then sees a create without data and
refuses it, having done nothing, and the keys go by URL from there on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oro_provider.api.errors import InvalidRequest
from oro_provider.api.query import LONGEST_QUERY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.documents import Page
    from oro_provider.api.paging import Order
    from oro_provider.api.query import Query


class Bulk:
    """Reads lists by many keys from one store, and remembers whether it takes them by override."""

    def __init__(self, client: AsyncOroClient) -> None:
        self._client = client
        self._by_url = False

    async def pages(
        self,
        type_: str,
        query: Query,
        path: str,
        keys: Sequence[str],
        *,
        chunk: int,
        order: Order = "id",
        until_empty: bool = False,
    ) -> AsyncIterator[Page]:
        """Yield the pages of the records whose `path` is one of these keys, at most `chunk` keys a request.

        Where there are several chunks the last is filled up by its last key: a store's database prepares a statement for
        each length of the list.
        """
        for start in range(0, len(keys), chunk):
            some = list(keys[start : start + chunk])
            if start and len(some) < chunk:
                some += some[-1:] * (chunk - len(some))
            if not self._by_url:
                began = False
                try:
                    asked = query.filtered({path: some})
                    async for page in self._client.pages(type_, asked, order=order, until_empty=until_empty):
                        began = True
                        yield page
                    continue
                except InvalidRequest as error:
                    if began or not _was_stripped(error) or len(asked.url_query()) <= LONGEST_QUERY:
                        raise
                    self._by_url = True
            for few in _short(query, path, list(dict.fromkeys(some))):
                asked = query.filtered({path: few})
                async for page in self._client.pages(type_, asked, order=order, until_empty=until_empty):
                    yield page


def _was_stripped(error: InvalidRequest) -> bool:
    """Whether this is the answer to a create without data: 405 where nothing can be made, else a 400 about the body."""
    return error.status == 405 or any("primary data object" in said.detail for said in error.errors)


def _short(query: Query, path: str, keys: Sequence[str]) -> Iterator[list[str]]:
    """Cut keys so that each request fits in a URL, with room for the place where a page begins."""
    room = LONGEST_QUERY - len(query.filtered({path: [""], "id[gt]": 10**12}).url_query())
    few: list[str] = []
    size = 0
    for key in keys:
        length = 3 * len(key.encode()) + 1
        if few and size + length > room:
            yield few
            few, size = [], 0
        few.append(key)
        size += length
    if few:
        yield few
