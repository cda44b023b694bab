"""A list request's parameters: read from the query string or from the body of an overridden GET, and written back into links."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_plus

from oro_provider.sandbox.errors import bad_filter, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OPERATORS = frozenset({
    "eq", "neq", "gt", "gte", "lt", "lte", "exists", "neq_or_null", "empty", "contains", "not_contains", "starts_with",
    "not_starts_with", "ends_with", "not_ends_with",
})  # fmt: skip

_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_INTEGER = re.compile(r"^-?\d+$")
_UNSUPPORTED = "The filter is not supported."


@dataclass(frozen=True, slots=True)
class Asked:
    """One filter of the request: its path (`customer.name`), operator, value, and its name as the client wrote it."""

    path: str
    operator: str
    value: str
    parameter: str


@dataclass(slots=True)
class Query:
    """What a request asks for, still unchecked against a resource."""

    raw: dict[str, str] = field(default_factory=dict)
    filters: list[Asked] = field(default_factory=list)
    fields: dict[str, list[str]] = field(default_factory=dict)
    include: list[str] = field(default_factory=list)
    sort: str | None = None
    title: bool = False
    size: int = 10
    number: int = 1
    paging: list[str] = field(default_factory=list)

    def link(self, number: int) -> str:
        """The query string of another page, encoded and ordered as the store does; page 1 goes without a number."""
        kept = {name: value for name, value in self.raw.items() if not name.startswith("page[")}
        pairs = sorted(kept.items())
        page: list[tuple[str, str]] = []
        if "page[size]" in self.raw:
            page.append(("page[size]", str(self.size)))
        if number > self.number:
            page.append(("page[number]", str(number)))
        elif number > 1:
            page.insert(0, ("page[number]", str(number)))
        at = sum(name < "page" for name, _ in pairs)
        pairs[at:at] = page
        return "&".join(f"{quote(_spelled(name), safe='')}={quote(value, safe='.')}" for name, value in pairs)


def _spelled(name: str) -> str:
    """A parameter's name as links have it: each step of a path in brackets, and no `[eq]`, which is what is meant anyway."""
    return name.replace(".", "][").removesuffix("[eq]") if name.startswith("filter[") else name


def split_query(text: str) -> Iterator[tuple[str, str]]:
    """The name and value of each parameter; the store decodes names with `unquote` and values with `+` as a space."""
    for part in text.split("&"):
        name, equals, value = part.partition("=")
        if equals:  # the store does not see a parameter without a value
            yield _name(name), unquote_plus(value)


def _name(raw: str) -> str:
    """A parameter's decoded name. Where the store's own pattern fails it goes on with the last word of the raw text."""
    name = unquote(raw)
    if _NAME.match(name) and not re.search(r"[<>=!~]", name):
        return name
    return "5D" if name.endswith("]") else re.split(r"\W", raw)[-1]


def flat(document: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The parameters in the body of an overridden GET. Every value must be a string: a number or a list is a 500."""
    for root, value in document.items():
        yield from _flatten(root, value)


def _flatten(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flatten(f"{name}[{key}]", inner)
    elif isinstance(value, str):
        yield name, value
    else:
        kind = {list: "array", int: "int", float: "float", bool: "bool"}.get(type(value), "null")
        detail = f'Expected string value for the filter "{name}", given "{kind}".'
        raise refuse(500, "unexpected value exception", detail)


def parse(pairs: Iterator[tuple[str, str]]) -> Query:
    """Read the parameters; what no resource takes is refused here."""
    query = Query()
    for name, value in pairs:
        matched = _NAME.match(name)
        if matched is None:
            raise bad_filter(_UNSUPPORTED, name)
        root, groups = matched[1], re.findall(r"\[([^\[\]]*)\]", matched[2])
        query.raw.pop(name, None)  # the last of two equal parameters wins
        query.raw[name] = value
        if root == "filter" and groups:
            _read_filter(query, name, groups, value)
        elif root == "fields":
            if not groups:
                raise bad_filter("An entity type is not known.", "fields")
            query.fields.setdefault(groups[0], []).extend(value.split(","))
        elif root == "page" and groups in (["size"], ["number"]):
            query.paging.append(name)
        elif root == "include" and not groups:
            query.include = [path for path in value.split(",") if path]
        elif root == "sort" and not groups:
            query.sort = value
        elif root == "meta" and not groups:
            _read_meta(query, value)
        else:
            raise bad_filter(_UNSUPPORTED, name)
    _read_page(query)
    return query


def _read_filter(query: Query, name: str, groups: list[str], value: str) -> None:
    operator = groups.pop() if len(groups) > 1 and groups[-1] in OPERATORS else "eq"
    asked = Asked(".".join(groups), operator, value, name)
    query.filters = [one for one in query.filters if (one.path, one.operator) != (asked.path, operator)]
    query.filters.append(asked)


def _read_meta(query: Query, value: str) -> None:
    for name in value.split(","):
        if name != "title":
            raise bad_filter(f'The "{name}" is not known meta property. Known properties: title.', "meta")
    query.title = True


def _read_page(query: Query) -> None:
    size = query.raw.get("page[size]")
    if size is not None:
        if not _INTEGER.match(size):
            raise bad_filter(f'Expected integer value. Given "{size}".', "page[size]")
        query.size = int(size)
        if query.size < -1:
            raise bad_filter("The value should be greater than or equals to -1.", "page[size]")
    number = query.raw.get("page[number]")
    if number is not None:
        if not number.isdigit():
            raise bad_filter(f'Expected unsigned integer value. Given "{number}".', "page[number]")
        query.number = int(number)
        if query.number < 1:
            raise bad_filter("The value should be greater than or equals to 1.", "page[number]")
