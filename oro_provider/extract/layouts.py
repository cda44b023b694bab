"""What becomes of a page's bytes in a file: `objects` as the store sent them, `records` flat with related ones in their place.

Neither makes dicts of attributes: a record is spliced together from the bytes that came, so that every digit of a number and
every character of a text is the store's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from oro_provider.api.errors import UnexpectedAnswer
from oro_provider.entities.shapes import SHAPES
from oro_provider.extract.heads import Identity, identity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from oro_provider.extract.pages import PageRows
    from oro_provider.extract.records import IncludeTree
    from oro_provider.extract.spec import Extract

# The lines of each file, by the type of what is in it.
Tables: TypeAlias = "dict[str, list[Any]]"


class _Relationship(msgspec.Struct, gc=False):
    data: Identity | list[Identity] | msgspec.UnsetType | None = msgspec.UNSET


class _Object(msgspec.Struct, gc=False):
    type: str
    id: str
    attributes: msgspec.Raw = msgspec.Raw(b"{}")
    relationships: dict[str, _Relationship] | list[Any] = []


_NONE: frozenset[str] = frozenset()
_decode = msgspec.json.Decoder(_Object).decode
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class ObjectsLayout:
    """One table a resource type. A related record that several pages refer to comes once for each of them."""

    def __init__(self, spec: Extract) -> None:
        self._type = spec.type

    def tables(self, page: PageRows) -> Tables:
        """Return the page's resource objects by type."""
        tables: Tables = {self._type: list(page.data)}
        related = [*page.included]
        for part in page.apart.values():
            related += (data for found in part.by_owner.values() for data in found)
            related += part.included
        seen: set[Identity] = set()
        for data in related:
            ref = identity(data)
            if ref not in seen:
                seen.add(ref)
                tables.setdefault(ref.type, []).append(data)
        return tables


class RecordsLayout:
    """One table: `{"id": "7", "identifier": "SO-7", ..., "customer": "3", "lineItems": [{"id": "9", ...}]}`.

    What OroCommerce itself does not have of a resource (a store's own attributes and relations) lies in `_extra`.
    """

    def __init__(self, spec: Extract) -> None:
        self._type = spec.type
        self._together = spec.together
        self._apart = {name: below for name, (_, below) in spec.apart.items()}
        asked = {type_: set(names) for type_, names in spec.sparse.items()}
        self._foreign = {
            type_: names - {*SHAPES[type_].attributes, *SHAPES[type_].relationships}
            for type_, names in asked.items()
            if type_ in SHAPES and names - {*SHAPES[type_].attributes, *SHAPES[type_].relationships}
        }

    def tables(self, page: PageRows) -> Tables:
        """Return the page's records as lines of JSON."""
        included = _by_ref(page.included)
        parts = {name: _by_ref(part.included) for name, part in page.apart.items()}
        lines = []
        for data in page.data:
            item = _decode(data)
            record = self._record(item, included, self._together)
            for name, below in self._apart.items():
                found = page.apart[name].by_owner.get(item.id, ())
                nested = b",".join(self._record(_decode(one), parts[name], below) for one in found)
                record = b'%b,"%b":[%b]}' % (record[:-1], name.encode(), nested)
            lines.append(record)
        return {self._type: lines}

    def _record(self, item: _Object, included: Mapping[tuple[str, str], _Object], tree: IncludeTree) -> bytes:
        pieces = [b'{"id":%b' % _text(item.id).encode()]
        foreign = self._foreign.get(item.type, _NONE)
        extra: list[bytes] = []
        attributes = bytes(item.attributes)[1:-1].strip()  # PHP writes an empty object as []
        if foreign and attributes:
            attributes, extra = _without(attributes, foreign)
        if attributes:
            pieces.append(attributes)
        # References without anything below them are most of a record's relationships: they become text in one go.
        plain: list[str] = []
        relationships = item.relationships if isinstance(item.relationships, dict) else {}
        for name, relationship in relationships.items():
            target = relationship.data
            if name in tree or name in foreign or isinstance(target, list):
                if target is not msgspec.UNSET:
                    piece = b'"%b":%b' % (name.encode(), self._target(target, included, tree.get(name)))
                    (extra if name in foreign else pieces).append(piece)
            elif target is None:
                plain.append(f'"{name}":null')
            elif target is not msgspec.UNSET:
                plain.append(f'"{name}":{_text(target.id)}')
        if plain:
            pieces.append(",".join(plain).encode())
        if extra:
            pieces.append(b'"_extra":{%b}' % b",".join(extra))
        return b",".join(pieces) + b"}"

    def _target(
        self,
        target: Identity | list[Identity] | None,
        included: Mapping[tuple[str, str], _Object],
        below: IncludeTree | None,
    ) -> bytes:
        """Return what a relationship points to: ids, or where there is something below them records."""
        if target is None:
            return b"null"
        if isinstance(target, list):
            return b"[%b]" % b",".join([self._nested(ref, included, below) for ref in target])
        return self._nested(target, included, below)

    def _nested(self, ref: Identity, included: Mapping[tuple[str, str], _Object], below: IncludeTree | None) -> bytes:
        if below is None:
            return _text(ref.id).encode()
        item = included.get((ref.type, ref.id))
        if item is None:
            raise UnexpectedAnswer(f"The store did not send {ref.type} {ref.id}, which the page refers to.")
        return self._record(item, included, below)


def _text(id_: str) -> str:
    """Return an id as JSON; a number, which most are, has nothing to escape."""
    return f'"{id_}"' if id_.isdigit() else msgspec.json.encode(id_).decode()


def _by_ref(related: Sequence[msgspec.Raw]) -> dict[tuple[str, str], _Object]:
    return {(item.type, item.id): item for item in map(_decode, related)}


def _without(attributes: bytes, foreign: AbstractSet[str]) -> tuple[bytes, list[bytes]]:
    """Return the members of an object without these, and these as pieces."""
    members = _decode_members(b"{%b}" % attributes)
    extra = [b"%b:%b" % (msgspec.json.encode(name), bytes(members.pop(name))) for name in foreign & members.keys()]
    return msgspec.json.encode(members)[1:-1], sorted(extra)
