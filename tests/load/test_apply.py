"""Writing under bad conditions: no consumer, lost answers, kills in between. The store ends as after one good load."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.errors import OroCommerceError, OutcomeUnknown
from oro_provider.api.exchange import Retries
from oro_provider.entities import entity_of
from oro_provider.load.apply import Applier, ApplyOptions, WaitingForOperations, cheapest
from oro_provider.load.load import load
from oro_provider.load.operations import QUIET, BatchNotDone, Operations
from oro_provider.load.plan import PlanOptions
from oro_provider.load.run import Load
from oro_provider.sandbox import running
from oro_provider.sandbox.operations import Operations as Queue
from tests.integration.loading import counts
from tests.load.conftest import LoadStore
from tests.load.proxy import proxy

if TYPE_CHECKING:
    from pathlib import Path

    from oro_provider.load.outcome import Outcome
    from oro_provider.load.rows import Reject


QUICK = {"poll_interval": 0.05, "lost_answer_wait": 1.0}


def run(
    store: LoadStore, entity: str, rows: list[Any], *, work: Path | None = None, **options: Any
) -> tuple[Outcome, list[Reject]]:
    results, resume = options.pop("results", None), options.pop("resume", True)
    spec = Load(
        entity_of(entity),
        rows,
        work=work,
        results=results,
        resume=resume,
        apply=ApplyOptions(**{**QUICK, **options}),  # type: ignore[arg-type]
    )

    async def job() -> tuple[Outcome, list[Reject]]:
        async with AsyncOroClient(store.settings, retries=Retries(first_wait=0.02)) as client:
            return await load(client, spec)

    return asyncio.run(job())


def products(prefix: str, count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"sku": f"{prefix}-{n:04}", "name": f"Thing {n}", "unit": "each", **more} for n in range(count)]


def customers(prefix: str, count: int) -> list[dict[str, Any]]:
    return [{"name": f"{prefix} {n:04}"} for n in range(count)]


@pytest.mark.parametrize(
    ("batch", "writes", "sync_batches", "way"),
    [
        (False, 500, 0, "single"),
        (True, 1, 1, "sync"),
        (True, 200, 2, "sync"),
        (True, 201, 3, "async"),
        (True, 0, 0, "single"),
    ],
)
def test_the_cheapest_way(batch: bool, writes: int, sync_batches: int, way: str) -> None:
    assert cheapest(batch, writes, sync_batches) == way


@pytest.mark.parametrize("way", ["single", "sync", "async"])
def test_every_way_ends_the_same(store: LoadStore, way: Any, tmp_path: Path) -> None:
    rows = [*products(f"WAY{way}", 120), {"sku": f"WAY{way}-bad", "unit": "each"}]
    outcome, rejects = run(store, "products", rows, way=way, results=tmp_path / "results.jsonl")
    assert counts(outcome) == (120, 0, 0, 1)
    assert (rejects[0].row, rejects[0].field) == (121, "name")
    assert "blank" in rejects[0].reason
    assert store.count("products", f"sku LIKE 'WAY{way}-%'") == 120
    results = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert [line["row"] for line in results] == list(range(1, 122))
    assert all(line["id"] for line in results[:120])
    assert results[120]["outcome"] == "rejected"
    again, _ = run(store, "products", rows, way=way)
    assert counts(again) == (0, 0, 120, 1)


def test_a_store_without_a_consumer_is_told_from_a_busy_one_and_nothing_is_sent_twice(
    store: LoadStore, tmp_path: Path
) -> None:
    rows = customers("Idle", 300)
    store.sandbox.switch(consumers=0)
    work = tmp_path / "work"
    with pytest.raises(BatchNotDone, match="oro:message-queue:consume"):
        # The probe itself takes the 25 s after which a store gives up waiting for a consumer.
        run(store, "customers", rows, work=work, way="async", operation_deadline=0.2)
    sent = store.requests()[-1]["number"]
    store.sandbox.switch(consumers=1)
    outcome, rejects = run(store, "customers", rows, work=work, way="async")
    assert (counts(outcome), rejects) == ((300, 0, 0, 0), [])
    assert not [one for one in store.requests(sent) if one["method"] == "PATCH"]
    assert store.count("customers", "name LIKE 'Idle %'") == 300
    assert not work.exists()


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (None, "A message-queue consumer runs, so the store is only busy: raise the deadline"),
        ("500", "Whether a consumer runs could not be found out"),
    ],
)
def test_an_operation_that_does_not_end_is_given_up_with_what_is_known_of_the_queue(
    store: LoadStore, fault: str | None, why: str
) -> None:
    queue = store.sandbox.call(lambda store: store.operations)
    queue.delay = 60.0
    if fault:
        store.sandbox.fail(fault, method="PATCH", path="/customers")
    try:
        with pytest.raises(BatchNotDone, match=why) as given_up:
            run(store, "products", products(f"SLOW{fault}", 3), way="async", operation_deadline=0.3)
    finally:
        queue.delay = queue._busy_until = 0.0
    assert "They are not sent again" in str(given_up.value)


def test_only_operations_of_the_same_resource_are_waited_for_and_not_from_the_beginning_of_time(
    store: LoadStore,
) -> None:
    async def job() -> tuple[int, int]:
        async with AsyncOroClient(store.settings) as client:
            ours, others = (Operations(client, type_, deadline=30.0, poll=0.02) for type_ in ("pricelists", "products"))
            await ours.wait([str(await ours.fence()) for _ in range(QUIET + 10)])
            store.sandbox.switch(consumers=0)
            at_work = await others.fence()
            before = client.requests
            await ours.settle(None)
            looks = client.requests - before
            assert await others.wait([str(at_work)], patience=0.0) is None  # still at work
            return at_work, looks

    at_work, looks = asyncio.run(job())
    assert QUIET < looks < at_work


def test_a_load_leaves_the_worker_and_comes_back(store: LoadStore, tmp_path: Path) -> None:
    rows = products("DEFER", 250)
    store.sandbox.switch(consumers=0)
    with pytest.raises(WaitingForOperations) as waiting:
        run(store, "products", rows, work=tmp_path / "work", way="async", patience=0.1)
    assert len(waiting.value.ids) == 1
    store.sandbox.switch(consumers=1)
    outcome, _ = run(store, "products", rows, work=tmp_path / "work", way="async", patience=5.0)
    assert counts(outcome) == (250, 0, 0, 0)


def left_waiting(store: LoadStore, rows: list[dict[str, Any]], work: Path) -> str:
    """Load customers until the task leaves its worker; return the operation that is at work."""
    store.sandbox.switch(consumers=0)
    with pytest.raises(WaitingForOperations) as waiting:
        run(store, "customers", rows, work=work, way="async", patience=0.1)
    return waiting.value.ids[0]


def test_an_operation_that_the_store_has_forgotten_is_done_anew(store: LoadStore, tmp_path: Path) -> None:
    rows, work = customers("Forgotten", 120), tmp_path / "work"
    operation = int(left_waiting(store, rows, work))

    def forget(store: Any) -> None:
        store.operations._all.pop(operation)
        store.operations._queue.clear()

    store.sandbox.call(forget)
    store.sandbox.switch(consumers=1)
    outcome, _ = run(store, "customers", rows, work=work, way="async")
    assert counts(outcome) == (120, 0, 0, 0)
    assert store.count("customers", "name LIKE 'Forgotten %'") == 120


def test_what_a_cleared_task_left_at_work_is_waited_for_and_its_rows_are_read_anew(
    store: LoadStore, tmp_path: Path
) -> None:
    rows, work = customers("Cleared", 120), tmp_path / "work"
    left_waiting(store, rows, work)
    timer = threading.Timer(0.5, lambda: store.sandbox.switch(consumers=1))
    timer.start()
    outcome, _ = run(store, "customers", [*rows[60:], *customers("Cleared more", 10)], work=work, resume=False)
    timer.join()
    assert counts(outcome) == (10, 0, 60, 0)
    assert store.count("customers", "name LIKE 'Cleared %'") == 130


class Killed(Exception):
    """What ends a try in the middle."""


def test_a_batch_whose_number_a_kill_lost_is_found_and_not_sent_again(
    store: LoadStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, work = customers("Killed", 120), tmp_path / "work"
    submit = Operations.submit

    async def submit_and_die(self: Operations, data: Any, included: Any = ()) -> str:
        id_ = await submit(self, data, included)
        if data:
            raise Killed
        return id_

    with monkeypatch.context() as patch:
        patch.setattr(Operations, "submit", submit_and_die)
        with pytest.raises(Killed):
            run(store, "customers", rows, work=work, way="async")
    outcome, _ = run(store, "customers", rows, work=work, way="async")
    assert (outcome["rejected"], outcome["created"] + outcome["unchanged"]) == (0, 120)
    assert store.count("customers", "name LIKE 'Killed %'") == 120


@pytest.mark.parametrize("way", ["single", "sync", "async"])
def test_what_another_made_meanwhile_is_taken_as_it_is(
    store: LoadStore, way: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = products(f"MEAN{way}", 4, status="enabled")
    apply, meanwhile = Applier.apply, [rows[:2]]

    async def apply_later(self: Applier, actions: Any, chunk: Any, attempt: int = 1) -> None:
        if meanwhile:
            theirs = [{**row, "status": "disabled"} for row in meanwhile.pop()]
            await asyncio.to_thread(run, store, "products", theirs)
        await apply(self, actions, chunk, attempt)

    monkeypatch.setattr(Applier, "apply", apply_later)
    outcome, rejects = run(store, "products", rows, way=way)
    assert (counts(outcome), rejects) == ((2, 2, 0, 0), [])
    assert store.count("products", f"sku LIKE 'MEAN{way}-%' AND status = 'enabled'") == 4


@pytest.mark.parametrize("how_often", [1, 100], ids=["once", "always"])
def test_rows_of_an_operation_that_broke_off_are_sent_again(
    store: LoadStore, monkeypatch: pytest.MonkeyPatch, how_often: int
) -> None:
    name = f"Broken {how_often}"
    broken = itertools.count()
    chunk = Queue._chunk

    def break_off(self: Queue, operation: Any) -> None:
        if operation.document is None or not operation.document["data"] or next(broken) >= how_often:
            chunk(self, operation)
            return
        if how_often == 1:
            chunk(self, operation)  # the first 100 records
        operation.status, operation.done = "failed", True

    monkeypatch.setattr(Queue, "_chunk", break_off)
    outcome, rejects = run(store, "customers", customers(name, 150), way="async")
    if how_often == 1:
        assert (counts(outcome), rejects) == ((150, 0, 0, 0), [])
        assert store.count("customers", f"name LIKE '{name} %'") == 150
    else:
        assert counts(outcome) == (0, 0, 0, 150)
        assert {reject.reason for reject in rejects} == {
            "the store neither wrote the row nor said why, several times in a row"
        }


def test_an_operation_that_did_nothing_and_says_why_fails_the_load_in_the_stores_words(
    store: LoadStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunk = Queue._chunk

    def unreadable(self: Queue, operation: Any) -> None:
        if operation.document and operation.document["data"]:
            operation.document = None  # a file that the store cannot read
        chunk(self, operation)

    monkeypatch.setattr(Queue, "_chunk", unreadable)
    with pytest.raises(BatchNotDone, match=r"of customers did not do its work: .*Failed to parse the data file"):
        run(store, "customers", customers("Unread", 3), way="async")


def test_small_loads_into_a_store_without_synchronous_batches_are_operations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with running(seed=5, orders=5, version="5.1") as sandbox:
        store = LoadStore(sandbox)
        outcome, rejects = run(store, "products", [*products("OLD", 3), {"sku": "OLD-bad", "unit": "each"}])
        assert (counts(outcome), rejects[0].field) == ((3, 0, 0, 1), "name")
        order = sandbox.execute("SELECT identifier FROM orders")[0][0]
        tracking = {"order": order, "method": "UPS", "number": "1Z9"}
        for expected in ((1, 0, 0, 0), (0, 0, 1, 0)):
            outcome, _ = run(store, "ordershippingtrackings", [tracking])
            assert counts(outcome) == expected

        def fail(self: Queue, operation: Any) -> None:
            operation.status, operation.done = "failed", True

        monkeypatch.setattr(Queue, "_chunk", fail)
        with pytest.raises(BatchNotDone, match="of products failed as a whole and does not say why"):
            run(store, "products", products("NEVER", 3))


def test_what_goes_with_units_is_told_also_by_the_try_that_finds_it_gone(store: LoadStore, tmp_path: Path) -> None:
    rows = products("GONE", 3, units=["set"])
    run(store, "products", rows)
    run(store, "pricelists", [{"name": "Gone", "currencies": ["USD"]}])
    price = {"price_list": "Gone", "unit": "set", "currency": "USD", "value": "5"}
    run(store, "productprices", [{**price, "product": row["sku"]} for row in rows[:2]])
    spec = Load(
        entity_of("products"),
        products("GONE", 3),
        work=tmp_path / "work",
        plan=PlanOptions(remove_units=True),
        apply=ApplyOptions(way="async", patience=0.1, poll_interval=0.05),
    )

    async def job() -> Any:
        async with AsyncOroClient(store.settings) as client:
            return await load(client, spec)

    store.sandbox.switch(consumers=0)
    with pytest.raises(WaitingForOperations):
        asyncio.run(job())
    store.sandbox.switch(consumers=1)
    outcome: Any = None
    while outcome is None:
        with contextlib.suppress(WaitingForOperations):
            outcome, _ = asyncio.run(job())
    assert (counts(outcome), outcome["removed"]) == ((0, 3, 0, 0), {"productunitprecisions": 3, "productprices": 2})


@pytest.mark.parametrize("kind", ["reset_after", "reset_before", "500", "502"])
@pytest.mark.parametrize("entity", ["customers", "ordershippingtrackings", "productprices", "brands"])
def test_a_lost_answer_makes_nothing_twice(store: LoadStore, kind: str, entity: str) -> None:
    rows, table, where = lost_rows(store, kind, entity)
    method = "POST" if entity in {"ordershippingtrackings", "brands"} else "PATCH"
    before = store.count(table, where)
    # The first batch is the empty one that fences the operations, which may be repeated.
    store.sandbox.fail(kind, method=method, path=f"/{entity}", times=2, skip=0 if method == "POST" else 1)
    outcome, rejects = run(store, entity, rows, way=None if method == "POST" else "async")
    assert rejects == []
    assert outcome["created"] == len(rows)
    assert store.count(table, where) == before + len(rows)


def lost_rows(store: LoadStore, kind: str, entity: str) -> tuple[list[dict[str, Any]], str, str]:
    mark = f"Lost-{kind}"
    if entity == "customers":
        return customers(mark, 150), "customers", f"name LIKE '{mark} %'"
    if entity == "brands":
        return [{"name": f"{mark} {n}"} for n in range(3)], "localizedfallbackvalues", f"string LIKE '{mark} %'"
    if entity == "ordershippingtrackings":
        orders = [row[0] for row in store.sandbox.execute("SELECT identifier FROM orders LIMIT 5")]
        rows = [{"order": order, "method": "UPS", "number": f"{mark}-{order}"} for order in orders]
        return rows, "ordershippingtrackings", f"number LIKE '{mark}-%'"
    run(store, "products", products(mark, 40))
    run(store, "pricelists", [{"name": mark, "currencies": ["USD"]}])
    rows = [
        {"price_list": mark, "product": row["sku"], "unit": "each", "currency": "USD", "value": "5"}
        for row in products(mark, 40)
    ]
    id_ = store.sandbox.execute("SELECT id FROM pricelists WHERE name = ?", (mark,))[0][0]
    return rows, "productprices", f'"priceList" = {id_}'


def test_a_lost_operation_is_waited_for_before_its_rows_are_sent_again(store: LoadStore) -> None:
    # The store took the batch, the answer was lost, and the queue stands still for a while: absent proves nothing.
    rows = customers("Queued", 120)
    store.sandbox.switch(consumers=0)
    store.sandbox.fail("reset_after", method="PATCH", path="/customers", times=1, skip=1)
    timer = threading.Timer(1.0, lambda: store.sandbox.switch(consumers=1))
    timer.start()
    outcome, _ = run(store, "customers", rows, way="async")
    timer.join()
    assert counts(outcome) == (120, 0, 0, 0)
    assert store.count("customers", "name LIKE 'Queued %'") == 120


def test_an_answer_that_is_lost_for_ever_fails_and_can_be_run_again(store: LoadStore) -> None:
    rows = customers("Gone", 3)
    store.sandbox.fail("reset_before", method="PATCH", path="/customers")
    with pytest.raises(OroCommerceError) as lost:
        run(store, "customers", rows, way="sync")
    assert not lost.value.permanent
    store.sandbox.heal()
    outcome, _ = run(store, "customers", rows)
    assert counts(outcome) == (3, 0, 0, 0)


def test_calls_that_are_lost_for_ever_fail_after_some_tries_and_can_be_run_again(store: LoadStore) -> None:
    rows = [{"name": f"Gone for ever {n}"} for n in range(2)]
    store.sandbox.fail("reset_before", method="POST", path="/customergroups")
    with pytest.raises(OutcomeUnknown, match=r"writes of customergroups were lost 5 times in a row \(rows [12]\)"):
        run(store, "customergroups", rows, lost_answer_wait=0.02)
    store.sandbox.heal()
    outcome, _ = run(store, "customergroups", rows)
    assert counts(outcome) == (2, 0, 0, 0)
    assert store.count("customergroups", "name LIKE 'Gone for ever %'") == 2


@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize(("entity", "method"), [("customers", "PATCH"), ("customergroups", "POST")])
def test_a_row_at_which_the_store_fails_each_time_is_refused_and_the_others_are_loaded(
    store: LoadStore, entity: str, method: str, changed: bool
) -> None:
    names = [f"{entity} {changed} {name}" for name in ("Sound 1", "POISON", "Sound 2")]
    if changed:
        rows = [{"name": name, "tax_code": None} for name in names]
        run(store, entity, rows)
        code = store.sandbox.execute("SELECT code FROM customertaxcodes LIMIT 1")[0][0]
        rows, body = [{**row, "tax_code": code} for row in rows], _id_of(store, entity, names[1])
        method = "PATCH"
    else:
        rows, body = [{"name": name} for name in names], "POISON"
    store.sandbox.fail("500", method=method, body=body)
    outcome, rejects = run(store, entity, rows, lost_answer_wait=0.02)
    assert counts(outcome) == ((0, 2, 0, 1) if changed else (2, 0, 0, 1))
    assert [(reject.row, reject.reason) for reject in rejects] == [
        (2, "the store fails at it each time: error exception")
    ]
    store.sandbox.heal()
    outcome, _ = run(store, entity, rows)
    assert counts(outcome) == ((0, 1, 2, 0) if changed else (1, 0, 2, 0))


def _id_of(store: LoadStore, entity: str, name: str) -> str:
    ((id_,),) = store.sandbox.execute(f"SELECT id FROM {entity} WHERE name = ?", (name,))
    return f'"type":"{entity}","id":"{id_}"'


@pytest.mark.parametrize("entity", ["customers", "customergroups"])
def test_a_store_that_fails_at_every_row_refuses_none(store: LoadStore, entity: str) -> None:
    rows = [{"name": f"All {entity} {n}"} for n in range(12)]
    store.sandbox.fail("500", body=f"All {entity}", method="PATCH" if entity == "customers" else "POST", path="/api/")
    with pytest.raises(OutcomeUnknown, match="error exception") as failed:
        run(store, entity, rows, lost_answer_wait=0.02)
    assert not failed.value.permanent
    store.sandbox.heal()
    assert counts(run(store, entity, rows)[0]) == (12, 0, 0, 0)


def test_two_loads_of_the_same_products_at_once_make_each_once(store: LoadStore) -> None:
    rows = products("TWICE", 150)
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(run(store, "products", rows))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [rejects for _, rejects in results] == [[], []]
    assert store.count("products", "sku LIKE 'TWICE-%'") == 150


def test_a_dry_run_writes_nothing_and_tells_what_it_would(store: LoadStore, tmp_path: Path) -> None:
    rows = products("DRY", 3)
    run(store, "products", rows[:1])
    before = store.requests()[-1]["number"]
    spec = Load(
        entity_of("products"),
        [{**rows[0], "status": "enabled"}, *rows[1:]],
        dry_run=True,
        results=tmp_path / "plan.jsonl",
    )

    async def job() -> Any:
        async with AsyncOroClient(store.settings) as client:
            return await load(client, spec)

    outcome, _ = asyncio.run(job())
    assert (counts(outcome), outcome["dry_run"]) == ((2, 1, 0, 0), True)
    assert store.count("products", "sku LIKE 'DRY-%'") == 1
    assert {one["method"] for one in store.requests(before)} <= {"GET", "POST"}
    plan = [json.loads(line) for line in (tmp_path / "plan.jsonl").read_text().splitlines()]
    assert plan[0]["changes"] == {"status": ["disabled", "enabled"]}


def test_configurable_products_and_their_variants_in_one_load(tmp_path: Path) -> None:
    with running(seed=6, orders=5, version="6.1", product_flags=("is_big",)) as sandbox:
        store = LoadStore(sandbox)
        variants = [
            {"sku": f"VAR-{n}", "name": f"Variant {n}", "unit": "each", "status": "enabled", "is_big": n % 2 == 0}
            for n in range(10)
        ]
        parents = [
            {
                "sku": f"CONF-{n}", "name": f"Configurable {n}", "unit": "each", "product_type": "configurable",
                "variant_fields": ["is_big"], "variants": [f"VAR-{2 * n}", f"VAR-{2 * n + 1}"],
            }
            for n in range(5)
        ]  # fmt: skip
        rows = [*parents, *variants]
        outcome, rejects = run(store, "products", rows)
        assert (counts(outcome), rejects) == ((15, 0, 0, 0), [])
        assert store.count("productvariantlinks") == 10
        outcome, _ = run(store, "products", rows)
        assert counts(outcome) == (0, 0, 15, 0)
        fewer = [{**parents[0], "variants": ["VAR-0"]}, *rows[1:]]
        outcome, _ = run(store, "products", fewer)
        assert counts(outcome) == (0, 1, 14, 0)
        assert store.count("productvariantlinks") == 9


@pytest.mark.parametrize("way", ["sync", "async"])
def test_a_request_that_is_too_large_for_the_way_is_halved(store: LoadStore, way: Any) -> None:
    rows = customers(f"Large {way}", 300)
    with proxy(store, largest=6000) as settings:

        async def job() -> Any:
            async with AsyncOroClient(settings) as client:
                return await load(
                    client, Load(entity_of("customers"), rows, apply=ApplyOptions(way=way, poll_interval=0.05))
                )

        outcome, rejects = asyncio.run(job())
    assert (counts(outcome), rejects) == ((300, 0, 0, 0), [])
    assert store.count("customers", f"name LIKE 'Large {way} %'") == 300


@pytest.mark.parametrize("way", ["single", "sync", "async"])
def test_a_missing_permission_is_told_after_few_requests(store: LoadStore, way: Any) -> None:
    rows = customers(f"Denied {way}", 3 if way == "single" else 300)
    store.sandbox.switch(denied={("customers", "CREATE"), ("customers", "create")})
    before = store.requests()[-1]["number"]
    with pytest.raises(OroCommerceError, match=r"permission|No access to this type of entities") as denied:
        run(store, "customers", rows, way=way)
    assert denied.value.permanent
    assert len(store.requests(before)) < 10
