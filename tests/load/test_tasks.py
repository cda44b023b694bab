"""Load tasks on stores that are in trouble, on a worker and through a triggerer: bad rows, deadlines, retries, and equal ends."""

from __future__ import annotations

import json
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.operators.upsert import OroCommerceReplayRejectsOperator, OroCommerceUpsertOperator
from oro_provider.sandbox import running
from oro_provider.version_compat import AirflowException, AirflowFailException
from tests.integration.tasks import execute, rendered, through_deferrals
from tests.load.test_bad_rows import PRODUCTS

if TYPE_CHECKING:
    from pathlib import Path

    from oro_provider.sandbox import RunningStore
    from tests.load.conftest import LoadStore


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A deferrable task leaves its worker as soon as an operation is at work."""
    monkeypatch.setattr("oro_provider.operators.upsert.PATIENCE_SECONDS", 0.0)
    monkeypatch.setenv("AIRFLOW__OROCOMMERCE__WORK_PATH", str(tmp_path / "work"))


@pytest.fixture
def connected(store: LoadStore, monkeypatch: pytest.MonkeyPatch) -> LoadStore:
    connect(store.sandbox, monkeypatch)
    return store


def connect(store: RunningStore, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {
        "conn_type": "orocommerce",
        "host": store.url,
        "login": store.client_id,
        "password": store.client_secret,
    }
    monkeypatch.setenv("AIRFLOW_CONN_OROCOMMERCE_DEFAULT", json.dumps({**connection, "extra": {"allow_http": True}}))


def test_bad_rows_of_twenty_kinds_fail_the_task_and_their_replay_after_repair_succeeds(
    connected: LoadStore, tmp_path: Path
) -> None:
    good = [{"sku": f"TASK-{n:04}", "name": f"Good {n}", "unit": "each"} for n in range(380)]
    # What repeats a row of the other test's repeats one of these.
    bad = [{**row, "sku": "task-0000"} if row.get("sku") == "good-0000" else row for _, row, _, _ in PRODUCTS]
    rejects = tmp_path / "rejects.jsonl"
    operator, ctx = rendered(
        OroCommerceUpsertOperator(
            task_id="load", entity="products", records=[*good, *bad], rejects=str(rejects), poll_interval=0.05
        )
    )
    with pytest.raises(AirflowFailException, match="20 of 400 rows of products were refused"):
        operator.execute(ctx)
    outcome = ctx["ti"].pushed["return_value"]
    assert (outcome["created"], outcome["rejected"], outcome["rejects"]) == (380, 20, str(rejects))
    assert connected.count("products", "sku LIKE 'TASK-%'") == 380
    lines = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert sorted(line["row"] for line in lines) == list(range(381, 401))
    for line in lines:
        line["values"] = {"sku": f"FIXED-{line['row']}", "name": "Fixed", "unit": "each"}
    rejects.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    again = OroCommerceReplayRejectsOperator(task_id="replay", entity="products", replay=str(rejects))
    outcome = execute(again)
    assert (outcome["created"], outcome["rejected"]) == (20, 0)
    assert connected.count("products", "sku LIKE 'FIXED-%'") == 20


@pytest.mark.soak  # the store takes 25 s to say that nobody works
@pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "triggerer"])
def test_without_a_consumer_a_task_ends_at_its_deadline_and_its_retry_takes_up_what_was_sent(
    connected: LoadStore, deferrable: bool
) -> None:
    mark = "Triggered" if deferrable else "Worked"
    given = [{"name": f"{mark} {n:03}"} for n in range(250)]

    def make(**more: Any) -> OroCommerceUpsertOperator:
        known = {"operation_deadline": 0.3, "poll_interval": 0.1, **more}
        return OroCommerceUpsertOperator(
            task_id=mark, entity="customers", records=given, deferrable=deferrable, **known
        )

    connected.sandbox.switch(consumers=0)
    with pytest.raises(AirflowException, match="oro:message-queue:consume") as failed:
        through_deferrals(make)
    assert not isinstance(failed.value, AirflowFailException)  # so that Airflow tries again
    assert connected.count("customers", f"name LIKE '{mark} %'") == 0
    sent = connected.requests()[-1]["number"]
    timer = threading.Timer(0.5, lambda: connected.sandbox.switch(consumers=1))
    timer.start()
    outcome, _, _ = through_deferrals(lambda: make(operation_deadline=30.0), try_number=2)
    timer.join()
    assert (outcome["created"], outcome["rejected"]) == (250, 0)
    assert not [one for one in connected.requests(sent) if one["method"] == "PATCH"]
    assert connected.count("customers", f"name LIKE '{mark} %'") == 250


# More rows than two synchronous batches take, so that each is an operation; among them some that the store refuses.
LOADS: list[tuple[str, list[dict[str, Any]], int]] = [
    (
        "products",
        [
            *(
                {"sku": f"D-KIT-{n}", "name": f"Kit {n}", "unit": "each", "product_type": "kit",
                 "kit_items": [{"label": "Base", "unit": "each", "products": [f"D-{n:03}", f"D-{n + 1:03}"]}]}
                for n in range(3)
            ),
            *({"sku": f"D-{n:03}", "name": f"Thing {n}", "unit": "each", "status": "enabled"} for n in range(130)),
            *({"sku": f"D {n}!", "name": "x", "unit": "each"} for n in range(3)),
        ],
        3,
    ),
    ("pricelists", [{"name": "D", "currencies": ["USD"]}], 0),
    (
        "productprices",
        [{"price_list": "D", "product": f"D-{n % 130:03}", "unit": "each", "quantity": 1 + n // 130, "currency": "USD",
          "value": "-1" if n % 100 == 7 else "2.5"} for n in range(260)],
        3,
    ),
    ("customers", [{"name": f"D {n:03}", **({"parent": f"D {n + 1:03}"} if n % 9 == 0 else {})} for n in range(250)], 0),
    (
        "customerusers",
        [{"email": f"d{n}@x.example", "first_name": "A", "customer": f"D {n:03}", **({"last_name": "B"} if n % 50 else {})}
         for n in range(250)],
        5,
    ),
]  # fmt: skip
COMPARED = {
    "products": "SELECT sku, status, productType FROM products WHERE sku LIKE 'D-%' ORDER BY 1",
    "kits": "SELECT p.sku, count(*) FROM productkititemproducts k JOIN products p ON p.id = k.product GROUP BY 1 ORDER BY 1",
    "prices": "SELECT p.sku, x.quantity, x.value FROM productprices x JOIN products p ON p.id = x.product "
    "WHERE p.sku LIKE 'D-%' ORDER BY 1, 2",
    "customers": "SELECT c.name, p.name FROM customers c LEFT JOIN customers p ON p.id = c.parent WHERE c.name LIKE 'D %' ORDER BY 1",
    "users": "SELECT u.email, u.lastName, c.name FROM customerusers u JOIN customers c ON c.id = u.customer "
    "WHERE c.name LIKE 'D %' ORDER BY 1",
}


@pytest.mark.timeout(300)
def test_a_triggerer_changes_nothing_but_where_is_waited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    worked = loaded(monkeypatch, tmp_path / "worker", deferrable=False)
    deferred = loaded(monkeypatch, tmp_path / "triggerer", deferrable=True)
    assert deferred == worked
    assert all(worked[-1].values())


def loaded(monkeypatch: pytest.MonkeyPatch, folder: Path, *, deferrable: bool) -> tuple[Any, ...]:
    """Load into a store of its own; return the counts, the files of rejects, and what the store holds."""
    counted, refused, deferrals = [], [], 0
    with running(seed=5, orders=5, version="6.1") as sandbox:
        connect(sandbox, monkeypatch)
        for entity, given, bad in LOADS:
            rejects = folder / f"{entity}.jsonl"
            arguments = {"records": given, "rejects": str(rejects), "max_rejects": bad, "deferrable": deferrable}
            make = partial(OroCommerceUpsertOperator, task_id=entity, entity=entity, poll_interval=0.05, **arguments)
            sandbox.forget_requests()
            outcome, times, _ = through_deferrals(make)
            deferrals += times
            assert outcome["rejected"] == bad, entity
            asked = [
                one for one in sandbox.requests() if "/api/" in one["path"] and "asyncoperations" not in one["path"]
            ]
            assert outcome["requests"] >= len(asked), entity
            counted.append({name: outcome[name] for name in ("entity", "read", "created", "updated", "unchanged")})
            refused.append(rejects.read_text() if bad else "")
        assert (deferrals > 0) == deferrable
        return counted, refused, {name: sandbox.execute(statement) for name, statement in COMPARED.items()}
