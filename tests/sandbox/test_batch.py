"""The batch API: asynchronous operations and the synchronous mode, with the ways in which both mislead."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox import running
from tests.sandbox.conftest import Caller

if TYPE_CHECKING:
    import requests


def finished(caller: Caller, answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 202
    number = answer.json()["data"]["id"]
    deadline = time.monotonic() + 10
    while True:
        attributes: dict[str, Any] = caller.get(f"asyncoperations/{number}").json()["data"]["attributes"]
        if attributes["status"] in {"success", "failed"}:
            return {**attributes, "id": number}
        assert time.monotonic() < deadline
        time.sleep(0.02)


def customers(*names: str) -> list[dict[str, Any]]:
    return [{"type": "customers", "attributes": {"name": name}} for name in names]


def test_an_operation_succeeds_although_records_failed(caller: Caller) -> None:
    records = [
        *customers("Good", ""),
        {"type": "customers", "id": "999999", "meta": {"update": True}, "attributes": {"name": "x"}},
    ]
    done = finished(caller, caller.patch("customers", {"data": records}))
    assert done["status"] == "success"
    assert (done["summary"]["readCount"], done["summary"]["writeCount"], done["summary"]["errorCount"]) == (3, 1, 2)
    errors = caller.get(f"asyncoperations/{done['id']}/errors").json()["data"]
    assert [error["attributes"]["status"] for error in errors] == [400, 404]
    assert errors[0]["attributes"]["source"] == {"pointer": "/data/1/attributes/name"}
    everything = caller.get(f"asyncoperations/{done['id']}/errors?page[size]=-1").json()
    assert everything["data"] == []
    assert "next" in everything["links"]


def test_truncated_json_is_accepted_and_reads_nothing(caller: Caller) -> None:
    url = f"{caller.store.url}/admin/api/customers"
    answer = caller.session.patch(
        url, data='{"data":[{"type":', headers={"Content-Type": "application/vnd.api+json"}, timeout=10
    )
    done = finished(caller, answer)
    assert (done["status"], done["summary"]["readCount"], done["summary"]["errorCount"]) == ("success", 0, 0)


def test_a_body_without_a_list_fails(caller: Caller) -> None:
    done = finished(caller, caller.patch("customers", {"data": customers("X")[0]}))
    assert done["status"] == "failed"
    error = caller.get(f"asyncoperations/{done['id']}/errors").json()["data"][0]
    assert error["id"] == f"{done['id']}-0-1"
    assert error["attributes"]["source"] is None


def test_an_included_record_that_no_item_names_is_lost_without_a_word(caller: Caller) -> None:
    included = [{"type": "customergroups", "id": "g", "attributes": {"name": "Lost Group"}}]
    done = finished(caller, caller.patch("customers", {"data": customers("Kept"), "included": included}))
    assert (done["summary"]["writeCount"], done["summary"]["errorCount"]) == (1, 0)
    assert caller.ids("customergroups?filter[name]=Lost Group") == []


def test_the_synchronous_mode_is_all_or_nothing(caller: Caller) -> None:
    refused = caller.patch("customers", {"data": customers("Half", "")}, X_Mode="sync")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["source"] == {"pointer": "/data/1/attributes/name"}
    assert caller.ids("customers?filter[name]=Half") == []
    done = caller.patch("customers", {"data": customers("One", "Two")}, X_Mode="sync")
    assert [one["attributes"]["name"] for one in done.json()["data"]] == ["One", "Two"]
    assert caller.patch("customers", {"data": []}, X_Mode="sync").json() == []


def test_101_records_fail_and_the_operation_vanishes(caller: Caller) -> None:
    answer = caller.patch("customers", {"data": customers(*(f"S{n}" for n in range(101)))}, X_Mode="sync")
    assert answer.status_code == 202
    data = answer.json()["data"]
    assert data["attributes"]["status"] == "failed"
    assert caller.get(f"asyncoperations/{data['id']}/errors").status_code == 404
    time.sleep(0.35)
    assert caller.get(f"asyncoperations/{data['id']}").status_code == 404


def test_without_a_consumer_an_operation_stays_new() -> None:
    with running(orders=5, consumers=0) as store:
        caller = Caller(store)
        answer = caller.patch("customers", {"data": customers("Waiting")})
        time.sleep(0.2)
        assert (
            caller.get(f"asyncoperations/{answer.json()['data']['id']}").json()["data"]["attributes"]["status"] == "new"
        )
        store.switch(consumers=1)
        assert finished(caller, answer)["summary"]["writeCount"] == 1


def test_not_every_resource_takes_a_batch(caller: Caller) -> None:
    assert caller.patch("ordershippingtrackings", {"data": []}).status_code == 405
    assert (
        caller.patch("customers", {"data": []}, X_Mode="foo").json()["errors"][0]["title"]
        == "invalid header value exception"
    )


def test_an_included_record_that_many_items_share_is_made_once(caller: Caller) -> None:
    shared = {"group": {"data": {"type": "customergroups", "id": "g"}}}
    included = [{"type": "customergroups", "id": "g", "attributes": {"name": "Shared Group"}}]
    records = [{**one, "relationships": shared} for one in customers(*(f"Member {n}" for n in range(130)))]
    done = finished(caller, caller.patch("customers", {"data": records, "included": included}))
    assert done["summary"]["writeCount"] == 130
    group = caller.ids("customergroups?filter[name]=Shared Group")
    assert len(group) == 1
    assert len(caller.ids(f"customers?filter[group]={group[0]}&page[size]=-1&fields[customers]=name")) == 130


def test_two_rows_with_one_email_are_both_created(caller: Caller) -> None:
    user = {
        "type": "customerusers",
        "attributes": {"email": "twice@batch.example", "firstName": "A", "lastName": "B"},
        "relationships": {"customer": {"data": {"type": "customers", "id": "1"}}},
    }
    assert finished(caller, caller.patch("customerusers", {"data": [user, user]}))["summary"]["writeCount"] == 2
    assert finished(caller, caller.patch("customerusers", {"data": [user]}))["summary"]["errorCount"] == 1
