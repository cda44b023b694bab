"""A row is about one record: which of several it means, and what is done where it cannot be told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.errors import InvalidRequest, PermissionDenied
from oro_provider.api.exchange import Retries
from oro_provider.entities import entity_of
from oro_provider.load.delete import Deletion, delete
from oro_provider.load.rows import row_or_reject
from oro_provider.sandbox.testing import TestStore
from tests.integration.loading import counts, run_load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from oro_provider.load.delete import Deleted
    from oro_provider.load.rows import Reject
    from tests.load.conftest import LoadStore


def run_delete(store: LoadStore, entity: str, rows: Sequence[Any], **more: Any) -> tuple[Deleted, list[Reject]]:
    async def run() -> tuple[Deleted, list[Reject]]:
        async with AsyncOroClient(store.settings) as client:
            return await delete(client, Deletion(entity_of(entity), rows, most=1000, **more))

    return asyncio.run(run())


@pytest.fixture
def spellings(store: LoadStore) -> Iterator[tuple[str, str]]:
    """The ids of two customer users whose e-mails differ in case, as a store keeps them."""
    seed = TestStore(store.sandbox)
    names = {"firstName": "Ann", "lastName": "Lee"}
    ids = [
        seed.create("customerusers", {"email": email, **names}, customer=1)
        for email in ("ann@two.example", "Ann@Two.example")
    ]
    yield ids[0], ids[1]
    store.sandbox.execute("DELETE FROM customerusers WHERE lower(email) = 'ann@two.example'")


def first_name(store: LoadStore, id_: str) -> str:
    return str(store.sandbox.execute("SELECT firstName FROM customerusers WHERE id = ?", (id_,))[0][0])


def test_of_two_customer_users_the_one_in_the_rows_spelling_is_meant(
    store: LoadStore, spellings: tuple[str, str]
) -> None:
    lower, upper = spellings
    outcome, _ = run_load(store, "customerusers", [{"email": "Ann@Two.example", "first_name": "Upper"}])
    assert counts(outcome) == (0, 1, 0, 0)
    assert (first_name(store, lower), first_name(store, upper)) == ("Ann", "Upper")
    run_load(store, "customerusers", [{"email": "ann@two.example", "first_name": "Lower"}])
    assert (first_name(store, lower), first_name(store, upper)) == ("Lower", "Upper")
    assert run_delete(store, "customerusers", ["Ann@Two.example"])[0]["deleted"] == 1
    assert [row[0] for row in store.sandbox.execute("SELECT id FROM customerusers WHERE email LIKE 'ann@two.%'")] == [
        int(lower)
    ]


def test_of_two_customer_users_in_other_spellings_none_is_chosen(store: LoadStore, spellings: tuple[str, str]) -> None:
    row = {"email": "ANN@two.example", "first_name": "Whose"}
    outcome, (refused,) = run_load(store, "customerusers", [row])
    told = f"row 1, field email: names 2 records of the store: ids {', '.join(spellings)}"
    assert (counts(outcome), str(refused)) == ((0, 0, 0, 1), told)
    deleted, (kept,) = run_delete(store, "customerusers", [row])
    assert (deleted["deleted"], str(kept)) == (0, told)


def test_a_parcel_that_an_order_has_twice_is_there_for_a_push_and_refused_for_a_deletion(store: LoadStore) -> None:
    seed = TestStore(store.sandbox)
    for method in ("DHL", "dhl"):
        seed.create("ordershippingtrackings", {"method": method, "number": "TWICE"}, orders=[1])
    ((order,),) = store.sandbox.execute("SELECT identifier FROM orders WHERE id = 1")
    row = {"order": order, "method": "DHL", "number": "twice"}
    assert counts(run_load(store, "ordershippingtrackings", [row])[0]) == (0, 0, 1, 0)
    deleted, (refused,) = run_delete(store, "ordershippingtrackings", [row])
    assert (deleted["deleted"], "names 2 records of the store" in refused.reason) == (0, True)
    assert store.count("ordershippingtrackings", "number = 'TWICE'") == 2


def test_a_deletion_that_the_role_may_not_do_ends_at_the_first_refusal(store: LoadStore) -> None:
    names = [f"Kept {n}" for n in range(5)]
    run_load(store, "customers", [{"name": name} for name in names])
    store.sandbox.switch(denied=[("customers", "DELETE")])
    since = len(store.requests())
    with pytest.raises(PermissionDenied, match="Give the role"):
        run_delete(store, "customers", names)
    assert [one["method"] for one in store.requests()[since:]].count("DELETE") == 1


def test_what_the_api_cannot_delete_is_asked_for_once(store: LoadStore) -> None:
    rows = [{"product": sku} for (sku,) in store.sandbox.execute("SELECT sku FROM products WHERE id IN (1, 2, 3)")]
    since = len(store.requests())
    with pytest.raises(InvalidRequest, match="405"):
        run_delete(store, "inventorylevels", rows)
    assert [one["method"] for one in store.requests()[since:]].count("DELETE") == 1


def test_a_record_at_whose_deletion_the_store_fails_keeps_no_other_from_going(
    store: LoadStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Retries, "wait", lambda *_: None)
    run_load(store, "customers", [{"name": f"Going {n}"} for n in range(3)])
    ((bad,),) = store.sandbox.execute("SELECT id FROM customers WHERE name = 'Going 1'")
    store.sandbox.fail("500", method="DELETE", path="/customers", times=1)
    store.sandbox.fail("500", method="DELETE", path=f"/customers/{bad}")
    deleted, (refused,) = run_delete(store, "customers", [f"Going {n}" for n in range(3)])
    assert (deleted["deleted"], refused.row, "fails at it each time" in refused.reason) == (2, 2, True)


def test_a_deletion_that_refuses_nothing_leaves_no_rejects_of_one_before(store: LoadStore, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"
    run_delete(store, "customers", [{"name": ""}], rejects=rejects)
    assert rejects.exists()
    assert run_delete(store, "customers", ["Nobody"], rejects=rejects)[0]["rejects"] is None
    assert not rejects.exists()


@pytest.mark.parametrize(
    "row",
    [
        {"order": "SO-1,SO-2", "method": "UPS", "number": "1Z1"},
        {"order": ["SO-1", "SO-2"], "method": "UPS", "number": "1Z1"},
        {
            "type": "ordershippingtrackings",
            "attributes": {"method": "UPS", "number": "1Z1"},
            "relationships": {"orders": {"data": [{"type": "orders", "id": "1"}, {"type": "orders", "id": "2"}]}},
        },
    ],
    ids=["text", "list", "resource object"],
)
def test_a_tracking_names_one_order(row: dict[str, Any]) -> None:
    # A store before 6.1 takes one only, and of several the first alone would be looked for.
    refused = row_or_reject(entity_of("ordershippingtrackings"), 1, row)
    assert str(refused) == "row 1, field order: names 2 records, and a row is found by one: give each a row of its own"


def test_a_sku_in_another_case_is_not_taken_for_absent_by_a_deletion(store: LoadStore) -> None:
    run_load(store, "products", [{"sku": "CASE-1", "name": "x", "unit": "each", "status": "enabled"}])
    for hard in (False, True):
        deleted, (refused,) = run_delete(store, "products", ["case-1", "CASE-2"], hard=hard)
        assert (deleted["absent"], deleted["deleted"] + deleted["retired"]) == (1, 0)
        assert "is 'CASE-1' in the store" in refused.reason
    assert store.count("products", "sku = 'CASE-1' AND status = 'enabled'") == 1


@pytest.mark.parametrize("hard", [False, True])
def test_a_resource_object_says_what_to_delete_as_a_row_does(store: LoadStore, hard: bool) -> None:
    sku = f"OBJECT-{hard}"
    run_load(store, "products", [{"sku": sku, "name": "x", "unit": "each"}])
    product = {"type": "products", "id": "1", "attributes": {"sku": sku, "status": "enabled"}}
    absent = {"type": "products", "id": "2", "attributes": {"sku": "OBJECT-GONE"}, "relationships": {}}
    other = {"type": "customers", "attributes": {"sku": sku}}
    deleted, (refused,) = run_delete(store, "products", [product, absent, other], hard=hard)
    assert (deleted["deleted"], deleted["retired"], deleted["absent"]) == (int(hard), int(not hard), 1)
    assert str(refused) == "row 3, field type: is a resource object of type 'customers', not products"
    assert store.count("products", f"sku = '{sku}' AND status = 'enabled'") == 0
    assert store.count("products", f"sku = '{sku}'") == int(not hard)


def test_a_resource_object_whose_key_has_references_says_what_to_delete(store: LoadStore) -> None:
    names = ("priceList", "product", "unit")
    ((price, *ids),) = store.sandbox.execute('SELECT "id", "priceList", "product", "unit" FROM productprices LIMIT 1')
    listed = TestStore(store.sandbox).get(f"productprices/{price}")["data"]
    assert [listed["relationships"][name]["data"]["id"] for name in names] == [str(id_) for id_ in ids]
    assert run_delete(store, "productprices", [listed])[0]["deleted"] == 1
    assert store.count("productprices", f"id = '{price}'") == 0
