"""Rows as people write them, checked and cast: flat dicts with the names of `entities`, or ready resource objects.

A row is numbered from 1, as a person counts; what is wrong with one becomes a `Reject` that names row and field, and the
others go on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from oro_provider.api.documents import Linkage, Ref, read_resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oro_provider.entities.model import Entity
    from oro_provider.entities.shapes import Kind

TRUE = frozenset({"1", "true", "yes"})
FALSE = frozenset({"0", "false", "no"})


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that did not go into the store: which, at what field, why, and the row as it came.

    `pointer` is the store's, where it was the store that refused.
    """

    row: int
    reason: str
    field: str | None = None
    pointer: str | None = None
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"row {self.row}{f', field {self.field}' if self.field else ''}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Row:
    """A row whose values are cast: attributes for the store, names to be resolved, and the key that tells it from others.

    `references` and `units` map a row's field to a name or code (None empties a reference), `localized` to a text;
    `linkages` are relationships of a ready resource object.
    """

    number: int
    values: Mapping[str, Any] = dataclasses.field(repr=False)
    key: tuple[str, ...]
    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    references: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    localized: Mapping[str, str] = dataclasses.field(default_factory=dict)
    units: Mapping[str, str] = dataclasses.field(default_factory=dict)
    linkages: Mapping[str, Linkage] = dataclasses.field(default_factory=dict)

    def rejected(self, reason: str, field: str | None = None, pointer: str | None = None) -> Reject:
        """Return this row's refusal."""
        return Reject(self.number, reason, field, pointer, self.values)


class Rows:
    """Reads records into rows, keeping those that cannot be read in `rejects`. Iterate over it once."""

    def __init__(self, entity: Entity, records: Iterable[Any]) -> None:
        self.entity = entity
        self.read = 0
        self.rejects: list[Reject] = []
        self._records = records
        self._seen: dict[tuple[str, ...], int] = {}

    def __iter__(self) -> Iterator[Row]:
        for number, record in enumerate(self._records, start=1):
            self.read = number
            try:
                row = read_row(self.entity, number, record)
            except RowError as error:
                self.rejects.append(Reject(number, str(error), error.field, None, _values(record)))
                continue
            first = self._seen.setdefault(folded_key(self.entity, row.key), number)
            if first == number:
                yield row
            else:
                names = ", ".join(self.entity.key)
                self.rejects.append(row.rejected(f"repeats the {names} of row {first}", self.entity.key[0]))


class RowError(ValueError):
    """A row that cannot be read; `field` names where."""

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.field = field


def folded_key(entity: Entity, key: tuple[str, ...]) -> tuple[str, ...]:
    """Return a key as the store, or for want of a unique key the world, tells one from another."""
    return tuple(part.casefold() for part in key) if entity.key_folded else key


def read_row(entity: Entity, number: int, record: Any) -> Row:
    """Return a record as a row; raise `RowError` for one that is no dict, lacks its key or holds a value of the wrong kind."""
    if not isinstance(record, Mapping):
        raise RowError(f"is no dict but {type(record).__name__}")
    if "type" in record and ("attributes" in record or "relationships" in record):
        return _resource_row(entity, number, record)
    attributes: dict[str, Any] = {}
    references: dict[str, str | None] = {}
    localized: dict[str, str] = {}
    units: dict[str, str] = {}
    for name, given in record.items():
        value = given.strip() if isinstance(given, str) else given
        if name in entity.references:
            references[name] = _name(value, name)
        elif name in entity.localized:
            localized[name] = _text(value, name)
        elif name in entity.units:
            units[name] = _text(value, name)
        else:
            attribute = entity.attribute(str(name))
            attributes[attribute] = cast_value(entity.shape.attributes.get(attribute), value, str(name))
    key = tuple(_key_part(entity, record, name) for name in entity.key)
    return Row(number, record, key, attributes, references, localized, units)


def _resource_row(entity: Entity, number: int, record: Mapping[str, Any]) -> Row:
    if record["type"] != entity.type:
        raise RowError(f"is a resource object of type {record['type']!r}, not {entity.type}", "type")
    resource = read_resource({"id": "", **record})
    key = tuple(_key_part(entity, resource.attributes, entity.attribute(name)) for name in entity.key)
    return Row(number, record, key, attributes=resource.attributes, linkages=resource.relationships)


def _values(record: Any) -> Mapping[str, Any]:
    return record if isinstance(record, Mapping) else {"value": record}


def _key_part(entity: Entity, values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    text = "" if value is None else str(value).strip()
    if not text:
        raise RowError("is missing or empty, and a row is found by it", name)
    if len(text) > 255:
        # A longer tracking number is a 500 to the store, not a refusal (6.1.9).
        raise RowError(f"has {len(text)} characters; a store takes 255", name)
    if name == entity.key[0] and "," in text:
        raise RowError("holds a comma, and a store's filter cannot look for such a value", name)
    return text


def _name(value: Any, field: str) -> str | None:
    if value is None:
        return None
    return _text(value, field)


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool) or str(value) == "":
        raise RowError(
            "is empty" if value is None or value == "" else f"should be a text, not {type(value).__name__}", field
        )
    return str(value)


def cast_value(kind: Kind | None, value: Any, field: str) -> Any:
    """Return a value as JSON has it for this kind; raise `RowError` where it is of another kind.

    A file of CSV holds texts only; money and decimals stay texts, so that no digit is lost.
    """
    if value is None or kind is None:
        return value
    try:
        match kind:
            case "boolean":
                return value if isinstance(value, bool) else _boolean(str(value))
            case "integer":
                return int(value)
            case "float":
                return float(value)
            case "money" | "decimal":
                return format(Decimal(str(value)), "f")
            case "string":
                return value if isinstance(value, str) else str(value)
            case _:
                return value
    except (ValueError, TypeError, InvalidOperation):
        raise RowError(f"should be {'a number' if kind != 'boolean' else 'true or false'}", field) from None


def _boolean(text: str) -> bool:
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise ValueError(text)


def same_value(kind: Kind | None, ours: Any, theirs: Any) -> bool:
    """Whether the store would keep `ours` as the `theirs` that it has: it trims texts and rounds money to four decimals."""
    if ours is None or theirs is None:
        return ours is theirs
    if kind in {"money", "decimal", "float", "integer"}:
        digits = Decimal("0.0001") if kind == "money" else None
        left, right = Decimal(str(ours)), Decimal(str(theirs))
        return (left.quantize(digits) if digits else left) == (right.quantize(digits) if digits else right)
    if isinstance(ours, str) and isinstance(theirs, str):
        return ours.strip() == theirs.strip()
    return bool(ours == theirs)


def same_linkage(ours: Linkage, theirs: Linkage) -> bool:
    """Whether two relationships refer to the same records; order means nothing."""
    if isinstance(ours, tuple) and isinstance(theirs, tuple):
        return set(ours) == set(theirs)
    return ours == theirs


def linkage_to(type_: str, id_: str | None, *, many: bool) -> Linkage:
    """Return a relationship's value for one target or none."""
    if id_ is None:
        return () if many else None
    return (Ref(type_, id_),) if many else Ref(type_, id_)
