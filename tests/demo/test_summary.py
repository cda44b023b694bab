"""The demo's table adds up what the tasks returned."""

from __future__ import annotations

from demo.summary import row, table

RUNS = [
    {"start_date": "2026-11-21T10:00:00Z", "end_date": "2026-11-21T10:00:04Z"},
    {"start_date": "2026-11-21T10:00:02Z", "end_date": "2026-11-21T10:00:09.500000Z"},
]


def test_extracts_and_upserts_are_added_up_and_aligned() -> None:
    manifest = {"entity": "orders", "files": ["a"], "count": 120, "complete": True}
    outcome = {"read": 45, "created": 10, "updated": 15, "unchanged": 20, "rejected": 0}

    rows = [row("orders", RUNS, [manifest, manifest, {"other": 1}], 33), row("products_upsert", RUNS[:1], [outcome], 9)]

    assert table(rows).splitlines() == [
        "dag              runs  read  created  updated  unchanged  seconds  requests",
        "orders              2   240        -        -          -      9.5        33",
        "products_upsert     1    45       10       15         20      4.0         9",
    ]
