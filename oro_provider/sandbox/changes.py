"""A shop that goes on: new orders, orders that move on, orders that vanish, the same for the same seed and starting point."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oro_provider.sandbox.store import Store

_NEXT = {"open": "processing", "processing": "closed"}


class Changes:
    """Makes changes through the store's own writer, so that they do what a real change does."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._made = 0

    def apply(self, count: int, *, seed: int | None = None, same_second: bool = False) -> dict[str, list[int]]:
        """Make `count` changes now; the ids of the orders by what happened to them.

        `same_second` gives every changed row one and the same `updatedAt`.
        """
        chance = random.Random((self.store.settings.seed if seed is None else seed) * 1_000_003 + self._made)  # noqa: S311
        self._made += 1
        done: dict[str, list[int]] = {"created": [], "changed": [], "deleted": []}
        with self.store.writer.transaction():
            for _ in range(count):
                dice = chance.random()
                if dice < 0.45 or not self._orders():
                    done["created"].append(self._create(chance))
                elif dice < 0.93:
                    done["changed"].append(self._change(chance))
                else:
                    done["deleted"].append(self._delete(chance))
            if same_second:
                self._align(done["created"] + done["changed"])
        return done

    def _orders(self) -> int:
        return int(self._scalar('SELECT coalesce(max("id"), 0) FROM orders'))

    def _scalar(self, statement: str, *parameters: Any) -> Any:
        found = self.store.connection.execute(statement, parameters).fetchone()
        return found[0] if found else None

    def _some_order(self, chance: random.Random) -> int:
        highest = self._orders()
        # Mostly recent orders change.
        wanted = highest - int(chance.expovariate(1 / 40))
        found = self._scalar('SELECT "id" FROM orders WHERE "id" <= ? ORDER BY "id" DESC LIMIT 1', max(wanted, 1))
        return int(found or self._scalar('SELECT min("id") FROM orders'))

    def _create(self, chance: random.Random) -> int:
        users = self._scalar('SELECT max("id") FROM customerusers') or 0
        user = chance.randrange(1, users + 1)
        customer = self._scalar('SELECT "customer" FROM customerusers WHERE "id" = ?', user)
        included, lines = [], []
        for number in range(chance.randrange(1, 5)):
            product = chance.randrange(1, 301)
            unit = self._scalar(
                'SELECT u."unit" FROM products p JOIN productunitprecisions u ON u."id" = p."primaryUnitPrecision" '
                'WHERE p."id" = ? AND p."status" = \'enabled\'',
                product,
            )
            if unit is None:
                continue
            lines.append({"type": "orderlineitems", "id": f"line{number}"})
            included.append(_line(f"line{number}", product, unit, chance))
        if not lines:
            lines.append({"type": "orderlineitems", "id": "line"})
            included.append(_line("line", None, "item", chance))
        relationships = {
            "customer": {"data": {"type": "customers", "id": str(customer)}},
            "customerUser": {"data": {"type": "customerusers", "id": str(user)}},
            "lineItems": {"data": lines},
        }
        data = {"type": "orders", "attributes": {"currency": "USD"}, "relationships": relationships}
        return int(self.store.writer.create("orders", {"data": data, "included": included}).id)

    def _change(self, chance: random.Random) -> int:
        order = self._some_order(chance)
        status = self._scalar('SELECT "internalStatus" FROM orders WHERE "id" = ?', order)
        now = self.store.clock.text()
        values: dict[str, object] = {"updatedAt": now}
        if chance.random() < 0.5 and status in _NEXT:
            values["internalStatus"] = _NEXT[status]
            if values["internalStatus"] == "closed":
                values["shippingStatus"] = "shipped"
        else:
            values["poNumber"] = f"PO-{chance.randrange(10**6)}"
        self.store.writer.set("orders", order, values)
        return order

    def _delete(self, chance: random.Random) -> int:
        order = self._some_order(chance)
        self.store.writer.remove("orders", order)
        return order

    def _align(self, orders: list[int]) -> None:
        now = self.store.clock.text()
        self.store.connection.executemany(
            'UPDATE orders SET "updatedAt" = ? WHERE "id" = ?', [(now, order) for order in orders]
        )


def _line(name: str, product: int | None, unit: str, chance: random.Random) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "quantity": chance.randrange(1, 9),
        "value": f"{chance.randrange(100, 20000) / 100:.2f}",
        "currency": "USD",
    }
    relationships: dict[str, Any] = {"productUnit": {"data": {"type": "productunits", "id": unit}}}
    if product is None:
        attributes |= {"freeFormProduct": "Special order", "productSku": "SPECIAL"}
    else:
        relationships["product"] = {"data": {"type": "products", "id": str(product)}}
    return {"type": "orderlineitems", "id": name, "attributes": attributes, "relationships": relationships}
