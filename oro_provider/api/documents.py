"""JSON:API documents as values: what is read becomes `Resource` and `Page`, what is written is built from plain dicts.

A resource keeps its relationships as references; links are dropped, since none of them can be trusted (the host may be
wrong, `next` may be missing).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from oro_provider.api.errors import UNREADABLE, UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from oro_provider.api.exchange import Response

MEDIA_TYPE = "application/vnd.api+json"
LONGEST_ID = 20  # digits; a database's largest number has 19

JsonObject: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ref:
    """A resource identifier: type and id, both strings."""

    type: str
    id: str


Linkage: TypeAlias = "Ref | tuple[Ref, ...] | None"


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource object: attributes as the store sent them, relationships as references.

    A relationship that came without `data` is not among `relationships`.
    """

    type: str
    id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    relationships: Mapping[str, Linkage] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        return Ref(self.type, self.id)

    @property
    def number(self) -> int:
        """The id, of a resource whose ids are integers."""
        return id_number(self.type, self.id)

    def text(self, name: str) -> str:
        """Return an attribute that is text and that the store gives to each record."""
        found = self.attributes.get(name)
        if not isinstance(found, str):
            raise UnexpectedAnswer(f"The store answered one of its {self.type} without its {name}.")
        return found

    def one(self, name: str) -> Ref | None:
        """Return what a to-one relationship refers to; None when it is empty or was not read."""
        found = self.relationships.get(name)
        return found if isinstance(found, Ref) else None

    def many(self, name: str) -> tuple[Ref, ...]:
        """Return what a to-many relationship refers to."""
        found = self.relationships.get(name)
        return found if isinstance(found, tuple) else ()


@dataclass(frozen=True, slots=True)
class Page:
    """The document of a list: its resources, what it includes, and what its headers say.

    `total`: records that match, where it was asked for (wrong on products before 6.1.11); `date`: the store's clock (UTC).
    """

    resources: tuple[Resource, ...]
    included: Mapping[Ref, Resource]
    total: int | None
    date: datetime | None


def decode(response: Response) -> JsonObject:
    """Return the document of a successful answer; raise `UnexpectedAnswer` for anything but a JSON object."""
    try:
        document: Any = msgspec.json.decode(response.body)
    except RecursionError:
        raise UnexpectedAnswer(f"The store answered {response.status} with JSON that is nested too deep.") from None
    except UNREADABLE:
        kind = "HTML" if response.is_html else "something that is not JSON"
        # Not from the decoder's error, which may quote the body.
        raise UnexpectedAnswer(
            f"The store answered {response.status} with {kind}. Is it an OroCommerce store?"
        ) from None
    if not isinstance(document, dict):
        raise UnexpectedAnswer(f"The store answered {response.status} with JSON that is no JSON:API document.")
    return document


def read_one(document: JsonObject) -> Resource:
    """Return the primary resource of a document."""
    data = document.get("data")
    if not isinstance(data, dict):
        raise UnexpectedAnswer("The store answered a document without its record.")
    return read_resource(data)


def read_page(response: Response) -> Page:
    """Return the page that a list's answer holds."""
    document = decode(response)
    data = document.get("data")
    if not isinstance(data, list):
        raise UnexpectedAnswer("The store answered a list with a document that holds none.")
    return Page(
        resources=tuple(read_resource(item) for item in data),
        included=read_included(document),
        total=count_of(response, "x-include-total-count"),
        date=response.date,
    )


def count_of(response: Response, header: str) -> int | None:
    """Return the number that a header holds."""
    text = response.headers.get(header, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST_ID else None


def id_number(type_: str, id_: str) -> int:
    """Return an id as the integer that it should be."""
    if not (id_.isascii() and id_.isdigit() and len(id_) < LONGEST_ID):
        raise UnexpectedAnswer(f"The store answered one of its {type_} with an id that is no integer.")
    return int(id_)


def read_included(document: JsonObject) -> dict[Ref, Resource]:
    """Return what a document includes, by reference."""
    included = document.get("included") or ()
    if not isinstance(included, list | tuple):
        raise UnexpectedAnswer("The store answered a document whose included records are no list.")
    return {found.ref: found for found in map(read_resource, included)}


def read_resource(item: Any) -> Resource:
    """Return a resource object as a value."""
    if not isinstance(item, dict) or not isinstance(item.get("type"), str) or not isinstance(item.get("id"), str):
        raise UnexpectedAnswer("The store answered a document with a record that has no type or id.")
    return Resource(
        type=item["type"],
        id=item["id"],
        attributes=_members(item.get("attributes")),
        relationships={
            name: _linkage(relationship["data"])
            for name, relationship in _members(item.get("relationships")).items()
            if isinstance(relationship, dict) and "data" in relationship
        },
        meta=_members(item.get("meta")),
    )


def _members(found: Any) -> Mapping[str, Any]:
    # PHP writes an empty object as [].
    return found if isinstance(found, dict) else {}


def _linkage(data: Any) -> Linkage:
    try:
        if isinstance(data, list):
            return tuple(Ref(str(item["type"]), str(item["id"])) for item in data)
        return Ref(str(data["type"]), str(data["id"])) if isinstance(data, dict) else None
    except (KeyError, TypeError):
        raise UnexpectedAnswer("The store answered a document with a reference that has no type or id.") from None


def linkage(target: Linkage | Sequence[Ref]) -> JsonObject:
    """Return a relationship that points to this: `{"data": ...}`."""
    if target is None:
        return {"data": None}
    if isinstance(target, Ref):
        return {"data": {"type": target.type, "id": target.id}}
    return {"data": [{"type": ref.type, "id": ref.id} for ref in target]}


def resource_object(
    type_: str,
    id_: str | None = None,
    *,
    attributes: Mapping[str, Any] | None = None,
    relationships: Mapping[str, JsonObject] | None = None,
    meta: Mapping[str, Any] | None = None,
) -> JsonObject:
    """Return a resource object to send. Empty sections are left out: the store refuses `"attributes": {}` with 400."""
    sections = {"meta": meta, "attributes": attributes, "relationships": relationships}
    return {
        "type": type_,
        **({"id": id_} if id_ is not None else {}),
        **{name: dict(section) for name, section in sections.items() if section},
    }


def encode(data: JsonObject | Sequence[JsonObject], included: Iterable[JsonObject] = ()) -> bytes:
    """Return the body of a request with this primary data."""
    included = list(included)
    return msgspec.json.encode({"data": data, "included": included} if included else {"data": data})
