"""A store of its own for what loads do to one: it is broken, stopped and counted here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.settings import Settings
from oro_provider.sandbox import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.sandbox import RunningStore


@dataclass
class LoadStore:
    """A sandbox as the loading helpers want it."""

    sandbox: RunningStore

    @property
    def settings(self) -> Settings:
        return Settings(
            base_url=self.sandbox.url, client_id=self.sandbox.client_id, client_secret=self.sandbox.client_secret
        )

    def count(self, table: str, where: str = "1") -> int:
        return int(self.sandbox.execute(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        return self.sandbox.requests(since)


@pytest.fixture(scope="session")
def _store() -> Iterator[LoadStore]:
    with running(seed=5, orders=20, version="6.1") as sandbox:
        yield LoadStore(sandbox)


@pytest.fixture
def store(_store: LoadStore) -> Iterator[LoadStore]:
    yield _store
    _store.sandbox.heal()
    _store.sandbox.switch(consumers=1)


@pytest.fixture(scope="session")
def newest_store() -> Iterator[LoadStore]:
    """A store that knows external ids, as they are from 6.1.10 on."""
    with running(seed=5, orders=5, version="6.1.11") as sandbox:
        yield LoadStore(sandbox)
