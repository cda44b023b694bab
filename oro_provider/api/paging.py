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
