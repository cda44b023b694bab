"""Records of any entity and an order's status: found on the worker or in the triggerer, or refused with the reason."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.query import Range
from oro_provider.sensors.orders import OroCommerceOrderStatusSensor
from oro_provider.sensors.records import OroCommerceRecordSensor
from oro_provider.version_compat import AirflowFailException
from tests.integration.orders import Shop, shop
from tests.integration.test_sensor import deferred, event_after

if TYPE_CHECKING:
    from tests.integration.store import IntegrationStore


@pytest.fixture
def store(sandbox_shop: Shop) -> IntegrationStore:
    return sandbox_shop.store


def records(**arguments: Any) -> OroCommerceRecordSensor:
    return OroCommerceRecordSensor(task_id="records", poke_interval=0.2, **arguments)


def status(**arguments: Any) -> OroCommerceOrderStatusSensor:
    return OroCommerceOrderStatusSensor(task_id="status", poke_interval=0.2, **arguments)


def identifier(store: IntegrationStore, id_: str) -> str:
    return str(store.read("orders", **{"filter[id]": id_})[0]["attributes"]["identifier"])


def set_status(shop: Shop, order: str, name: str) -> None:
    shop.sandbox.execute('UPDATE orders SET "internalStatus" = ? WHERE "id" = ?', (name, int(order)))


@pytest.mark.parametrize("entity", ["products", "customergroups", "countries"])
def test_records_that_match_are_found_at_the_first_look(store: IntegrationStore, connection: str, entity: str) -> None:
    there = {record["id"] for record in store.read(entity)}
    found = records(entity=entity, deferrable=True).execute({})
    assert set(found["ids"]) == there
    assert (found["entity"], found["truncated"]) == (entity, False)


def test_fewer_records_than_are_waited_for_are_none(store: IntegrationStore, connection: str) -> None:
    there = len(store.read("customergroups"))
    assert records(entity="customergroups", min_records=there + 1, deferrable=False).poke({}) is False
    assert records(entity="customergroups", min_records=there, deferrable=False).poke({}).xcom_value["count"] == there


def test_records_of_a_filter_are_waited_for(sandbox_shop: Shop, store: IntegrationStore, connection: str) -> None:
    trigger = deferred(records(entity="orders", filters={"poNumber": "WANTED"}, min_records=2, deferrable=True))

    def come() -> None:
        for _ in range(2):
            sandbox_shop.order(poNumber="WANTED")

    assert event_after(trigger, 0.6, come)["found"]["count"] == 2


def test_a_filter_of_any_kind_is_waited_for(sandbox_shop: Shop, connection: str) -> None:
    since = datetime.now(timezone.utc) - timedelta(minutes=1)
    filters: dict[str, Any] = {
        "createdAt": Range(since, since + timedelta(days=1)), "updatedAt[gte]": since, "id[gt]": 40, "customer": {1},
    }  # fmt: skip
    trigger = deferred(records(entity="orders", filters=filters, deferrable=True))
    assert event_after(trigger, 0.6, sandbox_shop.order)["found"]["ids"] == ["41"]


def test_more_than_may_be_mapped_is_cut_and_said(store: IntegrationStore, connection: str) -> None:
    found = records(entity="orders", max_ids=5, deferrable=True).execute({})
    assert (len(found["ids"]), found["truncated"]) == (5, True)


def test_an_order_is_waited_for_until_it_has_a_status(
    sandbox_shop: Shop, store: IntegrationStore, connection: str
) -> None:
    order = sandbox_shop.open_order()
    task = status(order=identifier(store, order), internal_status=["closed", "archived"], deferrable=True)
    event = event_after(deferred(task), 0.6, lambda: set_status(sandbox_shop, order, "closed"))
    found = task.execute_complete({}, event)
    assert (found["id"], found["internal_status"]) == (order, "closed")


def test_both_kinds_of_status_are_needed_where_both_are_given(
    sandbox_shop: Shop, store: IntegrationStore, connection: str
) -> None:
    order = sandbox_shop.open_order()
    wanted: Any = {"order": order, "by": "id", "internal_status": "open"}
    assert status(**wanted).execute({})["id"] == order
    assert status(**wanted, shipping_status="shipped").poke({}) is False


def test_an_order_is_never_taken_for_another(store: IntegrationStore, connection: str) -> None:
    first, second = identifier(store, "1"), identifier(store, "2")
    anything: Any = {"internal_status": ["open", "closed", "cancelled", "archived", "shipped"]}
    assert status(order=first.lower(), **anything).execute({})["id"] == "1"
    for order, by in ((f"{first},{second}", "identifier"), ("1,2", "id")):
        # To a store's filter a comma makes a list.
        with pytest.raises(AirflowFailException, match="no order with"):
            status(order=order, by=by, **anything).execute({})


def test_a_filter_that_never_matches_is_refused(store: IntegrationStore, connection: str) -> None:
    with pytest.raises(AirflowFailException, match="enum of another resource"):
        records(entity="orderlineitems", filters={"orders.internalStatus": "open"}, deferrable=True).execute({})
    with pytest.raises(AirflowFailException, match="filter 'email' of customerusers takes one value"):
        records(entity="customerusers", filters={"email": ["a@b.example", "c@d.example"]}, deferrable=True).execute({})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"order": "nobody's", "internal_status": "open"}, "no order with the identifier"),
        ({"order": "1", "by": "id"}, "give the statuses to wait for"),
    ],
)
def test_a_wait_without_end_is_refused(store: IntegrationStore, connection: str, arguments: Any, says: str) -> None:
    with pytest.raises(AirflowFailException, match=says):
        status(deferrable=True, **arguments).execute({})


def test_a_store_that_shows_no_statuses_is_named_as_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    with shop(version="5.1") as old:
        connection = {"conn_type": "orocommerce", "host": old.store.url, "login": old.store.client_id}
        connection["password"] = old.store.client_secret
        monkeypatch.setenv("AIRFLOW_CONN_ORO_51", json.dumps(connection))
        task = status(order="1", by="id", internal_status="open", orocommerce_conn_id="oro_51", deferrable=True)
        with pytest.raises(AirflowFailException, match=r"from 6\.1 on"):
            task.execute({})


def test_a_list_names_the_enum_that_it_is_filtered_by(store: IntegrationStore, connection: str) -> None:
    from oro_provider.hooks.orocommerce import OroCommerceHook

    filters = {"filter[internalStatus]": "open", "fields[orders]": "internalStatus"}
    wanted = [order["id"] for order in store.read("orders", **filters)]
    assert wanted
    listed = OroCommerceHook().list("orders", filters={"internalStatus": "open"}, fields={"orders": ["identifier"]})
    assert [order["id"] for order in listed] == wanted
