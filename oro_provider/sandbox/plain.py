"""The plain-JSON mode, into which a request without JSON:API headers falls: bare records, no envelope, other errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox.storage import TEXT_IDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def from_jsonapi(document: Mapping[str, Any]) -> Any:
    """A JSON:API document as the plain mode shows it."""
    included = {(one["type"], one["id"]): one for one in document.get("included", ())}
    data = document.get("data")
    if isinstance(data, list):
        return [_record(one, included) for one in data]
    return None if data is None else _record(data, included)


def _id(one: Mapping[str, Any]) -> Any:
    return one["id"] if one["type"] in TEXT_IDS else int(one["id"])


def _record(one: Mapping[str, Any], included: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    record = {"id": _id(one), **one.get("attributes", {})}
    for name, relation in one.get("relationships", {}).items():
        data = relation["data"]
        if isinstance(data, list):
            record[name] = [_linked(each, included) for each in data]
        else:
            record[name] = None if data is None else _linked(data, included)
    return record


def _linked(one: Mapping[str, Any], included: Mapping[tuple[str, str], Any]) -> Any:
    full = included.get((one["type"], one["id"]))
    return _id(one) if full is None else _record(full, {})


def parameters(pairs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The plain mode's names of parameters, as JSON:API spells them; JSON:API's own names are not known here."""
    for name, value in pairs:
        if name == "page":
            yield "page[number]", value
        elif name == "limit":
            yield "page[size]", value
        elif name == "sort":
            yield name, value
        elif name.startswith(("page[", "filter[", "fields[", "include")):
            yield f"\x00{name}", value
        else:
            yield f"filter[{name}]", value


def to_jsonapi(resource: str, one: str | None, body: bytes, relations: Mapping[str, Any]) -> dict[str, Any]:
    """A plain body as the JSON:API document that it stands for."""
    try:
        fields = json.loads(body or b"{}")
    except ValueError:
        fields = {}
    data: dict[str, Any] = {"type": resource}
    if one is not None:
        data["id"] = one
    attributes: dict[str, Any] = {}
    relationships: dict[str, Any] = {}
    for name, value in fields.items() if isinstance(fields, dict) else ():
        to = relations.get(name)
        if to is None:
            attributes[name] = value
        elif isinstance(value, list):
            relationships[name] = {"data": [{"type": to.type, "id": str(each)} for each in value]}
        else:
            relationships[name] = {"data": None if value is None else {"type": to.type, "id": str(value)}}
    if attributes:
        data["attributes"] = attributes
    if relationships:
        data["relationships"] = relationships
    return {"data": data}
