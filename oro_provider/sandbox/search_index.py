"""The full-text index behind `filter[searchText]`: late, as the store's is, since its message queue fills it."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from oro_provider.sandbox.errors import bad_filter
from oro_provider.sandbox.storage import link_of, quoted

if TYPE_CHECKING:
    import sqlite3

    from oro_provider.sandbox.clock import Clock
    from oro_provider.sandbox.versions import Catalog

# Words that PostgreSQL's English configuration leaves out of the index.
_STOP = frozenset(
    ["a", "an", "and", "are", "as", "at", "be", "by", "for", "in", "is", "it", "of", "on", "or", "the", "to", "with"]
)

# A search returns at most this many rows, whatever page[size] says; the total is right, the next link is missing.
_LIMIT = 1000

# So many noted writes, and those that the index has caught up with are forgotten.
_MOST_LATE = 10_000

# A searchQuery of the form: name in ("A", "B")
_AMONG = re.compile(r"^\s*(\w+)\s+in\s+\((.*)\)\s*$", re.DOTALL)
_QUOTED = re.compile(r'"([^"]*)"')
_WORD = re.compile(r"[\w@.\-]+", re.UNICODE)


class SearchIndex:
    """Words of the searched attributes of each record; a written record is findable `delay` seconds after its write."""

    def __init__(self, catalog: Catalog, connection: sqlite3.Connection, clock: Clock, delay: float = 2.0) -> None:
        self.catalog = catalog
        self.connection = connection
        self.clock = clock
        self.delay = delay
        self._late: dict[tuple[str, object], tuple[float, str | None]] = {}

    def written(self, resource: str, one: object, before: str | None) -> None:
        """Note a write: until the index catches up, the record is found under its old text, or not at all."""
        row = self.catalog.resources.get(resource)
        if row is None or not row.searched or self.delay <= 0:
            return
        key = (resource, one)
        if len(self._late) > _MOST_LATE:
            self._forget_due()
        due = self.clock.seconds() + self.delay
        self._late[key] = (due, self._late[key][1] if key in self._late else before)

    def _forget_due(self) -> None:
        now = self.clock.seconds()
        self._late = {key: state for key, state in self._late.items() if state[0] > now}

    def text_of(self, resource: str, one: object) -> str | None:
        """The indexed text of a record as it is now; None when the resource is not searched or the record is not there."""
        row = self.catalog.resources.get(resource)
        if row is None or not row.searched:
            return None
        statement = f'SELECT {self._text(resource)} FROM {quoted(resource)} t WHERE t."id" = ?'
        found = self.connection.execute(statement, (one,)).fetchone()
        return found[0] if found else None

    def search(self, resource: str, text: str) -> tuple[list[object], int]:
        """The hits of a searchText or searchQuery, best first and capped without a sign, and how many there really are."""
        among = _AMONG.match(text)
        found = self._exact(resource, among[1], _QUOTED.findall(among[2])) if among else self.find(resource, text)
        return found[:_LIMIT], len(found)

    def _exact(self, resource: str, name: str, values: list[str]) -> list[object]:
        """The records whose attribute is one of the values, as far as the index has caught up with them."""
        if self.catalog.shapes[resource].attributes.get(name) != "string":
            raise bad_filter(f'Unexpected string "{name}" in where statement.', "filter[searchQuery]")
        self._forget_due()
        statement = f'SELECT "id" FROM {quoted(resource)} WHERE {quoted(name)} IN (SELECT value FROM json_each(?)) ORDER BY "id"'
        rows = self.connection.execute(statement, (json.dumps(values),))
        return [row[0] for row in rows if (resource, row[0]) not in self._late]

    def find(self, resource: str, text: str) -> list[object]:
        """The ids whose words begin with any word of `text`, best first, as the index sees them now."""
        wanted = [word.casefold() for word in _WORD.findall(text) if word.casefold() not in _STOP]
        if not wanted:
            return []
        self._forget_due()
        condition = " OR ".join(["text LIKE ? ESCAPE '\\'"] * len(wanted))
        likes = [f"%{_escaped(word)}%" for word in wanted]
        statement = (
            f'SELECT id, text FROM (SELECT t."id" AS id, {self._text(resource)} AS text FROM {quoted(resource)} t)'
        )
        rows = dict(self.connection.execute(f"{statement} WHERE {condition}", likes).fetchall())
        for (kind, one), (_, before) in self._late.items():
            if kind == resource:
                rows.pop(one, None)
                if before is not None:
                    rows[one] = before
        scored = ((_score(wanted, words), one) for one, words in rows.items())
        return [one for score, one in sorted(scored, key=lambda pair: (-pair[0], str(pair[1]).zfill(12))) if score]

    def _text(self, resource: str) -> str:
        parts = []
        for path in self.catalog.resources[resource].searched:
            name, _, inner = path.partition(".")
            to = self.catalog.shapes[resource].relationships.get(name)
            if to is None:
                parts.append(f"coalesce(t.{quoted(name)}, '')")
                continue
            link = link_of(resource, name, to)
            if link is not None and link.join:
                parts.append(
                    f"coalesce((SELECT group_concat(n.{quoted(inner)}, ' ') FROM {quoted(link.table)} j "
                    f'JOIN {quoted(to.type)} n ON n."id" = j."target" WHERE j."owner" = t."id"), \'\')'
                )
            elif link is not None:
                parts.append(
                    f"coalesce((SELECT group_concat(n.{quoted(inner)}, ' ') FROM {quoted(to.type)} n "
                    f"WHERE n.{quoted(link.own)} = t.\"id\"), '')"
                )
        return " || ' ' || ".join(parts)


def _escaped(word: str) -> str:
    return re.sub(r"([%_\\])", r"\\\1", word)


def _score(wanted: list[str], text: str) -> int:
    words = [word.casefold() for word in _WORD.findall(text)]
    parts = [part for word in words for part in (word, *re.split(r"[@.\-_]", word))]
    return sum(any(part.startswith(one) for part in parts) for one in wanted)
