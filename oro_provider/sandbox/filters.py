"""Filters and sorts as SQL: which of them a resource takes, what it refuses, and the joins that a path needs.

To-many paths are real joins, as in the store: its LIMIT counts joined rows, so such pages come short and overlap.
"""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oro_provider.sandbox.dates import ImpossibleDateError, filter_range
from oro_provider.sandbox.errors import bad_filter, refuse
from oro_provider.sandbox.resources import ENUMS
from oro_provider.sandbox.storage import TEXT_IDS, link_of, quoted

if TYPE_CHECKING:
    from oro_provider.entities.shapes import To
    from oro_provider.sandbox.query import Asked, Query
    from oro_provider.sandbox.versions import Catalog

_TRUE = {"1", "true", "True", "yes", "Yes"}
_FALSE = {"0", "false", "False", "no", "No"}
_COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_WITH_LISTS = {"eq", "neq", "neq_or_null", "contains", "not_contains"}
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")
_INTEGER = re.compile(r"^-?\d+$")
_NOT_SUPPORTED = "The filter is not supported."

# Attributes that hold JSON text: a filter on them looks into the list.
_LISTED = {"addressType": ("types", "$.addressType"), "priceListCurrencies": ("priceListCurrencies", "$")}


@dataclass(slots=True)
class Statement:
    """The FROM, WHERE and ORDER BY of a list; `t` is the resource's own table."""

    joins: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    multiplied: bool = False  # a to-many join repeats rows

    def alias(self) -> str:
        """A fresh name for a joined table."""
        return f"j{len(self.joins) + 1}"


@dataclass(frozen=True, slots=True)
class _Target:
    """The column that a filter or sort ends at."""

    column: str
    kind: str  # a Kind, "id" or "text-id"
    lists: bool
    ranges: bool
    folded: bool
    many: tuple[str, str, To] | None = None  # resource alias, relation, target: the path ends at a to-many relation
    enum: bool = False
    nested: bool = False


def apply(catalog: Catalog, resource: str, query: Query, statement: Statement) -> None:
    """Add a request's filters and sort to a statement."""
    asked = query.filters
    if not catalog.facts.operators_combine:
        # Before 6.1 two operators on one field do not combine: the last one is applied, silently.
        asked = list({one.path: one for one in asked}.values())
    for one in asked:
        _apply_filter(catalog, resource, query, one, statement)
    if query.sort is not None:
        _apply_sort(catalog, resource, query.sort, statement)
    if not statement.order:
        statement.order.append('t."position"' if resource == "ordersubtotals" else 't."id"')


def _apply_filter(catalog: Catalog, resource: str, query: Query, one: Asked, statement: Statement) -> None:
    parameter = one.parameter
    target = _resolve(catalog, resource, one.path, statement)
    if target is None:
        bare = catalog.facts.operator_in_parameter or not parameter.endswith(f"[{one.operator}]")
        raise bad_filter(_NOT_SUPPORTED, parameter if bare else parameter.removesuffix(f"[{one.operator}]"))
    if not _takes(target, one.operator):
        shown = parameter if catalog.facts.operator_in_parameter else parameter.rpartition("[")[0]
        raise bad_filter(f'The operator "{one.operator}" is not supported.', shown)
    value = one.value
    if value == "" and catalog.facts.empty_filter_refused:
        raise bad_filter('Expected not empty string value. Given "".', parameter)
    if one.operator in {"exists", "empty"}:
        _condition_exists(target, _boolean(value, parameter), one.operator, statement)
        return
    unreachable = target.enum and _enum_hidden(catalog, resource, query, one.path, target)
    parsed = _Values.read(catalog, target, one.operator, value, parameter)
    if unreachable:
        # 6.1 compares the short code with the enum's long id unless `fields` names the enum: nothing is ever equal.
        parsed = _Values(["\x00unreachable"], None)
    _condition(target, one.operator, parsed, statement)


def _enum_hidden(catalog: Catalog, resource: str, query: Query, path: str, target: _Target) -> bool:
    if not catalog.facts.enum_needs_field:
        return False
    return target.nested or (resource in query.fields and path not in query.fields[resource])


def _takes(target: _Target, operator: str) -> bool:
    if operator in {"eq", "neq"}:
        return True
    if target.many is not None:
        return operator in {"exists", "neq_or_null", "contains", "not_contains", "empty"}
    if operator in _COMPARISONS:
        if target.kind == "id" and not target.column.endswith('."id"'):
            return False  # product[gt] is refused, product.id[gt] is not
        return target.kind in {"id", "integer", "float", "money", "decimal", "datetime", "date"} and not target.enum
    if target.kind in {"id", "text-id"} and target.column.endswith('."id"') and not target.nested:
        return False
    return operator in {"exists", "neq_or_null", "empty"}


def _resolve(catalog: Catalog, resource: str, path: str, statement: Statement) -> _Target | None:
    """Follow a path to its column, joining what lies on the way; None when the resource does not take the filter."""
    alias, nested = "t", False
    names = path.split(".")
    for position, name in enumerate(names):
        row = catalog.resources.get(resource)
        if row is None or name not in row.filters:
            return None
        last = position == len(names) - 1
        if last:
            return _final(catalog, resource, alias, name, nested=nested, statement=statement)
        to = catalog.shapes[resource].relationships.get(name)
        if to is None:
            return None
        alias = _join(catalog, resource, alias, name, to, statement)
        resource, nested = to.type, True
    return None


def _final(
    catalog: Catalog, resource: str, alias: str, name: str, *, nested: bool, statement: Statement
) -> _Target | None:
    shape, spec = catalog.shapes[resource], catalog.resources[resource].filters[name]
    if name == "id":
        kind = "text-id" if resource in TEXT_IDS else "id"
        return _Target(f'{alias}."id"', kind, spec.lists, spec.ranges, spec.folded, nested=nested)
    to = shape.relationships.get(name)
    if to is not None:
        kind = "text-id" if to.type in TEXT_IDS else "id"
        stored = catalog.stored_relation(resource, name)
        enum = to.type in ENUMS
        if to.many or stored != name:
            return _Target(alias, kind, spec.lists, spec.ranges, spec.folded, (resource, stored, to), enum, nested)
        return _Target(f"{alias}.{quoted(name)}", kind, spec.lists, spec.ranges, spec.folded, None, enum, nested)
    if name in _LISTED:
        column, inner = _LISTED[name]
        joined = statement.alias()
        statement.joins.append(f"JOIN json_each({alias}.{quoted(column)}) {joined}")
        statement.multiplied = True
        value = f"{joined}.value" if inner == "$" else f"json_extract({joined}.value, '{inner}')"
        return _Target(value, "string", spec.lists, spec.ranges, spec.folded, nested=nested)
    kind = shape.attributes.get(name)  # type: ignore[assignment]  # Kind is a str
    return _Target(f"{alias}.{quoted(name)}", kind or "integer", spec.lists, spec.ranges, spec.folded, nested=nested)


def _join(catalog: Catalog, resource: str, alias: str, name: str, to: To, statement: Statement) -> str:
    joined = statement.alias()
    stored = catalog.stored_relation(resource, name)
    link = link_of(resource, stored, to) if to.many or stored != name else None
    if link is None:
        statement.joins.append(f'JOIN {quoted(to.type)} {joined} ON {joined}."id" = {alias}.{quoted(name)}')
        return joined
    statement.multiplied = True
    statement.joins.append(f'JOIN {quoted(link.table)} {joined} ON {joined}.{quoted(link.own)} = {alias}."id"')
    if not link.join:
        return joined
    far = statement.alias()
    statement.joins.append(f'JOIN {quoted(to.type)} {far} ON {far}."id" = {joined}.{quoted(link.other)}')
    return far


@dataclass(frozen=True, slots=True)
class _Values:
    """A filter's value, read: the single values, or the two ends of a range."""

    values: list[object]
    range: tuple[object, object] | None
    whole: tuple[object, object] | None = None  # a partial date names a span

    @classmethod
    def read(cls, catalog: Catalog, target: _Target, operator: str, value: str, parameter: str) -> _Values:
        """Check and convert a value, as the target's type wants it."""
        if target.kind in {"datetime", "date"}:
            return cls._dates(catalog, target, operator, value, parameter)
        ranged = target.ranges and operator in {"eq", "neq", "neq_or_null"} and ".." in value
        if ranged:
            low, _, high = value.partition("..")
            if not (_NUMBER.match(low) and _NUMBER.match(high)):
                raise bad_filter(f'Expected a pair of integers (integer..integer). Given "{value}".', parameter)
            return cls([], (float(low) if "." in low else int(low), float(high) if "." in high else int(high)))
        parts = value.split(",") if target.lists and operator in _WITH_LISTS else [value]
        return cls([_single(target, part, parameter) for part in parts], None)

    @classmethod
    def _dates(cls, catalog: Catalog, target: _Target, operator: str, value: str, parameter: str) -> _Values:
        def read(part: str) -> tuple[str, str]:
            try:
                found = filter_range(part)
            except ImpossibleDateError:
                raise bad_filter(None, parameter) from None
            if found is None:
                raise bad_filter(f'Expected datetime value. Given "{part}".', parameter)
            return found

        if target.ranges and operator in {"eq", "neq", "neq_or_null"} and ".." in value:
            low, _, high = value.partition("..")
            if not low or not high:
                detail = f'Expected a pair of datetimes (datetime..datetime). Given "{value}".'
                raise bad_filter(detail, parameter)
            return cls([], (read(low)[0], read(high)[0]))
        parts = value.split(",") if target.lists and operator in _WITH_LISTS else [value]
        spans = [read(part) for part in parts]
        if len(spans) == 1 and operator in {"eq", "neq", "neq_or_null"}:
            return cls([spans[0][0]], None, spans[0])
        return cls([span[0] for span in spans], None)


def _single(target: _Target, value: str, parameter: str) -> object:
    if target.kind in {"id", "integer"}:
        if not _INTEGER.match(value):
            raise bad_filter(f'Expected integer value. Given "{value}".', parameter)
        return int(value)
    if target.kind == "boolean":
        return int(_boolean(value, parameter))
    if target.kind in {"float", "money", "decimal"} and not _NUMBER.match(value):
        raise bad_filter(f'Expected number value. Given "{value}".', parameter)
    return value


def _boolean(value: str, parameter: str) -> bool:
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise bad_filter(f'Expected boolean value. Given "{value}".', parameter)


def _condition_exists(target: _Target, wanted: bool, operator: str, statement: Statement) -> None:
    wanted = wanted if operator == "exists" else not wanted
    if target.many is not None:
        table, own, _ = _link(target)
        some = f'EXISTS (SELECT 1 FROM {table} x WHERE x.{own} = {target.column}."id")' if table else "0"
        statement.conditions.append(some if wanted else f"NOT {some}")
        return
    null = f"{target.column} IS NOT NULL" if wanted else f"{target.column} IS NULL"
    if operator == "empty" and target.kind == "string":
        null = f"{target.column} <> ''" if wanted else f"({target.column} IS NULL OR {target.column} = '')"
    statement.conditions.append(null)


def _link(target: _Target) -> tuple[str, str, str]:
    assert target.many is not None  # noqa: S101 - callers check
    resource, relation, to = target.many
    link = link_of(resource, relation, to)
    return (quoted(link.table), quoted(link.own), quoted(link.other)) if link else ("", "", "")


def _condition(target: _Target, operator: str, values: _Values, statement: Statement) -> None:
    if target.many is not None:
        _condition_many(target, operator, values, statement)
        return
    column = f"{target.column} COLLATE NOCASE" if target.folded else target.column
    if operator in _COMPARISONS:
        statement.conditions.append(f"{column} {_COMPARISONS[operator]} ?")
        statement.parameters.append(values.values[0])
        return
    test = _equals(column, values, statement)
    if operator == "eq":
        statement.conditions.append(test)
    elif operator == "neq":
        statement.conditions.append(f"NOT {test}")
    else:
        statement.conditions.append(f"({target.column} IS NULL OR NOT {test})")


def _equals(column: str, values: _Values, statement: Statement) -> str:
    span = values.range or values.whole
    if span is not None:
        statement.parameters.extend(span)
        return f"({column} BETWEEN ? AND ?)"
    if len(values.values) == 1:
        statement.parameters.append(values.values[0])
        return f"({column} = ?)"
    statement.parameters.append(json.dumps(values.values))
    return f"({column} IN (SELECT value FROM json_each(?)))"


def _condition_many(target: _Target, operator: str, values: _Values, statement: Statement) -> None:
    table, own, other = _link(target)
    if not table:
        statement.conditions.append("0" if operator in {"eq", "contains"} else "1")
        return
    if operator == "eq":
        joined = statement.alias()
        statement.joins.append(f'JOIN {table} {joined} ON {joined}.{own} = {target.column}."id"')
        statement.multiplied = True
        statement.conditions.append(_equals(f"{joined}.{other}", values, statement))
        return
    if operator in {"contains", "not_contains"}:
        test = (
            f'(SELECT count(*) FROM {table} x WHERE x.{own} = {target.column}."id"'
            f" AND x.{other} IN (SELECT value FROM json_each(?))) = {len(set(values.values))}"
        )
        statement.parameters.append(json.dumps(values.values))
        statement.conditions.append(test if operator == "contains" else f"NOT {test}")
        return
    test = _equals(f"x.{other}", values, statement)
    statement.conditions.append(f'NOT EXISTS (SELECT 1 FROM {table} x WHERE x.{own} = {target.column}."id" AND {test})')


def _apply_sort(catalog: Catalog, resource: str, sort: str, statement: Statement) -> None:
    for word in sort.split(","):
        name, direction = (word[1:], " DESC") if word.startswith("-") else (word, "")
        column = _sort_column(catalog, resource, name, statement)
        if column is None:
            detail = f'Sorting by "{name}" field is not supported.'
            raise refuse(400, "sort constraint", detail, parameter="sort")
        statement.order.append(column + direction)


def _sort_column(catalog: Catalog, resource: str, path: str, statement: Statement) -> str | None:
    alias = "t"
    names = path.split(".")
    for name in names[:-1]:
        to = catalog.shapes[resource].relationships.get(name)
        if to is None or to.many or to.type not in catalog.resources:
            return None
        joined = statement.alias()
        statement.joins.append(f'LEFT JOIN {quoted(to.type)} {joined} ON {joined}."id" = {alias}.{quoted(name)}')
        alias, resource = joined, to.type
    name = names[-1]
    if name not in catalog.resources[resource].sorts:
        return None
    to = catalog.shapes[resource].relationships.get(name)
    if to is not None and to.many:
        link = link_of(resource, name, to)
        if link is None:
            return f'{alias}."id"'
        joined = statement.alias()
        own, other = quoted(link.own), quoted(link.other)
        statement.joins.append(f'LEFT JOIN {quoted(link.table)} {joined} ON {joined}.{own} = {alias}."id"')
        statement.multiplied = True
        return f"{joined}.{other}"
    return f"{alias}.{quoted(name)}"
