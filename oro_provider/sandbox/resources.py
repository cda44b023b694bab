"""What a row of the table of resources says, and how it is written down.

Filters are written as the store's own lists show them: `x[]` takes a list of values, `x..` a range, `x[]..` both, a bare `x`
neither; `~` compares without case, `-` filters but does not sort, `+` sorts but does not filter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from oro_provider.entities.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Mapping

# Enum-like resources: the enum filter is silently wrong when `fields[...]` leaves the enum out (6.1).
ENUMS = frozenset({
    "prodinventorystatuses", "orderinternalstatuses", "ordershippingstatuses", "orderstatuses", "customerratings",
    "customeruserauthstatuses", "userauthstatuses",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """What one filter takes."""

    name: str
    lists: bool = False
    ranges: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """One row: `actions` of L list, G get, C create, U update, D delete, B batch; names are those of the 6.1 documents."""

    name: str
    actions: str
    filters: Mapping[str, Filter]
    sorts: frozenset[str]
    searched: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    lengths: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    defaults: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    unique: tuple[tuple[str, ...], ...] = ()
    ignored: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    write_only: frozenset[str] = frozenset()
    upsert: tuple[str, ...] = ()
    compulsory_filter: tuple[str, ...] = ()
    paged: bool = True
    linked: bool = True
    subresources: bool = True
    titled_by: str | None = None


def _filters(words: str) -> tuple[dict[str, Filter], frozenset[str]]:
    filters = {"id": Filter("id", lists=True, ranges=True)}
    sorts = {"id"}
    for word in words.split():
        name = word.rstrip("[].~+-")
        marks = word[len(name) :]
        if "+" not in marks:
            filters[name] = Filter(name, "[]" in marks, ".." in marks, "~" in marks)
        if "-" not in marks:
            sorts.add(name)
    return filters, frozenset(sorts)


def row(name: str, actions: str, filters: str = "", **rest: object) -> Resource:
    """A row; `rest` are fields of `Resource`, and a number for `lengths` holds for every string."""
    known, sorts = _filters(filters)
    shape = SHAPES[name]
    rest.setdefault("titled_by", next((n for n in ("name", "label", "code", "string") if n in shape.attributes), None))
    if isinstance(rest.get("lengths"), int):
        rest["lengths"] = MappingProxyType(
            {n: rest["lengths"] for n, kind in shape.attributes.items() if kind == "string"}
        )
    return Resource(name, actions, MappingProxyType(known), sorts, **rest)  # type: ignore[arg-type]  # rows name fields
