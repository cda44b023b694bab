"""Resource objects taken apart just far enough to make records of them: ids and attributes stay the bytes that came.

Which relationships come depends on the store's version and on what was asked for, and is the same for all records of a type in
an answer. So a type's form is learned from its first record, and the others cost half of what taking them apart by name would.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Union

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet


class Ref(msgspec.Struct, gc=False):
    """A resource identifier. Its id stays the JSON that it came as, and goes as that into a record."""

    type: str
    id: msgspec.Raw


class Relationship(msgspec.Struct, gc=False):
    """What a relationship points to, where the store says it."""

    data: Ref | list[Ref] | msgspec.UnsetType | None = msgspec.UNSET


class Named(msgspec.Struct, gc=False):
    """A resource object whose relationships are told by name."""

    type: str
    id: msgspec.Raw
    attributes: msgspec.Raw = msgspec.Raw(b"{}")
    relationships: dict[str, Relationship] | list[Any] = []

    @property
    def members(self) -> bytes:
        """The attributes without the braces around them."""
        return bytes(self.attributes)[1:-1].strip()  # PHP writes an empty object as []

    @property
    def targets(self) -> dict[str, Any]:
        """What the relationships point to, by name; lists last, so that records look the same with a form and without one."""
        found = self.relationships if isinstance(self.relationships, dict) else {}
        targets = {name: relationship.data for name, relationship in found.items()}
        return dict(sorted(targets.items(), key=lambda member: isinstance(member[1], list)))


class _ToOne(msgspec.Struct, gc=False):
    data: Ref | None


class _ToMany(msgspec.Struct, gc=False):
    data: list[Ref]


# `{"id":7,attributes` come before a record's relationships, of which each is two pieces: its name and its value.
_FIRST = 5


class Form:
    """How the records of one type look: a struct to decode them into, and the pieces that a record is put together from.

    `to_one` and `to_many` tell by name where the value of a relationship stands among the pieces and how what it points to is
    read.
    """

    def __init__(self, type_: str, to_one: list[str], to_many: list[str]) -> None:
        names = {f"r{place}": name for place, name in enumerate([*to_one, *to_many])}
        kinds = [_ToOne] * len(to_one) + [_ToMany] * len(to_many)
        relationships = msgspec.defstruct(
            "Relationships", list(zip(names, kinds, strict=True)), rename=names, forbid_unknown_fields=True, gc=False
        )
        fields = [("id", msgspec.Raw), ("attributes", msgspec.Raw), ("relationships", relationships)]
        self.type = type_
        self.struct = msgspec.defstruct("Resource", fields, tag_field="type", tag=type_, gc=False)
        places = {name: _FIRST + 2 * place for place, name in enumerate(names.values())}
        targets = {name: (places[name], attrgetter(f"relationships.{field}.data")) for field, name in names.items()}
        self.to_one = {name: targets[name] for name in to_one}
        self.to_many = {name: targets[name] for name in to_many}
        self._targets = _getter([f"relationships.r{place}.data" for place in range(len(to_one))])
        self._slots = slice(_FIRST, _FIRST + 2 * len(to_one), 2)
        self._pieces: list[Any] = [b'{"id":', b"", b",", b""]
        for name in names.values():
            self._pieces += (b",%b:" % msgspec.json.encode(name), b"")
        self._pieces.append(b"}")

    def pieces(self, item: Any) -> list[Any]:
        """Return the pieces of a record, with the ids that its to-one relationships point to, and nothing for its lists."""
        pieces = self._pieces.copy()
        members = memoryview(item.attributes)[1:-1]
        if len(members) < 4 and not bytes(members).strip():
            pieces[2] = b""
        pieces[1], pieces[3] = item.id, members
        pieces[self._slots] = [b"null" if target is None else target.id for target in self._targets(item)]
        return pieces


class Forms:
    """Decodes resource objects, by the form of their type where it has one; types `without` one are taken apart by name."""

    def __init__(self, without: AbstractSet[str] = frozenset()) -> None:
        self._known = set(without)
        self._forms: dict[type, Form] = {}
        self._decode: Callable[[msgspec.Raw], Any] = _by_name

    def read(self, data: msgspec.Raw) -> tuple[Form | None, Any]:
        """Return the form of a resource object (None where it has none, so that it is a `Named`) and the object."""
        try:
            item = self._decode(data)
        except msgspec.ValidationError:  # of another type, or with other relationships than the first of its type
            item = _by_name(data)
        form = self._forms.get(type(item))
        if form is None and item.type not in self._known:
            self._learn(item)
        return form, item

    def _learn(self, first: Named) -> None:
        self._known.add(first.type)
        targets = first.targets
        if msgspec.UNSET in targets.values():
            return
        to_many = [name for name, target in targets.items() if isinstance(target, list)]
        form = Form(first.type, [name for name in targets if name not in to_many], to_many)
        self._forms[form.struct] = form
        self._decode = msgspec.json.Decoder(Union[tuple(self._forms)]).decode  # noqa: UP007 - of as many as there are


_by_name = msgspec.json.Decoder(Named).decode


def _getter(paths: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that reads these attributes; `attrgetter` of one gives no tuple, of none there is none."""
    if len(paths) > 1:
        return attrgetter(*paths)
    return lambda item: tuple(attrgetter(path)(item) for path in paths)
