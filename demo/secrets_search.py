"""Where given strings stand in what an Airflow wrote: every column of its databases, every file of its folders.

Encrypted values are decrypted first: a secret in a trigger's row is one too many even where the row is encrypted. Files that
gzip packed are unpacked, and SQLite databases among the files are read as such.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import URL, NullPool, create_engine, inspect
from sqlalchemy.exc import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

FERNET = re.compile(rb"gAAAA[A-Za-z0-9_-]{60,}={0,2}")
# Where Airflow keeps what must be kept. These are searched as they lie: encrypted, they show nothing.
KEPT_ENCRYPTED = frozenset({"connection.password", "connection.extra", "variable.val"})
_ROWS = 500


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """A place that holds one of the strings: `table.column` of the database, or a file, with `: table.column` where that is one."""

    place: str
    string: str = field(repr=False)


def search(
    strings: Collection[str],
    *,
    database: str | None = None,
    folders: Iterable[Path] = (),
    fernet_keys: Iterable[str] = (),
    since: float = 0.0,
) -> list[Leak]:
    """The places that hold one of the strings, as they are or in the spelling of JSON or of a URL; each is named once.

    `database` is a SQLAlchemy URL. `since` (UNIX time) leaves out files that were not touched from then on.
    """
    needles = Needles(strings, fernet_keys)
    leaks: dict[Leak, None] = {}
    if database is not None:
        leaks.update(dict.fromkeys(needles.in_database(database)))
    for folder in folders:
        if not folder.is_dir():
            raise NotADirectoryError(folder)
        for path in sorted(folder.rglob("*")):
            with suppress(FileNotFoundError):  # an Airflow that runs removes files
                if path.is_file() and path.stat().st_mtime >= since:
                    leaks.update(dict.fromkeys(needles.in_file(path)))
    return list(leaks)


class Needles:
    """What is searched for, in every spelling, and the keys to what is encrypted."""

    def __init__(self, strings: Collection[str], fernet_keys: Iterable[str] = ()) -> None:
        self._spelled = {form.encode(): string for string in strings for form in _spellings(string)}
        if b"" in self._spelled:
            raise ValueError("an empty string is everywhere")
        self._fernets = [Fernet(key) for key in fernet_keys]

    def found(self, content: bytes) -> list[str]:
        """The strings that stand in these bytes, or in what is encrypted there."""
        text = b"".join([content, *self._decrypted(content)])
        return list(dict.fromkeys(string for form, string in self._spelled.items() if form in text))

    def in_file(self, path: Path) -> Iterator[Leak]:
        """The leaks of a file of any kind."""
        content = path.read_bytes()
        if content.startswith(b"SQLite format 3\x00"):
            there = URL.create(
                "sqlite", database=f"file:{quote(str(path.resolve()))}", query={"mode": "ro", "uri": "true"}
            )
            with suppress(DatabaseError):  # broken, or of a module that is not there: its bytes are searched
                yield from (Leak(f"{path}: {leak.place}", leak.string) for leak in self.in_database(there))
                return
        if content.startswith(b"\x1f\x8b"):
            with suppress(OSError, EOFError, zlib.error):  # it only begins like one
                content = gzip.decompress(content)
        if path.name.endswith("-wal"):
            # What SQLite has not yet moved into its database, which shows it by column; what must be kept is encrypted here too.
            content = FERNET.sub(b"", content)
        yield from (Leak(str(path), string) for string in self.found(content))

    def in_database(self, url: URL | str) -> list[Leak]:
        """The leaks of a database, by column."""
        leaks: dict[Leak, None] = {}
        with create_engine(url, poolclass=NullPool).connect() as connection:
            for table in inspect(connection).get_table_names():
                rows = connection.exec_driver_sql(f'SELECT * FROM "{table}"')  # noqa: S608 - the name is the database's own
                columns = [f"{table}.{column}" for column in rows.keys()]  # noqa: SIM118 - not a dict
                for some in rows.partitions(_ROWS):
                    for column, values in zip(columns, zip(*some, strict=True), strict=True):
                        leaks.update((Leak(column, string), None) for string in self._in_column(column, values))
        return list(leaks)

    def _in_column(self, column: str, values: Iterable[object]) -> list[str]:
        content = b"\n".join(_bytes(value) for value in values if value is not None)
        if column in KEPT_ENCRYPTED:
            content = FERNET.sub(b"", content)
        return self.found(content)

    def _decrypted(self, content: bytes) -> Iterator[bytes]:
        if not self._fernets:
            return
        for token in FERNET.findall(content):
            for fernet in self._fernets:
                with suppress(InvalidToken):  # of another key, or it only looks like one
                    yield fernet.decrypt(token)


def _bytes(value: object) -> bytes:
    """As it is stored: a driver may have read JSON, or give a view of bytes."""
    if isinstance(value, (bytes, memoryview)):
        return bytes(value)
    return (json.dumps(value) if isinstance(value, (dict, list)) else str(value)).encode(errors="replace")


def _spellings(string: str) -> set[str]:
    return {string, json.dumps(string)[1:-1], json.dumps(string, ensure_ascii=False)[1:-1], quote(string, safe="")}
