"""The event trigger: wakes a DAG for what its watermark has not passed, says little, and never moves the watermark."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.assets import orders_asset
from oro_provider.extract.position import OrderHead, Position
from oro_provider.triggers.orders import OroCommerceNewOrdersEventTrigger
from oro_provider.version_compat import AirflowFailException
from oro_provider.watermarks import Watermark
from tests.asset_state import Stores, let_variables_show
from tests.integration.test_extract_news import ago, read_before

if TYPE_CHECKING:
    from tests.integration.orders import Shop
    from tests.integration.store import IntegrationStore

ORDERS = orders_asset()
KEY = Watermark(ORDERS).key


@pytest.fixture
def store(sandbox_shop: Shop) -> IntegrationStore:
    return sandbox_shop.store


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state of the asset that all watchers of a test watch."""
    monkeypatch.setattr(Watcher, "state", {}, raising=False)
    let_variables_show(Watcher.state, monkeypatch)


class Watcher:
    """A trigger in its triggerer, and the events that it has sent."""

    state: dict[str, Any]

    def __init__(self, **arguments: Any) -> None:
        self.trigger = OroCommerceNewOrdersEventTrigger(**{"poll_interval": 0.2, **arguments})
        self.trigger.asset_state_store = Stores({ORDERS.name: self.state})  # type: ignore[assignment]  # stands in
        self.events: list[dict[str, Any]] = []

    async def __aenter__(self) -> Watcher:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        async with aclosing(self.trigger.run()) as events:
            async for event in events:
                self.events.append(event.payload)

    async def has(self, count: int, within: float = 15) -> None:
        async def come() -> None:
            while len(self.events) < count:  # noqa: ASYNC110 - what it waits for is another task's list
                await asyncio.sleep(0.02)

        await asyncio.wait_for(come(), within)
        assert len(self.events) == count


def behind(last_id: int, ago: int = 0) -> dict[str, Any]:
    moment = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(seconds=ago)
    return Position(moment, ((moment, last_id),), last_id).to_json()


def test_orders_are_announced_with_a_window_and_a_count(sandbox_shop: Shop, connection: str) -> None:
    async def play() -> None:
        watcher = Watcher()
        late = sandbox_shop.leave_gap()
        watcher.state[KEY] = stored = behind(late + 1)
        stored["marks"][0][1] = late - 1
        stored["seen"] = {"2026-01-01T00:00:00Z": str(late + 1)}
        async with watcher:
            await asyncio.sleep(0.6)
            assert watcher.events == []
            await asyncio.to_thread(sandbox_shop.order, "2020-05-05T05:05:05Z")
            await watcher.has(1)
            await asyncio.to_thread(sandbox_shop.commit_late, late)
            await watcher.has(2)
            await asyncio.sleep(0.6)
        assert [event["count"] for event in watcher.events] == [1, 1]
        assert all(set(event) == {"since", "until", "count"} for event in watcher.events)
        assert watcher.state == {KEY: stored}

    asyncio.run(play())


def test_an_order_that_is_committed_later_than_usual_is_announced_within_the_overlap(
    sandbox_shop: Shop, connection: str
) -> None:
    async def play() -> None:
        watcher = Watcher(overlap=600.0)
        late = sandbox_shop.leave_gap()
        watcher.state[KEY] = read_before(sandbox_shop, late).to_json()
        async with watcher:
            await asyncio.sleep(0.6)
            assert watcher.events == []
            sandbox_shop.hidden[late] = (ago(300),)
            await asyncio.to_thread(sandbox_shop.commit_late, late)
            await watcher.has(1)

    asyncio.run(play())


def test_what_came_while_nobody_watched_is_announced(sandbox_shop: Shop, connection: str) -> None:
    sandbox_shop.order("2020-05-05T05:05:05Z")

    async def play() -> None:
        watcher = Watcher()
        watcher.state[KEY] = behind(40, ago=3600)
        async with watcher:
            await watcher.has(1)
        assert watcher.events[0]["count"] >= 1

    asyncio.run(play())


def test_without_a_watermark_one_run_is_started_to_set_it(sandbox_shop: Shop, connection: str) -> None:
    async def play() -> None:
        async with Watcher() as watcher:
            await watcher.has(1)
            await asyncio.sleep(0.6)
            assert [event["since"] for event in watcher.events] == [None]

    asyncio.run(play())


def test_a_watermark_that_is_ahead_of_the_stores_clock_starts_the_run_that_tells_it(
    sandbox_shop: Shop, connection: str
) -> None:
    async def play() -> None:
        watcher = Watcher()
        watcher.state[KEY] = behind(40, ago=-3600)
        async with watcher:
            await watcher.has(1)
            await asyncio.sleep(0.6)
            assert [event["since"] for event in watcher.events] == [None]

    asyncio.run(play())


@pytest.mark.parametrize("changed", [False, True])
def test_what_is_behind_the_watermark_by_then_is_not_announced_again(
    sandbox_shop: Shop, connection: str, changed: bool
) -> None:
    async def play() -> None:
        watcher = Watcher(remind_after=2.0, changed=changed)
        watcher.state[KEY] = behind(40)
        async with watcher:
            await asyncio.sleep(0.4)
            first = int(await asyncio.to_thread(sandbox_shop.order))
            await watcher.has(1)
            watcher.state[KEY] = taken(first)
            second = int(await asyncio.to_thread(sandbox_shop.order))
            await watcher.has(2)
            await watcher.has(3)  # of the second only
            watcher.state[KEY] = taken(first, second)
            await asyncio.sleep(2.5)
        assert [event["count"] for event in watcher.events] == [1, 1, 1]

    def taken(*ids: int) -> dict[str, Any]:
        orders = {order["id"]: order["attributes"] for order in sandbox_shop.store.read("orders")}
        heads = [OrderHead(id_, "x", orders[str(id_)]["createdAt"], orders[str(id_)]["updatedAt"]) for id_ in ids]
        return Position.from_json(behind(40)).after(heads, datetime.now(timezone.utc).replace(microsecond=0)).to_json()

    asyncio.run(play())


def test_without_a_watermark_one_more_run_is_started_where_none_has_set_it(sandbox_shop: Shop, connection: str) -> None:
    async def play() -> None:
        async with Watcher(remind_after=2.0) as watcher:
            await watcher.has(1)
            await asyncio.to_thread(sandbox_shop.order)
            await watcher.has(2)
            await watcher.has(3)
            assert watcher.events[2]["count"] >= 1

    asyncio.run(play())


def test_what_no_run_took_is_announced_again(sandbox_shop: Shop, connection: str) -> None:
    async def play() -> None:
        watcher = Watcher(remind_after=2.0)
        watcher.state[KEY] = behind(40)
        async with watcher:
            await asyncio.sleep(0.4)
            order = int(await asyncio.to_thread(sandbox_shop.order))
            await watcher.has(2)  # the first one got lost, or its run failed
            watcher.state[KEY] = behind(order)
            await asyncio.sleep(3)
            assert len(watcher.events) == 2

    asyncio.run(play())


def test_a_watermark_that_cannot_be_read_does_not_end_the_watch(sandbox_shop: Shop, connection: str) -> None:
    async def play() -> None:
        watcher = Watcher()
        watcher.state[KEY] = "yesterday"
        async with watcher:
            await asyncio.sleep(0.8)
            assert watcher.events == []
            sandbox_shop.forget()
            await asyncio.sleep(1.1)
            assert len(sandbox_shop.asked()) <= 8
            watcher.state[KEY] = behind(30)
            await watcher.has(1)

    asyncio.run(play())


def test_an_order_of_the_second_in_which_the_watch_begins_is_announced(sandbox_shop: Shop, connection: str) -> None:
    # Dated a little ahead, it is of the running second however long the machine takes to begin.
    soon = datetime.now(timezone.utc) + timedelta(seconds=60)
    sandbox_shop.order(soon.strftime("%Y-%m-%dT%H:%M:%SZ"))

    async def play() -> None:
        watcher = Watcher()
        watcher.state[KEY] = behind(40)
        async with watcher:
            await watcher.has(1)
            await asyncio.sleep(0.6)
        assert [event["count"] for event in watcher.events] == [1]

    asyncio.run(play())


def test_an_airflow_that_does_not_answer_does_not_end_the_watch(
    sandbox_shop: Shop, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
    from airflow.sdk.execution_time.comms import ErrorResponse

    read, asked = Watermark.read_in_trigger, []

    async def fails_once(watermark: Watermark, stores: Any) -> Position | None:
        asked.append(watermark.name)
        if len(asked) == 1:
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR))
        return await read(watermark, stores)

    monkeypatch.setattr(Watermark, "read_in_trigger", fails_once)

    async def play() -> None:
        watcher = Watcher()
        watcher.state[KEY] = behind(30)
        async with watcher:
            await watcher.has(1)

    asyncio.run(play())


@pytest.mark.capability("asset_state_store")
def test_a_watcher_of_another_asset_is_told_to_name_it() -> None:
    with pytest.raises(AirflowFailException, match="give the trigger asset="):
        asyncio.run(Watermark(ORDERS).read_in_trigger(Stores({"another": {}})))


def test_a_store_that_comes_back_is_watched_again(sandbox_shop: Shop, connection: str) -> None:
    async def play() -> None:
        watcher = Watcher()
        watcher.state[KEY] = behind(40)
        async with watcher:
            sandbox_shop.sandbox.switch(denied={("orders", "*")})
            await asyncio.sleep(0.5)
            sandbox_shop.sandbox.heal()
            sandbox_shop.sandbox.switch(denied=set())
            await asyncio.to_thread(sandbox_shop.order)
            await watcher.has(1)

    asyncio.run(play())


def test_two_watchers_of_different_assets_are_two_triggers() -> None:
    from airflow.triggers.base import BaseEventTrigger

    triggers = [OroCommerceNewOrdersEventTrigger(), OroCommerceNewOrdersEventTrigger(reader="erp")]
    hashes = {BaseEventTrigger.hash(*trigger.serialize()) for trigger in triggers}
    assert len(hashes) == 2
    assert len({trigger.shared_stream_key() for trigger in triggers}) == 1
