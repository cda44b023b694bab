"""Rows as databases, data frames and Airflow hand them over: one of them that no store keeps stops none of the others, and what a
store keeps in other words is no difference the next time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pendulum
import pytest

from oro_provider.api import calls
from oro_provider.api.async_client import AsyncOroClient
from oro_provider.entities import entity_of
from oro_provider.load import apply
from oro_provider.load import run as load_run
from oro_provider.load.apply import ApplyOptions, WaitingForOperations
from oro_provider.load.batches import Limits
from oro_provider.load.delete import Deletion, delete
from oro_provider.load.load import load
from oro_provider.load.run import Load
from oro_provider.sandbox.testing import TestStore
from tests.integration.loading import counts, run_load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from oro_provider.load.delete import Deleted
    from oro_provider.load.outcome import Outcome
    from oro_provider.load.rows import Reject
    from tests.load.conftest import LoadStore

BERLIN = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 7, 1, 8, 30, 0, 250_000, tzinfo=BERLIN),
        pendulum.datetime(2026, 7, 1, 8, 30, tz="Europe/Berlin"),
        "2026-07-01T08:30:00+02:00",
        "2026-07-01T06:30:00Z",
        date(2026, 7, 1),
        "2026-07-01",
    ],
    ids=repr,
)
def test_a_moment_is_written_once(store: LoadStore, moment: Any) -> None:
    row = {"sku": "MOMENT-1", "name": "x", "unit": "each", "availability_date": moment}
    run_load(store, "products", [row])
    assert counts(run_load(store, "products", [row])[0]) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    "day", [date(1990, 5, 1), datetime(1990, 5, 1), pendulum.date(1990, 5, 1), "1990-05-01"], ids=repr
)
def test_a_day_is_written_once(store: LoadStore, day: Any) -> None:
    run_load(store, "customers", [{"name": "Day Co"}])
    row = {"email": "day@x.example", "first_name": "A", "last_name": "B", "customer": "Day Co", "birthday": day}
    assert run_load(store, "customerusers", [row])[1] == []
    assert counts(run_load(store, "customerusers", [row])[0]) == (0, 0, 1, 0)


def test_money_is_rounded_as_the_store_does(store: LoadStore) -> None:
    run_load(store, "products", [{"sku": "ROUND-1", "name": "x", "unit": "each"}])
    ((shop,),) = store.sandbox.execute("SELECT name FROM pricelists ORDER BY id LIMIT 1")
    row = {"price_list": shop, "product": "ROUND-1", "unit": "each", "currency": "USD", "value": "1.00005"}
    assert counts(run_load(store, "productprices", [row])[0]) == (1, 0, 0, 0)
    assert counts(run_load(store, "productprices", [row])[0]) == (0, 0, 1, 0)


ODD: list[tuple[dict[str, Any], str | None, str]] = [
    ({"name": float("nan")}, "name", "should be a text, not float"),
    ({"name": 12345.0}, "name", "should be a text, not float"),
    ({"name": True}, "name", "should be a text, not bool"),
    ({"name": b"ACME"}, "name", "should be a text, not bytes"),
    ({"name": "half \ud800"}, "name", "no store keeps"),
    ({"name": "ze\x00ro"}, "name", "no store keeps"),
    ({"name": "Odd 1", "colour": object()}, "colour", "should be a value that JSON has"),
    ({"name": "Odd 2", "colour": float("nan")}, "colour", "should be a value that JSON has"),
    ({"name": "Odd 3", "since": pendulum.datetime(2026, 1, 1)}, None, "extra fields"),
    ({"name": "Odd 4", "group": "half \udc00"}, "group", "no store keeps"),
    ({"type": "customers", "id": 7, "attributes": {"name": "Odd 5"}}, None, "is no resource object"),
    ({"type": "customers", "attributes": {"name": "Odd 6"}, "relationships": {"group": None}}, "group", "without `data`"),
    ({"type": "customers", "id": "7", "attributes": {"name": "Odd 7"}}, "id", "is 7, but the store has no customers of this name"),
    ({"name": "Odd 8", "id": 7.0}, "id", "is 7, but the store has no customers of this name"),
]  # fmt: skip


def test_odd_rows_are_refused_one_by_one_and_kept_for_the_replay(store: LoadStore, tmp_path: Path) -> None:
    rejects_file = tmp_path / "rejects.jsonl"
    good: list[dict[str, Any]] = [{"name": Decimal("4711")}, {"name": UUID(int=1)}, {"name": "Plain"}]
    outcome, rejects = run_load(store, "customers", [*(row for row, _, _ in ODD), *good], rejects=rejects_file)
    assert counts(outcome) == (3, 0, 0, len(ODD))
    told = sorted(rejects, key=lambda reject: reject.row)
    assert [(one.field, words in one.reason) for one, (_, _, words) in zip(told, ODD, strict=True)] == [
        (field, True) for _, field, _ in ODD
    ]
    assert len([json.loads(line) for line in rejects_file.read_text().splitlines()]) == len(ODD)


def test_an_id_may_be_said_where_it_is_the_records_own(store: LoadStore) -> None:
    run_load(store, "customers", [{"name": "Own Id"}])
    ((own,),) = store.sandbox.execute("SELECT id FROM customers WHERE name = 'Own Id'")
    for row in ({"id": own, "name": "Own Id"}, {"type": "customers", "id": str(own), "attributes": {"name": "Own Id"}}):
        assert counts(run_load(store, "customers", [row])[0]) == (0, 0, 1, 0)
    _, (refused,) = run_load(store, "customers", [{"id": 1, "name": "Own Id"}])
    assert str(refused) == f"row 1, field id: is 1, but the customers of this name have the id {own}"


def test_a_fraction_is_no_whole_number_and_a_setting_keeps_its_digits(store: LoadStore) -> None:
    run_load(store, "products", [{"sku": "DIGITS-1", "name": "x", "unit": "each", "minimum_quantity_to_order": 5.0}])
    assert store.count("entityfieldfallbackvalues", "scalarValue = '5'") > 0
    units = [{"unit": "each", "precision": 10.9}]
    _, (refused,) = run_load(store, "products", [{"sku": "DIGITS-1", "units": units}])
    assert (refused.field, refused.reason) == ("units.precision", "should be a whole number")


def test_the_place_of_a_product_in_its_category_may_be_a_fraction(store: LoadStore) -> None:
    row = {"sku": "PLACE-1", "name": "x", "unit": "each", "category_sort_order": "1.5"}
    assert counts(run_load(store, "products", [row])[0]) == (1, 0, 0, 0)
    assert store.count("products", '"category_sort_order" = 1.5') == 1
    assert counts(run_load(store, "products", [row])[0]) == (0, 0, 1, 0)


def test_the_first_unit_of_a_new_product_leads_where_the_row_names_no_other(store: LoadStore, tmp_path: Path) -> None:
    row = {"sku": "LEAD-1", "name": "x", "units": ["set", "each"]}
    run_load(store, "products", [row], results=tmp_path / "results.jsonl")
    assert "primaryUnitPrecision" in json.loads((tmp_path / "results.jsonl").read_text())["changes"]
    assert counts(run_load(store, "products", [row])[0]) == (0, 0, 1, 0)


def test_two_rows_of_one_stock_record_never_take_turns(store: LoadStore) -> None:
    run_load(store, "products", [{"sku": "TURNS-1", "name": "x", "unit": "each"}])
    rows = [{"product": "TURNS-1", "quantity": 1}, {"product": "TURNS-1", "unit": "each", "quantity": 2}]
    outcome, rejects = run_load(store, "inventorylevels", rows)
    assert counts(outcome) == (0, 1, 0, 1)
    assert "names the record of row 1" in rejects[0].reason
    assert counts(run_load(store, "inventorylevels", rows)[0]) == (0, 0, 1, 1)


def test_the_last_of_repeated_rows_finds_what_the_first_made_chunks_before(
    store: LoadStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_run, "CHUNK_ROWS", 2)
    rows = [{"name": name} for name in ("Repeated Co", "Between 1", "Between 2", "Repeated Co")]
    assert counts(run_load(store, "customers", rows, repeated="last")[0]) == (3, 0, 1, 0)
    assert store.count("customers", "name = 'Repeated Co'") == 1


def test_what_cannot_be_made_of_a_name_is_refused_with_its_row(store: LoadStore) -> None:
    rows = [
        {"sku": "MAKE-1", "name": "x", "unit": "each", "tax_code": "T" * 300},
        {"sku": "MAKE-2", "name": "x", "unit": "barrel"},
        {"sku": "MAKE-3", "name": "x", "unit": "each", "tax_code": "MADE"},
    ]
    outcome, rejects = run_load(store, "products", rows, missing={"*": "create"})
    assert counts(outcome) == (1, 0, 0, 2)
    assert [(one.field, "too long" in one.reason) for one in rejects] == [("tax_code", True), ("unit", False)]


def test_an_order_of_more_lines_than_a_synchronous_batch_holds(store: LoadStore) -> None:
    skus = [f"LINE-{n:02}" for n in range(55)]
    run_load(store, "customers", [{"name": "Long Order Co"}])
    run_load(store, "products", [{"sku": sku, "name": "x", "unit": "each", "status": "enabled"} for sku in skus])
    line = {"unit": "each", "quantity": 1, "value": "1", "currency": "USD"}
    order = {"customer": "Long Order Co", "currency": "USD", "line_items": [{"sku": sku, **line} for sku in skus]}
    orders = [
        {**order, "identifier": "LONG-1"},
        {**order, "identifier": "LONG-2", "line_items": [{"sku": skus[0], **line}]},
    ]
    assert counts(run_load(store, "orders", orders)[0]) == (2, 0, 0, 0)
    assert counts(run_load(store, "orders", orders)[0]) == (0, 0, 2, 0)


def test_a_password_is_in_no_file_of_a_load_that_took_it(store: LoadStore, tmp_path: Path) -> None:
    run_load(store, "customers", [{"name": "Secret Co"}])
    row = {
        "email": "secret@x.example",
        "first_name": "A",
        "last_name": "B",
        "customer": "Secret Co",
        "password": "Op3n-Sesame",
    }
    assert counts(run_load(store, "customerusers", [row], results=tmp_path / "results.jsonl")[0]) == (1, 0, 0, 0)
    assert "Op3n-Sesame" not in (tmp_path / "results.jsonl").read_text()


def test_rejects_of_a_load_before_do_not_outlive_a_clean_one(store: LoadStore, tmp_path: Path) -> None:
    place = tmp_path / "rejects.jsonl"
    run_load(store, "customers", [{"name": ""}], rejects=place)
    assert place.exists()
    outcome, _ = run_load(store, "customers", [{"name": "Clean Co"}], rejects=place)
    assert (outcome["rejects"], place.exists()) == (None, False)


def by_and_by(
    store: LoadStore, entity: str, rows: list[Any], work: Path, meanwhile: Callable[[], None], **options: Any
) -> tuple[Outcome, list[Reject]]:
    """Load as a deferrable task does: leave as soon as an operation is at work, and come back in another process."""
    spec = Load(entity_of(entity), rows, work=work, apply=ApplyOptions(poll_interval=0.05, patience=0.0, **options))

    async def job() -> tuple[Outcome, list[Reject]]:
        async with AsyncOroClient(store.settings) as client:
            return await load(client, spec)

    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(WaitingForOperations):
            return asyncio.run(job())
        meanwhile()
        time.sleep(0.1)
    raise AssertionError("the load never ended")


def test_a_load_that_leaves_several_times_counts_what_it_made_before(
    store: LoadStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(apply, "ASYNC", Limits(records=40, included=None, bytes=900_000))
    rows: list[Any] = [*({"name": f"Leaving {n:03}"} for n in range(100)), {"name": ""}]

    def meanwhile() -> None:
        store.sandbox.switch(consumers=1)
        time.sleep(0.2)
        store.sandbox.switch(consumers=0)

    store.sandbox.switch(consumers=0)
    outcome, _ = by_and_by(store, "customers", rows, tmp_path / "work", meanwhile, way="async")
    assert counts(outcome) == (100, 0, 0, 1)


def test_a_load_that_left_takes_up_what_another_one_made_meanwhile(store: LoadStore, tmp_path: Path) -> None:
    rows = [{"sku": f"MEANWHILE-{n:03}", "name": "ours", "unit": "each"} for n in range(250)]
    others = TestStore(store.sandbox)

    def meanwhile() -> None:
        if not others.records("products", sku="MEANWHILE-000"):
            others.create(
                "products",
                {"sku": "MEANWHILE-000"},
                [
                    {"type": "productnames", "id": "n", "attributes": {"string": "theirs"}},
                    {
                        "type": "productunitprecisions",
                        "id": "u",
                        "attributes": {"precision": 0, "conversionRate": 1, "sell": True},
                        "relationships": {"unit": {"data": {"type": "productunits", "id": "each"}}},
                    },
                ],
                names=[{"type": "productnames", "id": "n"}],
                primaryUnitPrecision={"type": "productunitprecisions", "id": "u"},
                attributeFamily="1",
                inventory_status="in_stock",
            )
        store.sandbox.switch(consumers=1)

    store.sandbox.switch(consumers=0)
    outcome, rejects = by_and_by(store, "products", rows, tmp_path / "work", meanwhile)
    assert (counts(outcome), rejects) == ((249, 1, 0, 0), [])


def test_what_a_deletion_of_many_left_is_asked_for_one_by_one(
    store: LoadStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_load(store, "customers", [{"name": f"Going {n}"} for n in range(3)])
    since = len(store.requests())

    async def run() -> tuple[Deleted, list[Reject]]:
        async with AsyncOroClient(store.settings) as client:
            return await delete(client, Deletion(entity_of("customers"), [f"Going {n}" for n in range(3)], most=10))

    monkeypatch.setattr(calls, "_read_deleted", lambda response: 2)
    deleted, rejects = asyncio.run(run())
    assert (deleted["deleted"], rejects) == (3, [])
    assert [one["method"] for one in store.requests()[since:]].count("DELETE") == 4
