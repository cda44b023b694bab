"""New orders: found on the worker, in the triggerer, or not at all; and what each of these gives."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.sandbox import running
from oro_provider.sensors.orders import OroCommerceNewOrdersSensor
from oro_provider.triggers.orders import OroCommerceNewOrdersTrigger
from oro_provider.version_compat import AirflowException, AirflowFailException, AirflowSkipException
from tests.integration.store import IntegrationStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.sandbox.server import RunningStore

NOW = datetime.now(timezone.utc).replace(microsecond=0)
LONG_AGO = "2001-01-01T00:00:00Z"


@pytest.fixture
def sandbox() -> Iterator[RunningStore]:
    with running(seed=3, orders=40, version="6.1") as sandbox:
        yield sandbox


@pytest.fixture
def store(sandbox: RunningStore) -> IntegrationStore:
    """A sandbox that takes orders while a test waits, in the place of the suite's store."""
    store = IntegrationStore(sandbox.url, sandbox.client_id, sandbox.client_secret, is_sandbox=True)
    store.login()
    return store


def sensor(**arguments: Any) -> OroCommerceNewOrdersSensor:
    return OroCommerceNewOrdersSensor(task_id="new", **arguments)


def made(store: IntegrationStore) -> list[tuple[str, str]]:
    orders = [(order["attributes"]["createdAt"], int(order["id"])) for order in store.read("orders")]
    return [(created, str(id_)) for created, id_ in sorted(orders)]


def test_orders_of_a_window_are_found_at_the_first_look(store: IntegrationStore, connection: str) -> None:
    orders = made(store)
    since, until = orders[10][0], orders[30][0]
    found = sensor(since=since, until=until, deferrable=True).execute({})
    assert found["ids"] == [id_ for created, id_ in orders if since <= created < until]
    assert found["count"] == len(found["ids"]) == len(found["identifiers"])
    assert (found["since"], found["until"], found["truncated"]) == (since, until, False)


def test_a_find_is_cut_where_the_next_look_begins(store: IntegrationStore, connection: str) -> None:
    orders = made(store)
    found = sensor(since=orders[0][0], max_ids=5, deferrable=True).execute({})
    assert found["truncated"]
    seen = list(found["ids"])
    while found["truncated"]:
        found = sensor(since=found["until"], max_ids=5, deferrable=True).execute({})
        seen.extend(id_ for id_ in found["ids"] if id_ not in seen)
    assert seen == [id_ for _, id_ in orders]


def test_a_window_that_is_over_without_an_order_skips(connection: str) -> None:
    with pytest.raises(AirflowSkipException, match="no order was made"):
        sensor(since=LONG_AGO, until="2001-01-02T00:00:00Z", deferrable=True).execute({})


def test_a_data_interval_is_looked_at(store: IntegrationStore, connection: str) -> None:
    orders = made(store)
    start = datetime.fromisoformat(orders[5][0].replace("Z", "+00:00"))
    context: Any = {"data_interval_start": start, "data_interval_end": start + timedelta(days=3)}
    found = sensor(deferrable=True).execute(context)
    assert found["since"] == orders[5][0]
    assert orders[5][1] in found["ids"]


def test_a_run_without_an_interval_is_told_the_cures(connection: str) -> None:
    with pytest.raises(AirflowFailException, match="CronDataIntervalTimetable"):
        sensor(deferrable=True).execute({})


def test_a_poke_says_whether_to_go_on(store: IntegrationStore, sandbox: RunningStore, connection: str) -> None:
    assert sensor(since=(NOW + timedelta(hours=1)).isoformat(), deferrable=False).poke({}) is False
    result = sensor(since=made(store)[-1][0], deferrable=False).poke({})
    assert result.is_done  # type: ignore[union-attr]  # a find
    assert result.xcom_value["count"] >= 1  # type: ignore[union-attr]


def deferred(**arguments: Any) -> OroCommerceNewOrdersTrigger:
    from airflow.sdk.exceptions import TaskDeferred

    with pytest.raises(TaskDeferred) as raised:
        sensor(deferrable=True, poke_interval=0.2, timeout=77, **arguments).execute({})
    assert raised.value.timeout == timedelta(seconds=77)
    assert raised.value.method_name == "execute_complete"
    trigger = raised.value.trigger
    assert isinstance(trigger, OroCommerceNewOrdersTrigger)
    path, kwargs = trigger.serialize()
    assert path.endswith(".OroCommerceNewOrdersTrigger")
    return OroCommerceNewOrdersTrigger(**kwargs)


async def next_event(trigger: OroCommerceNewOrdersTrigger) -> dict[str, Any]:
    async for event in trigger.run():
        payload: dict[str, Any] = event.payload
        return payload
    raise AssertionError("no event")


def test_an_order_that_comes_while_the_task_is_deferred_is_found(
    store: IntegrationStore, sandbox: RunningStore, connection: str
) -> None:
    since = (datetime.now(timezone.utc) + timedelta(seconds=1)).replace(microsecond=0)
    before = {id_ for _, id_ in made(store)}
    trigger = deferred(since=since.isoformat())

    async def wait() -> dict[str, Any]:
        waiting = asyncio.create_task(next_event(trigger))
        await asyncio.sleep(1.5)
        assert not waiting.done()
        await asyncio.to_thread(sandbox.change, 6, seed=1)
        return await asyncio.wait_for(waiting, 20)

    event = asyncio.run(wait())
    new = {id_ for _, id_ in made(store)} - before
    assert new
    assert event["status"] == "found"
    found = sensor().execute_complete({}, event)
    assert set(found["ids"]) <= new
    assert found["count"] >= 1


def test_a_store_that_fails_for_a_while_is_waited_for(
    store: IntegrationStore, sandbox: RunningStore, connection: str
) -> None:
    trigger = deferred(since=(datetime.now(timezone.utc) - timedelta(seconds=1)).isoformat())
    sandbox.switch(maintenance=True)

    async def wait() -> dict[str, Any]:
        waiting = asyncio.create_task(next_event(trigger))
        await asyncio.sleep(1)
        sandbox.heal()
        await asyncio.to_thread(sandbox.change, 6, seed=2)
        return await asyncio.wait_for(waiting, 40)

    assert asyncio.run(wait())["status"] == "found"


def test_what_does_not_heal_ends_the_wait_at_once(
    sandbox: RunningStore, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = deferred(since=(NOW + timedelta(hours=1)).isoformat())
    trigger.filters = {"currency": "USD"}
    event = asyncio.run(next_event(trigger))
    assert (event["status"], event["permanent"]) == ("error", True)
    with pytest.raises(AirflowFailException, match="filter is not supported"):
        sensor().execute_complete({}, event)


@pytest.mark.parametrize("event", [None, {}, {"status": "done"}, {"status": None}])
def test_an_event_that_is_none_of_ours_fails_the_task(event: Any) -> None:
    with pytest.raises(AirflowFailException, match="no event of new orders"):
        sensor().execute_complete({}, event)


def test_an_error_that_may_heal_lets_the_task_be_tried_again() -> None:
    with pytest.raises(AirflowException, match="gateway") as raised:
        sensor().execute_complete({}, {"status": "error", "message": "gateway", "permanent": False})
    assert not isinstance(raised.value, AirflowFailException)


def test_bad_credentials_cost_no_deferral(
    sandbox: RunningStore, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json
    import os

    name = "AIRFLOW_CONN_OROCOMMERCE_DEFAULT"
    monkeypatch.setenv(name, json.dumps({**json.loads(os.environ[name]), "password": "wrong-secret"}))
    with pytest.raises(AirflowFailException, match="client secret"):
        sensor(since=LONG_AGO, deferrable=True).execute({})
