"""The search at the end of a session: what it finds in files, databases and outputs fails the session."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

CONFTEST = """
from pathlib import Path
from tests.leaks import LeakSearch

def pytest_configure(config):
    config.pluginmanager.register(LeakSearch(Path(__file__).parent / "left"), "leaks")
"""
# A session whose tests log in to a store and do something with what they got.
TESTS = """
import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from oro_provider.api.client import OroClient
from oro_provider.api.settings import Settings
from oro_provider.sandbox import running

LEFT = Path(__file__).parent / "left"
SECRET = "a-client-secret"

@pytest.fixture(scope="session")
def token():
    LEFT.mkdir()
    with running(orders=1, client_secret=SECRET) as store:
        settings = Settings(base_url=store.url, client_id=store.client_id, client_secret=SECRET)
        with OroClient(settings) as client:
            yield client.token().value
"""
CLEAN = """
def test_clean(token):
    (LEFT / "task.log").write_text("Bearer ***")
"""
DEEDS = """
def test_file(token):
    (LEFT / "task.log").write_text(f"Bearer {token}")

def test_rows(token):
    (LEFT / "rows.jsonl").write_text(SECRET)

def test_log(token):
    logging.getLogger("any").warning("got %s", token)

def test_print(token):
    print(SECRET)

def test_database(token):
    with closing(sqlite3.connect(LEFT / "airflow.db")) as database:
        database.execute("CREATE TABLE xcom (value)")
        database.execute("INSERT INTO xcom VALUES (?)", (token,))
        database.commit()
"""
KINDS = (": a token", "a secret of 15 characters")


def session(folder: Path, tests: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on these tests, with the search as its plugin."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(TESTS + tests)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_place_that_holds_a_secret_is_named_and_fails_the_session(tmp_path: Path) -> None:
    ended = session(tmp_path, DEEDS)

    lines = ended.stdout.splitlines()
    assert {line.rpartition("/")[2].removeprefix("the output of ") for line in lines if line.endswith(KINDS)} == {
        "task.log: a token",
        f"rows.jsonl: {KINDS[1]}",
        "airflow.db: xcom.value: a token",
        "test_it.py::test_log: a token",
        f"test_it.py::test_print: {KINDS[1]}",
    }
    assert "5 passed" in ended.stdout
    assert ended.returncode == 1
    assert "a-client-secret" not in ended.stdout


def test_a_session_that_leaves_nothing_succeeds(tmp_path: Path) -> None:
    ended = session(tmp_path, CLEAN)

    assert "none is left anywhere" in ended.stdout
    assert ended.returncode == 0
