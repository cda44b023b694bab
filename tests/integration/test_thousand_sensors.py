"""A thousand deferred sensors on one connection, in Airflow's own trigger runner: what they cost the store and the triggerer."""

from __future__ import annotations

import asyncio
import gc
import json
import time
import tracemalloc
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from airflow.triggers.base import BaseTrigger, TriggerEvent

from demo.environment import CHECKOUT
from demo.store import Store, StoreReader
from oro_provider.sensors.orders import OroCommerceNewOrdersSensor
from oro_provider.triggers.orders import OroCommerceNewOrdersTrigger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.leaks import LeakSearch

SENSORS = 1000
INTERVAL = 1.0
LONGEST_BLOCK = 0.050
BYTES_A_SENSOR = 20_000

pytestmark = [
    pytest.mark.capability("shared_streams"),
    pytest.mark.timeout(180),
]


@pytest.fixture(scope="module")
def reader(leaks: LeakSearch) -> Iterator[StoreReader]:
    """A store in a process of its own, whose work does not hold this one up."""
    with Store(CHECKOUT / ".tmp" / "thousand", orders=40) as reader:
        yield reader
        leaks.note(reader.tokens())


@pytest.fixture
def kwargs(reader: StoreReader, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a sensor's first look leaves to its trigger."""
    monkeypatch.setenv("AIRFLOW_CONN_OROCOMMERCE_DEFAULT", reader.connection())
    since = (datetime.now(timezone.utc) + timedelta(seconds=1)).isoformat()
    sensor = OroCommerceNewOrdersSensor(task_id="wait", since=since, deferrable=True, poke_interval=INTERVAL)
    from tests.deferral import TaskDeferred

    with pytest.raises(TaskDeferred) as raised:
        sensor.execute({})
    return dict(raised.value.trigger.serialize()[1])


class Idle(BaseTrigger):
    """A trigger that does nothing."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "tests.Idle", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await asyncio.Event().wait()
        yield TriggerEvent({})


class Triggerer:
    """Airflow's trigger runner with some triggers in it."""

    def __init__(self, triggers: list[Any]) -> None:
        from airflow.jobs.triggerer_job_runner import TriggerRunner

        self.runner = TriggerRunner()
        self.triggers = triggers
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Triggerer:
        for number, trigger in enumerate(self.triggers):
            trigger.trigger_id = number
            known: Any = {"name": f"trigger {number}", "events": 0, "is_watcher": False}
            self.runner.triggers[number] = known
            self.tasks.append(asyncio.create_task(self.runner.run_trigger(number, trigger)))
        return self

    async def __aexit__(self, *exception: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.runner._shared_streams.stop_all()


async def longest_block(seconds: float) -> float:
    """Return the longest time for which this thread worked without coming back to the loop, others' use of the machine apart."""
    longest, until = 0.0, time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.thread_time()
        await asyncio.sleep(0)
        longest = max(longest, time.thread_time() - began)
        await asyncio.sleep(0.002)
    return longest


def test_a_thousand_sensors_poll_once_an_interval_and_wake_together(
    reader: StoreReader, kwargs: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    intervals = 15

    async def play() -> tuple[int, float, int]:
        async with Triggerer([OroCommerceNewOrdersTrigger(**kwargs) for _ in range(SENSORS)]) as triggerer:
            await asyncio.sleep(3)
            await asyncio.to_thread(reader.forget_requests)
            block = await longest_block(intervals * INTERVAL)
            polls = len(await asyncio.to_thread(reader.requests))
            assert not any(task.done() for task in triggerer.tasks)
            await asyncio.to_thread(reader.forget_requests)
            await asyncio.to_thread(order, reader)
            await asyncio.wait_for(asyncio.gather(*triggerer.tasks), 30)
            events = [entry.event.payload for entry in triggerer.runner.events]
            assert len(events) == SENSORS
            assert {event["found"]["count"] for event in events} == {1}
            return polls, block, sum(request["method"] == "GET" for request in await asyncio.to_thread(reader.requests))

    polls, block, last = asyncio.run(play())
    with capsys.disabled():
        told = f"\n{SENSORS} sensors: {polls} polls in {intervals} intervals, {block * 1000:.0f} ms at most, {last} to wake"
        print(told)  # noqa: T201
    assert polls <= 1.2 * intervals
    assert block <= LONGEST_BLOCK
    assert last <= 4


def test_a_sensor_costs_the_triggerer_little_memory(kwargs: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    async def size(triggers: list[Any]) -> int:
        async with Triggerer(triggers):
            await asyncio.sleep(3)
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

    def measure(make: Any) -> int:
        asyncio.run(size([make() for _ in range(20)]))  # what is loaded once
        gc.collect()
        tracemalloc.start()
        with suppress(asyncio.CancelledError):
            return asyncio.run(size([make() for _ in range(SENSORS)]))
        raise AssertionError("cancelled")

    idle = measure(Idle)
    tracemalloc.stop()
    # As the triggerer does: each has arguments of its own, read from the database.
    stored = json.dumps(kwargs)
    ours = measure(lambda: OroCommerceNewOrdersTrigger(**json.loads(stored)))
    tracemalloc.stop()
    with capsys.disabled():
        print(f"\na sensor above an idle trigger: {(ours - idle) / SENSORS:.0f} bytes")  # noqa: T201
    assert (ours - idle) / SENSORS <= BYTES_A_SENSOR


def order(reader: StoreReader) -> None:
    """Make an order."""
    changes = 0
    while not changes:
        answer = reader._session.post(f"{reader.url}/_sandbox/changes", json={"count": 1}, timeout=30)
        changes = len(answer.json()["created"])
