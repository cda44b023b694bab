"""Fixtures of the integration suite: the store, and an Airflow connection to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.orders import Shop, shop
from tests.integration.store import IntegrationStore, integration_store

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTION = "orocommerce_default"


@pytest.fixture(scope="session")
def store() -> Iterator[IntegrationStore]:
    yield from integration_store()


@pytest.fixture
def writable_store(store: IntegrationStore) -> IntegrationStore:
    store.need_writes()
    return store


@pytest.fixture
def sandbox_shop() -> Iterator[Shop]:
    """A sandbox that takes orders while a test waits; a module puts its `store` in the place of the suite's."""
    with shop() as running:
        yield running


@pytest.fixture
def connection(store: IntegrationStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of an Airflow connection to the store."""
    connection = {
        "conn_type": "orocommerce",
        "host": store.url,
        "login": store.client_id,
        "password": store.client_secret,
        "extra": {"allow_http": True},
    }
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONNECTION.upper()}", json.dumps(connection))
    return CONNECTION
