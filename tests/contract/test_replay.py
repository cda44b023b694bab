"""The replay script, on a recording made here: what the sandbox answers is what its own recording says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract import documents as d
from tests.contract.replay import main, replay_file

if TYPE_CHECKING:
    from pathlib import Path

_HEADERS = {
    "Accept": "application/vnd.api+json",
    "Authorization": "Bearer <token>",
    "Content-Type": "application/vnd.api+json",
}
_CUSTOMER = {
    "type": "customers", "id": "5", "attributes": {"name": "Fern & Co", "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"},
    "relationships": {"group": {"data": {"type": "customergroups", "id": "2"}}},
}  # fmt: skip
_NAMES = [
    "parent",
    "children",
    "addresses",
    "group",
    "users",
    "owner",
    "organization",
    "salesRepresentatives",
    "paymentTerm",
    "taxCode",
    "attachments",
    "activityNotes",
    "internal_rating",
]


def _exchange(
    name: str, second: int, method: str, path: str, status: int, answer: Any, body: Any = None
) -> dict[str, Any]:
    return {
        "name": name,
        "request": {
            "method": method,
            "url": f"http://store.example/admin/api/{path}",
            "headers": _HEADERS,
            "body": body,
        },
        "response": {"status": status, "headers": {"Date": f"Sat, 03 Jan 2026 10:00:{second:02d} GMT"}, "body": answer},
    }


def _full(identifier: str, name: str) -> dict[str, Any]:
    dates = {"createdAt": "2026-01-03T10:00:02Z", "updatedAt": "2026-01-03T10:00:02Z"}
    relations: dict[str, Any] = {
        one: {"data": [] if one.endswith(("s", "ren")) and one != "internal_rating" else None} for one in _NAMES
    }
    return {"type": "customers", "id": identifier, "attributes": {"name": name, **dates}, "relationships": relations}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    folder = tmp_path / "6.1.9"
    folder.mkdir()
    blank = {
        "status": "400",
        "title": "not blank constraint",
        "detail": "This value should not be blank.",
        "source": {"pointer": "/data/attributes/name"},
    }
    lines = [
        _exchange("one", 1, "GET", "customers/5?fields[customers]=name,group", 200, {"data": {**_CUSTOMER, "attributes": {"name": "Fern & Co"}}}),
        _exchange("made", 2, "POST", "customers", 201, {"data": _full("6", "New")}, d.doc("customers", {"name": "New"})),
        _exchange("blank", 3, "POST", "customers", 400, {"errors": [blank]}, d.doc("customers")),
        _exchange("found", 4, "GET", "customers?filter[group.name]=Florists&fields[customers]=name", 200, {"data": [{"type": "customers", "id": "5", "attributes": {"name": "Fern & Co"}}]}),
        _exchange("again", 5, "GET", "customers/6?fields[customers]=name", 200, {"data": {"type": "customers", "id": "6", "attributes": {"name": "New"}}}),
        _exchange("wrong", 6, "GET", "customers/6", 404, {"errors": [{"status": "404", "title": "never", "detail": "so"}]}),
    ]  # fmt: skip
    path = folder / "own.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_equal_answers_are_told_from_others(recording: Path) -> None:
    results = {one.name: differences for one, differences in replay_file(recording)}
    assert results.pop("wrong")[0].startswith("status 404 -> 200")
    assert not any(results.values()), results


def test_the_script_counts_and_fails_below_the_wanted_share(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(recording), "--least", "0.8"]) == 0
    assert main([str(recording), "-v"]) == 1
    assert "all: 5 of 6 equal (83.3%)" in capsys.readouterr().out
