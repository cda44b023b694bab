"""The demo's store: the sandbox in a process of its own, and its data as a plain HTTP client sees them.

Nothing here uses the provider: what it moved is compared with what the store itself answers.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import requests

from demo import environment
from demo.processes import Processes

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


Resource: TypeAlias = dict[str, Any]

PRODUCT_COLUMNS = (
    "sku", "name", "unit", "tax_code", "category", "brand", "attribute_family", "inventory_status", "status",
)  # fmt: skip


class StoreReader:
    """A sandbox as a plain HTTP client sees it: its records, and its log of what was asked of it."""

    def __init__(self, url: str, client_id: str, client_secret: str) -> None:
        self.url = url
        self.client_id = client_id
        self.client_secret = client_secret
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between this machine and itself
        grant = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        answer = self._session.post(f"{url}/oauth2-token", data=grant, timeout=30)
        answer.raise_for_status()
        self._token = answer.json()["access_token"]

    def connection(self) -> str:
        """The Airflow connection to it, as JSON."""
        fields = {"conn_type": "orocommerce", "host": self.url, "login": self.client_id, "password": self.client_secret}
        return json.dumps({**fields, "extra": {}})

    def read(self, resource: str, *include: str) -> Reading:
        """All of a resource, in one answer."""
        params = {"page[size]": "-1", "sort": "id", **({"include": ",".join(include)} if include else {})}
        headers = {"Accept": "application/vnd.api+json", "Authorization": f"Bearer {self._token}"}
        answer = self._session.get(f"{self.url}/admin/api/{resource}", params=params, headers=headers, timeout=60)
        answer.raise_for_status()
        document = answer.json()
        found = document.get("included", [])
        return Reading(document["data"], {(other["type"], other["id"]): other for other in found})

    def requests(self) -> list[dict[str, Any]]:
        """What has been asked of it since `forget_requests`, the oldest first."""
        answer = self._session.get(f"{self.url}/_sandbox/requests", timeout=30)
        answer.raise_for_status()
        asked: list[dict[str, Any]] = answer.json()["requests"]
        return [request for request in asked if not request["path"].startswith("/_sandbox")]

    def tokens(self) -> list[str]:
        """All tokens that it gave out, ours among them."""
        answer = self._session.get(f"{self.url}/_sandbox/tokens", timeout=30)
        answer.raise_for_status()
        tokens: list[str] = answer.json()["tokens"]
        return tokens

    def forget_requests(self) -> None:
        self._session.delete(f"{self.url}/_sandbox/requests", timeout=30).raise_for_status()


class Store:
    """A sandbox of OroCommerce 6.1 with 600 orders, run in `home`; entered, it gives its reader. Nothing of it is left when the
    block ends."""

    def __init__(self, home: Path, *, seed: int = 7, orders: int = 600, deadline: float = 60.0) -> None:
        self.processes = Processes(home.resolve())
        self._deadline = deadline
        options = {"--port": 0, "--seed": seed, "--orders": orders, "--version": "6.1"}
        words = [str(word) for option in options.items() for word in option]
        self._command = [sys.executable, "-m", "oro_provider.sandbox", *words]
        self._kept = False

    def __enter__(self) -> StoreReader:
        try:
            home = self.processes.home
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(parents=True)
            self.processes.start("sandbox", self._command, environment.plain(home))
            return self._listening()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None or not self._kept:
            self.stop()

    def keep(self) -> None:
        """Leave it running when the block ends well."""
        self._kept = True

    def stop(self) -> None:
        self.processes.stop()

    def _listening(self) -> StoreReader:
        """Wait for the line that tells where it listens."""
        until = time.monotonic() + self._deadline
        while time.monotonic() < until:
            self.processes.check()
            for line in self.processes.log("sandbox").read_text(errors="replace").splitlines(keepends=True):
                if line.startswith("{") and line.endswith("\n"):
                    told = json.loads(line)
                    return StoreReader(told["url"].rstrip("/"), told["client_id"], told["client_secret"])
            time.sleep(0.05)
        raise TimeoutError(
            f"the sandbox does not listen after {self._deadline:.0f} s:\n{self.processes.tail('sandbox')}"
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """The resource objects of an answer, and what it included by type and id."""

    data: list[Resource]
    included: dict[tuple[str, str], Resource]

    def to_one(self, resource: Resource, relationship: str) -> Resource | None:
        """The included resource object that a relationship points to."""
        link = resource["relationships"][relationship]["data"]
        return self.included[link["type"], link["id"]] if link else None

    def to_many(self, resource: Resource, relationship: str) -> list[Resource]:
        return [self.included[link["type"], link["id"]] for link in resource["relationships"][relationship]["data"]]


def product_rows(store: StoreReader) -> dict[str, dict[str, str]]:
    """Every product by SKU as a row of the ERP's file would describe it; what it lacks is an empty string."""
    titles = _category_paths(store)
    brands = store.read("brands", "names")
    brand_names = {brand["id"]: _default(brands.to_many(brand, "names")) for brand in brands.data}
    references = ("taxCode", "attributeFamily", "primaryUnitPrecision")
    products = store.read("products", "names", *references)
    rows = {}
    for product in products.data:
        tax, family, unit = (products.to_one(product, reference) for reference in references)
        values = (
            product["attributes"]["sku"],
            _default(products.to_many(product, "names")),
            _id(unit, "unit") if unit else "",
            tax["attributes"]["code"] if tax else "",
            titles.get(_id(product, "category"), ""),
            brand_names.get(_id(product, "brand"), ""),
            family["attributes"]["code"] if family else "",
            _id(product, "inventory_status"),
            product["attributes"]["status"],
        )
        rows[values[0]] = dict(zip(PRODUCT_COLUMNS, values, strict=True))
    return rows


def tracking_rows(store: StoreReader) -> list[tuple[str, str, str]]:
    """Every tracking as (order identifier, method, number), once for each time that the store has it."""
    orders = store.read("orders", "shippingTrackings")
    return [
        (order["attributes"]["identifier"], tracking["attributes"]["method"], tracking["attributes"]["number"])
        for order in orders.data
        for tracking in orders.to_many(order, "shippingTrackings")
    ]


def _category_paths(store: StoreReader) -> dict[str, str]:
    """The titles from below the root down to each category: `Office / Lighting`."""
    categories = store.read("categories", "titles")
    nodes = {category["id"]: category for category in categories.data}

    def path(node: Resource) -> list[str]:
        above = nodes.get(_id(node, "parentCategory"))
        return [*path(above), _default(categories.to_many(node, "titles"))] if above else []

    return {id_: " / ".join(path(node)) for id_, node in nodes.items()}


def _id(resource: Resource, relationship: str) -> str:
    link = resource["relationships"][relationship]["data"]
    return str(link["id"]) if link else ""


def _default(values: list[Resource]) -> str:
    """The one that belongs to no localization."""
    return next((str(value["attributes"]["string"]) for value in values if not _id(value, "localization")), "")
