"""A store that answers nonsense to a reader: a typed error or a whole extract, soon, and nothing published that is not whole."""

from __future__ import annotations

import asyncio
import itertools
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.errors import UnexpectedAnswer
from oro_provider.api.settings import Settings
from oro_provider.entities import entity_of
from oro_provider.extract.files import RecordFiles
from oro_provider.extract.layouts import Lines
from oro_provider.extract.new_orders import NewOrders, Poller, look, read_news
from oro_provider.extract.order_status import WantedStatus, order_status
from oro_provider.extract.position import Position
from oro_provider.extract.reader import Destination, Extract, extract
from oro_provider.sandbox import running
from tests.hostile import survives

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

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
    assert failed > len(SEEDS) // 4


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
    assert failed > len(SEEDS) // 4


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
