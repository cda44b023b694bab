"""Where given strings stand in what an Airflow wrote: every column of its SQLite database, every file of its folders.

Encrypted values are decrypted first: a secret in a trigger's row is one too many even where the row is encrypted.
"""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from cryptography.fernet import Fernet, InvalidToken

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

FERNET = re.compile(rb"gAAAA[A-Za-z0-9_-]{60,}={0,2}")


def search(
    strings: Collection[str],
    *,
    database: Path | None = None,
    folders: Iterable[Path] = (),
    fernet_key: str | None = None,
) -> list[str]:
    """The places that hold one of the strings, as they are or in the spelling of JSON or of a URL.

    A place is `table.column: string` or `file: string`; each is named once.
    """
    wanted = {form.encode(): string for string in strings for form in _spellings(string)}
    if b"" in wanted:
        raise ValueError("an empty string is everywhere")
    fernet = Fernet(fernet_key) if fernet_key else None
    places: dict[str, None] = {}
    for place, content in _contents(database, folders):
        text = content + b"".join(_decrypted(content, fernet))
        places.update({f"{place}: {string}": None for form, string in wanted.items() if form in text})
    return list(places)


def _spellings(string: str) -> set[str]:
    return {string, json.dumps(string)[1:-1], json.dumps(string, ensure_ascii=False)[1:-1], quote(string, safe="")}


def _contents(database: Path | None, folders: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    if database:
        yield from _columns(database)
    for folder in folders:
        if not folder.is_dir():
            raise NotADirectoryError(folder)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield str(path), path.read_bytes()


def _columns(database: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=60)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the name is the database's own
            columns = [column[0] for column in rows.description]
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    if value is not None:
                        yield f"{table}.{column}", value if isinstance(value, bytes) else str(value).encode()


def _decrypted(content: bytes, fernet: Fernet | None) -> Iterator[bytes]:
    if fernet is None:
        return
    for token in FERNET.findall(content):
        with suppress(InvalidToken):  # it only looks like one
            yield fernet.decrypt(token)
