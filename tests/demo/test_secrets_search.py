"""The search for secrets finds one wherever Airflow could have put it."""

from __future__ import annotations

import gzip
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from demo.secrets_search import Leak, search

if TYPE_CHECKING:
    from pathlib import Path

SECRET = 'p"ss/wörd+1'


@pytest.mark.parametrize("spelling", ['p"ss/wörd+1', 'p\\"ss/w\\u00f6rd+1', 'p\\"ss/wörd+1', "p%22ss%2Fw%C3%B6rd%2B1"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_secret_is_found_in_a_file_in_every_spelling(tmp_path: Path, spelling: str, packed: bool) -> None:
    log = tmp_path / "dag_id=orders" / "attempt=1.log"
    log.parent.mkdir()
    text = f"before {spelling} after".encode()
    log.write_bytes(gzip.compress(text) if packed else text)

    assert search([SECRET, "elsewhere"], folders=[tmp_path]) == [Leak(str(log), SECRET)]


def test_a_secret_is_found_in_text_blobs_and_encrypted_columns(tmp_path: Path) -> None:
    key = Fernet.generate_key()
    database = tmp_path / "airflow.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE clean (words TEXT, number INTEGER)")
        connection.execute("INSERT INTO clean VALUES ('nothing', 7)")
        connection.execute("CREATE TABLE trigger (kwargs TEXT, state BLOB, note TEXT)")
        hidden = Fernet(key).encrypt(f"kwargs: {SECRET}".encode()).decode()
        connection.execute("INSERT INTO trigger VALUES (?, ?, ?)", (hidden, f"x{SECRET}".encode(), f"n{SECRET}"))
    keys = [Fernet.generate_key().decode(), key.decode()]
    columns = [f"trigger.{column}" for column in ("kwargs", "state", "note")]

    assert [leak.place for leak in search([SECRET], database=f"sqlite:///{database}", fernet_keys=keys)] == columns
    assert [leak.place for leak in search([SECRET], folders=[tmp_path], fernet_keys=keys)] == [
        f"{database}: {column}" for column in columns
    ]


def test_connections_and_variables_may_hold_it_encrypted_only(tmp_path: Path) -> None:
    key = Fernet.generate_key()
    hidden = Fernet(key).encrypt(SECRET.encode()).decode()
    database = tmp_path / "airflow.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE connection (password TEXT, extra TEXT, description TEXT)")
        connection.execute("INSERT INTO connection VALUES (?, ?, ?)", (hidden, hidden, hidden))
        connection.execute("CREATE TABLE variable (val TEXT)")
        connection.execute("INSERT INTO variable VALUES (?)", (SECRET,))

    leaks = search([SECRET], database=f"sqlite:///{database}", fernet_keys=[key.decode()])

    assert [leak.place for leak in leaks] == ["connection.description", "variable.val"]


def test_what_a_database_has_still_in_its_log_is_searched_by_column(tmp_path: Path) -> None:
    key = Fernet.generate_key()
    encrypted = Fernet(key).encrypt(SECRET.encode()).decode()
    database = tmp_path / "airflow.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE connection (password TEXT)")
        connection.execute("CREATE TABLE log (extra TEXT)")
        connection.execute("INSERT INTO connection VALUES (?)", [encrypted])
        connection.commit()
        assert encrypted.encode() in database.with_name("airflow.db-wal").read_bytes()
        assert search([SECRET], folders=[tmp_path], fernet_keys=[key.decode()]) == []
        connection.execute("INSERT INTO log VALUES (?)", [encrypted])
        connection.commit()
        leaks = search([SECRET], folders=[tmp_path], fernet_keys=[key.decode()])
        assert [leak.place for leak in leaks] == [f"{database}: log.extra"]
        connection.execute("UPDATE log SET extra = ?", [SECRET])
        connection.commit()
        leaks = search([SECRET], folders=[tmp_path], fernet_keys=[key.decode()])
        assert [leak.place for leak in leaks] == [f"{database}: log.extra", f"{database}-wal"]


def test_what_only_looks_like_a_database_or_packed_is_searched_as_it_is(tmp_path: Path) -> None:
    for name, beginning in (("a", b"SQLite format 3\x00"), ("b", b"\x1f\x8b")):
        (tmp_path / name).write_bytes(beginning + b"with a-secret-in-it")

    leaks = search(["a-secret-in-it"], folders=[tmp_path])

    assert [leak.place for leak in leaks] == [str(tmp_path / "a"), str(tmp_path / "b")]


def test_files_from_before_may_be_left_out(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for path in (old, new):
        path.write_text(SECRET)
    os.utime(old, (1000, 1000))

    assert search([SECRET], folders=[tmp_path], since=2000) == [Leak(str(new), SECRET)]


def test_the_secret_itself_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(SECRET)

    assert SECRET not in repr(search([SECRET], folders=[tmp_path]))


def test_an_empty_string_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="empty"):
        search([""], folders=[tmp_path])
    with pytest.raises(NotADirectoryError):
        search(["secret"], folders=[tmp_path / "logs"])
