"""A store that answers nonsense to a reader: a typed error or a whole extract, soon, and nothing published that is not whole."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.errors import Incomplete, InvalidRequest, OroCommerceError, TimedOut, UnexpectedAnswer
from oro_provider.api.exchange import Failure, Response
from oro_provider.api.settings import Settings
from oro_provider.entities import entity_of
from oro_provider.extract.files import RecordFiles
from oro_provider.extract.layouts import Lines
from oro_provider.extract.new_orders import NewOrders, Poller, look, read_news
from oro_provider.extract.order_status import WantedStatus, order_status
from oro_provider.extract.position import Position
from oro_provider.extract.reader import Destination, Extract, extract
from oro_provider.extract.window import Window
from oro_provider.sandbox import running
from tests.hostile import ONCE, survives

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    import aiohttp

    from oro_provider.api.exchange import Request

SEEDS = range(25)


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with running(seed=3, orders=12, version="6.1") as store:
        yield Settings(base_url=store.url, client_id=store.client_id, client_secret=store.client_secret)


def turns_of(settings: Settings, act: Callable[[AsyncOroClient], Awaitable[Any]]) -> int:
    """How many answers a whole run takes."""

    async def run() -> int:
        async with AsyncOroClient(settings) as client:
            await client.token()
            before = client.requests
            await act(client)
            return client.requests - before

    return asyncio.run(run())


EXTRACTS = {
    "orders": Extract(entity=entity_of("orders"), include=("lineItems", "billingAddress"), page_size=5),
    "subtotals": Extract(entity=entity_of("orders"), include=("orderSubtotals",), page_size=5),
    "products as objects": Extract(entity=entity_of("products"), include=("names",), layout="objects"),
    "prices": Extract(entity=entity_of("productprices")),
    "units": Extract(entity=entity_of("productunits")),
}


@pytest.mark.parametrize("name", EXTRACTS)
def test_an_extract_is_whole_or_a_typed_error(settings: Settings, tmp_path: Path, name: str) -> None:
    numbers = itertools.count()

    async def act(client: AsyncOroClient) -> None:
        await extract(client, EXTRACTS[name], Destination(tmp_path / str(next(numbers)), "run"))

    turns = turns_of(settings, act)
    failed = 0
    for seed in SEEDS:
        error = survives(settings, seed, act, turns)
        folder = tmp_path / str(next(numbers) - 1)
        failed += error is not None
        assert error is None or not list(folder.glob("manifest*")), f"seed {seed}: {error}"
    assert failed > len(SEEDS) // 8  # which of the requests side by side is spoiled is a matter of chance


@dataclass(frozen=True)
class Wrong:
    """What is wrong with an answer, counted from 0 among those whose address holds `where`, and what a reader says of it."""

    name: str
    spec: Extract
    change: Callable[[dict[str, Any]], Any]
    says: str
    where: str = ""
    turn: int = 0
    error: type[Exception] = UnexpectedAnswer


def circular(relationship: str) -> Callable[[dict[str, Any]], Any]:
    """Let the first record's relationship lead to a record that does not come along."""
    gone = [{"type": "ordersubtotals", "id": "gone"}]
    return lambda document: document["data"][0]["relationships"].update({relationship: {"data": gone}})


def without(relationship: str) -> Callable[[dict[str, Any]], Any]:
    return lambda document: document["data"][0]["relationships"].pop(relationship)


def of_another(relationship: str) -> Callable[[dict[str, Any]], Any]:
    return lambda document: document["data"][0]["relationships"][relationship]["data"].update(id="999999")


ORDERS, SUBTOTALS = Extract(entity=entity_of("orders")), EXTRACTS["subtotals"]
UNITS = replace(EXTRACTS["units"], page_size=2)
WRONG = [
    Wrong("an id that is no integer", ORDERS, lambda document: document["data"][0].update(id="x"), "read them by page number"),
    Wrong("ids out of order", ORDERS, lambda document: document["data"].reverse(), "orders in all out of order or twice"),
    Wrong("an id twice", ORDERS, lambda document: document["data"][1].update(id=document["data"][0]["id"]), "or twice"),
    Wrong("a row of another page", UNITS, lambda document: document["data"][0].update(id="each"),
          "productunits changed while they were read by page number", turn=1, error=Incomplete),
    Wrong("a row too few", UNITS, lambda document: document["data"].pop(), "productunits, and sends 1", error=Incomplete),
    Wrong("a price of no product", EXTRACTS["prices"], without("product"), "without the product that was asked for", "productprices"),
    Wrong("another product's names", replace(EXTRACTS["products as objects"], layout="records"), of_another("product"),
          "Asked for the names of some products, the store sent others'", "productnames"),
    Wrong("orders without subtotals", SUBTOTALS, without("orderSubtotals"), "this store's orders have no orderSubtotals",
          "orderSubtotals", error=ValueError),
    Wrong("a subtotal that does not come along", SUBTOTALS, circular("orderSubtotals"),
          "refers to orderSubtotals gone, which the store did not send", "orderSubtotals", error=Incomplete),
]  # fmt: skip


class WrongClient(AsyncOroClient):
    """Gets one answer wrong."""

    def __init__(self, settings: Settings, wrong: Wrong) -> None:
        super().__init__(settings, retries=ONCE)
        self._wrong = wrong
        self._turns = itertools.count()

    async def _exchange(self, session: aiohttp.ClientSession, request: Request) -> Response | Failure:
        answer = await super()._exchange(session, request)
        asked = f"{request.url} {request.body!r}"
        if not isinstance(answer, Response) or "/api/" not in request.url or self._wrong.where not in asked:
            return answer
        if next(self._turns) != self._wrong.turn:
            return answer
        document = json.loads(answer.body)
        self._wrong.change(document)
        return replace(answer, body=json.dumps(document).encode())


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_what_is_wrong_is_said_and_nothing_is_published(settings: Settings, tmp_path: Path, wrong: Wrong) -> None:
    async def act() -> None:
        async with WrongClient(settings, wrong) as client:
            await extract(client, wrong.spec, Destination(tmp_path, "run"))

    with pytest.raises(wrong.error, match=wrong.says):
        asyncio.run(act())
    assert not list(tmp_path.glob("manifest*"))


class Unwilling(AsyncOroClient):
    """A store that answers no list of more than `most` rows: it takes too long, or refuses the size."""

    most = 100
    patient = True
    sizes: list[int]

    async def _exchange(self, session: aiohttp.ClientSession, request: Request) -> Response | Failure:
        size = int(request.url.partition("page[size]=")[2].partition("&")[0] or 0)
        if size <= self.most:
            return await super()._exchange(session, request)
        self.sizes.append(size)
        if not self.patient:
            return Failure("the store did not answer in time", sent=True, timed_out=True)
        said = {"title": "range constraint", "detail": "too many", "source": {"parameter": "page[size]"}}
        return Response(400, {"content-type": "application/vnd.api+json"}, json.dumps({"errors": [said]}).encode())


@pytest.mark.parametrize(("patient", "error"), [(True, InvalidRequest), (False, TimedOut)], ids=["refused", "too slow"])
@pytest.mark.parametrize(("most", "asked"), [(100, [5000, 1000]), (99, [5000, 1000, 100]), (49, [5000, 1000, 100, 50])])
def test_an_index_is_read_in_smaller_requests_where_a_store_wants_that(
    settings: Settings, tmp_path: Path, patient: bool, error: type[OroCommerceError], most: int, asked: list[int]
) -> None:
    client = Unwilling(replace(settings, page_size=50), retries=ONCE)
    client.most, client.patient, client.sizes = most, patient, []

    async def act() -> int:
        async with client:
            return (await extract(client, ORDERS, Destination(tmp_path, "run")))["count"]

    if most >= 50:
        assert asyncio.run(act()) == 12
    else:
        with pytest.raises(error):
            asyncio.run(act())
    assert client.sizes == asked


class Timeless(AsyncOroClient):
    """A store behind something that takes the Date header away."""

    async def _exchange(self, session: aiohttp.ClientSession, request: Request) -> Response | Failure:
        answer = await super()._exchange(session, request)
        assert isinstance(answer, Response)
        return replace(answer, headers={name: value for name, value in answer.headers.items() if name != "date"})


DAY = Window(datetime(2026, 11, 7, tzinfo=timezone.utc), datetime(2026, 11, 8, tzinfo=timezone.utc))


@pytest.mark.parametrize(
    ("act", "cure"),
    [
        (lambda client, folder: extract(client, replace(ORDERS, window=DAY, settle=5), Destination(folder, "run")), "settle=None"),
        (lambda client, folder: look(client, NewOrders(since=DAY.since)), "its clock is unknown"),
    ],
    ids=["a window", "new orders"],
)  # fmt: skip
def test_a_store_without_a_clock_is_told(settings: Settings, tmp_path: Path, act: Any, cure: str) -> None:
    async def run() -> None:
        async with Timeless(settings) as client:
            await act(client, tmp_path)

    with pytest.raises((UnexpectedAnswer, ValueError), match=f"no Date header.*{cure}"):
        asyncio.run(run())


async def poll_twice(client: AsyncOroClient) -> None:
    poller = Poller()
    await poller.poll(client)
    await poller.poll(client)


NOW = datetime.now(timezone.utc)
LOOKS: dict[str, Callable[[AsyncOroClient], Awaitable[Any]]] = {
    "new orders": lambda client: look(client, NewOrders(since=NOW - timedelta(days=400))),
    "changed orders": lambda client: look(client, NewOrders(since=NOW - timedelta(days=400), changed=True)),
    "a window": lambda client: look(client, NewOrders(since=NOW - timedelta(days=400), until=NOW - timedelta(days=1))),
    "news": lambda client: read_news(
        client, Position(NOW - timedelta(days=400), ((NOW - timedelta(days=400), 0),), 0, {})
    ),
    "polls": poll_twice,
    "a status": lambda client: order_status(client, WantedStatus("1", by="id", internal=("open",))),
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_finds_or_is_a_typed_error(settings: Settings, name: str) -> None:
    turns = turns_of(settings, LOOKS[name])
    failed = sum(survives(settings, seed, LOOKS[name], turns) is not None for seed in SEEDS)
    assert failed > len(SEEDS) // 8  # which of the requests side by side is spoiled is a matter of chance


@pytest.mark.parametrize(
    "type_", ["../../elsewhere", "/tmp/elsewhere", "a/b", "", "x" * 300, "..", "caf\u00e9", "nul\x00"]
)
def test_a_type_never_leads_out_of_the_folder(tmp_path: Path, type_: str) -> None:
    files = RecordFiles(tmp_path / "window" / "orders", "run")
    with pytest.raises(UnexpectedAnswer, match="types that no OroCommerce has"):
        files.add({type_: Lines.of([b"{}"])})
    assert list(tmp_path.rglob("*")) == []


def test_a_thousand_types_do_not_take_a_thousand_files(tmp_path: Path) -> None:
    files = RecordFiles(tmp_path, "run")
    with pytest.raises(UnexpectedAnswer, match="types that no OroCommerce has"):
        files.add({f"type{number}": Lines.of([b"{}"]) for number in range(1000)})
    files.abandon()
    assert len(list(tmp_path.iterdir())) == 200
