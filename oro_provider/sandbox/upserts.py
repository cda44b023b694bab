"""`meta.upsert`: which resources take it, by which fields, and the record that it finds."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oro_provider.sandbox.errors import refuse
from oro_provider.sandbox.storage import quoted

if TYPE_CHECKING:
    import sqlite3

    from oro_provider.sandbox.bodies import Item
    from oro_provider.sandbox.versions import Catalog


def _fields(item: Item) -> list[str]:
    return item.upsert if isinstance(item.upsert, list) else ["id"]


def check_upsert(catalog: Catalog, resource: str, item: Item, pointer: str) -> None:
    """Refuse an upsert that the resource does not take."""
    if not item.upsert:
        return
    allowed = catalog.resources[resource].upsert
    fields = _fields(item)
    if not allowed:
        raise refuse(400, "value constraint", "The upsert operation is not allowed.", pointer=pointer)
    if len(fields) == 1 and fields[0] in allowed:
        if fields[0] != "id" and fields[0] not in item.attributes:
            detail = f'The "{fields[0]}" field does not exist in the request data.'
            raise refuse(400, "value constraint", detail, pointer=pointer)
        return
    if fields == ["id"]:
        detail = "The upsert operation cannot use the entity identifier to find an entity."
    else:
        what = "this field" if len(fields) == 1 else "these fields"
        detail = f"The upsert operation cannot use {what} to find an entity."
    raise refuse(400, "value constraint", detail, pointer=pointer)


def find_upserted(catalog: Catalog, connection: sqlite3.Connection, item: Item) -> Any:
    """The id of the record that an upsert updates, or None when it creates one. The comparison is case-sensitive."""
    field = _fields(item)[0]
    value = item.id if field == "id" else item.attributes[field]
    statement = f'SELECT "id" FROM {quoted(item.type)} WHERE {quoted(field)} = ?'
    found = connection.execute(statement, (value,)).fetchone()
    return found[0] if found else None
