"""Request bodies before any resource looks at them: JSON, the document's structure, and the flags in `meta`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from oro_provider.sandbox.errors import Problem, RefusedError, refuse

_MEMBERS = {"type", "id", "meta", "attributes", "relationships", "links"}
_FLAGS = ("update", "upsert", "validate")


@dataclass(slots=True)
class Item:
    """One resource object of a body, structurally sound."""

    type: str
    id: str | None
    pointer: str
    attributes: dict[str, Any] = field(default_factory=dict)
    relationships: dict[str, Any] = field(default_factory=dict)
    update: bool = False
    upsert: bool | list[str] = False
    validate: bool = False


def read_json(body: bytes, content_type: str, empty: str = "The request data should not be empty.") -> Any:
    """The body as JSON; the store answers an empty body, a foreign type and broken JSON each in its way."""
    kind = content_type.partition(";")[0].strip()
    if not body or kind == "text/plain":
        raise refuse(400, "request data constraint", empty)
    if kind == "application/x-www-form-urlencoded":
        return {}
    try:
        return json.loads(body)
    except ValueError:
        raise refuse(400, "bad request http exception", "Invalid json message received.") from None


def read_document(document: Any) -> tuple[Any, list[Any]]:
    """The primary resource object and the included ones, still unchecked."""
    if not isinstance(document, dict) or not isinstance(document.get("data"), (dict, list)):
        raise refuse(400, "request data constraint", "The primary data object should exist", pointer="/data")
    included = document.get("included", [])
    if "included" in document and not included:
        detail = "The 'included' property should not be empty"
        raise refuse(400, "request data constraint", detail, pointer="/included")
    return document["data"], included if isinstance(included, list) else []


def read_item(data: Any, pointer: str, *, flags_at: str | None = None) -> Item:
    """Check one resource object; `flags_at` is where errors of its flags point to (the primary's lack the `/data`)."""
    problems: list[Problem] = []

    def complain(detail: str, at: str) -> None:
        problems.append(Problem(400, "request data constraint", detail, at))

    if not isinstance(data, dict) or "type" not in data:
        complain("The 'type' property is required", f"{pointer}/type")
        raise RefusedError(*problems)
    if "id" in data and data["id"] is not None and not isinstance(data["id"], str):
        complain("The 'id' property should be a string", f"{pointer}/id")
    for name in data:
        if name not in _MEMBERS:
            complain(f"The '{name}' property is not allowed for a resource object", f"{pointer}/{name}")
    for name in ("attributes", "relationships"):
        if name in data and not isinstance(data[name], dict):
            complain(f"The '{name}' property should be an array", f"{pointer}/{name}")
        elif name in data and not data[name]:
            complain(f"The '{name}' property should not be empty", f"{pointer}/{name}")
    relationships = data.get("relationships")
    for name, value in relationships.items() if isinstance(relationships, dict) else ():
        if not isinstance(value, dict) or "data" not in value:
            complain("The relationship should have 'data' property", f"{pointer}/relationships/{name}")
    if problems:
        raise RefusedError(*problems)
    item = Item(str(data["type"]), data.get("id"), pointer, data.get("attributes", {}), data.get("relationships", {}))
    _read_flags(item, data.get("meta"), flags_at if flags_at is not None else f"{pointer}/meta")
    return item


def _read_flags(item: Item, meta: Any, at: str) -> None:
    if not isinstance(meta, dict):
        return
    upsert = meta.get("upsert", False)
    if not (
        isinstance(upsert, bool) or (isinstance(upsert, list) and upsert and all(isinstance(n, str) for n in upsert))
    ):
        detail = "This value should be a boolean or an array of strings."
        raise refuse(400, "value constraint", detail, pointer=f"{at}/upsert")
    for flag in ("update", "validate"):
        if not isinstance(meta.get(flag, False), bool):
            raise refuse(400, "value constraint", "This value should be a boolean.", pointer=f"{at}/{flag}")
    if sum(bool(meta.get(flag)) for flag in _FLAGS) > 1:
        raise refuse(400, "request data constraint", "Only one meta option can be used.", pointer=at)
    item.update, item.upsert, item.validate = bool(meta.get("update")), upsert, bool(meta.get("validate"))
