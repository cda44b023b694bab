"""The store: a request's way through the sandbox, on one page.

Token endpoint, authorize page and API meet here; no socket does. `handle` takes a request and gives the answer.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox import storage
from oro_provider.sandbox.api import Api
from oro_provider.sandbox.authorize import Authorize
from oro_provider.sandbox.clock import Clock
from oro_provider.sandbox.exchange import JSON, Request, Response
from oro_provider.sandbox.faults import SWITCHES, Faults, Rule, html
from oro_provider.sandbox.oauth import Client, Tokens
from oro_provider.sandbox.operations import Operations
from oro_provider.sandbox.reading import Reader
from oro_provider.sandbox.search_index import SearchIndex
from oro_provider.sandbox.versions import FACTS, Catalog
from oro_provider.sandbox.writing import Writer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import datetime

# nginx refuses a request line of more than 8 kB, before the store sees it.
_LONGEST_TARGET = 8150

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - a demo store's
_ALL_GRANTS = frozenset({"client_credentials", "password", "authorization_code", "refresh_token"})


@dataclass(frozen=True, slots=True)
class Settings:
    """How a store is to behave. `now` moves its clock, `data` is a database file (default: memory)."""

    version: str = "6.1"
    seed: int = 1
    orders: int = 100
    data: str = ":memory:"
    now: datetime | None = None
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    token_lifetime: int = 3600
    search_delay: float = 2.0
    admin_prefix: str = "admin"
    redirect_uri: str = "http://localhost/callback"
    consumers: int = 1
    product_flags: tuple[
        str, ...
    ] = ()  # boolean attributes of the product family, without which nothing is configurable
    users: Mapping[str, str] = field(default_factory=lambda: {"admin": "admin"})


class Store:
    """One store on one database."""

    def __init__(self, settings: Settings, connection: sqlite3.Connection | None = None) -> None:
        self.settings = settings
        self.catalog = Catalog(FACTS[settings.version])
        self.connection = connection or storage.connect(settings.data)
        self.clock = Clock(settings.now)
        self.faults = Faults(settings.seed)
        client = Client(settings.client_id, settings.client_secret, _ALL_GRANTS, settings.redirect_uri)
        coded = frozenset({"authorization_code", "refresh_token"})
        public = Client(f"{settings.client_id}-public", None, coded, settings.redirect_uri)
        self.tokens = Tokens({c.id: c for c in (client, public)}, settings.users, self.clock, settings.token_lifetime)
        search = SearchIndex(self.catalog, self.connection, self.clock, settings.search_delay)
        reader = Reader(self.catalog, self.connection, search)
        self.reader = reader
        prices = self.connection.execute("SELECT count(*) FROM productprices").fetchone()[0]
        # Repeatable, and not the same again in a file that is opened again.
        chance = random.Random(f"{settings.seed}-{prices}")  # noqa: S311
        writer = Writer(self.catalog, self.connection, self.clock, search, chance)
        self.writer = writer
        self.operations = Operations(writer, reader, self.clock, settings.consumers)
        self.authorize = Authorize(self.tokens, f"/{settings.admin_prefix}", self.catalog.facts.login_page)
        self.api = Api(self.catalog, reader, writer, self.operations, self.tokens, self.faults)
        self._owners = Api(self.catalog, reader, writer, self.operations, self.tokens, Faults(settings.seed))
        self.add_product_flags(settings.product_flags)

    def add_product_flags(self, names: tuple[str, ...]) -> None:
        """Give products boolean attributes, as a person does in the back office: the API cannot."""
        storage.add_flags(self.connection, names)
        self.catalog.add_flags(names)
        self.reader.renderer.forget()

    def handle(self, request: Request) -> Response:
        """Answer a request."""
        self.clock.skew = self.faults.clock_skew
        response = self._route(request)
        response.headers.setdefault("Date", self.clock.http())
        return response

    def disturb(self, asked: Mapping[str, Any]) -> None:
        """Break what is asked for: `rules`, `denied`, the switches of `faults`, `consumers`, `batch_seconds`, `revoke_tokens`.

        A mapping with a `kind` is a rule of its own. An unknown name is a ValueError.
        """
        if "kind" in asked:
            asked = {"rules": [asked]}
        for name, value in asked.items():
            if name == "rules":
                self.faults.rules += [Rule.from_json(rule) for rule in value]
            elif name == "denied":
                self.faults.denied |= {(resource, permission) for resource, permission in value}
            elif name == "consumers":
                self.operations.consumers = int(value)
            elif name == "batch_seconds":
                self.operations.delay = float(value)
            elif name == "revoke_tokens":
                self.tokens.revoke_all()
            elif name in SWITCHES:
                setattr(self.faults, name, value)
            else:
                raise ValueError(f"{name} is no fault")

    def heal(self) -> None:
        """End every fault."""
        self.faults.clear()
        self.operations.consumers = self.settings.consumers
        self.operations.delay = 0.0

    def peek(self, request: Request) -> Response:
        """Answer a request of the store's owner, who needs no token and meets no fault."""
        path = request.path.removeprefix(f"/{self.settings.admin_prefix}/api/")
        return self._owners.handle(request, path, self._base(request, f"/{self.settings.admin_prefix}"), trusted=True)

    def _route(self, request: Request) -> Response:
        if len(request.path) + len(request.query) > _LONGEST_TARGET:
            return html(414, "Request-URI Too Large")
        prefix = f"/{self.settings.admin_prefix}"
        if self.faults.maintenance:
            return self.faults.in_maintenance(request)
        if request.path == "/oauth2-token":
            if request.method != "POST":
                return Response(405, b'{"code":405}', JSON, {"Allow": "POST"})
            return self.faults.token_refusal() or self.tokens.issue(request)
        if request.path.startswith(f"{prefix}/api/"):
            base = self._base(request, prefix)
            return self.api.handle(request, request.path.removeprefix(f"{prefix}/api/"), base)
        return self.authorize.handle(request) or Response(404, json.dumps({"code": 404}).encode(), JSON)

    def _base(self, request: Request, prefix: str) -> str:
        # Links follow the Host header; forwarded headers are ignored, as by a store that trusts no proxy.
        host = self.faults.link_host or request.header("host") or "localhost"
        return f"http://{host}{prefix}/api"
