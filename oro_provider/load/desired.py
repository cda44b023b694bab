"""What a record should hold, as far as its row mentions it: names are ids here, and what the store has is put beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oro_provider.api.documents import Ref
from oro_provider.entities.model import files_of
from oro_provider.load.mentions import LANGUAGE, reference_mentions
from oro_provider.load.rows import DEFAULT
from oro_provider.load.values import cast_value, key_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from oro_provider.api.documents import Linkage, Resource
    from oro_provider.entities.model import Described, Entity
    from oro_provider.load.contents import Content
    from oro_provider.load.dialect import Dialect
    from oro_provider.load.mentions import LookupTable
    from oro_provider.load.rows import Fields, FilePlace, Row


@dataclass(slots=True, eq=False)
class Node:
    """A record as it should be, and as it is.

    texts: by localization's id, None for the default one. defaults: attributes and linkages of a new record. record: what
    the store has, None where it has none. Of that record, texts_held are the texts read, whole_texts the fields of which
    all were read, files_held its files, and others its parts that the row does not name.
    """

    described: Described
    attributes: dict[str, Any]
    linkages: dict[str, Linkage]
    texts: dict[str, dict[str | None, str]]
    settings: dict[str, str]
    parts: dict[str, list[Node]]
    files: dict[str, Content]
    leading: bool = False
    default_attributes: dict[str, Any] = field(default_factory=dict)
    default_linkages: dict[str, Linkage] = field(default_factory=dict)
    record: Resource | None = None
    texts_held: dict[str, list[Resource]] = field(default_factory=dict)
    whole_texts: set[str] = field(default_factory=set)
    files_held: dict[str, Resource] = field(default_factory=dict)
    others: dict[str, list[Resource]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Desired:
    """A row with its names resolved; `key` tells it from others by ids instead of names, an empty part matches any."""

    row: Row
    node: Node
    key: tuple[str, ...]


def desire(
    entity: Entity, row: Row, table: LookupTable, dialect: Dialect, content: Callable[[FilePlace], Content]
) -> Desired:
    """Return what this row wants. All names that it mentions, but those to be emptied, are in the table."""
    node = _node(entity, row.fields, table, dialect, content)
    for name, default in entity.defaults.items():
        if name in entity.references:
            reference = entity.references[name]
            relationship, many = dialect.relationship(entity, reference)
            id_ = table.get(name, {}).get(str(default))
            if relationship not in node.linkages and id_ is not None:
                node.default_linkages[relationship] = _linkage(reference.lookup.type, (id_,), many=many)
        else:
            attribute = entity.attribute(name)
            if attribute not in node.attributes:
                node.default_attributes[attribute] = cast_value(entity.shape.attributes.get(attribute), default, name)
    return Desired(row, node, tuple(_key_of(entity, node, row.fields, table, name, dialect) for name in entity.key))


def _node(
    described: Described,
    fields: Fields,
    table: LookupTable,
    dialect: Dialect,
    content: Callable[[FilePlace], Content],
) -> Node:
    linkages = dict(fields.linkages)
    for name in fields.references:
        reference = described.references[name]
        if reference.through is not None:
            continue
        relationship, many = dialect.relationship(described, reference)
        ids = tuple(_ids(described, fields, table, name))
        linkages[relationship] = _linkage(reference.lookup.type, ids, many=many)
    texts: dict[str, dict[str | None, str]] = {
        name: {None if language == DEFAULT else table[LANGUAGE][language]: text for language, text in spoken.items()}
        for name, spoken in fields.texts.items()
    }
    parts = {
        name: [_node(described.parts[name], part, table, dialect, content) for part in listed]
        for name, listed in fields.parts.items()
    }
    files = {name: content(place) for name, place in fields.files.items()}
    node = Node(
        described, dict(fields.attributes), linkages, texts, dict(fields.settings), parts, files, fields.leading
    )
    for name, default in described.defaults.items():
        attribute = described.attribute(name)
        if fields.prefix or fields.leading:
            node.default_attributes.setdefault(attribute, default)
    return node


def _ids(described: Described, fields: Fields, table: LookupTable, name: str) -> Iterator[str]:
    for mention in reference_mentions(described, fields, name):
        id_ = table.get(mention.path, {}).get(mention.spelled(table))
        if id_ is not None:
            yield id_


def _linkage(type_: str, ids: tuple[str, ...], *, many: bool) -> Linkage:
    refs = tuple(Ref(type_, id_) for id_ in ids)
    return refs if many else next(iter(refs), None)


def _key_of(entity: Entity, node: Node, fields: Fields, table: LookupTable, name: str, dialect: Dialect) -> str:
    if name in entity.references:
        ids = sorted(_ids(entity, fields, table, name))
        if ids:
            return ids[0]
        relationship, _ = dialect.relationship(entity, entity.references[name])
        refs = refs_of(node.linkages.get(relationship))
        return refs[0].id if refs else ""
    if name in entity.texts:
        return key_text("string", node.texts.get(name, {}).get(None), folded=entity.key_folded)
    attribute = entity.attribute(name)
    value = node.attributes.get(attribute, node.default_attributes.get(attribute))
    return key_text(entity.shape.attributes.get(attribute), value, folded=entity.key_folded)


def record_keys(
    entity: Entity, record: Resource, included: Mapping[Ref, Resource], dialect: Dialect
) -> Iterable[tuple[str, ...]]:
    """Return the keys by which a record is known: several where its owner is a to-many relationship."""
    columns = [list(_record_column(entity, record, included, name, dialect)) or [""] for name in entity.key]
    keys: list[tuple[str, ...]] = [()]
    for column in columns:
        keys = [(*key, value) for key in keys for value in column]
    return keys


def _record_column(
    entity: Entity, record: Resource, included: Mapping[Ref, Resource], name: str, dialect: Dialect
) -> Iterator[str]:
    if name in entity.references:
        reference = entity.references[name]
        relationship, _ = dialect.relationship(entity, reference)
        for ref in refs_of(record.relationships.get(relationship)):
            if reference.through is None:
                yield ref.id
            elif ref in included and (beyond := included[ref].one(reference.through)) is not None:
                yield beyond.id
        return
    attribute = entity.attribute(name)
    value = record.id if attribute == "id" else record.attributes.get(attribute)
    yield key_text(entity.shape.attributes.get(attribute), value, folded=entity.key_folded)


def same_key(entity: Entity, ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether a record has the key that a row says; what a row may be and is silent on matches any."""
    return all(
        mine == other or (not mine and name in entity.optional)
        for name, mine, other in zip(entity.key, ours, theirs, strict=True)
    )


def refs_of(target: Linkage) -> tuple[Ref, ...]:
    """Return a relationship's targets."""
    if isinstance(target, Ref):
        return (target,)
    return target or ()


def part_key(node: Node) -> tuple[str, ...]:
    """Return what tells a wanted part from the others of its record."""
    part = node.described
    values: list[str] = []
    for name in part.key:
        if name in part.references:
            values.append(",".join(ref.id for ref in refs_of(node.linkages.get(part.references[name].relationship))))
        elif name in part.texts:
            values.append(str(node.texts.get(name, {}).get(None) or "").strip())
        elif name in files_of(part):
            values.append(node.files[name].name)
        else:
            attribute = part.attribute(name)
            values.append(key_text(part.shape.attributes.get(attribute), node.attributes.get(attribute), folded=False))
    return tuple(values)


def held_part_key(
    part: Described, record: Resource, texts: Mapping[str, list[Resource]], files: Mapping[str, Resource]
) -> tuple[str, ...]:
    """Return what tells a part that the store has from the others of its record; `texts` and `files` are its own, by field."""
    values: list[str] = []
    for name in part.key:
        if name in part.references:
            target = record.relationships.get(part.references[name].relationship)
            values.append(",".join(ref.id for ref in refs_of(target)))
        elif name in part.texts:
            default = next((text for text in texts.get(name, ()) if text.one("localization") is None), None)
            values.append(str(default.attributes.get(part.texts[name].attribute) or "").strip() if default else "")
        elif name in files_of(part):
            values.append(str(files[name].attributes.get("originalFilename") or "") if name in files else "")
        else:
            attribute = part.attribute(name)
            kind = part.shape.attributes.get(attribute)
            values.append(key_text(kind, record.attributes.get(attribute), folded=False))
    return tuple(values)
