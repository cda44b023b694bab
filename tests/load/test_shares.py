"""Addresses of customers and of their users in one task: one outcome, one file of rejects, one journal."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.errors import OroCommerceError
from oro_provider.api.exchange import Retries
from oro_provider.entities import entities_of, keyed_by
from oro_provider.load.apply import ApplyOptions
from oro_provider.load.load import Runs
from oro_provider.load.run import Load
from oro_provider.load.shares import shares
from tests.integration.loading import counts, run_load

if TYPE_CHECKING:
    from pathlib import Path

    from oro_provider.load.outcome import Outcome
    from oro_provider.load.rows import Reject
    from tests.load.conftest import LoadStore

PLACE = {"city": "Ulm", "postal_code": "89073", "country": "DE", "region": "BY", "organization": "O"}


def run(
    store: LoadStore, rows: list[Any], folder: Path, key: tuple[str, ...] = (), **more: Any
) -> tuple[Outcome, list[Reject]]:
    entities = entities_of("addresses")
    if key:
        entities = keyed_by(entities, key)
    common = Load(
        entities[0],
        rows,
        rejects=folder / "rejects.jsonl",
        results=folder / "results.jsonl",
        apply=ApplyOptions(poll_interval=0.05),
    )
    specs = [
        replace(common, entity=entity, share=share, work=folder / "work" / entity.type, **more)
        for entity, share in zip(entities, shares(entities), strict=True)
    ]

    async def job() -> tuple[Outcome, list[Reject]]:
        async with AsyncOroClient(store.settings, retries=Retries(first_wait=0.02)) as client:
            return await Runs(client, specs, "addresses").to_the_end()

    return asyncio.run(job())


@pytest.fixture(scope="module")
def owners(_store: LoadStore) -> None:
    run_load(_store, "customers", [{"name": f"Mixed {n}"} for n in range(3)])
    users = [
        {"email": f"mixed{n}@x.example", "first_name": "A", "last_name": "B", "customer": f"Mixed {n}"}
        for n in range(3)
    ]
    run_load(_store, "customerusers", users)


def rows(mark: str) -> list[dict[str, Any]]:
    """Six addresses: of a customer and of a user, one after another."""
    return [
        {**PLACE, "street": f"{mark} {n}", **owner}
        for n in range(3)
        for owner in ({"customer": f"Mixed {n}"}, {"customer_user": f"mixed{n}@x.example"})
    ]


def made(store: LoadStore, mark: str) -> tuple[int, int]:
    where = f"street LIKE '{mark} %'"
    return store.count("customeraddresses", where), store.count("customeruseraddresses", where)


@pytest.mark.usefixtures("owners")
def test_both_kinds_of_owners_in_one_load(store: LoadStore, tmp_path: Path) -> None:
    both = {**PLACE, "street": "1", "customer": "Mixed 0", "customer_user": "mixed0@x.example"}
    bad = [{**PLACE, "street": "1", "customer": "Nobody"}, both, {**PLACE, "street": "1"}]
    bad.append({**PLACE, "street": "1", "customer_user": "mixed0@x.example", "country": "Atlantis"})
    given = [*bad[:2], *rows("Both"), *bad[2:]]
    outcome, rejects = run(store, given, tmp_path)
    assert (outcome["entity"], outcome["read"], counts(outcome)) == ("addresses", 10, (6, 0, 0, 4))
    said = {reject.row: (reject.field, reject.reason) for reject in rejects}
    assert {row: field for row, (field, _) in said.items()} == {
        1: "customer",
        2: "customer_user",
        9: "customer",
        10: "country",
    }
    assert said[2][1] == "names customer and customer_user, and has one owner"
    lines = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert sorted(line["row"] for line in lines) == [1, 2, 9, 10]
    assert [given[line["row"] - 1] for line in lines] == [line["values"] for line in lines]
    results = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert sorted(line["row"] for line in results) == list(range(1, 11))
    assert made(store, "Both") == (3, 3)
    outcome, _ = run(store, rows("Both"), tmp_path)
    assert counts(outcome) == (0, 0, 6, 0)
    assert not (tmp_path / "work" / "customeraddresses").exists()


@pytest.mark.usefixtures("owners")
def test_a_ready_object_is_the_resources_of_its_type_and_what_is_no_row_is_refused(
    store: LoadStore, tmp_path: Path
) -> None:
    user = store.sandbox.execute("SELECT id FROM customerusers WHERE email = 'mixed0@x.example'")[0][0]
    related = {"customerUser": ("customerusers", user), "country": ("countries", "DE"), "region": ("regions", "DE-BY")}
    ready = {
        "type": "customeruseraddresses",
        "attributes": {"street": "Ready 1", "city": "Ulm", "postalCode": "89073", "organization": "O"},
        "relationships": {name: {"data": {"type": type_, "id": str(id_)}} for name, (type_, id_) in related.items()},
    }
    outcome, rejects = run(store, [ready, "Ready 2"], tmp_path)
    assert counts(outcome) == (1, 0, 0, 1)
    assert str(rejects[0]) == "row 2: is no dict but str"
    assert made(store, "Ready") == (0, 1)


@pytest.mark.usefixtures("owners")
def test_a_load_that_ends_in_its_second_half_still_counts_the_first(store: LoadStore, tmp_path: Path) -> None:
    store.sandbox.fail("reset_before", method="PATCH", path="/customeruseraddresses")
    with pytest.raises(OroCommerceError):
        run(store, rows("Half"), tmp_path)
    assert made(store, "Half") == (3, 0)
    store.sandbox.heal()
    before = store.requests()[-1]["number"]
    outcome, _ = run(store, rows("Half"), tmp_path)
    assert counts(outcome) == (6, 0, 0, 0)
    assert made(store, "Half") == (3, 3)
    assert not [one for one in store.requests(before) if one["path"].endswith("/customeraddresses")]


@pytest.mark.usefixtures("owners")
def test_another_key_has_each_owner_in_its_place(store: LoadStore, tmp_path: Path) -> None:
    labelled = [{**row, "label": "Office"} for row in rows("Label")]
    outcome, _ = run(store, labelled, tmp_path, ("customer", "label"))
    assert counts(outcome) == (6, 0, 0, 0)
    moved = [{**row, "street": f"New {row['street']}"} for row in labelled]
    outcome, _ = run(store, moved, tmp_path, ("customer_user", "label"))
    assert counts(outcome) == (0, 6, 0, 0)
