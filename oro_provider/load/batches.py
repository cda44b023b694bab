"""Writes cut into what a store takes at once, and its errors brought home to the rows that they are about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oro_provider.entities.model import files_of
from oro_provider.load.contents import body_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from oro_provider.api.errors import ErrorObject
    from oro_provider.entities.model import Described, Entity
    from oro_provider.load.plan import Action


@dataclass(frozen=True, slots=True)
class Limits:
    """How much goes into one request: records, included records (None for no limit), bytes."""

    records: int
    included: int | None
    bytes: int


# nginx lets 1 MB through by default, and a synchronous batch beyond the others is a failed operation that vanishes (6.1).
SYNC = Limits(records=100, included=50, bytes=900_000)
# An operation of 1,000 products takes a store with one consumer 80 s, of 1,000 customers 9 s (6.1.9).
ASYNC = Limits(records=1000, included=None, bytes=900_000)


def batches(actions: Sequence[Action], limits: Limits = SYNC) -> Iterator[list[Action]]:
    """Cut actions into batches within the limits; one that is too large by itself goes alone."""
    batch: list[Action] = []
    included = size = 0
    for action in actions:
        bytes_ = body_bytes(action)
        full = (
            len(batch) == limits.records
            or (limits.included is not None and included + len(action.included) > limits.included)
            or size + bytes_ > limits.bytes
        )
        if batch and full:
            yield batch
            batch, included, size = [], 0, 0
        batch.append(action)
        included += len(action.included)
        size += bytes_
    if batch:
        yield batch


def batch_item(action: Action) -> dict[str, Any]:
    """Return the resource object as a batch takes it: an item without `meta.update` is a create, even with an id."""
    return {**action.data, "meta": {"update": True}} if action.verb == "update" else action.data


def errors_by_place(included: Sequence[int], errors: Sequence[ErrorObject]) -> dict[int, list[ErrorObject]]:
    """Return the errors of a batch by the place of the row that they are about; `included` are its counts, row by row.

    An error at `/included/n` belongs to the row that brought it, even where the store wrote that row (5.1 to 7.0).
    """
    owners = [place for place, count in enumerate(included) for _ in range(count)]
    found: dict[int, list[ErrorObject]] = {}
    for error in errors:
        section, number = _place(error.pointer)
        if section == "data" and number is not None and number < len(included):
            found.setdefault(number, []).append(error)
        elif section == "included" and number is not None and number < len(owners):
            found.setdefault(owners[number], []).append(error)
    return found


def _place(pointer: str | None) -> tuple[str, int | None]:
    parts = (pointer or "").strip("/").split("/")
    number = parts[1] if len(parts) > 1 else ""
    return parts[0], int(number) if number.isdigit() else None


def row_field(
    entity: Entity, values: Mapping[str, Any], pointer: str | None, included: Sequence[Mapping[str, Any]] = ()
) -> str | None:
    """Return the row's field that a pointer of the store is about: `/data/3/relationships/taxCode/data` -> `tax_code`.

    `included`: what the row brought along, for pointers into that; its order is that of the pointer's numbers.
    """
    parts = (pointer or "").strip("/").split("/")
    if parts[0] == "included":
        number = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None
        type_ = included[number].get("type") if number is not None and number < len(included) else None
        return _field_of_part(entity, str(type_), parts) if type_ else _likeliest_field(entity, parts)
    return _field_in(entity, values, parts)


def _field_of_part(described: Described, type_: str, pointer: Sequence[str]) -> str | None:
    for name, text in described.texts.items():
        if text.type == type_:
            return name
    for name, file in files_of(described).items():
        if file.type == type_:
            return name
    for name, part in described.parts.items():
        if part.type == type_:
            inner = _field_in(part, {}, pointer)
            if inner is not None and part.first is not None and inner == part.key[0]:
                return part.first[0]
            return f"{name}.{inner}" if inner else name
        deeper = _field_of_part(part, type_, pointer)
        if deeper is not None:
            return f"{name}.{deeper}"
    return None


def _likeliest_field(described: Described, pointer: Sequence[str]) -> str | None:
    """Return the field of an included record of which only the pointer is known: after a restart, what was sent is gone."""
    for part in described.parts.values():
        if part.first is not None and "relationships" in pointer and _field_in(part, {}, pointer):
            return part.first[0]
    return next(iter(described.texts), None)


def _field_in(described: Described, values: Mapping[str, Any], pointer: Sequence[str]) -> str | None:
    for name, reference in described.references.items():
        if reference.relationship in pointer or (reference.before_6_1 and reference.before_6_1 in pointer):
            return name
    for name, text in described.texts.items():
        if text.relationship in pointer:
            return name
    for name, part in described.parts.items():
        if part.first is not None and part.first[1] in pointer:
            return part.first[0]
        if part.relationship in pointer:
            return name
    if "attributes" not in pointer[:-1]:
        return None
    attribute = pointer[list(pointer).index("attributes") + 1]
    named = next((name for name in values if described.attribute(str(name)) == attribute), None)
    aliases = {target: name for name, target in described.attributes.items()}
    return named or aliases.get(attribute) or _row_spelling(attribute)


def _row_spelling(attribute: str) -> str:
    """Return an attribute as rows spell it: `lastName` -> `last_name`."""
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda letter: f"_{letter[0].lower()}", attribute)
