"""The search for secrets finds one wherever Airflow could have put it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from demo.secrets_search import search

if TYPE_CHECKING:
    from pathlib import Path

SECRET = 'p"ss/wörd+1'


@pytest.mark.parametrize("spelling", ['p"ss/wörd+1', 'p\\"ss/w\\u00f6rd+1', 'p\\"ss/wörd+1', "p%22ss%2Fw%C3%B6rd%2B1"])
def test_a_secret_is_found_in_a_log_in_every_spelling(tmp_path: Path, spelling: str) -> None:
    log = tmp_path / "dag_id=orders" / "attempt=1.log"
    log.parent.mkdir()
    log.write_text(f"before {spelling} after", encoding="utf-8")

    assert search([SECRET, "elsewhere"], folders=[tmp_path]) == [f"{log}: {SECRET}"]


def test_a_secret_is_found_in_text_blobs_and_encrypted_columns(tmp_path: Path) -> None:
    key = Fernet.generate_key()
    database = tmp_path / "airflow.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE clean (words TEXT, number INTEGER)")
        connection.execute("INSERT INTO clean VALUES ('nothing', 7)")
        connection.execute("CREATE TABLE trigger (kwargs TEXT, state BLOB, note TEXT)")
        hidden = Fernet(key).encrypt(f"kwargs: {SECRET}".encode()).decode()
        connection.execute("INSERT INTO trigger VALUES (?, ?, ?)", (hidden, f"x{SECRET}".encode(), f"n{SECRET}"))

    found = search([SECRET], database=database, fernet_key=key.decode())

    assert found == [f"trigger.{column}: {SECRET}" for column in ("kwargs", "state", "note")]


def test_an_empty_string_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="empty"):
        search([""], folders=[tmp_path])
    with pytest.raises(NotADirectoryError):
        search(["secret"], folders=[tmp_path / "logs"])
