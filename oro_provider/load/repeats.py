"""Which rows of the input repeat the key of an earlier one, in flat memory: the keys seen lie in a file of SQLite's own.

A million keys in a dict would be 150 MB; here they are a private temporary database, which goes with its connection.
"""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Repeats:
    """Remembers the first row of each key."""

    def __init__(self) -> None:
        self._keys = sqlite3.connect("", isolation_level=None)
        self._keys.execute("PRAGMA cache_size = -8000")
        self._keys.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, row INTEGER) WITHOUT ROWID")
        self._keys.execute("BEGIN")

    def first(self, key: Sequence[str], row: int) -> int:
        """Return the number of the first row with this key: `row` itself where it is the first."""
        digest = blake2b("\x00".join(key).encode(), digest_size=16).digest()
        if self._keys.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, row)).rowcount:
            return row
        return int(self._keys.execute("SELECT row FROM seen WHERE key = ?", (digest,)).fetchone()[0])

    def close(self) -> None:
        self._keys.close()
