"""The sandbox's own endpoints under `/_sandbox/`: the log of requests, changes, faults and the state. No token needed."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from oro_provider.sandbox.exchange import JSON, Request, Response
from oro_provider.sandbox.faults import SWITCHES

if TYPE_CHECKING:
    from collections.abc import Callable

    from oro_provider.sandbox.changes import Changes
    from oro_provider.sandbox.journal import Journal
    from oro_provider.sandbox.store import Store

PREFIX = "/_sandbox/"
_COUNTED = (
    "orders",
    "orderlineitems",
    "products",
    "productprices",
    "customers",
    "customerusers",
    "ordershippingtrackings",
)


class Control:
    """Answers the control endpoints of one store."""

    def __init__(self, store: Store, journal: Journal, changes: Changes) -> None:
        self.store = store
        self.journal = journal
        self.changes = changes

    def handle(self, request: Request) -> Response:
        """Answer one control request; a wrong body is a 400 that says what is wrong."""
        name = request.path.removeprefix(PREFIX).rstrip("/")
        actions: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): self._forget,
            ("POST", "changes"): self._change,
            ("GET", "state"): self._state,
            ("GET", "tokens"): self._tokens,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._break,
            ("DELETE", "faults"): self._heal,
        }
        action = actions.get((request.method, name))
        if action is None:
            return Response(404, b'{"error":"no such control endpoint"}', JSON)
        try:
            return Response(200, json.dumps(action(request)).encode(), JSON)
        except (ValueError, TypeError) as error:
            return Response(400, json.dumps({"error": str(error)}).encode(), JSON)

    def _requests(self, request: Request) -> Any:
        since = parse_qs(request.query).get("since", ["0"])[0]
        return {"count": self.journal.count, "requests": self.journal.entries(int(since))}

    def _forget(self, request: Request) -> Any:
        self.journal.clear()
        return {"count": self.journal.count}

    def _change(self, request: Request) -> Any:
        asked = json.loads(request.body or b"{}")
        return self.changes.apply(int(asked.pop("count", 1)), **asked)

    def _state(self, request: Request) -> Any:
        count = self.store.connection.execute
        return {
            "version": self.store.settings.version,
            "seed": self.store.settings.seed,
            "now": self.store.clock.text(),
            "requests": self.journal.count,
            "counts": {table: count(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _COUNTED},
            "last_updated": count('SELECT max("updatedAt") FROM orders').fetchone()[0],
            "consumers": self.store.operations.consumers,
        }

    def _tokens(self, request: Request) -> Any:
        return {"tokens": self.store.tokens.issued}

    def _faults(self, request: Request) -> Any:
        faults = self.store.faults
        shown = {name: getattr(faults, name) for name in SWITCHES}
        denied = [list(pair) for pair in sorted(faults.denied)]
        return {**shown, "denied": denied, "rules": [asdict(rule) for rule in faults.rules]}

    def _break(self, request: Request) -> Any:
        self.store.disturb(json.loads(request.body or b"{}"))
        return self._faults(request)

    def _heal(self, request: Request) -> Any:
        self.store.heal()
        return self._faults(request)
