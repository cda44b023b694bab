"""The demo's checks pass when all is as it should be, and name each thing that is not."""

from __future__ import annotations

import re
import sqlite3
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from demo import sources
from demo.checks import check_orders, check_products, check_trackings, warehouse_orders
from demo.times import moment

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=timezone.utc)
WINDOWS = [(MIDNIGHT - 2 * DAY, MIDNIGHT - DAY), (MIDNIGHT - DAY, MIDNIGHT)]
COLUMNS = ("sku", "name", "unit", "tax_code", "category", "brand", "attribute_family", "inventory_status", "status")


def order(id_: str, updated: datetime, total: str = "10.0000") -> dict[str, Any]:
    stamp = updated.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"type": "orders", "id": id_, "attributes": {"updatedAt": stamp, "totalValue": total, "currency": "USD"}}


def held(id_: str, updated: datetime, total: str = "10.0000") -> dict[str, Any]:
    return {"id": id_, "updatedat": updated.isoformat(), "totalvalue": total}


def product(sku: str, name: str = "Lamp") -> dict[str, str]:
    return {**dict.fromkeys(COLUMNS, "x"), "sku": sku, "name": name}


def test_orders_that_agree_are_right_and_those_outside_the_windows_do_not_matter() -> None:
    stored = [
        order("1", MIDNIGHT - 2 * DAY),
        order("2", MIDNIGHT - timedelta(seconds=1)),
        order("3", MIDNIGHT - 3 * DAY),
        order("4", MIDNIGHT + timedelta(hours=1)),
    ]
    warehouse = {
        "1": held("1", MIDNIGHT - 2 * DAY),
        "2": held("2", MIDNIGHT - timedelta(seconds=1)),
        "4": held("4", MIDNIGHT - DAY),  # it changed in a window, and again after the extract
    }

    assert check_orders(stored, warehouse, WINDOWS) == []


@pytest.mark.parametrize(
    ("stored", "warehouse", "wrong"),
    [
        ([order("1", MIDNIGHT - DAY)], {}, "order 1 .* is not in the warehouse"),
        ([order("1", MIDNIGHT - 3 * DAY)], {"1": held("1", MIDNIGHT - 3 * DAY)}, "order 1 .* is in the warehouse"),
        ([], {"1": held("1", MIDNIGHT - DAY)}, "order 1 of the warehouse is not in the store"),
        ([order("1", MIDNIGHT - DAY)], {"1": held("1", MIDNIGHT - DAY, "9.0000")}, "totalValue is '9.0000'"),
        ([order("1", MIDNIGHT - DAY)], {"1": held("1", MIDNIGHT - 2 * DAY)}, "updatedAt is"),
        ([order("1", MIDNIGHT - DAY)], {"1": {"id": "1"}}, "no column for updatedAt"),
    ],
)
def test_each_wrong_order_is_named(stored: list[Any], warehouse: dict[str, Any], wrong: str) -> None:
    (found,) = check_orders(stored, warehouse, WINDOWS)

    assert re.search(wrong, found)


def test_the_warehouse_is_read_by_id_whatever_its_spelling_of_columns(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER, updated_at TEXT, totalValue TEXT)")
        connection.execute("INSERT INTO orders VALUES (7, '2026-11-20T00:00:00Z', '1.0000')")

    assert warehouse_orders(f"sqlite:///{path}") == {
        "7": {"id": 7, "updatedat": "2026-11-20T00:00:00Z", "totalvalue": "1.0000"}
    }


def test_products_are_as_the_erp_says_and_all_others_as_they_were() -> None:
    before = {"A": product("A"), "B": product("B")}
    erp = [product("B", "Lamp 2"), product("C")]

    assert check_products(before, erp, {"A": product("A"), "B": product("B", "Lamp 2"), "C": product("C")}) == []
    assert check_products(before, erp, {"A": product("A", "Chair"), "B": product("B"), "D": product("D")}) == [
        "product C is missing",
        "product D is too many",
        "product A: name is 'Chair' and not 'Lamp'",
        "product B: name is 'Lamp' and not 'Lamp 2'",
    ]


def test_a_tracking_of_the_interval_is_there_once_and_the_others_are_untouched() -> None:
    known = ("O-1", "UPS", "OLD")
    new, later = ("O-2", "UPS", "1"), ("O-3", "DHL", "2")
    sent = [
        sources.Shipment(*known, MIDNIGHT - DAY),
        sources.Shipment(*new, MIDNIGHT - DAY),
        sources.Shipment(*later, MIDNIGHT),
    ]

    assert check_trackings([known], sent, [known, new], WINDOWS[1]) == []
    assert check_trackings([known], sent, [known, new, new, later], WINDOWS[1]) == [
        "tracking ('O-2', 'UPS', '1') is there 2 times and not 1",
        "tracking ('O-3', 'DHL', '2') is there 1 times and not 0",
    ]


def test_the_erp_has_products_unchanged_changed_and_new() -> None:
    store = {f"S-{n}": product(f"S-{n}") for n in range(40)} | {"S-X": {**product("S-X"), "brand": ""}}

    rows = sources.erp_products(store)

    assert sum(store.get(row["sku"]) == row for row in rows) == sources.SAME
    assert sum(row["sku"] in store for row in rows) == sources.SAME + sources.CHANGED
    assert sum(row["sku"] not in store for row in rows) == sources.NEW
    assert "S-X" not in {row["sku"] for row in rows}


def test_shipments_lie_in_three_days_and_repeat_what_the_store_knows(tmp_path: Path) -> None:
    known = [("K-1", "UPS", "A"), ("K-2", "UPS", "B"), ("K-2", "UPS", "B")]

    parcels = sources.shipments([f"O-{n}" for n in range(40)], known, date(2026, 11, 21))
    sources.write_shipments(tmp_path / "shipments.csv", parcels)

    days = [parcel.shipped_at.date() - date(2026, 11, 21) for parcel in parcels]
    assert {day.days: days.count(day) for day in days} == {-2: 4, -1: 13, 0: 4}
    assert len({parcel.tracking for parcel in parcels}) == len(parcels)
    assert [parcel.tracking for parcel in parcels if parcel.order.startswith("K")] == [known[0]]
    first = (tmp_path / "shipments.csv").read_text().splitlines()[:2]
    assert first == ["order,method,number,shipped_at", "O-0,UPS,UPS-0000-O-0,2026-11-19T00:00:00Z"]


def test_a_moment_is_read_in_both_spellings_of_utc() -> None:
    assert moment("2026-11-21T00:00:00Z") == moment("2026-11-21T00:00:00.000000+00:00") == MIDNIGHT
