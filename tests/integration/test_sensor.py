"""New orders: found on the worker, in the triggerer, or not at all; and what each of these gives."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from contextlib import aclosing
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.errors import ServerError
from oro_provider.assets import orders_asset
from oro_provider.extract import new_orders
from oro_provider.grant_variable import VariableGrants
from oro_provider.sensors.orders import OroCommerceNewOrdersSensor
from oro_provider.triggers.orders import OroCommerceNewOrdersEventTrigger, OroCommerceNewOrdersTrigger
from oro_provider.triggers.polling import pause
from oro_provider.version_compat import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
)
from tests.asset_state import Stores, let_variables_show
from tests.deferral import TaskDeferred
from tests.grants import grant_of
from tests.integration.orders import shop

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.orders import Shop
    from tests.integration.store import IntegrationStore

NOW = datetime.now(timezone.utc).replace(microsecond=0)
LONG_AGO = "2001-01-01T00:00:00Z"


@pytest.fixture
def store(sandbox_shop: Shop) -> IntegrationStore:
    return sandbox_shop.store


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


def test_an_interval_is_whole_where_the_stores_clock_is_behind(sandbox_shop: Shop, connection: str) -> None:
    end = datetime.now(timezone.utc).replace(microsecond=0)
    context: Any = {"data_interval_start": end - timedelta(hours=1), "data_interval_end": end}
    sandbox_shop.sandbox.switch(clock_skew=-30.0)
    first = sandbox_shop.order()
    trigger = deferred(sensor(deferrable=True, poke_interval=0.3), context)
    made = []

    def late() -> None:
        made.append(sandbox_shop.order())
        sandbox_shop.sandbox.switch(clock_skew=61.0)

    found = event_after(trigger, 1, late)["found"]
    assert found["ids"] == [first, *made], "no other run looks at this hour"


def test_a_backfill_never_waits_for_the_future(sandbox_shop: Shop, connection: str) -> None:
    end = datetime.now(timezone.utc) + timedelta(hours=1)
    context: Any = {
        "data_interval_start": end - timedelta(hours=2),
        "data_interval_end": end,
        "dag_run": SimpleNamespace(run_type="backfill"),
    }
    sandbox_shop.order()
    with pytest.raises(AirflowFailException, match="ends in the future"):
        sensor(deferrable=True).execute(context)


def test_a_run_without_an_interval_is_told_the_cures(connection: str) -> None:
    with pytest.raises(AirflowFailException, match="CronDataIntervalTimetable"):
        sensor(deferrable=True).execute({})


def test_a_poke_says_whether_to_go_on(store: IntegrationStore, connection: str) -> None:
    assert sensor(since=(NOW + timedelta(hours=1)).isoformat(), deferrable=False).poke({}) is False
    result = sensor(since=made(store)[-1][0], deferrable=False).poke({})
    assert result.is_done  # type: ignore[union-attr]  # a find
    assert result.xcom_value["count"] >= 1  # type: ignore[union-attr]


def test_a_look_takes_the_tokens_of_a_login_by_browser(
    sandbox_shop: Shop, airflow_database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models.variable import Variable

    fields = {"conn_type": "orocommerce", "host": sandbox_shop.store.url, "login": sandbox_shop.store.client_id}
    secret = {"password": sandbox_shop.store.client_secret, "extra": {"grant_type": "authorization_code"}}
    monkeypatch.setenv("AIRFLOW_CONN_BY_BROWSER", json.dumps({**fields, **secret}))
    grants = VariableGrants("by_browser")
    grants.keep(grant_of(sandbox_shop.sandbox))
    try:
        found = sensor(
            since=made(sandbox_shop.store)[-1][0], orocommerce_conn_id="by_browser", deferrable=False
        ).execute({})
    finally:
        Variable.delete(grants.variable)
    assert found["count"] >= 1


def deferred(task: Any, context: Any = None) -> Any:
    """Let a task defer, and return its trigger as the triggerer makes it anew."""
    with pytest.raises(TaskDeferred) as raised:
        task.execute(context or {})
    assert raised.value.timeout == timedelta(seconds=task.timeout)
    assert raised.value.method_name == "execute_complete"
    path, kwargs = raised.value.trigger.serialize()
    assert path == f"{type(raised.value.trigger).__module__}.{type(raised.value.trigger).__name__}"
    return type(raised.value.trigger)(**json.loads(json.dumps(kwargs)))


def waiting(**arguments: Any) -> OroCommerceNewOrdersTrigger:
    trigger = deferred(sensor(**{"deferrable": True, "poke_interval": 0.2, "timeout": 77, **arguments}))
    assert isinstance(trigger, OroCommerceNewOrdersTrigger)
    return trigger


async def next_event(trigger: Any) -> dict[str, Any]:
    async with aclosing(trigger.run()) as events:
        async for event in events:
            payload: dict[str, Any] = event.payload
            return payload
    raise AssertionError("no event")


def event_after(trigger: Any, seconds: float, happens: Callable[[], Any]) -> dict[str, Any]:
    """Return the event of a trigger, which must not come before something happens after some seconds."""

    async def wait() -> dict[str, Any]:
        coming = asyncio.create_task(next_event(trigger))
        await asyncio.sleep(seconds)
        assert not coming.done()
        await asyncio.to_thread(happens)
        return await asyncio.wait_for(coming, 40)

    return asyncio.run(wait())


def soon() -> str:
    return (datetime.now(timezone.utc) + timedelta(seconds=1)).replace(microsecond=0).isoformat()


def test_an_order_that_comes_while_the_task_is_deferred_is_found(sandbox_shop: Shop, connection: str) -> None:
    trigger = waiting(since=soon())
    event = event_after(trigger, 1.5, sandbox_shop.order)
    found = sensor().execute_complete({}, event)
    assert found["ids"] == [str(found["last_id"])]
    assert found["count"] == 1


def test_an_order_that_comes_between_the_look_and_the_trigger_is_found(sandbox_shop: Shop, connection: str) -> None:
    trigger = waiting(since=soon())
    order = sandbox_shop.order("2020-05-05T05:05:05Z")
    event = asyncio.run(next_event(trigger))
    assert event["found"]["ids"] == [order]


def test_the_trigger_waits_for_as_many_as_were_asked_for(sandbox_shop: Shop, connection: str) -> None:
    since = (datetime.now(timezone.utc)).replace(microsecond=0).isoformat()
    first = sandbox_shop.order()
    trigger = waiting(since=since, min_orders=3)

    def two_more() -> list[str]:
        return [sandbox_shop.order(), sandbox_shop.order()]

    assert event_after(trigger, 1, two_more)["found"]["ids"][0] == first


def test_the_trigger_looks_for_itself_where_a_filter_says_what_counts(sandbox_shop: Shop, connection: str) -> None:
    trigger = waiting(since=soon(), filters={"poNumber": "WANTED"})

    def others_first() -> None:
        sandbox_shop.order()
        sandbox_shop.order(poNumber="WANTED")

    found = event_after(trigger, 1, others_first)["found"]
    assert found["count"] == 1


def test_a_filter_of_several_values_is_waited_for(sandbox_shop: Shop, connection: str) -> None:
    trigger = waiting(since=soon(), filters={"customer": {1, 2}})
    assert event_after(trigger, 1.1, sandbox_shop.order)["found"]["ids"] == ["41"]


def test_a_window_that_ends_while_the_task_is_deferred_skips_it(
    sandbox_shop: Shop, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(seconds=58)
    context: Any = {"data_interval_start": now - timedelta(seconds=1), "data_interval_end": now}
    trigger = deferred(sensor(deferrable=True, poke_interval=0.3), context)
    event = asyncio.run(asyncio.wait_for(next_event(trigger), 20))
    assert event == {"status": "over"}
    with pytest.raises(AirflowSkipException, match="no order was made"):
        sensor().execute_complete({}, event)


def test_a_wait_ends_at_its_deadline_and_says_what_the_store_said(sandbox_shop: Shop, connection: str) -> None:
    trigger = waiting(since=soon(), timeout=1)
    sandbox_shop.sandbox.switch(maintenance=True)
    event = asyncio.run(asyncio.wait_for(next_event(trigger), 20))
    assert event["status"] == "timeout"
    assert "maintenance" in event["message"]
    with pytest.raises(AirflowSensorTimeout, match="No new orders came in time"):
        sensor().execute_complete({}, event)
    task = sensor(soft_fail=True)
    with pytest.raises(AirflowSkipException):
        task.resume_execution("execute_complete", {"event": event}, {})


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_store_in_maintenance_is_waited_for(sandbox_shop: Shop, connection: str, deferrable: bool) -> None:
    sandbox_shop.sandbox.switch(maintenance=True)
    if not deferrable:
        task = sensor(since=LONG_AGO, poke_interval=0.1)
        healing = threading.Timer(0.5, sandbox_shop.sandbox.heal)
        healing.start()
        assert task.execute({"ti": None})["count"] == 40
        return
    trigger = waiting(since=LONG_AGO)  # the first look failed, and was no reason to fail
    event = event_after(trigger, 0.5, sandbox_shop.sandbox.heal)
    assert event["found"]["count"] == 40


def test_what_does_not_heal_ends_the_wait_at_once(sandbox_shop: Shop, connection: str) -> None:
    trigger = waiting(since=soon())
    trigger.filters = {"currency": "USD"}
    event = event_after(trigger, 0, sandbox_shop.order)
    assert event["status"] == "error"
    with pytest.raises(AirflowFailException, match="filter is not supported"):
        sensor().execute_complete({}, event)


def test_a_permission_that_is_taken_away_ends_the_wait(sandbox_shop: Shop, connection: str) -> None:
    trigger = waiting(since=soon())
    event = event_after(trigger, 0.5, lambda: sandbox_shop.sandbox.switch(denied={("orders", "VIEW"), ("orders", "*")}))
    assert event["status"] == "error"
    assert "permission" in event["message"]


def test_a_connection_that_was_mended_meanwhile_is_tried_before_the_wait_ends(
    sandbox_shop: Shop, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "AIRFLOW_CONN_OROCOMMERCE_DEFAULT"
    trigger = waiting(since=soon())
    with shop() as moved:

        def move() -> None:
            fields = {"host": moved.store.url, "login": moved.store.client_id, "password": moved.store.client_secret}
            monkeypatch.setenv(name, json.dumps({**json.loads(os.environ[name]), **fields}))
            sandbox_shop.sandbox.switch(denied={("orders", "VIEW"), ("orders", "*")})
            moved.order()

        assert event_after(trigger, 0.6, move)["status"] == "found"


@pytest.mark.parametrize("filters", [{}, {"customer": 1}])
def test_a_connection_that_airflow_does_not_find_for_a_while_is_waited_for(
    sandbox_shop: Shop, connection: str, monkeypatch: pytest.MonkeyPatch, filters: Any
) -> None:
    name = "AIRFLOW_CONN_OROCOMMERCE_DEFAULT"
    trigger = waiting(since=soon(), filters=filters)
    stored = os.environ[name]
    monkeypatch.delenv(name)

    def come() -> None:
        sandbox_shop.order()
        monkeypatch.setenv(name, stored)

    assert event_after(trigger, 1.1, come)["status"] == "found"


def test_a_connection_that_airflow_does_not_find_by_the_deadline_is_the_reason(
    sandbox_shop: Shop, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = waiting(since=soon())
    trigger.deadline = (datetime.now(timezone.utc) + timedelta(seconds=0.5)).isoformat()
    monkeypatch.delenv("AIRFLOW_CONN_OROCOMMERCE_DEFAULT")
    event = asyncio.run(asyncio.wait_for(next_event(trigger), 20))
    assert event["status"] == "timeout"
    assert "`orocommerce_default` isn't defined" in event["message"]


def test_a_refused_filter_costs_no_deferral_and_may_be_skipped(sandbox_shop: Shop, connection: str) -> None:
    with pytest.raises(AirflowFailException, match="filter is not supported"):
        sensor(since=LONG_AGO, filters={"currency": "USD"}, deferrable=True).execute({})
    with pytest.raises(AirflowSkipException, match="soft_fail"):
        sensor(since=LONG_AGO, filters={"currency": "USD"}, deferrable=True, soft_fail=True).execute({})


@pytest.mark.parametrize(
    ("kind", "more"), [("429", {"retry_after": 1}), ("429", {"retry_after": 0}), ("502", {}), ("reset_before", {})]
)
def test_a_store_that_fails_for_ever_is_asked_ever_more_seldom(
    sandbox_shop: Shop, connection: str, kind: str, more: Any
) -> None:
    trigger = waiting(since=soon(), poke_interval=0.2)
    sandbox_shop.sandbox.fail(kind, path="/admin/api/", **more)
    sandbox_shop.forget()
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(asyncio.wait_for(next_event(trigger), 3))
    # Of 15 intervals: at 0, then after 0.4, 0.8 and 1.6 seconds, or the second that the store asks for.
    polls = 5
    # aiohttp itself sends a GET once again when its connection is lost.
    assert 1 <= len(sandbox_shop.asked()) <= (2 * polls if kind == "reset_before" else polls)


def test_a_token_refused_for_ever_costs_a_watcher_less_than_a_request_an_interval(
    sandbox_shop: Shop, connection: str
) -> None:
    trigger = OroCommerceNewOrdersEventTrigger(poll_interval=0.3)
    sandbox_shop.sandbox.fail("401", path="/admin/api/")
    sandbox_shop.forget()
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(asyncio.wait_for(next_event(trigger), 6))
    assert 2 <= len(sandbox_shop.sandbox.requests()) <= 6 / 0.3


def test_the_next_look_comes_when_the_store_said(sandbox_shop: Shop, connection: str) -> None:
    task = sensor(since=soon(), poke_interval=2)
    assert 1.8 <= task._get_next_poke_interval(0, lambda: 0.0, 1) <= 2.2
    sandbox_shop.sandbox.fail("429", path="/admin/api/", times=1, retry_after=77)
    assert task.poke({}) is False
    assert task._get_next_poke_interval(0, lambda: 0.0, 1) == 77
    assert task.poke({}) is False
    assert task._get_next_poke_interval(0, lambda: 0.0, 1) <= 2.2


def test_no_store_keeps_a_wait_longer_than_its_timeout_or_an_hour(sandbox_shop: Shop, connection: str) -> None:
    sandbox_shop.sandbox.fail("429", path="/admin/api/", retry_after=86400)
    task = sensor(since=soon(), poke_interval=2, timeout=100)
    assert task.poke({}) is False
    assert task._get_next_poke_interval(0, lambda: 40.0, 1) == 60
    patient = sensor(since=soon(), poke_interval=2)
    assert patient.poke({}) is False
    assert patient._get_next_poke_interval(0, lambda: 0.0, 1) == 3600
    assert 3600 <= pause(60, 1, 86400) < 4500


def test_no_more_ids_are_returned_than_airflow_maps_over(
    sandbox_shop: Shop, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "7")
    found = sensor(since=LONG_AGO, max_ids=20, deferrable=True).execute({})
    assert (len(found["ids"]), found["truncated"]) == (7, True)


def test_the_trigger_goes_on_looking_where_it_was_failed_for_a_while(
    sandbox_shop: Shop, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = waiting(since=soon(), filters={"poNumber": "WANTED"})
    look, failures = new_orders.look, [ServerError("502"), AirflowException("no answer from a secrets backend")]

    async def look_later(client: Any, wanted: Any) -> Any:
        if failures:
            raise failures.pop()
        return await look(client, wanted)

    monkeypatch.setattr(new_orders, "look", look_later)
    assert event_after(trigger, 1.5, lambda: sandbox_shop.order(poNumber="WANTED"))["found"]["count"] == 1
    assert failures == []


def test_an_order_that_comes_after_an_id_is_found(sandbox_shop: Shop, connection: str) -> None:
    last = max(int(id_) for _, id_ in made(sandbox_shop.store))
    trigger = waiting(after_id=last)
    order = event_after(trigger, 0.5, sandbox_shop.order)["found"]["ids"]
    assert [int(id_) for id_ in order] == [last + 1]


@pytest.mark.parametrize(
    ("run", "says"),
    [
        ({"dag_run": SimpleNamespace(run_type="backfill")}, "A backfill does not look from the watermark"),
        ({"dag_run": SimpleNamespace(run_type="asset_triggered")}, "has no watermark yet, so there is no moment to look from"),
    ],
)  # fmt: skip
def test_a_look_from_a_watermark_that_there_is_not_is_refused(
    connection: str, monkeypatch: pytest.MonkeyPatch, run: Any, says: str
) -> None:
    asset = orders_asset()
    let_variables_show({}, monkeypatch)
    with pytest.raises(AirflowFailException, match=says):
        sensor(asset=asset, deferrable=True).execute({"asset_state_store": Stores({asset.name: {}}), **run})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [({"after_id": "seven"}, "no id of an order"), ({"since": LONG_AGO, "min_orders": 0}, "at least one order")],
)
def test_a_senseless_argument_is_refused(connection: str, arguments: Any, says: str) -> None:
    with pytest.raises(AirflowFailException, match=says):
        sensor(deferrable=True, **arguments).execute({})


@pytest.mark.parametrize("event", [None, {}, "found", {"status": "done"}, {"status": None}])
def test_an_event_that_is_none_of_ours_fails_the_task(event: Any) -> None:
    with pytest.raises(AirflowFailException, match="which is no event of OroCommerceNewOrdersSensor"):
        sensor().execute_complete({}, event)


def test_bad_credentials_cost_no_deferral(sandbox_shop: Shop, connection: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "AIRFLOW_CONN_OROCOMMERCE_DEFAULT"
    monkeypatch.setenv(name, json.dumps({**json.loads(os.environ[name]), "password": "wrong-secret"}))
    with pytest.raises(AirflowFailException, match="client secret"):
        sensor(since=LONG_AGO, deferrable=True).execute({})
