"""Rows as people write them, checked and cast: flat dicts with the names of `entities`, or ready resource objects.

A row is numbered from 1, as a person counts; what is wrong with one becomes a `Reject` that names row and field, and the
others go on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from mimetypes import guess_type
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias

from oro_provider.api.documents import Linkage, Ref, read_resource
from oro_provider.api.errors import UnexpectedAnswer
from oro_provider.entities.model import files_of
from oro_provider.load.values import RowError, cast_value, key_text, text, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oro_provider.entities.model import Described, Entity, File, Part

    Names: TypeAlias = "str | tuple[str, ...] | None"

# The language of the value that has no localization.
DEFAULT = ""
# A longer tracking number is a 500 to the store, not a refusal (6.1.9).
LONGEST_KEY = 255


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
class FilePlace:
    """Where a file is, as the row says it, and the name that the file goes by."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Fields:
    """What a row says of one record, cast, with its names still to be resolved.

    references: a name, several, or None which empties the relationship. texts: by language, `DEFAULT` for the one without.
    parts: what it says of the records that belong to it; None empties. settings: the value, or the fallback to take it from.
    files: where a file is. linkages: relationships of a ready resource object. prefix: where this stands in the row,
    `kit_items.` for a part.
    """

    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    references: Mapping[str, Names] = dataclasses.field(default_factory=dict)
    texts: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    parts: Mapping[str, tuple[Fields, ...]] = dataclasses.field(default_factory=dict)
    settings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    files: Mapping[str, FilePlace] = dataclasses.field(default_factory=dict)
    linkages: Mapping[str, Linkage] = dataclasses.field(default_factory=dict)
    prefix: str = ""
    leading: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row whose values are cast, and the key that tells it from others, as texts."""

    number: int
    values: Mapping[str, Any] = dataclasses.field(repr=False)
    key: tuple[str, ...]
    fields: Fields = dataclasses.field(default_factory=Fields)

    def rejected(self, reason: str, field: str | None = None, pointer: str | None = None) -> Reject:
        """Return this row's refusal."""
        return Reject(self.number, reason, field, pointer, self.values)


def read_rows(entity: Entity, records: Iterable[Any]) -> Iterator[Row | Reject]:
    """Yield each record as a row, or as a refusal where it cannot be read."""
    for number, record in enumerate(records, start=1):
        yield row_or_reject(entity, number, record)


def row_or_reject(entity: Entity, number: int, record: Any) -> Row | Reject:
    """Return a record as a row, or as a refusal where it cannot be read."""
    try:
        return read_row(entity, number, record)
    except RowError as error:
        return Reject(number, str(error), error.field, None, _values(record))


def is_resource_object(record: Mapping[str, Any]) -> bool:
    """Whether a record is a ready resource object of JSON:API and no flat row."""
    return "type" in record and ("attributes" in record or "relationships" in record)


def read_row(entity: Entity, number: int, record: Any) -> Row:
    """Return a record as a row; raise `RowError` for one that is no dict, lacks its key or holds a value of the wrong kind."""
    if not isinstance(record, Mapping):
        raise RowError(f"is no dict but {type(record).__name__}")
    if is_resource_object(record):
        return _resource_row(entity, number, record)
    given = {str(name): value for name, value in record.items()}
    composed: dict[str, Any] = {}
    if entity.compose is not None:
        try:
            composed = entity.compose(given)
        except ValueError as error:
            raise RowError(str(error), min(entity.composed & given.keys(), default=None)) from error
    fields = read_fields(entity, {name: value for name, value in given.items() if name not in entity.composed})
    fields = dataclasses.replace(fields, attributes={**fields.attributes, **composed})
    for name in entity.key:
        _check_one(fields.references.get(name), name)
    key = tuple(_key_part(entity, given, name) for name in entity.key)
    return Row(number, record, key, fields)


def read_fields(described: Described, given: Mapping[str, Any], prefix: str = "") -> Fields:
    """Tell the fields of a row apart into attributes, names, texts, settings and parts."""
    attributes: dict[str, Any] = {}
    references: dict[str, Names] = {}
    texts: dict[str, dict[str, str]] = {}
    settings: dict[str, str] = {}
    parts: dict[str, tuple[Fields, ...]] = {}
    files: dict[str, FilePlace] = {}
    file_names = {file.name for file in files_of(described).values()}
    leading = {part.first[0]: name for name, part in described.parts.items() if part.first}
    for name, raw in given.items():
        value = trimmed(raw)
        head, _, language = name.partition(".")
        if name in described.references:
            references[name] = _names(value, prefix + name, many=described.references[name].many)
        elif head in described.texts and head not in described.shape.attributes:
            texts.setdefault(head, {})[language] = _text(value, prefix + name)
        elif name in described.settings:
            settings[name] = _setting(value, prefix + name)
        elif name in described.parts:
            parts[name] = (*parts.get(name, ()), *_parts(described.parts[name], name, value, prefix))
        elif name in files_of(described):
            file = files_of(described)[name]
            files[name] = _file(file, value, given.get(file.name), prefix + name)
        elif name in leading or name in file_names:
            continue
        else:
            attribute = described.attribute(name)
            attributes[attribute] = cast_value(described.shape.attributes.get(attribute), value, prefix + name)
    for name, part_name in leading.items():
        if name in given:
            first = _leading(described.parts[part_name], name, given[name], prefix, parts.get(part_name, ()))
            parts[part_name] = first
    return Fields(attributes, references, texts, parts, settings, files, prefix=prefix)


def _file(file: File, value: Any, name: Any, field: str) -> FilePlace:
    path = "" if value is None else str(value)
    known = PurePosixPath(path).name if name is None else str(name).strip()
    if not path:
        raise RowError("is empty", field)
    # Another name makes no image of a file of this machine; in an object store names may be keys without an ending.
    for called in (known,) if "://" in path else (known, PurePosixPath(path).name):
        if not (guess_type(called)[0] or "").startswith(file.media):
            raise RowError(f"is called {called!r}, which does not end as the name of a file of {file.media}*", field)
    return FilePlace(path, known)


def _leading(part: Part, name: str, value: Any, prefix: str, others: tuple[Fields, ...]) -> tuple[Fields, ...]:
    """Return the parts with the leading one first: one of the others that has its key, or one more."""
    code = _text(trimmed(value), prefix + name)
    key = part.key[0]
    given = next((one for one in others if one.references.get(key) == code), None)
    if given is None:
        first = Fields(references={key: code}, prefix=prefix, leading=True)
        return (first, *others)
    return (dataclasses.replace(given, leading=True), *(one for one in others if one is not given))


def _parts(part: Part, name: str, value: Any, prefix: str) -> Iterator[Fields]:
    field = prefix + name
    if value is None:
        if not part.whole and part.many:
            raise RowError("is empty; what belongs to the record is not taken away", field)
        return
    listed = value if isinstance(value, list | tuple) else None
    if listed is None:
        if isinstance(value, str) and part.many and part.short:
            listed = [one.strip() for one in value.split(",") if one.strip()]
        elif isinstance(value, Mapping):
            listed = [value]
        else:
            raise RowError("should be a list" if part.many else "should be a dict", field)
    if not part.many and len(listed) > 1:
        raise RowError("should be one, not a list", field)
    dicts = []
    for given in listed:
        if not isinstance(given, Mapping) and part.short is None:
            raise RowError(f"holds {type(given).__name__} where a dict should be", field)
        dicts.append(given if isinstance(given, Mapping) else {str(part.short): given})
    named: set[Names] = set()
    for one in _completed(part, dicts, field):
        fields = read_fields(part, {str(key): item for key, item in one.items()}, f"{field}.")
        for key in part.key:
            if (
                key not in fields.references
                and key not in fields.texts
                and key not in fields.files
                and part.attribute(key) not in fields.attributes
            ):
                raise RowError("is missing, and the one that is meant is found by it", f"{field}.{key}")
        same = fields.references.get(str(part.short))
        if same is not None and same in named:
            raise RowError(f"holds {same!r} twice", field)
        named.add(same)
        yield fields


def _completed(part: Part, dicts: Sequence[Mapping[str, Any]], field: str) -> Sequence[Mapping[str, Any]]:
    try:
        return part.complete(dicts) if part.complete is not None else dicts
    except ValueError as error:
        raise RowError(str(error), field) from error


def _resource_row(entity: Entity, number: int, record: Mapping[str, Any]) -> Row:
    if record["type"] != entity.type:
        raise RowError(f"is a resource object of type {record['type']!r}, not {entity.type}", "type")
    try:
        resource = read_resource({"id": "", **record})
    except UnexpectedAnswer:
        raise RowError("is no resource object: types and ids are texts, and a reference has both") from None
    named = record.get("relationships")
    bare = named.keys() - resource.relationships.keys() if isinstance(named, Mapping) else None
    if bare:
        raise RowError("is a relationship without `data`", str(min(bare)))
    kinds = entity.shape.attributes
    attributes = {name: cast_value(kinds.get(name), value, name) for name, value in resource.attributes.items()}
    if "id" in entity.key or resource.id.isdecimal():  # another id is a temporary one
        attributes["id"] = resource.id
    known = dict(attributes)
    for name in entity.key:
        reference = entity.references.get(name)
        target = resource.relationships.get(reference.relationship) if reference else None
        _check_one(target, name)
        if target is not None:
            known[name] = ",".join(ref.id for ref in ((target,) if isinstance(target, Ref) else target))
        elif entity.attribute(name) in attributes:
            known[name] = attributes[entity.attribute(name)]
    key = tuple(_key_part(entity, known, name) for name in entity.key)
    return Row(number, record, key, Fields(attributes=attributes, linkages=resource.relationships))


def _check_one(named: object, field: str) -> None:
    if isinstance(named, tuple) and len(named) > 1:
        raise RowError(f"names {len(named)} records, and a row is found by one: give each a row of its own", field)


def _values(record: Any) -> Mapping[str, Any]:
    return record if isinstance(record, Mapping) else {"value": record}


def _key_part(entity: Entity, values: Mapping[str, Any], name: str) -> str:
    value = values.get(name, entity.defaults.get(name))
    text = "" if value is None else trimmed(str(value))
    if not text:
        if name in entity.optional:
            return ""
        raise RowError("is missing or empty, and a row is found by it", name)
    if len(text) > LONGEST_KEY:
        raise RowError(f"has {len(text)} characters; a store takes {LONGEST_KEY}", name)
    by_filter = entity.find is not None and entity.find.by == "filter" and name == entity.find.field
    if by_filter and "," in text:
        raise RowError("holds a comma, and a store's filter cannot look for such a value", name)
    return key_text(entity.shape.attributes.get(entity.attribute(name)), text, folded=entity.key_folded)


def _names(value: Any, field: str, *, many: bool) -> Names:
    if not many:
        return None if value is None else _text(value, field)
    if value is None:
        return ()
    listed = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(_text(trimmed(one), field) for one in listed))


def _text(value: Any, field: str) -> str:
    if value is None or value == "":
        raise RowError("is empty", field)
    try:
        return text(value)
    except RowError as error:
        raise RowError(str(error), field) from None


def _setting(value: Any, field: str) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        value = Decimal(str(cast_value("float", value, field)))
    said = _text(format(value, "f") if isinstance(value, Decimal) else value, field)
    return {"true": "1", "yes": "1", "false": "0", "no": "0"}.get(said.lower(), said)
