"""A shop of some size, given as rows with names: loaded, loaded again without a write, and 5 % of it changed."""

from __future__ import annotations

from typing import Any

import pytest

from oro_provider.entities import entities_of
from oro_provider.sandbox import running
from tests.integration.loading import counts, run_load
from tests.load.conftest import LoadStore

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

Rows = list[dict[str, Any]]


def shop() -> list[tuple[str, Rows, str, Any]]:
    """What is loaded, in order, with the field that changes and its new value."""
    simple = [
        {"sku": f"S-{n:05}", "name": f"Simple {n}", "name.de_DE": f"Einfach {n}", "unit": "each", "units": ["set"],
         "status": "enabled", "is_big": n % 2 == 0}
        for n in range(2000)
    ]  # fmt: skip
    configurable = [
        {"sku": f"F-{n:05}", "name": f"Form {n}", "unit": "each", "product_type": "configurable", "variant_fields": ["is_big"],
         "variants": [f"S-{2 * n:05}", f"S-{2 * n + 1:05}"]}
        for n in range(100)
    ]  # fmt: skip
    kits = [
        {"sku": f"K-{n:05}", "name": f"Kit {n}", "unit": "each", "product_type": "kit",
         "kit_items": [{"label": "Base", "products": [f"S-{n:05}", f"S-{n + 1:05}"], "unit": "each"}]}
        for n in range(20)
    ]  # fmt: skip
    prices = [
        {"price_list": f"PL {n % 5}", "product": f"S-{n // 5:05}", "unit": "each", "currency": "USD", "value": "5.5"}
        for n in range(10_000)
    ]
    customers = [
        {"name": f"C {n}", "group": f"G {n % 5}", **({"parent": f"C {n + 1}"} if n % 7 == 0 and n < 299 else {})}
        for n in range(300)
    ]
    users = [
        {"email": f"u{n}@x.example", "first_name": "A", "last_name": "B", "customer": f"C {n}", "enabled": True}
        for n in range(300)
    ]
    place = {
        "city": "Salem",
        "postal_code": "97301",
        "country": "United States",
        "region": "Oregon",
        "organization": "X",
    }
    addresses = [
        {**place, "street": f"{n} Way", "default_types": "billing,shipping", **owner}
        for n in range(300)
        for owner in ({"customer": f"C {n}"}, {"customer_user": f"u{n}@x.example"})
    ]
    return [
        ("products", [*kits, *configurable, *simple], "featured", True),
        ("pricelists", [{"name": f"PL {n}", "currencies": ["USD", "EUR"]} for n in range(5)], "active", False),
        ("productprices", prices, "value", "6.5"),
        ("customergroups", [{"name": f"G {n}"} for n in range(5)], "payment_term", "a term"),
        ("customers", customers, "tax_code", "a tax code"),
        ("customerusers", users, "last_name", "Z"),
        ("addresses", addresses, "phone", "555-1"),
    ]


def test_a_shop_is_loaded_left_alone_and_changed() -> None:
    with running(seed=1, orders=5, version="6.1", product_flags=("is_big",)) as sandbox:
        store = LoadStore(sandbox)
        tax_code = sandbox.execute("SELECT code FROM customertaxcodes LIMIT 1")[0][0]
        term = sandbox.execute("SELECT label FROM paymentterms LIMIT 1")[0][0]
        known = {"a tax code": tax_code, "a term": term}
        for entity, rows, _, _ in shop():
            outcome, rejects = run_load(store, entity, rows)
            assert not rejects, (entity, [str(reject) for reject in rejects[:3]])
            assert counts(outcome) == (len(rows), 0, 0, 0), entity
        store.sandbox.forget_requests()
        for entity, rows, _, _ in shop():
            outcome, _ = run_load(store, entity, rows)
            assert counts(outcome) == (0, 0, len(rows), 0), entity
        assert [one for one in store.requests() if writes(one)] == []
        for entity, rows, field, value in shop():
            changed = [{**row, field: known.get(value, value)} if n % 20 == 1 else row for n, row in enumerate(rows)]
            differing = sum(before != after for before, after in zip(rows, changed, strict=True))
            held = records(store, entity)
            outcome, rejects = run_load(store, entity, changed)
            assert not rejects, (entity, [str(reject) for reject in rejects[:3]])
            assert counts(outcome) == (0, differing, len(rows) - differing, 0), entity
            now = records(store, entity)
            assert now.keys() == held.keys(), entity
            assert sum(now[one] != held[one] for one in now) == differing, entity


def writes(request: dict[str, Any]) -> bool:
    """Whether a request of the sandbox's log was no reading and no login."""
    return "/api/" in request["path"] and request["method"] != "GET" and request["override"] != "GET"


def records(store: LoadStore, entity: str) -> dict[tuple[str, Any], tuple[Any, ...]]:
    """Every record of an entity as the store keeps it, whole."""
    return {
        (one.type, row[0]): row
        for one in entities_of(entity)
        for row in store.sandbox.execute(f"SELECT id, * FROM {one.type}")
    }
