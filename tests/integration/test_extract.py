"""Orders out of a store: what is in the files is what the store holds."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.entities.orders import ORDERS
from oro_provider.entities.products import PRODUCTS
from oro_provider.extract.reader import Destination, Extract, NotSettled, extract
from oro_provider.extract.window import Window

if TYPE_CHECKING:
    from oro_provider.extract.manifest import Manifest
    from tests.integration.store import IntegrationStore


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def run_extract(store: IntegrationStore, spec: Extract, folder: Path) -> Manifest:
    async def run() -> Manifest:
        async with AsyncOroClient(store.settings) as client:
            return await extract(client, spec, Destination(folder, uuid.uuid4().hex[:8]))

    return asyncio.run(run())


def records_of(manifest: Manifest) -> list[dict[str, Any]]:
    return [json.loads(line) for name in manifest["files"] for line in Path(name).read_text().splitlines()]


@pytest.fixture
def stored(store: IntegrationStore) -> list[dict[str, Any]]:
    return store.read("orders", sort="id", **{"fields[orders]": "identifier,updatedAt,totalValue,customer,lineItems"})


@pytest.fixture
def window(stored: list[dict[str, Any]]) -> Window:
    """A window that holds about half of the store's orders."""
    changes = sorted(moment(order["attributes"]["updatedAt"]) for order in stored)
    return Window(changes[len(changes) // 4], changes[3 * len(changes) // 4])


def test_a_window_holds_exactly_the_orders_that_were_changed_in_it(
    store: IntegrationStore, stored: list[dict[str, Any]], window: Window, tmp_path: Path
) -> None:
    wanted = {
        order["id"]: order["attributes"]
        for order in stored
        if window.since <= moment(order["attributes"]["updatedAt"]) < window.until
    }
    manifest = run_extract(store, Extract(ORDERS, window, page_size=7), tmp_path)
    records = records_of(manifest)
    assert [record["id"] for record in records] == sorted(wanted, key=int)
    for record in records:
        assert {name: record[name] for name in wanted[record["id"]]} == wanted[record["id"]]
    assert manifest["count"] == len(wanted) > 0
    assert manifest["max_updated_at"] == max(order["updatedAt"] for order in wanted.values())
    assert manifest["bytes"] == sum(Path(name).stat().st_size for name in manifest["files"])


def test_lines_and_addresses_are_nested(store: IntegrationStore, stored: list[dict[str, Any]], tmp_path: Path) -> None:
    spec = Extract(ORDERS, include=("lineItems", "billingAddress", "shippingAddress"), page_size=50)
    records = {record["id"]: record for record in records_of(run_extract(store, spec, tmp_path))}
    assert records.keys() == {order["id"] for order in stored}
    for order in stored:
        lines = records[order["id"]]["lineItems"]
        assert [line["id"] for line in lines] == [ref["id"] for ref in order["relationships"]["lineItems"]["data"]]
        assert all({"productSku", "quantity", "value", "productUnit"} <= line.keys() for line in lines)
        address = records[order["id"]]["shippingAddress"]
        assert address is None or {"city", "country"} <= address.keys()


def test_subtotals_come_when_they_are_asked_for(store: IntegrationStore, window: Window, tmp_path: Path) -> None:
    spec = Extract(ORDERS, window, include=("orderSubtotals",), page_size=20)
    for record in records_of(run_extract(store, spec, tmp_path)):
        assert {"subtotal"} <= {subtotal["orderSubtotalType"] for subtotal in record["orderSubtotals"]}


def test_a_window_that_is_read_again_replaces_its_files(
    store: IntegrationStore, window: Window, tmp_path: Path
) -> None:
    first = run_extract(store, Extract(ORDERS, window), tmp_path)
    before = records_of(first)
    second = run_extract(store, Extract(ORDERS, window), tmp_path)
    assert records_of(second) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["manifest.json", *(Path(name).name for name in second["files"])]
    )
    assert json.loads((tmp_path / "manifest.json").read_text()) == second


def test_an_empty_window_is_a_manifest_without_files(store: IntegrationStore, tmp_path: Path) -> None:
    window = Window(datetime(2001, 1, 1, tzinfo=timezone.utc), datetime(2001, 1, 2, tzinfo=timezone.utc))
    manifest = run_extract(store, Extract(ORDERS, window), tmp_path)
    assert (manifest["count"], manifest["files"], manifest["complete"]) == (0, [], True)


def test_a_filter_on_a_status_gives_the_orders_that_have_it(store: IntegrationStore, tmp_path: Path) -> None:
    # With sparse fields that do not name it, a 6.1 store answers with none.
    statuses = {
        order["id"]: order["relationships"]["internalStatus"]["data"]["id"]
        for order in store.read("orders", **{"fields[orders]": "internalStatus"})
        if order["relationships"]["internalStatus"]["data"]
    }
    status = next(iter(statuses.values()))
    manifest = run_extract(store, Extract(ORDERS, filters={"internalStatus": status}, page_size=20), tmp_path)
    assert {record["id"] for record in records_of(manifest)} == {id_ for id_, has in statuses.items() if has == status}


def test_a_filter_over_lines_finds_every_order(store: IntegrationStore, tmp_path: Path) -> None:
    lines = store.read("orderlineitems", **{"fields[orderlineitems]": "orders,product"})
    products = sorted(
        {line["relationships"]["product"]["data"]["id"] for line in lines if line["relationships"]["product"]["data"]}
    )
    some = set(products[:20])
    wanted = {
        ref["id"]
        for line in lines
        if (line["relationships"]["product"]["data"] or {}).get("id") in some
        for ref in line["relationships"]["orders"]["data"]
    }
    spec = Extract(ORDERS, filters={"lineItems.product": sorted(some)}, page_size=5)
    found = [record["id"] for record in records_of(run_extract(store, spec, tmp_path))]
    assert sorted(found, key=int) == sorted(wanted, key=int)


def test_a_window_in_the_future_is_refused(store: IntegrationStore, tmp_path: Path) -> None:
    now = datetime.now(timezone.utc)
    with pytest.raises(ValueError, match="ends in the future"):
        run_extract(store, Extract(ORDERS, Window(now, now + timedelta(days=2)), settle=60.0), tmp_path)


def test_a_window_that_ended_just_now_is_not_read_before_it_is_settled(store: IntegrationStore, tmp_path: Path) -> None:
    now = datetime.now(timezone.utc)
    spec = Extract(ORDERS, Window(now - timedelta(hours=1), now), settle=60.0)
    with pytest.raises(NotSettled) as raised:
        run_extract(store, spec, tmp_path)
    assert 55 <= raised.value.seconds <= 61
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_published_when_the_reading_fails(store: IntegrationStore, window: Window, tmp_path: Path) -> None:
    from oro_provider.api.errors import InvalidRequest

    with pytest.raises(InvalidRequest, match="not supported"):
        run_extract(store, Extract(ORDERS, window, filters={"currency": "USD"}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_all_that_integrations_want_of_an_order_is_nested(
    store: IntegrationStore, window: Window, tmp_path: Path
) -> None:
    include = ("lineItems", "billingAddress", "shippingAddress", "discounts", "orderSubtotals", "shippingTrackings")
    for record in records_of(run_extract(store, Extract(ORDERS, window, include=include, page_size=20), tmp_path)):
        assert all(name in record for name in include)
        assert all(isinstance(tracking, dict) for tracking in record["shippingTrackings"])
        assert all(discount["orderDiscountType"] for discount in record["discounts"])


def test_all_that_integrations_want_of_a_product_is_nested(store: IntegrationStore, tmp_path: Path) -> None:
    include = ("names", "unitPrecisions", "images", "category", "brand", "brand.names")
    manifest = run_extract(store, Extract(PRODUCTS, include=include, page_size=100), tmp_path)
    stored = {product["id"] for product in store.read("products", sort="id", **{"fields[products]": "sku"})}
    records = {record["id"]: record for record in records_of(manifest)}
    assert records.keys() == stored
    for record in records.values():
        assert [name["string"] for name in record["names"] if name["localization"] is None]
        assert record["primaryUnitPrecision"] in {precision["id"] for precision in record["unitPrecisions"]}
        assert record["brand"] is None or record["brand"]["names"]
        assert record["category"] is None or record["category"]["id"]


def test_the_days_of_a_backfill_hold_every_order_once(
    store: IntegrationStore, stored: list[dict[str, Any]], tmp_path: Path
) -> None:
    changes = {order["id"]: moment(order["attributes"]["updatedAt"]) for order in stored}
    first = min(changes.values()).replace(hour=0, minute=0, second=0)
    days = [first + timedelta(days=number) for number in range((max(changes.values()) - first).days + 1)]
    found: dict[str, datetime] = {}
    for day in days[-40:]:
        window = Window(day, day + timedelta(days=1))
        for record in records_of(run_extract(store, Extract(ORDERS, window), tmp_path / window.folder)):
            assert record["id"] not in found
            found[record["id"]] = day
    assert found == {
        id_: change.replace(hour=0, minute=0, second=0) for id_, change in changes.items() if change >= days[-40:][0]
    }
