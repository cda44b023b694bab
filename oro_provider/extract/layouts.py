"""What becomes of a page's bytes in a file: `objects` as the store sent them, `records` flat with related ones in their place.

Neither makes dicts of attributes: a record is spliced together from the bytes that came, so that every digit of a number and
every character of a text is the store's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from oro_provider.api.errors import UnexpectedAnswer
from oro_provider.entities.shapes import SHAPES
from oro_provider.extract.forms import Forms
from oro_provider.extract.heads import Identity, identity
from oro_provider.extract.lists import refers_to

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from oro_provider.extract.forms import Form, Named, Ref
    from oro_provider.extract.pages import PageRows
    from oro_provider.extract.records import IncludeTree
    from oro_provider.extract.spec import Extract

# The lines of each file, by the type of what is in it.
Tables: TypeAlias = "dict[str, list[Any]]"
# A resource object and its form, and the included ones by type and by id as JSON.
Read: TypeAlias = "tuple[Form | None, Any]"
Included: TypeAlias = "Mapping[tuple[str, bytes], Read]"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one file: how many, and their text, each with its end."""

    count: int
    text: bytes = field(repr=False)

    @classmethod
    def of(cls, lines: Sequence[Any]) -> Lines:
        """Return these lines as one text."""
        return cls(len(lines), b"\n".join([*lines, b""]))


# Before the type of a table of related records, where it is the extract's own. No type of a store has a hyphen in it.
RELATED = "related-"

_NONE: frozenset[str] = frozenset()
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class ObjectsLayout:
    """One table a resource type. A related record that several pages refer to comes once for each of them.

    Related records of the extract's own type (the parents of orders) have a table apart, `RELATED` and the type: they are not
    what was asked for.
    """

    def __init__(self, spec: Extract) -> None:
        self._type = spec.type

    def tables(self, page: PageRows) -> Tables:
        """Return the page's resource objects by type."""
        related = [*page.included]
        for part in page.apart.values():
            related += (data for found in part.by_owner.values() for data in found)
            related += part.included
        tables: Tables = {}
        seen: set[Identity] = set()
        for data in related:
            ref = identity(data)
            if ref not in seen:
                seen.add(ref)
                tables.setdefault(ref.type, []).append(data)
        if self._type in tables:
            tables[RELATED + self._type] = tables.pop(self._type)
        return {self._type: list(page.data), **tables}


class RecordsLayout:
    """One table: `{"id": "7", "identifier": "SO-7", ..., "customer": "3", "lineItems": [{"id": "9", ...}]}`.

    What OroCommerce itself does not have of a resource (a store's own attributes and relations) lies in `_extra`.
    """

    def __init__(self, spec: Extract) -> None:
        self._type = spec.type
        self._together = spec.together
        # What is in a page's data is not in its `included` too (JSON:API), so that a parent may be in either.
        self._refers_to_itself = refers_to(spec.entity.shape, spec.together, {spec.type})
        self._apart = {name: below for name, (_, below) in spec.apart.items()}
        older = set(spec.before_6_1.values())
        foreign = {
            type_: {*names} - {*SHAPES[type_].attributes, *SHAPES[type_].relationships} - older
            for type_, names in spec.sparse.items()
            if type_ in SHAPES
        }
        self._foreign = {type_: names for type_, names in foreign.items() if names}
        self._forms = Forms(without=self._foreign.keys())

    def tables(self, page: PageRows) -> Tables:
        """Return the page's records as lines of JSON."""
        included = self._by_ref([*page.included, *page.data] if self._refers_to_itself else page.included)
        parts = {name: self._by_ref(part.included) for name, part in page.apart.items()}
        lines = []
        for data in page.data:
            form, item = self._forms.read(data)
            pieces = self._pieces(form, item, included, self._together)
            for name, below in self._apart.items():
                found = page.apart[name].by_owner.get(msgspec.json.decode(item.id), ())
                nested = [self._record(self._forms.read(one), parts[name], below) for one in found]
                pieces[-1:] = (b",%b:[" % msgspec.json.encode(name), b",".join(nested), b"]", b"}")
            lines.append(b"".join(pieces))
        return {self._type: lines}

    def _by_ref(self, related: Sequence[msgspec.Raw]) -> Included:
        found = map(self._forms.read, related)
        return {(form.type if form else item.type, bytes(item.id)): (form, item) for form, item in found}

    def _record(self, read: Read, included: Included, tree: IncludeTree) -> bytes:
        return b"".join(self._pieces(*read, included, tree))

    def _pieces(self, form: Form | None, item: Any, included: Included, tree: IncludeTree) -> list[Any]:
        """Return the pieces of a record's JSON; the last of them is its end."""
        if form is None:
            return self._pieces_by_name(item, included, tree)
        pieces = form.pieces(item)
        for name in tree.keys() & form.to_one.keys() if tree else ():
            place, target = form.to_one[name]
            pieces[place] = self._target(target(item), included, tree[name])
        for name, (place, target) in form.to_many.items():
            pieces[place] = self._target(target(item), included, tree.get(name))
        return pieces

    def _pieces_by_name(self, item: Named, included: Included, tree: IncludeTree) -> list[Any]:
        pieces: list[Any] = [b'{"id":', item.id]
        foreign = self._foreign.get(item.type, _NONE)
        extra: list[bytes] = []
        members = item.members
        if foreign and members:
            members, extra = _without(members, foreign)
        if members:
            pieces += (b",", members)
        for name, target in item.targets.items():
            if target is not msgspec.UNSET:
                piece = _member(name, self._target(target, included, tree.get(name)))
                if name in foreign:
                    extra.append(piece)
                else:
                    pieces += (b",", piece)
        if extra:
            pieces.append(b',"_extra":{%b}' % b",".join(extra))
        return [*pieces, b"}"]

    def _target(self, target: Ref | list[Ref] | None, included: Included, below: IncludeTree | None) -> bytes:
        """Return what a relationship points to: ids, or where there is something below them records."""
        if target is None:
            return b"null"
        if isinstance(target, list):
            return b"[%b]" % b",".join([self._nested(ref, included, below) for ref in target])
        return self._nested(target, included, below)

    def _nested(self, ref: Ref, included: Included, below: IncludeTree | None) -> bytes:
        id_ = bytes(ref.id)
        if below is None:
            return id_
        found = included.get((ref.type, id_))
        if found is None:
            raise UnexpectedAnswer(
                f"The store did not send {ref.type} {msgspec.json.decode(id_)}, which the page refers to."
            )
        return self._record(found, included, below)


def _member(name: str, value: bytes) -> bytes:
    return b"%b:%b" % (msgspec.json.encode(name), value)


def _without(members: bytes, foreign: AbstractSet[str]) -> tuple[bytes, list[bytes]]:
    """Return the members of an object without these, and these as pieces."""
    known = _decode_members(b"{%b}" % members)
    extra = [_member(name, bytes(known.pop(name))) for name in foreign & known.keys()]
    return msgspec.json.encode(known)[1:-1], sorted(extra)
