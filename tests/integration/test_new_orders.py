"""What is new: by id whatever its date, in spite of late commits, and at the cost of one small request a poll."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.errors import Incomplete, InvalidRequest
from oro_provider.extract.new_orders import NewOrders, Poller, begin, look, read_news
from oro_provider.extract.position import Position
from tests.integration.orders import Shop, shop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from typing import TypeVar

    T = TypeVar("T")

PAST = "2020-05-05T05:05:05Z"


@pytest.fixture
def store() -> Iterator[Shop]:
    with shop() as store:
        yield store


def ask(store: Shop, job: Callable[[AsyncOroClient], Awaitable[T]]) -> T:
    async def run() -> T:
        async with AsyncOroClient(store.store.settings) as client:
            return await job(client)

    return asyncio.run(run())


def now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)


def found(store: Shop, **wanted: object) -> list[str]:
    seen = ask(store, lambda client: look(client, NewOrders(**wanted)))  # type: ignore[arg-type]
    return seen.found["ids"] if seen.found else []


def test_an_order_dated_in_the_past_is_new(store: Shop) -> None:
    since = now()
    assert found(store, since=since + timedelta(seconds=1)) == []
    late = store.order(PAST)
    assert late in found(store, since=since)


def test_a_back_dated_order_right_before_the_start_hides_nobody(store: Shop) -> None:
    since = now()
    made = [store.order(), store.order((since - timedelta(seconds=121)).strftime("%Y-%m-%dT%H:%M:%SZ")), store.order()]
    # The middle one is the newest dated before the overlap, so its id is where the search by id begins.
    assert {made[0], made[2]} <= set(found(store, since=since))


def test_a_look_goes_on_after_the_last_id_of_the_one_before(store: Shop) -> None:
    made = [store.order() for _ in range(5)]
    before = int(made[0]) - 1
    first = ask(store, lambda client: look(client, NewOrders(after_id=before, max_ids=2))).found
    assert first is not None
    assert (first["ids"], first["truncated"]) == (made[:2], True)
    rest = ask(store, lambda client: look(client, NewOrders(after_id=first["last_id"], max_ids=3))).found
    assert rest is not None
    assert (rest["ids"], rest["truncated"]) == (made[2:], False)


def test_changed_orders_are_found_by_their_last_change(store: Shop) -> None:
    since, order = now(), store.open_order()
    store.change(order)
    assert order not in found(store, since=since)
    assert order in found(store, since=since, changed=True)


def test_a_filter_on_an_enum_stands_among_the_fields(store: Shop) -> None:
    new = {
        order["id"]
        for order in store.store.read(
            "orders", **{"filter[internalStatus]": "open", "fields[orders]": "internalStatus"}
        )
    }
    assert new
    assert set(found(store, since=datetime(2001, 1, 1, tzinfo=timezone.utc), filters={"internalStatus": "open"})) == new


def test_min_orders_wait_for_so_many(store: Shop) -> None:
    since = now()
    store.order()
    assert found(store, since=since, min_orders=2) == []
    store.order()
    assert len(found(store, since=since, min_orders=2)) == 2


def test_a_poll_is_one_small_request(store: Shop) -> None:
    poller = Poller()

    async def five(client: AsyncOroClient) -> None:
        await poller.poll(client)
        store.forget()
        for _ in range(5):
            assert (await poller.poll(client)).fresh == ()

    ask(store, five)
    asked = store.asked()
    assert len(asked) == 5
    for request in asked:
        query = parse_qs(request["query"])
        assert query["page[size]"] == ["1"]
        assert query["fields[orders]"] == ["identifier"]


@pytest.mark.parametrize("changed", [False, True])
def test_polls_give_each_new_order_once_late_and_back_dated_ones_too(store: Shop, changed: bool) -> None:
    poller = Poller(changed=changed)
    seen: list[int] = []

    async def poll(client: AsyncOroClient) -> None:
        seen.extend(head.id for head in (await poller.poll(client)).fresh)

    async def play(client: AsyncOroClient) -> None:
        await poll(client)
        seen.clear()
        gap = await asyncio.to_thread(store.leave_gap)
        await poll(client)
        assert seen == [gap + 1]
        await asyncio.to_thread(store.commit_late, gap)
        await poll(client)
        assert seen == [gap + 1, gap]
        past = int(await asyncio.to_thread(store.order, PAST))
        await poll(client)
        await poll(client)
        # A date in the past is seen by the id alone.
        assert seen == ([gap + 1, gap] if changed else [gap + 1, gap, past])

    ask(store, play)


def test_polls_of_changes_see_a_change(store: Shop) -> None:
    poller, order = Poller(changed=True), store.open_order()

    async def play(client: AsyncOroClient) -> list[int]:
        await poller.poll(client)
        await asyncio.to_thread(store.change, order)
        return [head.id for head in (await poller.poll(client)).fresh]

    assert ask(store, play) == [int(order)]


def test_a_reading_by_watermark_gives_each_state_of_an_order_once(store: Shop) -> None:
    start = now() - timedelta(seconds=1)
    position = Position(start, ((start, 40),), 40)
    taken: list[int] = []

    async def read(client: AsyncOroClient) -> None:
        nonlocal position
        await asyncio.sleep(1.1)  # the store's running second is left to the next reading
        heads, after = await read_news(client, position)
        taken.extend(head.id for head in heads)
        # As it is stored between two runs.
        position = Position.from_json(after.to_json())

    first, past = int(store.order()), int(store.order(PAST))
    ask(store, read)
    assert taken == [first, past]
    ask(store, read)
    assert taken == [first, past]
    store.change(str(first))
    gap = store.leave_gap()
    ask(store, read)
    store.commit_late(gap)
    ask(store, read)
    assert taken == [first, past, first, gap + 1, gap]


def test_a_change_in_the_running_second_is_not_lost(store: Shop) -> None:
    start = now() - timedelta(seconds=1)
    position = Position(start, ((start, 40),), 40)
    new = int(store.order())
    _, position = ask(store, lambda client: read_news(client, position))
    store.change(str(new))
    ask(store, lambda client: asyncio.sleep(1.1))
    again, _ = ask(store, lambda client: read_news(client, position))
    assert [head.id for head in again] == [new]
    state = store.store.read("orders", **{"filter[id]": str(new)})[0]["attributes"]["updatedAt"]
    assert again[0].updated == state


def test_a_reading_after_the_stores_clock_went_back_misses_no_change_in_silence(store: Shop) -> None:
    ahead = now() + timedelta(hours=1)
    store.change(store.open_order())
    position = Position(ahead, ((ahead, 40),), 40)
    with pytest.raises(Incomplete, match="reset the watermark"):
        ask(store, lambda client: read_news(client, position))
    with pytest.raises(Incomplete, match="reset the watermark"):
        found(store, position=position, changed=True)
    made = store.order()
    assert found(store, position=position) == [made]  # a new one is known by its id


def test_an_older_store_gives_new_orders_and_says_why_no_changed_ones() -> None:
    with shop(version="5.1") as store:
        start = now() - timedelta(seconds=1)
        new = int(store.order(PAST))
        position = Position(start, ((start, 40),), 40)
        heads, _ = ask(store, lambda client: read_news(client, position))
        assert [head.id for head in heads] == [new]
        assert found(store, since=start) == [str(new)]
        with pytest.raises(InvalidRequest, match=r"only from 6\.0\.5"):
            found(store, since=start, changed=True)


def test_ids_leave_the_part_that_is_read_again_when_an_overlap_is_over() -> None:
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    position = Position(start, ((start, 10),), 10)
    from oro_provider.extract.position import OrderHead

    for second in range(0, 600, 5):
        moment = start + timedelta(seconds=second)
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        position = position.after([OrderHead(11 + second, "x", stamp, stamp)], moment)
        behind = start + timedelta(seconds=second - 120)
        assert position.floor <= max(10, 11 + (behind - start).total_seconds())
    assert position.floor >= 11 + 600 - 120 - 25
    assert len(position.seen) <= (120 + 25) / 5
    assert len(position.marks) <= 11
    assert replace(Position.from_json(position.to_json()), overlap=position.overlap) == position


def test_a_burst_is_small_in_a_watermark() -> None:
    from oro_provider.extract.position import OrderHead

    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    heads = [OrderHead(id_, str(id_), "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z") for id_ in range(11, 2011)]
    value = Position(start, ((start, 10),), 10).after(heads, start).to_json()
    assert len(str(value)) < 300
    assert Position.from_json(value).seen.keys() == set(range(11, 2011))


def test_the_first_reading_of_an_old_store_leaves_a_small_watermark() -> None:
    from oro_provider.extract.position import OrderHead

    start, today = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 11, 21, tzinfo=timezone.utc)
    heads = [
        OrderHead(id_, str(id_), "", (start + timedelta(minutes=id_)).strftime("%Y-%m-%dT%H:%M:%SZ"))
        for id_ in range(1, 10_001)
    ]
    position = Position(start, ((start, 0),), 0).after(heads, today)
    assert len(str(position.to_json())) < 300
    position = Position.from_json(position.to_json())
    assert position.changed(heads) == position.new(heads) == []
    changed = replace(heads[4], updated="2026-11-21T00:00:00Z")
    assert position.changed([changed]) == [changed]


@pytest.mark.parametrize(
    "value", [{}, [], "x", {"until": "2026-01-01T00:00:00Z", "last_id": 1, "marks": [], "seen": {}}]
)
def test_what_is_no_watermark_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is no watermark of orders"):
        Position.from_json(value)


def test_a_back_dated_order_made_before_the_start_is_not_new(store: Shop) -> None:
    store.order(PAST)
    store.order()
    assert found(store, since=now() + timedelta(seconds=1)) == []


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ({"createdAt[gt]": "2026-01-01T00:00:00Z"}, "the look's own"),
        ({"id": 7}, "the look's own"),
        ({"parent.internalStatus": "open"}, "enum of another resource"),
    ],
)
def test_a_filter_that_would_be_wrong_in_silence_is_refused(store: Shop, filters: dict[str, object], says: str) -> None:
    store.forget()
    with pytest.raises(ValueError, match=says):
        found(store, since=now(), filters=filters)
    assert store.asked() == []


@pytest.mark.parametrize("version", ["6.1", "5.1"])
def test_an_order_dated_in_the_future_is_taken_once_and_now(version: str) -> None:
    with shop(version=version) as store:
        start = now() - timedelta(seconds=1)
        position = Position(start, ((start, 40),), 40)
        tomorrow = int(store.order((now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")))
        heads, position = ask(store, lambda client: read_news(client, position))
        assert [head.id for head in heads] == [tomorrow]
        again, _ = ask(store, lambda client: read_news(client, position))
        assert again == []


@pytest.mark.parametrize("version", ["6.1", "5.1"])
def test_a_back_dated_order_right_before_the_first_reading_hides_nobody(version: str) -> None:
    with shop(version=version) as store:
        since = now()
        made = [
            store.order(),
            store.order((since - timedelta(seconds=121)).strftime("%Y-%m-%dT%H:%M:%SZ")),
            store.order(),
        ]
        ask(store, lambda client: asyncio.sleep(1.1))
        position = ask(store, lambda client: begin(client, NewOrders(since=since)))
        heads, position = ask(store, lambda client: read_news(client, position))
        assert {head.id for head in heads} >= {int(made[0]), int(made[2])}
        assert ask(store, lambda client: read_news(client, position))[0] == []


def test_a_window_that_is_to_be_settled_waits_for_what_is_committed_late(store: Shop) -> None:
    store.order()
    end = now() + timedelta(seconds=1)
    window: dict[str, object] = {"since": end - timedelta(hours=1), "until": end}
    for skew, settled in ((0.0, 0), (10.0, 0), (70.0, 1)):
        store.sandbox.switch(clock_skew=skew)
        assert len(found(store, **window)) == 1, "a window of somebody's own is looked at as it is"
        assert len(found(store, **window, settle=timedelta(seconds=60))) == settled


@pytest.mark.parametrize(
    ("wanted", "says"),
    [({}, "since a moment, above an id, or from a watermark"), ({"until": now()}, "a window has two ends")],
)
def test_a_look_from_nowhere_is_refused(store: Shop, wanted: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        found(store, **wanted)
