"""What the commands run on: Airflow's database, a store, connections to it, and a way to run a command and read what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider import cli
from oro_provider.sandbox import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oro_provider.sandbox import RunningStore


@pytest.fixture(scope="module")
def store() -> Iterator[RunningStore]:
    with running(orders=3) as running_store:
        yield running_store


@pytest.fixture
def healthy_store(store: RunningStore) -> Iterator[RunningStore]:
    """The store, whole again afterwards."""
    yield store
    store.heal()


@pytest.fixture
def connect(store: RunningStore, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Make an Airflow connection to the store; what is given stands in for its columns, `extra` for its extras."""

    def make(conn_id: str = "shop", extra: dict[str, Any] | None = None, **columns: Any) -> str:
        connection = {
            "conn_type": "orocommerce",
            "host": store.url,
            "login": store.client_id,
            "password": store.client_secret,
            "extra": extra or {},
            **columns,
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
        return conn_id

    return make


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit status."""

    out: str
    err: str
    status: int


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Run a command as `python -m oro_provider` does."""

    def run(*arguments: str) -> Said:
        monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        said = capsys.readouterr()
        return Said(said.out, said.err, int(ended.value.code or 0))

    return run
