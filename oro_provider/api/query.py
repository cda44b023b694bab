"""What a list is asked for, as a value: filters, sort, sparse fields, includes and the size of a page.

Written as a URL's query, or as the body of a POST with `X-HTTP-Method-Override: GET`, which has no length limit: 20,000 keys
fit in one request on 5.1 and 6.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import quote

import msgspec

FilterValue: TypeAlias = "str | float | Decimal | bool | date | Iterable[str | float | Decimal | date] | Range"

_AS_TEXT = (str, int, float, Decimal, date)
# Filters by a full-text index. They look at no field, and a store takes no other filter beside them (5.1 to 7.0).
SEARCHES = frozenset({"searchText", "searchQuery"})
# nginx refuses about 8 kB of URL by default (414 with HTML); what is longer goes as a body.
LONGEST_QUERY = 4000


@dataclass(frozen=True, slots=True)
class Range:
    """Values from `low` to `high`, both included. Dates have whole seconds in a store, so [a, b) is a..b-1s."""

    low: int | datetime
    high: int | datetime


def filter_value(value: FilterValue) -> str:
    """Return a filter's value in the store's spelling.

    A comma makes a list and cannot be escaped, so a value that holds one cannot be searched for in a list: `ValueError`. So is a
    list of nothing, which a store refuses, or takes for any value (5.1).
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, _AS_TEXT):
        return str(value)
    if isinstance(value, Range):
        return f"{filter_value(value.low)}..{filter_value(value.high)}"
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise ValueError(f"{value!r} is no value of a filter: a text, a number, a moment, or a list of them")
    items: list[Any] = list(value)
    if not items:
        raise ValueError("a filter has an empty list of values: where there is nothing to look for, ask for nothing")
    try:
        joined = ",".join(items)
    except TypeError:  # numbers, moments
        items = list(map(filter_value, items))
        joined = ",".join(items)
    if joined.count(",") >= len(items):
        item = next(item for item in items if "," in item)
        raise ValueError(f"{item!r} holds a comma: a store's filter cannot look for it in a list")
    return joined


def timestamp(moment: datetime) -> str:
    """Return a moment as every version accepts it in a filter: UTC, whole seconds, `Z` (fractions are a 400)."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    # strftime writes the year 1 with one digit, which a store takes for no date.
    return moment.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


@dataclass(frozen=True, slots=True)
class Query:
    """What to ask a list for.

    `filters` maps a field or `field[operator]` path to a value: `{"sku": ["A", "B"], "id[gt]": 7}`. `fields` maps a type to the
    attributes and relationships wanted; a relationship that is included must be among them. `size` is records a page.
    """

    filters: Mapping[str, FilterValue] = field(default_factory=dict)
    sort: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    fields: Mapping[str, Iterable[str]] = field(default_factory=dict)
    size: int | None = None
    number: int | None = None

    def where(self, **more: Any) -> Query:
        """Return this query with other parts."""
        return replace(self, **more)

    def filtered(self, filters: Mapping[str, FilterValue]) -> Query:
        """Return this query with these filters besides its own."""
        return replace(self, filters={**self.filters, **filters})

    @property
    def is_search(self) -> bool:
        """Whether the list is what a full-text index finds."""
        return any(path.partition("[")[0] in SEARCHES for path in self.filters)

    def params(self) -> dict[str, str]:
        """Return the names and values of a URL's query, not yet encoded."""
        params = {
            f"filter[{path}]" if "[" not in path else _operator(path): filter_value(v)
            for path, v in self.filters.items()
        }
        # The id comes whatever is named; a name that is empty would be a refusal, as it is of a filter and a sort (6.1).
        params |= {f"fields[{type_}]": ",".join(names) or "id" for type_, names in self.fields.items()}
        if self.include:
            params["include"] = ",".join(self.include)
        if self.sort:
            params["sort"] = ",".join(self.sort)
        if self.size is not None:
            params["page[size]"] = str(self.size)
        if self.number is not None:
            params["page[number]"] = str(self.number)
        return params

    def url_query(self) -> str:
        """Return the URL's query, encoded: a raw `+` would be a space to the store."""
        return "&".join([f"{_quoted_name(name)}={quote(value, safe=',.:')}" for name, value in self.params().items()])

    def body(self) -> bytes:
        """Return the same query as the body of an overridden POST. Every value is a string: a number is a 500 there."""
        return override_body(self.params())


def override_body(params: Mapping[str, str]) -> bytes:
    """Return the names and values of a URL's query as the body of an overridden POST."""
    body: dict[str, Any] = {}
    for name, value in params.items():
        spelled = f"{name}[eq]" if any(other.startswith(f"{name}[") for other in params) else name
        *parents, last = spelled.replace("]", "").split("[")
        place = body
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return msgspec.json.encode(body)


def names_of(names: str | Iterable[str]) -> tuple[str, ...]:
    """Return names that are given one by one, or as a text with commas: letter by letter, a store would ignore them in silence."""
    return tuple(filter(None, map(str.strip, names.split(",")))) if isinstance(names, str) else tuple(names)


def filtered_names(filters: Iterable[str]) -> list[str]:
    """Return the fields that filters look at, which `fields` has to name: a filter on an enum that it does not name gives wrong
    rows in silence (6.1)."""
    names = (path.partition("[")[0].partition(".")[0] for path in filters)
    return [name for name in dict.fromkeys(names) if name not in {"id", *SEARCHES}]


@lru_cache(1024)
def _quoted_name(name: str) -> str:
    return quote(name, safe="[]")


def _operator(path: str) -> str:
    name, _, operator = path.partition("[")
    return f"filter[{name}][{operator}"
