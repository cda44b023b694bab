"""Waits that a page does not answer: it is short and not the last, or larger than a store gives."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from oro_provider.extract.matching import Matching, find
from oro_provider.extract.new_orders import Poller
from oro_provider.sandbox import running
from tests.integration.reading import at_most, changing, with_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.extract.matching import FoundRecords
    from oro_provider.sandbox.server import RunningStore

# Those who wait ask for pages of 20 where a store gives no larger ones.
LIMIT = 50


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningStore]:
    with running(seed=3, orders=300, version="6.1") as sandbox:
        yield sandbox


def looked_for(sandbox: RunningStore, wanted: Matching) -> FoundRecords | None:
    found: FoundRecords | None = with_client(sandbox, lambda client: find(client, wanted))
    return found


def test_many_records_are_found_by_a_filter_over_a_to_many_relation(sandbox: RunningStore) -> None:
    products = list(range(1, 31))
    lines = (
        'SELECT DISTINCT s."owner" FROM "orders_lineItems" s JOIN orderlineitems l ON l."id" = s."target" '
        'WHERE l."product" <= 30'
    )
    there = len(sandbox.execute(lines))
    found = looked_for(sandbox, Matching("orders", {"lineItems.product": products}, min_records=there))
    assert found is not None
    assert found["count"] == there
    assert looked_for(sandbox, Matching("orders", {"lineItems.product": products}, min_records=there + 1)) is None


def test_many_records_are_found_in_a_store_that_limits_pages(
    sandbox: RunningStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    changing(monkeypatch, at_most(LIMIT))
    found = looked_for(sandbox, Matching("orders", min_records=LIMIT + 10))
    assert found is not None
    assert found["count"] == 300


def test_more_orders_than_a_page_are_polled_in_a_store_that_limits_pages(
    sandbox: RunningStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    changing(monkeypatch, at_most(LIMIT))
    poller = Poller(overlap=timedelta(days=10_000))

    async def twice(client: AsyncOroClient) -> tuple[int, int]:
        first = await poller.poll(client)
        return len(first.recent), len((await poller.poll(client)).fresh)

    assert with_client(sandbox, twice) == (300, 0)
