"""A store that answers nonsense to a load: a typed error or an outcome in which every row came to something, soon."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.entities import entity_of
from oro_provider.load.apply import ApplyOptions
from oro_provider.load.load import load
from oro_provider.load.plan import PlanOptions
from oro_provider.load.run import Load
from tests.hostile import survives

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.load.conftest import LoadStore

SEEDS = range(25)
QUICK = ApplyOptions(operation_deadline=1.0, poll_interval=0.02, lost_answer_wait=0.05)
_numbers = itertools.count()

Rows = list[dict[str, Any]]


def products(number: int) -> Rows:
    return [
        {"sku": f"HOSTILE-{number}-{one}", "name": f"Lamp {number}", "unit": "each", "tax_code": "TAXABLE_GOODS"}
        for one in range(3)
    ]


def customers(number: int) -> Rows:
    return [{"name": f"Hostile {number}", "group": "All Customers"}, {"name": "Hostile"}]


def prices(number: int) -> Rows:
    common = {"price_list": "Hostile", "product": "HOSTILE", "unit": "each", "currency": "USD"}
    return [{**common, "quantity": 1, "value": f"{number}.5"}]


def stock(number: int) -> Rows:
    return [{"product": "HOSTILE", "unit": "each", "quantity": number}]


LOADS: dict[str, tuple[str, Callable[[int], Rows], dict[str, Any]]] = {
    "products in batches": ("products", products, {"apply": QUICK}),
    "products in operations": ("products", products, {"apply": replace(QUICK, way="async")}),
    "products one by one": ("products", products, {"apply": replace(QUICK, way="single")}),
    "customers": ("customers", customers, {"apply": QUICK, "plan": PlanOptions(missing={"group": "create"})}),
    "prices": ("productprices", prices, {"apply": QUICK}),
    "stock": ("inventorylevels", stock, {"apply": QUICK}),
}


@pytest.fixture(scope="module", autouse=True)
def _known(_store: LoadStore) -> None:
    from tests.integration.loading import run_load

    run_load(_store, "products", [{"sku": "HOSTILE", "name": "Lamp", "unit": "each"}])
    run_load(_store, "pricelists", [{"name": "Hostile", "currencies": ["USD"]}])


@pytest.mark.parametrize("name", LOADS)
def test_a_load_has_an_outcome_or_a_typed_error(store: LoadStore, name: str) -> None:
    entity, rows, options = LOADS[name]

    async def act(client: AsyncOroClient) -> None:
        given = rows(next(_numbers))
        outcome, _ = await load(client, Load(entity_of(entity), given, **options))
        come_to = [outcome[word] for word in ("created", "updated", "unchanged", "rejected")]  # type: ignore[literal-required]
        assert sum(come_to) == len(given)

    async def turns() -> int:
        async with AsyncOroClient(store.settings) as client:
            await client.token()
            before = client.requests
            await act(client)
            return client.requests - before

    answers = asyncio.run(turns())
    failed = sum(survives(store.settings, seed, act, answers) is not None for seed in SEEDS)
    assert failed > len(SEEDS) // 8
