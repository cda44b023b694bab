"""Lists by the hook that no walk along ids reads: what comes without pages, what a search finds, and what is answered wrongly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from oro_provider.hooks.orocommerce import OroCommerceHook
from oro_provider.sandbox import running
from oro_provider.sandbox.testing import TestStore

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def store() -> Iterator[TestStore]:
    with running(seed=5, orders=5, version="6.1", search_delay=0.0) as sandbox:
        yield TestStore(sandbox)


def connect(store: TestStore, monkeypatch: pytest.MonkeyPatch) -> OroCommerceHook:
    monkeypatch.setenv("AIRFLOW_CONN_LISTED", json.dumps(store.connection))
    return OroCommerceHook("listed")


def test_a_list_without_pages_comes_whole(store: TestStore, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = connect(store, monkeypatch)
    kinds = {one["orderSubtotalType"] for one in hook.list("ordersubtotals", filters={"order": 1})}
    assert "subtotal" in kinds
    assert {"open", "closed"} <= {one["id"] for one in hook.list("orderinternalstatuses")}
    assert list(hook.list("orderstatuses")) == []
    assert len(list(hook.list("entitystructures"))) > 10


def test_what_a_search_finds_is_read_to_its_end(store: TestStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        store.create("customers", {"name": f"Zebra {number}"})
    hook = connect(store, monkeypatch)
    found = hook.list("customers", filters={"searchText": "Zebra"}, fields={"customers": "name"}, page_size=3)
    assert sorted(one["name"] for one in found) == [f"Zebra {number}" for number in range(7)]
    queried = hook.list("customers", filters={"searchQuery": 'name in ("Zebra 1", "Zebra 2")'}, page_size=5000)
    assert sorted(one["name"] for one in queried) == ["Zebra 1", "Zebra 2"]
    assert "page[size]=1000" in store.requests("/customers")[-1]["query"].replace("%5B", "[").replace("%5D", "]")


def test_a_filter_on_an_enum_of_another_resource_is_refused(store: TestStore, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = connect(store, monkeypatch)
    with pytest.raises(ValueError, match="looks at an enum of another resource"):
        list(hook.list("orderlineitems", filters={"orders.internalStatus": "open"}))


@pytest.mark.parametrize(
    ("resource", "filters"),
    [
        ("customers", {"name": ["A", "B"]}),
        ("customerusers", {"email[neq]": ["A", "B"]}),
        ("productunits", {"id": ["each", "item"]}),
    ],
)
def test_a_list_of_texts_that_would_find_nothing_is_refused(
    store: TestStore, monkeypatch: pytest.MonkeyPatch, resource: str, filters: dict[str, list[str]]
) -> None:
    with pytest.raises(ValueError, match="takes one value: a store compares a list"):
        list(connect(store, monkeypatch).list(resource, filters=filters))


def test_a_list_of_what_a_filter_takes_several_of_is_read(store: TestStore, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = connect(store, monkeypatch)
    skus = [row["sku"] for row in store.records("products")[:2]]
    assert len(list(hook.list("products", filters={"sku": skus}, fields={"products": "sku"}))) == 2
    assert len(list(hook.list("inventorylevels", filters={"product.sku": skus}))) >= 2
    assert {one["id"] for one in hook.list("countries", filters={"id": ["US", "DE"]})} == {"US", "DE"}
    assert len(list(hook.list("productunits", filters={"id": ["each"]}))) == 1
