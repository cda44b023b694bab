"""One store for the tests that leave it usable, and a client that speaks JSON:API to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from oro_provider.sandbox import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.sandbox import RunningStore

JSONAPI = "application/vnd.api+json"


class Caller:
    """Requests to one store, logged in."""

    def __init__(self, store: RunningStore) -> None:
        self.store = store
        self.session = requests.Session()
        self.session.trust_env = False
        self.login()

    def login(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.store.client_id,
            "client_secret": self.store.client_secret,
        }
        answer = self.session.post(f"{self.store.url}/oauth2-token", data=form, timeout=10).json()
        self.session.headers.update({"Accept": JSONAPI, "Authorization": f"Bearer {answer['access_token']}"})

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            named.setdefault("Content-Type", JSONAPI)
        url = f"{self.store.url}/admin/api/{path}"
        return self.session.request(method, url, json=body, headers=named, timeout=10)

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> requests.Response:
        return self.call("PATCH", path, body, **headers)

    def ids(self, path: str) -> list[str]:
        return [one["id"] for one in self.get(path).json()["data"]]


@pytest.fixture(scope="session")
def store() -> Iterator[RunningStore]:
    with running(orders=60, search_delay=0.2) as running_store:
        yield running_store


@pytest.fixture(scope="session")
def caller(store: RunningStore) -> Caller:
    return Caller(store)


@pytest.fixture
def own() -> Iterator[Caller]:
    """A store of the test's own, for tests that break or change it."""
    with running(orders=30, search_delay=0.2) as running_store:
        yield Caller(running_store)


def product(sku: str, **attributes: Any) -> dict[str, Any]:
    """The smallest document that creates a product."""
    return {
        "data": {
            "type": "products",
            "attributes": {"sku": sku, "status": "enabled", **attributes},
            "relationships": {
                "attributeFamily": {"data": {"type": "attributefamilies", "id": "1"}},
                "inventory_status": {"data": {"type": "prodinventorystatuses", "id": "in_stock"}},
                "primaryUnitPrecision": {"data": {"type": "productunitprecisions", "id": "unit"}},
                "names": {"data": [{"type": "productnames", "id": "name"}]},
            },
        },
        "included": [
            {"type": "productnames", "id": "name", "attributes": {"string": f"Name of {sku}"}},
            {
                "type": "productunitprecisions",
                "id": "unit",
                "attributes": {"precision": 0, "conversionRate": 1, "sell": True},
                "relationships": {"unit": {"data": {"type": "productunits", "id": "item"}}},
            },
        ],
    }


def order(identifier: str, **attributes: Any) -> dict[str, Any]:
    """The smallest document that creates an order."""
    return {
        "data": {
            "type": "orders",
            "attributes": {"identifier": identifier, "currency": "USD", **attributes},
            "relationships": {
                "customer": {"data": {"type": "customers", "id": "1"}},
                "lineItems": {"data": [{"type": "orderlineitems", "id": "line"}]},
            },
        },
        "included": [
            {
                "type": "orderlineitems",
                "id": "line",
                "attributes": {"quantity": 2, "value": "10.5", "currency": "USD"},
                "relationships": {
                    "product": {"data": {"type": "products", "id": "1"}},
                    "productUnit": {"data": {"type": "productunits", "id": "item"}},
                },
            }
        ],
    }
