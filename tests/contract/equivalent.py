"""Equivalent data: the records that a recording shows, put into an empty sandbox before the recording is replayed.

A record that the recording itself creates is left out, since the replayed request creates it again; all others get the ids and
the values with which they are first seen.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oro_provider.entities.shapes import SHAPES
from oro_provider.sandbox import storage
from oro_provider.sandbox.demo.reference import fill_reference
from oro_provider.sandbox.storage import COMPUTED, TEXT_IDS, link_of, quoted
from tests.contract.recording import Exchange, records

if TYPE_CHECKING:
    import sqlite3

Key = tuple[str, str]

# What a record needs that the recording may not show.
_FILLERS: dict[str, dict[str, Any]] = {
    "products": {"sku": "SKU-{id}", "status": "enabled", "productType": "simple", "variantFields": "[]"},
    "orders": {"identifier": "order-{id}", "currency": "USD", "internalStatus": "open", "uuid": "{id}"},
    "customers": {"name": "Customer {id}"},
    "customerusers": {"email": "user{id}@example.com", "firstName": "A", "lastName": "B"},
    "orderlineitems": {"productUnit": "item", "quantity": 1, "value": "1.0000", "currency": "USD"},
    "localizations": {"name": "Localization {id}"},
}


def created(exchanges: list[Exchange]) -> dict[Key, float]:
    """The records that these exchanges create, with the moment of it."""
    found: dict[Key, float] = {}
    for one in exchanges:
        fresh = one.status == 201 or (one.method == "PATCH" and "x-mode" in one.headers and one.status == 200)
        if not fresh:
            continue
        sent = {(r["type"], r["id"]) for r in records(one.body)}
        for record in records(one.document):
            key = (record["type"], record["id"])
            if key not in sent and "attributes" in record:
                found.setdefault(key, one.time)
        for record in _owned(one.document):
            found.setdefault(record, one.time)
    return found


def _owned(document: dict[str, Any]) -> list[Key]:
    """What a created product brings with it: its names, texts, units and settings."""
    data = document.get("data")
    listed = data if isinstance(data, list) else [data] if isinstance(data, dict) else []
    owned: list[Key] = []
    for record in listed:
        if record.get("type") != "products":
            continue
        for relation in record.get("relationships", {}).values():
            linked = relation.get("data")
            for one in linked if isinstance(linked, list) else [linked]:
                if one and one["type"] in {
                    "productnames", "productdescriptions", "productshortdescriptions", "productunitprecisions",
                    "localizedfallbackvalues", "entityfieldfallbackvalues",
                }:  # fmt: skip
                    owned.append((one["type"], one["id"]))
    return owned


def seed(connection: sqlite3.Connection, context: list[Exchange], replayed: list[Exchange]) -> None:
    """Fill an empty database with what the replayed exchanges may rely on."""
    storage.create(connection)
    fill_reference(connection, "2026-01-01T00:00:00Z")
    connection.execute("DELETE FROM localizations")
    connection.execute("DELETE FROM localizations_titles")
    begin = min((one.time for one in replayed), default=0.0)
    own = created(replayed)
    late = {key for key, time in created(context).items() if time >= begin and key not in own}
    shown: dict[Key, dict[str, Any]] = {}
    for one in sorted(context, key=lambda exchange: exchange.time):
        if one.status >= 300:
            continue
        for record in records(one.document):
            key = (record["type"], record["id"])
            if key in own or key in late or record["type"] not in SHAPES or record["type"] in COMPUTED:
                continue
            known = shown.setdefault(key, {"attributes": {}, "relationships": {}})
            for part in ("attributes", "relationships"):
                for name, value in (record.get(part) or {}).items():
                    known[part].setdefault(name, value)
    for (resource, identifier), known in shown.items():
        if resource in TEXT_IDS or identifier.isdigit():
            _insert(connection, resource, identifier, known)
    for (resource, identifier), known in shown.items():
        if resource in TEXT_IDS or identifier.isdigit():
            _link(connection, resource, identifier, known, set(own) | late)
    storage.index(connection)


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def _insert(connection: sqlite3.Connection, resource: str, identifier: str, known: dict[str, Any]) -> None:
    shape = SHAPES[resource]
    one: Any = identifier if resource in TEXT_IDS else int(identifier)
    values: dict[str, Any] = {
        name: value.format(id=identifier) if isinstance(value, str) else value
        for name, value in _FILLERS.get(resource, {}).items()
    }
    columns = {row[1] for row in connection.execute(f"PRAGMA table_info({quoted(resource)})")}
    values |= {name: _value(value) for name, value in known["attributes"].items() if name in columns}
    for name, relation in known["relationships"].items():
        to = shape.relationships.get(name)
        data = relation.get("data") if isinstance(relation, dict) else None
        if to is not None and not to.many and isinstance(data, dict):
            values[name] = data["id"]
    values["id"] = one
    names = ", ".join(quoted(name) for name in values)
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT OR REPLACE INTO {quoted(resource)} ({names}) VALUES ({marks})", list(values.values()))


def _link(
    connection: sqlite3.Connection, resource: str, identifier: str, known: dict[str, Any], absent: set[Key]
) -> None:
    for shown_name, relation in known["relationships"].items():
        data = relation.get("data") if isinstance(relation, dict) else None
        name = (
            "orders"
            if shown_name == "order" and resource in {"orderlineitems", "ordershippingtrackings"}
            else shown_name
        )
        to = SHAPES[resource].relationships.get(name)
        if to is None or not to.many:
            continue
        link = link_of(resource, name, to)
        for one in data if isinstance(data, list) else [data]:
            if link is None or one is None or link.table in COMPUTED or (one["type"], one["id"]) in absent:
                continue
            if link.join:
                statement = f"INSERT OR IGNORE INTO {quoted(link.table)} ({quoted(link.own)}, {quoted(link.other)}) VALUES (?, ?)"
                connection.execute(statement, (identifier, one["id"]))
            else:
                statement = f'UPDATE {quoted(link.table)} SET {quoted(link.own)} = ? WHERE "id" = ? AND {quoted(link.own)} IS NULL'
                connection.execute(statement, (identifier, one["id"]))
