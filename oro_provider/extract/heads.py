"""What the reader must know of resource objects that it passes on unread: ids, one date, the lengths of some lists.

msgspec skips what a struct does not name, so that a head costs 1 us where the whole object costs 14.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from oro_provider.api.raw import decode_list, total_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from oro_provider.api.exchange import Response


class Refs(msgspec.Struct, gc=False):
    """A relationship, its identifiers unread: a list where it is to-many. One that came without `data` has none."""

    data: list[msgspec.Raw] | dict[str, msgspec.Raw] | None = []


class Identity(msgspec.Struct, frozen=True, gc=False):
    """Type and id of a resource object or of a resource identifier."""

    type: str
    id: str


class Entries(msgspec.Struct):
    """A page of ids and their dates (`""` where there are none), with the store's count and clock."""

    ids: list[str]
    dates: list[str]
    total: int | None
    clock: datetime | None


identity = msgspec.json.Decoder(Identity).decode


def entries_reader(date: str | None) -> Callable[[Response], Entries]:
    """Return a function that reads a list's answer for ids and the attribute `date` only."""
    dated: list[Any] = [("date", str | None, None)] if date else []
    renamed = {"date": date} if date else None
    attributes = msgspec.defstruct("Attributes", dated, rename=renamed, frozen=True, gc=False)
    # PHP writes an empty object as [].
    entry = msgspec.defstruct("Entry", [("id", str), ("attributes", attributes | list[Any], attributes())], gc=False)
    decode = msgspec.json.Decoder(msgspec.defstruct("Document", [("data", list[entry])])).decode  # type: ignore[valid-type]

    def read(response: Response) -> Entries:
        found: list[Any] = decode_list(response, lambda: decode(response.body)).data  # type: ignore[attr-defined]
        ids = list(map(attrgetter("id"), found))
        dates = [getattr(one.attributes, "date", None) or "" for one in found] if date else [""] * len(ids)
        return Entries(ids, dates, total_of(response), response.date)

    return read


def lengths_reader(names: Sequence[str]) -> Callable[[Any], dict[str, int]]:
    """Return a function that reads the lengths of those of these relationships that are lists from a resource object's bytes."""
    fields = {f"list_{number}": name for number, name in enumerate(names)}
    relationships = msgspec.defstruct(
        "Relationships", [(field, Refs | None, None) for field in fields], rename=fields, gc=False
    )
    resource = msgspec.defstruct("Resource", [("relationships", relationships | list[Any], [])], gc=False)
    decode = msgspec.json.Decoder(resource).decode

    def read(data: Any) -> dict[str, int]:
        found = decode(data).relationships  # type: ignore[attr-defined]
        read = ((name, getattr(found, field, None)) for field, name in fields.items())
        return {name: len(refs.data) for name, refs in read if refs is not None and isinstance(refs.data, list)}

    return read
