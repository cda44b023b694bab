"""The store that the integration suite runs against, seen by a client that is not ours.

The sandbox by default (of version ORO_TEST_SANDBOX, 6.1 if none is named); a real one by ORO_TEST_URL, ORO_TEST_CLIENT_ID and ORO_TEST_CLIENT_SECRET. Writing to anything but the
sandbox needs ORO_TEST_ALLOW_WRITES=<its host>; what is made carries the run's id and is swept at the end.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests

from oro_provider.api.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

MEDIA_TYPE = "application/vnd.api+json"


@dataclass
class IntegrationStore:
    """Where the store is, how to log in, and plain requests to it."""

    url: str
    client_id: str
    client_secret: str
    is_sandbox: bool
    run_id: str = field(default_factory=lambda: f"T{uuid.uuid4().hex[:8]}")
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def settings(self) -> Settings:
        return Settings(base_url=self.url, client_id=self.client_id, client_secret=self.client_secret)

    def login(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.client_secret}
        answer = self.session.post(f"{self.url}/oauth2-token", data=form, timeout=30)
        answer.raise_for_status()
        self.session.headers.update(
            {"Authorization": f"Bearer {answer.json()['access_token']}", "Accept": MEDIA_TYPE, "X-Include": "noHateoas"}
        )

    def read(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Return every record of a list, in one page."""
        answer = self.session.get(f"{self.url}/admin/api/{path}", params={"page[size]": "-1", **params}, timeout=120)
        answer.raise_for_status()
        data: list[dict[str, Any]] = answer.json()["data"]
        return data

    def delete(self, path: str) -> None:
        self.session.delete(f"{self.url}/admin/api/{path}", timeout=60).raise_for_status()

    def need_writes(self) -> None:
        """Skip a test that writes, where writing was not allowed."""
        host = urlsplit(self.url).hostname
        if not self.is_sandbox and os.environ.get("ORO_TEST_ALLOW_WRITES") != host:
            pytest.skip(f"writes to {host}: allow it by ORO_TEST_ALLOW_WRITES={host}")

    def let_operations_take(self, seconds: float) -> None:
        """Let each asynchronous operation of a sandbox take so long; a real store takes its time anyway."""
        if self.is_sandbox:
            self.session.post(
                f"{self.url}/_sandbox/faults", json={"batch_seconds": seconds}, timeout=30
            ).raise_for_status()

    def sweep(self) -> None:
        """Delete what this run made."""
        for tracking in self.read("ordershippingtrackings", sort="id"):
            if self.run_id in tracking["attributes"]["number"]:
                self.delete(f"ordershippingtrackings/{tracking['id']}")
        products = {product["id"]: product["attributes"]["sku"] for product in self.read("products", sort="id")}
        for id_, sku in products.items():
            if self.run_id in sku.upper():
                self.delete(f"products/{id_}")
        for customer in self.read("customers", sort="id"):
            if self.run_id in customer["attributes"]["name"]:
                self.delete(f"customers/{customer['id']}")


def integration_store() -> Iterator[IntegrationStore]:
    """Yield the store that the environment names, or a sandbox."""
    url = os.environ.get("ORO_TEST_URL")
    if url:
        names = ("ORO_TEST_CLIENT_ID", "ORO_TEST_CLIENT_SECRET")
        store = IntegrationStore(url.rstrip("/"), *(os.environ[name] for name in names), is_sandbox=False)
        store.login()
        yield store
        if os.environ.get("ORO_TEST_ALLOW_WRITES") == urlsplit(url).hostname:
            store.sweep()
        return
    from oro_provider.sandbox import running

    with running(seed=11, orders=150, version=os.environ.get("ORO_TEST_SANDBOX", "6.1")) as sandbox:
        store = IntegrationStore(sandbox.url, sandbox.client_id, sandbox.client_secret, is_sandbox=True)
        store.login()
        yield store
