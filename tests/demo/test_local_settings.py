"""In the demo's Airflow a savepoint takes SQLite's write lock, so that a later write in it cannot be refused."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from demo.environment import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

# What `airflow backfill create` does, with another process that writes between its first look and its write.
TWO_WRITERS = """
import sys, sqlite3
from sqlalchemy import create_engine, text
url = f"sqlite:///{sys.argv[1]}"
with sqlite3.connect(sys.argv[1]) as database:
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE runs (id)")
with create_engine(url).connect() as backfill, backfill.begin_nested():
    backfill.execute(text("SELECT * FROM runs")).all()
    try:
        other = sqlite3.connect(sys.argv[1], timeout=0)
        other.execute("INSERT INTO runs VALUES (1)")
        other.commit()
        print("the other wrote first")
    except sqlite3.OperationalError:
        print("the other has to wait")
    backfill.execute(text("INSERT INTO runs VALUES (2)"))
    print("the backfill wrote")
"""


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("import airflow_local_settings", "the other has to wait\nthe backfill wrote\n"),
        ("", "the other wrote first\n"),
    ],
)
def test_another_process_cannot_write_between_a_savepoint_and_its_write(
    tmp_path: Path, settings: str, told: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", settings + TWO_WRITERS, str(tmp_path / "airflow.db")],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT / "demo" / "config")},
        capture_output=True,
        text=True,
    )

    assert done.stdout == told
    assert ("database is locked" in done.stderr) == (not settings)
