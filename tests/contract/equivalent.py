"""Equivalent data: the records that a recording shows, put into an empty sandbox before the recording is replayed.

A record that the recording itself creates is left out, since the replayed request creates it again, and so is what came later;
all others get the ids and the values with which they are first seen. What a recorded answer implies is made true: a record that a
filter or search found matches it, a product with a price has the price's unit, and its list the currency.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from oro_provider.entities.shapes import SHAPES
from oro_provider.sandbox import storage
from oro_provider.sandbox.demo.reference import fill_reference
from oro_provider.sandbox.query import parse, split_query
from oro_provider.sandbox.storage import COMPUTED, TEXT_IDS, link_of, quoted
from oro_provider.sandbox.table import RESOURCES
from tests.contract.recording import Exchange, records

if TYPE_CHECKING:
    import sqlite3

Key = tuple[str, str]

# What a record needs that the recording may not show.
_FILLERS: dict[str, dict[str, Any]] = {
    "products": {"sku": "SKU-{id}", "status": "enabled", "productType": "simple", "variantFields": "[]"},
    "orders": {"identifier": "order-{id}", "currency": "USD", "internalStatus": "open", "customer": 1, "uuid": "{id}"},
    "customers": {"name": "Customer {id}"},
    "customerusers": {"email": "user{id}@example.com", "firstName": "A", "lastName": "B"},
    "orderlineitems": {"productUnit": "item", "quantity": 1, "value": "1.0000", "currency": "USD"},
    "localizations": {"name": "Localization {id}"},
    "users": {"username": "user{id}", "email": "user{id}@example.org", "firstName": "A", "lastName": "B"},
}
_BUSINESS_KEYS = ("sku", "name", "identifier", "email", "code", "label")
_WITH_PRODUCT = frozenset({
    "productnames", "productdescriptions", "productshortdescriptions", "productunitprecisions", "localizedfallbackvalues",
    "entityfieldfallbackvalues",
})  # fmt: skip


class Seeder:
    """Fills one empty database for the exchanges that are to be replayed on it."""

    def __init__(self, connection: sqlite3.Connection, context: list[Exchange], replayed: list[Exchange]) -> None:
        self.connection = connection
        self.context = sorted(context, key=lambda one: one.time)
        self.replayed = replayed
        self.end = max((one.time for one in replayed), default=0.0)
        self.own = set(_created(replayed))
        self.sent = _sent_keys(replayed)
        self.sent_prices = {
            _price_key(one) for exchange in replayed if exchange.status < 300 for one in _sent(exchange.body)
        }
        self.first_late: dict[str, int] = {}
        for (resource, identifier), time in _created(context).items():
            if time > self.end and identifier.isdigit():
                self.first_late[resource] = min(self.first_late.get(resource, int(identifier)), int(identifier))
        self.shown: dict[Key, dict[str, dict[str, Any]]] = {}

    def fill(self) -> None:
        """Make the tables and the records."""
        storage.create(self.connection)
        fill_reference(self.connection, "2026-01-01T00:00:00Z")
        self.connection.execute("DELETE FROM localizations")
        self.connection.execute("DELETE FROM localizations_titles")
        for one in self.context:
            if one.status in {200, 201, 302}:
                for record in records(one.document):
                    self._see(record)
        for one in self.replayed:
            if one.status < 300:
                self._see_named(one)
        for key, known in list(self.shown.items()):
            if self._absent(key[0], key[1], known):
                del self.shown[key]
        for (resource, identifier), known in self.shown.items():
            self._insert(resource, identifier, known)
        for (resource, identifier), known in self.shown.items():
            self._link(resource, identifier, known)
        self._imply_prices()
        for one in self.replayed:
            self._imply_found(one)
            self._imply_taken(one)
        storage.index(self.connection)

    def _see(self, record: dict[str, Any]) -> None:
        key = (record["type"], record["id"])
        if key[0] not in SHAPES or key[0] in COMPUTED or not (key[0] in TEXT_IDS or key[1].isdigit()):
            return
        known = self.shown.setdefault(key, {"attributes": {}, "relationships": {}})
        for part in ("attributes", "relationships"):
            for name, value in (record.get(part) or {}).items():
                known[part].setdefault(name, value)

    def _see_named(self, one: Exchange) -> None:
        """What an accepted request names is there: the records of its URL and of its references."""
        matched = re.match(r".*/admin/api/(\w+)/(\d+)", one.url)
        if matched:
            self._see({"type": matched[1], "id": matched[2]})
        sent = {(record["type"], record.get("id")) for record in _sent(one.body)}
        for record in records(one.body):
            if "attributes" not in record and (record["type"], record["id"]) not in sent:
                self._see({"type": record["type"], "id": record["id"]})

    def _absent(self, resource: str, identifier: str, known: dict[str, dict[str, Any]]) -> bool:
        """Whether a record is not there yet when the replay begins."""
        if (resource, identifier) in self.own:
            return True
        if identifier.isdigit() and int(identifier) >= self.first_late.get(resource, 10**12):
            return True
        if resource == "productprices" and _price_key(known) in self.sent_prices:
            return True
        if any((resource, name, known["attributes"].get(name)) in self.sent for name in _BUSINESS_KEYS):
            return True
        created = known["attributes"].get("createdAt")
        return (
            isinstance(created, str) and datetime.fromisoformat(created.replace("Z", "+00:00")).timestamp() > self.end
        )

    def _insert(self, resource: str, identifier: str, known: dict[str, dict[str, Any]]) -> None:
        shape = SHAPES[resource]
        values: dict[str, Any] = {
            name: value.format(id=identifier) if isinstance(value, str) else value
            for name, value in _FILLERS.get(resource, {}).items()
        }
        columns = {row[1] for row in self.connection.execute(f"PRAGMA table_info({quoted(resource)})")}
        values |= {name: _value(value) for name, value in known["attributes"].items() if name in columns}
        for name, relation in known["relationships"].items():
            to = shape.relationships.get(name)
            data = relation.get("data") if isinstance(relation, dict) else None
            if to is not None and not to.many and isinstance(data, dict):
                values[name] = data["id"]
        one: Any = identifier if resource in TEXT_IDS else int(identifier)
        table = quoted(resource)
        if self.connection.execute(f'SELECT 1 FROM {table} WHERE "id" = ?', (one,)).fetchone():
            seen = {
                name: value
                for name, value in values.items()
                if name in known["attributes"] or name in known["relationships"]
            }
            for name, value in seen.items():
                self.connection.execute(f'UPDATE {table} SET {quoted(name)} = ? WHERE "id" = ?', (value, one))
            return
        values["id"] = one
        names = ", ".join(quoted(name) for name in values)
        marks = ", ".join("?" * len(values))
        self.connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))

    def _link(self, resource: str, identifier: str, known: dict[str, dict[str, Any]]) -> None:
        for shown_name, relation in known["relationships"].items():
            data = relation.get("data") if isinstance(relation, dict) else None
            old = shown_name == "order" and resource in {"orderlineitems", "ordershippingtrackings"}
            name = "orders" if old else shown_name
            to = SHAPES[resource].relationships.get(name)
            link = link_of(resource, name, to) if to is not None and to.many else None
            if link is None or link.table in COMPUTED:
                continue
            for one in data if isinstance(data, list) else [data]:
                if one is None or (one["type"], one["id"]) not in self.shown:
                    continue
                own, other = quoted(link.own), quoted(link.other)
                if link.join:
                    statement = f"INSERT OR IGNORE INTO {quoted(link.table)} ({own}, {other}) VALUES (?, ?)"
                else:
                    statement = f'UPDATE {quoted(link.table)} SET {own} = ? WHERE "id" = ? AND {own} IS NULL'
                self.connection.execute(statement, (identifier, one["id"]))

    def _imply_prices(self) -> None:
        """A price's product has its unit and its list its currency, in recorded answers and accepted requests alike."""
        seen = [one.document for one in self.context if one.status in {200, 201}]
        for record in (record for document in seen for record in records(document)):
            if record["type"] != "productprices" or "relationships" not in record:
                continue
            linked = {name: value["data"]["id"] for name, value in record["relationships"].items()}
            self._imply_unit(linked["product"], linked["unit"])
            self._imply_currency(linked["priceList"], record["attributes"]["currency"])

    def _imply_unit(self, product: str, unit: str) -> None:
        query = 'SELECT 1 FROM productunitprecisions WHERE "product" = ? AND "unit" = ?'
        known = self.connection.execute("SELECT 1 FROM products WHERE id = ?", (product,)).fetchone()
        if known and not self.connection.execute(query, (product, unit)).fetchone():
            self.connection.execute(
                'INSERT INTO productunitprecisions ("product", "unit", "precision", "conversionRate", "sell") VALUES (?, ?, 0, 1, 1)',
                (product, unit),
            )

    def _imply_currency(self, price_list: str, currency: str) -> None:
        row = self.connection.execute(
            'SELECT "priceListCurrencies" FROM pricelists WHERE "id" = ?', (price_list,)
        ).fetchone()
        listed = json.loads(row[0] or "[]") if row else []
        if row and currency not in listed:
            self.connection.execute(
                'UPDATE pricelists SET "priceListCurrencies" = ? WHERE "id" = ?',
                (json.dumps(sorted({*listed, currency, "USD"})), price_list),
            )

    def _imply_found(self, one: Exchange) -> None:
        """Records that a recorded list found by a name or a search have that name, where the recording does not show it."""
        parts = one.url.partition("/admin/api/")[2].partition("?")
        resource = parts[0].strip("/")
        data = one.document.get("data")
        if one.method != "GET" or one.status != 200 or resource not in RESOURCES or not isinstance(data, list):
            return
        try:
            asked = parse(split_query(parts[2])).filters
        except Exception:  # noqa: BLE001 - what is refused implies nothing
            return
        for one_filter in asked:
            searched = RESOURCES[resource].searched
            search = one_filter.path == "searchText" and bool(searched)
            path = searched[0] if search else one_filter.path
            if one_filter.operator == "eq" and "," not in one_filter.value:
                for record in data:
                    self._imply_value(resource, record["id"], path, one_filter.value, append=search)

    def _imply_taken(self, one: Exchange) -> None:
        """A value that a recorded refusal calls used is used, unless the recording itself comes to use it."""
        made = json.dumps([other.body for other in self.replayed if other.status < 300], default=str)
        for error in one.document.get("errors", ()):
            matched = re.fullmatch(
                r"/data/(\d+)/attributes/(sku|identifier)", (error.get("source") or {}).get("pointer", "")
            )
            if error.get("title") != "unique entity constraint" or matched is None:
                continue
            record = one.body["data"][int(matched[1])]
            value = record["attributes"][matched[2]]
            table, name = quoted(record["type"]), quoted(matched[2])
            if (
                json.dumps(value) not in made
                and not self.connection.execute(f"SELECT 1 FROM {table} WHERE {name} = ?", (value,)).fetchone()
            ):
                self.connection.execute(f"INSERT INTO {table} ({name}) VALUES (?)", (value,))

    def _imply_value(self, resource: str, identifier: str, path: str, value: str, *, append: bool) -> None:
        name, _, inner = path.partition(".")
        shape = SHAPES[resource]
        if not inner and shape.attributes.get(name) == "string" and resource not in TEXT_IDS:
            new = f"coalesce({quoted(name)}, '') || ' ' || ?" if append else "?"
            guard = f"AND coalesce({quoted(name)}, '') NOT LIKE '%' || ? || '%'" if append else ""
            parameters = (value, identifier, value.split()[0]) if append else (value, identifier)
            self.connection.execute(
                f'UPDATE {quoted(resource)} SET {quoted(name)} = {new} WHERE "id" = ? {guard}', parameters
            )
        to = shape.relationships.get(name)
        if not inner or to is None:
            return
        if to.many:
            link = link_of(resource, name, to)
            if link is not None and not link.join and to.type not in COMPUTED:
                statement = f"UPDATE {quoted(link.table)} SET {quoted(inner)} = ? WHERE {quoted(link.own)} = ? AND {quoted(inner)} IS NULL"
                self.connection.execute(statement, (value, identifier))
            return
        row = self.connection.execute(
            f'SELECT {quoted(name)} FROM {quoted(resource)} WHERE "id" = ?', (identifier,)
        ).fetchone()
        if row and row[0] is not None and inner in SHAPES[to.type].attributes:
            self.connection.execute(f'UPDATE {quoted(to.type)} SET {quoted(inner)} = ? WHERE "id" = ?', (value, row[0]))


def _created(exchanges: list[Exchange]) -> dict[Key, float]:
    """The records that these exchanges create, with the moment of it."""
    found: dict[Key, float] = {}
    for one in exchanges:
        data = one.document.get("data")
        listed = data if isinstance(data, list) else [data] if isinstance(data, dict) else []
        updated = {
            (record["type"], record.get("id"))
            for record in _sent(one.body)
            if isinstance(record.get("meta"), dict) and record["meta"].get("update")
        }
        if one.status == 201 or (one.method == "PATCH" and "x-mode" in one.headers and one.status == 200):
            fresh = [*listed, *one.document.get("included", ())]
            keys = [(record["type"], record["id"]) for record in fresh]
            keys += [key for record in listed if record["type"] == "products" for key in _brought(record)]
            old = {(record["type"], record["id"]) for record in fresh if not _is_fresh(record, one.time)}
            for key in keys:
                if key not in updated and key not in old:
                    found.setdefault(key, one.time)
    return found


def _is_fresh(record: dict[str, Any], time: float) -> bool:
    """Whether a record of an answer was made by its request; an upsert may have found it."""
    created = (record.get("attributes") or {}).get("createdAt")
    return (
        not isinstance(created, str)
        or (record["type"] == "orders" and created < "2026")
        or time - _seconds(created) < 3
    )


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _brought(record: dict[str, Any]) -> list[Key]:
    """What a created product brings with it: its names, texts, units and settings."""
    linked = [relation.get("data") for relation in record.get("relationships", {}).values()]
    flat = [one for data in linked for one in (data if isinstance(data, list) else [data]) if one]
    return [(one["type"], one["id"]) for one in flat if one["type"] in _WITH_PRODUCT]


def _sent(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, dict):
        return []
    data = body.get("data")
    listed = data if isinstance(data, list) else [data]
    return [one for one in (*listed, *(body.get("included") or ())) if isinstance(one, dict) and "type" in one]


def _price_key(record: dict[str, Any]) -> tuple[str, ...]:
    """What makes a price unique; empty for other records."""
    linked = {
        name: (value.get("data") or {}).get("id")
        for name, value in (record.get("relationships") or {}).items()
        if isinstance(value.get("data"), dict)
    }
    attributes = record.get("attributes") or {}
    if not {"priceList", "product", "unit"} <= linked.keys() or "quantity" not in attributes:
        return ()
    return (
        *(str(linked[name]) for name in ("priceList", "product", "unit")),
        str(attributes["quantity"]),
        str(attributes.get("currency")),
    )


def _sent_keys(exchanges: list[Exchange]) -> set[tuple[str, str, Any]]:
    """The business keys of the records that accepted batches create."""
    keys = set()
    for one in exchanges:
        if one.method == "PATCH" and one.status == 202 and isinstance(one.body, dict):
            for record in _sent(one.body):
                if not (record.get("meta") or {}).get("update"):
                    for name, value in (record.get("attributes") or {}).items():
                        if name in _BUSINESS_KEYS and isinstance(value, str):
                            keys.add((record["type"], name, value))
    return keys


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value) if isinstance(value, (list, dict)) else value
