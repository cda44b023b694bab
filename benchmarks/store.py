"""A store that is never the bottleneck: pages of orders made beforehand, sent after a constant latency.

It answers the three ways in which the variants ask, each as OroCommerce does: whole documents by `links.next`, the fields that our
reader names by ids, and for our index ids only. Started as a process of its own; prints its port.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httptools
import uvloop

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = 100
# Ids are 1, a digit for the block, six digits that leave gaps, as a store's do. A block holds at most 100,000 orders; a million
# are ten blocks whose pages differ in that digit only, so that they fit in memory.
BLOCK = 100_000
STEP = 3
BOTH = (False, True)
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"


def order(number: int, chance: random.Random) -> dict[str, object]:
    """One order of about 1.4 kB: what the reader asks of a 6.1 store by default, as it sends it with `noHateoas`."""
    money = f"{chance.randrange(1000, 900_000) / 100:.4f}"
    notes = "Deliver to the back door, please, the bell is broken." if number % 4 == 0 else None
    attributes = {
        "identifier": f"SO-{number:07}", "poNumber": f"PO-{chance.randrange(10**6):06}", "customerNotes": notes,
        "shipUntil": "2026-12-01", "currency": "USD", "subtotalWithDiscountsValue": money, "subtotalWithDiscounts": money,
        "subtotalValue": money, "totalValue": money, "shippingMethod": "flat_rate_1", "shippingMethodType": "primary",
        "estimatedShippingCostAmount": "12.0000", "overriddenShippingCostAmount": None, "sourceEntityIdentifier": None,
        "totalDiscountsAmount": "0.0000", "external": False, "createdAt": "2026-11-20T08:00:00Z",
        "updatedAt": f"2026-11-20T{chance.randrange(24):02}:{chance.randrange(60):02}:00Z", "disablePromotions": False,
        "discount": 0, "shippingDiscount": 0,
    }  # fmt: skip
    to_one = {
        "createdBy": ("users", number % 7 + 1), "billingAddress": ("orderaddresses", 2 * number),
        "shippingAddress": ("orderaddresses", 2 * number + 1), "parent": None, "owner": ("users", 1),
        "organization": ("organizations", 1), "customerUser": ("customerusers", number % 977), "customer": ("customers", number % 499),
        "paymentTerm": ("paymentterms", 2), "source": None, "internalStatus": ("orderinternalstatuses", "open"),
        "shippingStatus": ("ordershippingstatuses", "not_shipped"), "status": ("orderstatuses", "open"),
    }  # fmt: skip
    relationships = {name: {"data": {"type": to[0], "id": str(to[1])} if to else None} for name, to in to_one.items()}
    return {"type": "orders", "id": order_id(number), "attributes": attributes, "relationships": relationships}


def lists(number: int) -> dict[str, object]:
    """The lists that a store adds where no fields are named, which makes 1.6 kB of an order.

    It adds subtotals and links too, which is another 4 kB; these are spared to everybody.
    """
    numbers = {"lineItems": (2 * number, 2 * number + 1), "shippingTrackings": (number,) if number % 2 else ()}
    types = {
        "lineItems": "orderlineitems", "discounts": "orderdiscounts", "shippingTrackings": "ordershippingtrackings",
        "subOrders": "orders", "attachments": "attachments", "documents": "files",
    }  # fmt: skip
    return {
        name: {"data": [{"type": of, "id": str(id_)} for id_ in numbers.get(name, ())]} for name, of in types.items()
    }


def line(number: int, chance: random.Random) -> dict[str, object]:
    """One line of an order, about 700 B."""
    attributes = {
        "productSku": f"SKU-{number % 5000}", "productName": "Lamp, desk, adjustable, brushed steel", "freeFormProduct": None,
        "quantity": chance.randrange(1, 20), "productUnitCode": "each", "value": "19.9900", "currency": "USD", "priceType": 10,
        "shipBy": None, "fromExternalSource": False, "comment": "", "createdAt": "2026-11-20T08:00:00Z",
        "updatedAt": "2026-11-20T08:00:00Z",
    }  # fmt: skip
    relationships = {
        "product": {"data": {"type": "products", "id": str(number % 5000 + 1)}},
        "productUnit": {"data": {"type": "productunits", "id": "each"}},
    }
    return {"type": "orderlineitems", "id": str(number), "attributes": attributes, "relationships": relationships}


def order_id(number: int) -> str:
    """The id of an order of the first block."""
    return f"10{number * STEP:06}"


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def related(sent: bytes, more: dict[str, object]) -> bytes:
    """An order, as it is sent, with more relationships."""
    return b"%b,%b}" % (sent.removesuffix(b"}}"), compact(more).removeprefix(b"{"))


def page(orders: Iterable[bytes], lines: bytes | None = None) -> bytes:
    """A page without its end."""
    return b'{"data":[%b]' % b",".join(orders) + (b',"included":%b' % lines if lines else b"")


@dataclass
class Pages:
    """What is served: pages by whether their orders are whole, and whether their lines are included; and the index."""

    orders: int
    base: str = ""

    def __post_init__(self) -> None:
        chance = random.Random(7)
        self.pages: dict[tuple[bool, bool], list[bytes]] = {(whole, lined): [] for whole in BOTH for lined in BOTH}
        self.entries: list[bytes] = []
        for start in range(0, min(self.orders, BLOCK), PAGE):
            numbers = range(start, min(start + PAGE, self.orders))
            orders = [order(number, chance) for number in numbers]
            for one in orders:
                date = {"updatedAt": one["attributes"]["updatedAt"]}  # type: ignore[index]
                self.entries.append(compact({"type": "orders", "id": one["id"], "attributes": date}))
            lines = compact([line(of, chance) for number in numbers for of in (2 * number, 2 * number + 1)])
            more = [lists(number) for number in numbers]
            asked = [{"lineItems": found["lineItems"]} for found in more]
            sent = [compact(one) for one in orders]
            self.pages[False, False].append(page(sent))
            self.pages[True, False].append(page(map(related, sent, more)))
            self.pages[False, True].append(page(map(related, sent, asked), lines))
            self.pages[True, True].append(page(map(related, sent, more), lines))

    def position(self, id_: str) -> int:
        """The place of an order among all."""
        return int(id_[1]) * BLOCK + int(id_[2:]) // STEP

    def page(self, position: int, *, whole: bool, lined: bool) -> bytes:
        """The page that begins at this place, without its end."""
        block, place = divmod(position, BLOCK)
        body = self.pages[whole, lined][place // PAGE]
        return body.replace(b'"type":"orders","id":"10', b'"type":"orders","id":"1%d' % block) if block else body

    def index(self, position: int, size: int) -> bytes:
        """The ids and dates from this place on."""
        rows: list[bytes] = []
        while position < self.orders and size > 0:
            block, place = divmod(position, BLOCK)
            taken = self.entries[place : min(place + size, BLOCK, self.orders - block * BLOCK)]
            rows += [row.replace(b'"id":"10', b'"id":"1%d' % block) for row in taken] if block else taken
            position, size = position + len(taken), size - len(taken)
        return b'{"data":[%b]}' % b",".join(rows)

    def answer(self, url: bytes) -> tuple[bytes, int | None]:
        """The body for a request, and the total that goes with an index."""
        parts = urlsplit(url.decode())
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.endswith("/oauth2-token"):
            return b'{"token_type":"Bearer","expires_in":3600,"access_token":"benchmark"}', None
        ids, after = query.get("filter[id]"), query.get("filter[id][gt]")
        lined, whole = "lineItems" in query.get("include", ""), "fields[orders]" not in query
        if ids is not None:
            return self.page(self.position(ids.replace("..", ",").split(",")[0]), whole=whole, lined=lined) + b"}", None
        if "page[number]" not in query and query.get("fields[orders]") == "updatedAt":
            start = self.position(after) + 1 if after else 0
            return self.index(start, int(query["page[size]"])), self.orders - start
        number = int(query.get("page[number]", "1"))
        if (number - 1) * PAGE >= self.orders:
            return b'{"data":[]}', None
        more = number * PAGE < self.orders
        following = f"{self.base}/admin/api/orders?page[number]={number + 1}{'&include=lineItems' if lined else ''}"
        links = b',"links":%b}' % compact({"next": following} if more else {})
        return self.page((number - 1) * PAGE, whole=whole, lined=lined) + links, None


class Connection(asyncio.Protocol):
    """Answers the requests of one connection, each after the latency."""

    def __init__(self, pages: Pages, latency: float) -> None:
        self._pages, self._latency = pages, latency
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_message_complete(self) -> None:
        url, self._url = self._url, b""
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._respond, url)
        else:
            self._respond(url)

    def _respond(self, url: bytes) -> None:
        body, total = self._pages.answer(url)
        count = f"X-Include-Total-Count: {total}\r\n" if total is not None else ""
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.api+json\r\nDate: {DATE}\r\n{count}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._transport.writelines([head.encode(), body])


async def serve(orders: int, latency: float) -> None:
    """Listen on a free port, print it, and answer until killed."""
    pages = Pages(orders)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(pages, latency), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pages.base = f"http://127.0.0.1:{port}"
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--orders", type=int, default=BLOCK)
    asked.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    given = asked.parse_args()
    uvloop.run(serve(given.orders, given.latency))
