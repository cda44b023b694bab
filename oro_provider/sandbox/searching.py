"""What `filter[searchText]` and `filter[searchQuery]` find: never more than 1,000, and without a sign that there was more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oro_provider.sandbox.search_index import SearchIndex

# A search returns at most this many rows, whatever page[size] says; the total is right, the next link is missing.
_LIMIT = 1000

_IN = re.compile(r"\(([^)]*)\)")


def search_condition(index: SearchIndex, resource: str, text: str) -> tuple[list[object], int]:
    """The ids of the hits, best first and capped, and how many there really are."""
    inside = _IN.search(text)
    words = inside[1].replace('"', " ").replace(",", " ") if inside else text
    found = index.find(resource, words)
    return found[:_LIMIT], len(found)
