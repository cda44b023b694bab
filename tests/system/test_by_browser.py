"""One login by browser, used by tasks of several processes, a deferred sensor and a watcher, each ending the others' tokens."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from demo.secrets_search import search
from oro_provider.api.grants import Grant
from oro_provider.grant_variable import variable_of
from tests.grants import grant_of
from tests.integration.orders import Shop, shop
from tests.system.stack import connected, wait_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.api import Document
    from demo.stack import AirflowStack

CONNECTION = "by_browser"
TASKS, WOKEN = "by_browser", "by_browser_woken"


@pytest.fixture(scope="module")
def browsed() -> Iterator[Shop]:
    """A shop whose tokens are renewed after three seconds."""
    with shop(token_lifetime=6) as browsed:
        yield browsed


@pytest.fixture(scope="module")
def run(airflow_stack: AirflowStack, browsed: Shop) -> Iterator[Document]:
    """A run whose tasks, sensor and watcher have had the tokens renewed by each other several times."""
    stack, store = airflow_stack, browsed.sandbox
    stack.wait_dags(TASKS, WOKEN)
    with connected(stack, store, CONNECTION, grant_type="authorization_code"):
        kept = {"key": variable_of(CONNECTION), "value": grant_of(store).encode()}
        stack.api.call("POST", "/variables", body=kept)
        browsed.forget()
        stack.unpause(WOKEN)
        stack.unpause(TASKS)
        since = datetime.now(timezone.utc) + timedelta(seconds=1)
        run = stack.trigger(TASKS, conf={"since": since.isoformat()})
        for number in range(3):
            wait_task(stack, run, "read", {"success", "failed"}, map_index=number)
        wait_task(stack, run, "wait", {"deferred"})
        before = len(stack.runs(WOKEN))
        browsed.store.login()  # its tokens end as soon
        browsed.order()
        stack.wait_runs(TASKS, 1)
        stack.wait_runs(WOKEN, before + 1)
        yield run
        for dag_id in (TASKS, WOKEN):
            stack.api.set_paused(dag_id, True)


def newest(stack: AirflowStack) -> tuple[Grant, str]:
    """Return the pair that the Variable holds, and what of it lies in the database."""
    with closing(sqlite3.connect(stack.home / "airflow.db", timeout=60)) as database:
        statement = "SELECT val FROM variable WHERE key = ? AND is_encrypted"
        (stored,) = database.execute(statement, (variable_of(CONNECTION),)).fetchone()
    text = Fernet(stack.env["AIRFLOW__CORE__FERNET_KEY"]).decrypt(stored.encode()).decode()
    return Grant.decode(text), stored


def test_no_request_is_lost_though_each_renewal_ends_the_others_tokens(
    airflow_stack: AirflowStack, browsed: Shop, run: Document
) -> None:
    tasks = airflow_stack.task_instances(TASKS, run["dag_run_id"])
    readers = [task for task in tasks if task["task_id"] == "read"]
    assert [task["state"] for task in readers] == ["success"] * 3
    assert len({task["pid"] for task in readers}) == 3
    assert sum(airflow_stack.xcoms(TASKS, run["dag_run_id"], "read", map_index=number) for number in range(3)) > 20
    failures = [f"Polling {whose} failed" for whose in (browsed.sandbox.url, CONNECTION)]
    assert search(failures, folders=[airflow_stack.home / "logs"]) == []


def test_nobody_logs_in_again(browsed: Shop, run: Document) -> None:
    answers = [request["status"] for request in browsed.asked("/oauth2-token")]
    assert answers.count(200) >= 2  # in eight seconds at least, and as many more as the tasks take to start
    assert set(answers) <= {200, 401}  # 401: another process was faster
    assert browsed.asked("/oauth2-token/authorize") == []


def test_the_variable_holds_the_newest_pair_encrypted(
    airflow_stack: AirflowStack, browsed: Shop, run: Document
) -> None:
    until = time.monotonic() + 20
    while True:  # the watcher goes on, so that this may be the pair before the newest by now
        grant, stored = newest(airflow_stack)
        if [grant.access_token, grant.refresh_token] == browsed.sandbox.tokens()[-2:]:
            break
        assert time.monotonic() < until, "the pair in the Variable is not the newest"
    assert grant.access_token not in stored
    assert grant.refresh_token not in stored


def test_no_token_is_in_the_clear(airflow_stack: AirflowStack, browsed: Shop, run: Document) -> None:
    home, key = airflow_stack.home, airflow_stack.env["AIRFLOW__CORE__FERNET_KEY"]
    tokens = [*browsed.sandbox.tokens(), browsed.sandbox.client_secret]
    assert len(tokens) > 8
    assert search(tokens, database=airflow_stack.database, folders=[home / "logs"], fernet_keys=[key]) == []
