"""Orders that come to a sandbox while a test waits: of today, dated in the past, or committed late."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox import running
from tests.integration.store import MEDIA_TYPE, IntegrationStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.sandbox.server import RunningStore

LINE = {
    "type": "orderlineitems",
    "id": "line",
    "attributes": {
        "quantity": 1, "value": "10.00", "currency": "USD", "freeFormProduct": "Special order", "productSku": "SPECIAL",
    },
    "relationships": {"productUnit": {"data": {"type": "productunits", "id": "item"}}},
}  # fmt: skip


class Shop:
    """A sandbox of its own, and what customers do to it."""

    def __init__(self, sandbox: RunningStore) -> None:
        self.sandbox = sandbox
        self.store = IntegrationStore(sandbox.url, sandbox.client_id, sandbox.client_secret, is_sandbox=True)
        self.store.login()
        self.hidden: dict[int, tuple[str]] = {}

    def order(self, created: str | None = None, **attributes: Any) -> str:
        """Make an order, dated as it is told, and return its id."""
        relationships = {
            "customer": {"data": {"type": "customers", "id": "1"}},
            "lineItems": {"data": [{"type": "orderlineitems", "id": "line"}]},
        }
        attributes |= {"currency": "USD", **({"createdAt": created} if created else {})}
        data = {"type": "orders", "attributes": attributes, "relationships": relationships}
        return self._send("POST", "orders", {"data": data, "included": [LINE]})

    def change(self, id_: str) -> None:
        """Change an order, which moves its `updatedAt`."""
        data = {"type": "orders", "id": id_, "attributes": {"customerNotes": "Please ring twice"}}
        self._send("PATCH", f"orders/{id_}", {"data": data})

    def open_order(self) -> str:
        """Return an order that may be changed."""
        wanted = {"filter[internalStatus]": "open", "fields[orders]": "internalStatus"}
        return str(self.store.read("orders", **wanted)[0]["id"])

    def leave_gap(self) -> int:
        """Make two orders of which the first is not to be seen yet, as in a transaction that is still open; return its id."""
        late = int(self.order())
        self.order()
        (self.hidden[late],) = self.sandbox.execute('SELECT "updatedAt" FROM orders WHERE "id" = ?', (late,))
        hide = 'UPDATE orders SET "id" = ?, "updatedAt" = ? WHERE "id" = ?'
        self.sandbox.execute(hide, (-late, "1990-01-01T00:00:00Z", late))
        return late

    def commit_late(self, late: int) -> None:
        """Let the order be seen that has had this id all along."""
        show = 'UPDATE orders SET "id" = ?, "updatedAt" = ? WHERE "id" = ?'
        self.sandbox.execute(show, (late, *self.hidden.pop(late), -late))

    def asked(self, path: str = "/admin/api/") -> list[dict[str, Any]]:
        """What was asked of the API since `forget`."""
        return [request for request in self.sandbox.requests() if path in request["path"]]

    def forget(self) -> None:
        self.sandbox.forget_requests()

    def _send(self, method: str, path: str, document: dict[str, Any]) -> str:
        answer = self.store.session.request(
            method,
            f"{self.store.url}/admin/api/{path}",
            json=document,
            headers={"Content-Type": MEDIA_TYPE},
            timeout=30,
        )
        assert answer.ok, answer.text
        return str(answer.json()["data"]["id"])


@contextmanager
def shop(**settings: Any) -> Iterator[Shop]:
    """Run a shop as long as the block lasts."""
    with running(**{"seed": 3, "orders": 40, "version": "6.1", **settings}) as sandbox:
        yield Shop(sandbox)
