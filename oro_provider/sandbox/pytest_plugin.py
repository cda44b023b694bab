"""Fixtures for the tests of somebody who writes DAGs against a store. Loading the plugin imports neither Airflow nor the store.

`orocommerce_store` is a store of the test's own, on a free port, filled with the demo shop and gone after the test; options come
from the marker `@pytest.mark.orocommerce_store(orders=500, version="6.1", ...)`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.sandbox.testing import TestStore


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "orocommerce_store(**settings): how the store of this test is made: orders, seed, version, live, ..."
    )


@pytest.fixture
def orocommerce_store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestStore]:
    """A store for one test. The connection `orocommerce_default` points to it as long as the test runs."""
    from oro_provider.sandbox.server import running
    from oro_provider.sandbox.testing import TestStore

    marker = request.node.get_closest_marker("orocommerce_store")
    settings: dict[str, Any] = {"orders": 20, "search_delay": 0.0, **(marker.kwargs if marker else {})}
    with running(**settings) as store:
        made = TestStore(store)
        monkeypatch.setenv("AIRFLOW_CONN_OROCOMMERCE_DEFAULT", json.dumps(made.connection))
        yield made
