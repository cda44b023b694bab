"""Which page comes next, decided from the rows that came: never from links, totals or a page's number where ids are integers.

`GET /products` has no `links.next` and a wrong total (5.1 to 7.0.3), `noHateoas` removes the link everywhere, and rows that
change between two pages shift page numbers; an id stays where it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from oro_provider.api.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from oro_provider.api.documents import Page
    from oro_provider.api.errors import InvalidRequest
    from oro_provider.api.query import Query

Order = Literal["id", "number"]
# A longer page of a search is cut to this without a sign (6.1).
LARGEST_SEARCH = 1000
# Tried one after another where a store has a maximum.
SIZES = (1000, 500)


def first_query(query: Query, order: Order) -> Query:
    """Return the query for the first page. `id`: in id order, for integer ids; `number`: by page numbers, for all others.

    What a search finds comes in its own order and by page number whatever its ids are: it takes no filter on the id beside it.
    """
    if query.size is None or query.size < 1:
        raise ValueError("a list is read in pages: give the query a size")
    if query.is_search:
        return query.where(number=1, size=min(query.size, LARGEST_SEARCH))
    return query.where(sort=("id",)) if order == "id" else query.where(number=1)


def has_no_pages(error: InvalidRequest) -> bool:
    """Whether a store refuses to page this list at all: it always comes whole (order statuses, subtotals, structures; 5.1 to 7.0).

    A page that is too large is another refusal, and a list without a size would be its first ten records.
    """
    return any((said.parameter or "").startswith("page") and "is not supported" in said.detail for said in error.errors)


def refuses_size(error: InvalidRequest) -> bool:
    """Whether the store told "The value should be less than or equals to N." of a page's size.

    An installation may have a maximum (`oro_api.max_entities`), a resource too (`max_results`).
    """
    return any(said.parameter == "page[size]" for said in error.errors)


class Walk:
    """Where a reader of a list is: `query` is for the page to ask for next, None at the end.

    `least`: the size of pages below which nothing is tried where the store refuses larger ones.
    """

    def __init__(self, query: Query, order: Order, *, until_empty: bool = False, least: int = LARGEST_SEARCH) -> None:
        self.query: Query | None = first_query(query, order)
        self._order: Order = order
        self._until_empty = until_empty
        self._least = least
        self._whole = False

    def read(self, page: Page) -> None:
        """Go on after a page."""
        assert self.query is not None  # noqa: S101 - a page was asked for
        if self._whole:
            self.query = None
        else:
            self.query = next_query(self.query, page, self._order, until_empty=self._until_empty)

    def refused(self, error: InvalidRequest) -> None:
        """Go on with what the store takes instead; raise the refusal where there is nothing else."""
        query = self.query
        assert query is not None  # noqa: S101 - as above
        size = query.size or 0
        if self._order == "number" and has_no_pages(error) and not self._whole:
            self._whole = True
            self.query = query.where(size=None, number=None)
        elif refuses_size(error) and not has_no_pages(error) and size > self._least:
            self.query = query.where(size=max(less for less in (*SIZES, self._least) if less < size))
        else:
            raise error


def next_query(query: Query, page: Page, order: Order, *, until_empty: bool = False) -> Query | None:
    """Return the query for the page after this one, or None when this was the last.

    `until_empty`: a filter over a to-many relation makes the store count joined rows, so that only an empty page is the end.
    """
    count = len(page.resources)
    if count == 0 or (not until_empty and query.size is not None and count < query.size):
        return None
    if order == "number" or query.is_search:
        return query.where(number=(query.number or 1) + 1)
    ids = [resource.id for resource in page.resources]
    if not all(id_.isdigit() for id_ in ids):
        raise UnexpectedAnswer(f"{page.resources[0].type} has ids that are no integers: read it by page number")
    last = max(map(int, ids))
    before = query.filters.get("id[gt]")
    if isinstance(before, int) and last <= before:
        raise UnexpectedAnswer(
            f"The store answered {page.resources[0].type} up to id {last} when asked for ids above {before}."
        )
    return query.filtered({"id[gt]": last})
