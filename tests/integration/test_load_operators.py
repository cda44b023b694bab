"""Load operators as a DAG's tasks run them: what they return, push, leave in files, and wait for."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from oro_provider.api.errors import InvalidRequest, ServerError
from oro_provider.assets import create_asset
from oro_provider.load.operations import Operation, Operations
from oro_provider.operators.delete import (
    OroCommerceDeleteOperator,
    OroCommerceDeleteProductPricesOperator,
    OroCommerceDeleteProductsOperator,
)
from oro_provider.operators.lookups import OroCommerceResolveLookupsOperator
from oro_provider.operators.request import OroCommerceGetOperator, OroCommerceRequestOperator
from oro_provider.operators.upsert import (
    OroCommerceReplayRejectsOperator,
    OroCommerceUpsertAddressesOperator,
    OroCommerceUpsertCustomersOperator,
    OroCommerceUpsertOperator,
    OroCommerceUpsertProductPricesOperator,
    OroCommerceUpsertProductsOperator,
)
from oro_provider.triggers.operations import OroCommerceOperationsTrigger, validated
from oro_provider.version_compat import AirflowException, AirflowFailException
from tests.deferral import TaskDeferred
from tests.integration.tasks import execute, rendered, through_deferrals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.store import IntegrationStore

pytestmark = pytest.mark.usefixtures("connection")


def rows(store: IntegrationStore, count: int, mark: str = "OP") -> list[dict[str, Any]]:
    family = store.read("attributefamilies", **{"fields[attributefamilies]": "code"})[0]["attributes"]["code"]
    return [
        {"sku": f"{store.run_id}-{mark}{n}", "name": f"Op {n}", "unit": "each", "attribute_family": family}
        for n in range(count)
    ]


def test_rejects_fail_the_task_with_its_outcome_and_are_replayed_after_repair(
    writable_store: IntegrationStore, tmp_path: Path
) -> None:
    given = [*rows(writable_store, 3), {"sku": f"{writable_store.run_id}-OPX", "name": "X", "unit": "barrel"}]
    rejects = tmp_path / "rejects.jsonl"
    operator, ctx = rendered(
        OroCommerceUpsertProductsOperator(
            task_id="up", records=given, rejects=str(rejects), results=str(tmp_path / "all.jsonl")
        )
    )
    assert str(operator.records) == "4 rows"
    with pytest.raises(AirflowFailException, match="row 4, field unit: the store has no productunits 'barrel'"):
        operator.execute(ctx)
    outcome = ctx["ti"].pushed["return_value"]
    assert (outcome["created"], outcome["rejected"], outcome["rejects"]) == (3, 1, str(rejects))
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == 4

    line = json.loads(rejects.read_text())
    line["values"] = {**line["values"], "unit": "each"}
    rejects.write_text(json.dumps(line) + "\n")
    replay = OroCommerceReplayRejectsOperator(
        task_id="replay", entity="products", replay=str(rejects), rejects=str(tmp_path / "again.jsonl")
    )
    outcome = execute(replay)
    assert (outcome["created"], outcome["rejected"]) == (1, 0)


@pytest.fixture
def left_early(writable_store: IntegrationStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[IntegrationStore]:
    """A store whose operations are at work when a deferrable task has submitted them, and tasks that leave at once."""
    monkeypatch.setattr("oro_provider.operators.upsert.PATIENCE_SECONDS", 0.0)
    # A real store takes seconds; a sandbox may be done before anybody looks.
    writable_store.let_operations_take(0.5)
    yield writable_store
    writable_store.let_operations_take(0.0)


@pytest.mark.parametrize(("allowed", "fails"), [(1, False), (0.5, False), (0.2, True), (0, True)])
def test_rejects_may_be_allowed_as_number_or_share(
    writable_store: IntegrationStore, allowed: float, fails: bool
) -> None:
    given = [*rows(writable_store, 2), {"sku": f"{writable_store.run_id}-OPY", "name": "X", "unit": "barrel"}]
    operator = OroCommerceUpsertProductsOperator(task_id="share", records=given, max_rejects=allowed)
    if fails:
        with pytest.raises(AirflowFailException):
            execute(operator)
    else:
        assert execute(operator)["rejected"] == 1


def test_a_deferred_load_ends_as_one_that_waits(left_early: IntegrationStore) -> None:
    given = [{"name": f"{left_early.run_id} deferred {n}"} for n in range(250)]

    def make() -> OroCommerceUpsertCustomersOperator:
        return OroCommerceUpsertCustomersOperator(task_id="defer", records=given, deferrable=True)

    operator, ctx = rendered(make())
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(ctx)
    assert isinstance(deferred.value.trigger, OroCommerceOperationsTrigger)
    assert "secret" not in json.dumps(deferred.value.trigger.serialize())
    outcome, _, _ = through_deferrals(make, try_number=2)
    assert (outcome["created"], outcome["rejected"]) == (250, 0)


@pytest.mark.parametrize(("permanent", "fails"), [(True, True), (False, False)])
def test_operations_that_could_not_be_watched_end_the_task(permanent: bool, fails: bool) -> None:
    operator, ctx = rendered(OroCommerceUpsertCustomersOperator(task_id="watch", records=[], deferrable=True))
    event = {"status": "error", "ids": ["7", "8"], "message": "403", "permanent": permanent}
    with pytest.raises(AirflowException, match="Operations 7, 8 could not be watched: 403") as ended:
        operator.execute_complete(ctx, event)
    assert isinstance(ended.value, AirflowFailException) == fails


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What operators warn of."""
    said: list[str] = []
    logger = logging.getLogger("of the test")
    monkeypatch.setattr(logger, "warning", lambda text, *values: said.append(text % values))
    monkeypatch.setattr(OroCommerceUpsertOperator, "log", logger)
    return said


@pytest.mark.parametrize("place", ["disk", "bucket"])
def test_a_load_goes_on_from_a_journal_that_all_workers_share_and_begins_afresh_without_it(
    left_early: IntegrationStore,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    memory: None,
    warned: list[str],
    place: str,
) -> None:
    from airflow.sdk import ObjectStoragePath

    work: Any = tmp_path if place == "disk" else ObjectStoragePath(f"memory://work-{left_early.run_id}/load")
    monkeypatch.setenv("AIRFLOW__OROCOMMERCE__WORK_PATH", str(work))
    given = [{"name": f"{left_early.run_id} {place} {n}"} for n in range(250)]

    def make() -> OroCommerceUpsertCustomersOperator:
        return OroCommerceUpsertCustomersOperator(task_id=place, records=given, deferrable=True)

    outcome, deferrals, _ = through_deferrals(make)
    assert (outcome["created"], deferrals > 0, warned) == (250, True, [])
    assert not list(work.rglob("state.json"))
    operator, ctx = rendered(make())
    outcome = operator.execute_complete(ctx, {"status": "ended", "ids": ["1"]})
    assert outcome["unchanged"] == 250
    assert "work_path should be a place that all workers share. The load begins afresh" in warned[0]


def test_a_task_that_is_killed_says_what_the_store_is_still_at(left_early: IntegrationStore, warned: list[str]) -> None:
    given = [{"name": f"{left_early.run_id} killed {n}"} for n in range(250)]
    operator, ctx = rendered(OroCommerceUpsertCustomersOperator(task_id="kill", records=given, deferrable=True))
    operator.on_kill()
    assert warned == []
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(ctx)
    operator.on_kill()
    assert warned == [f"Still at work in the store: operations {deferred.value.trigger.ids[0]}"]


def test_what_goes_with_units_is_warned_of(writable_store: IntegrationStore, warned: list[str]) -> None:
    (row,) = rows(writable_store, 1, "UNIT")
    execute(OroCommerceUpsertProductsOperator(task_id="up", records=[{**row, "units": ["set"]}]))
    for dry_run, says in ((True, "Would be deleted"), (False, "Deleted")):
        execute(OroCommerceUpsertProductsOperator(task_id="down", records=[row], remove_units=True, dry_run=dry_run))
        assert warned.pop() == f"{says}: 1 productunitprecisions, 0 productprices"


def event_of(monkeypatch: pytest.MonkeyPatch, answers: list[Any], until: float) -> Any:
    """Return the event of a trigger that sees these answers, the last one for ever."""

    async def look(self: Operations, id_: str) -> Any:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(Operations, "look", look)
    trigger = OroCommerceOperationsTrigger(
        orocommerce_conn_id="orocommerce_default", ids=["7"], deadline=9.0, poll_interval=0.02, until=until
    )

    async def first() -> Any:
        return (await anext(trigger.run())).payload

    return asyncio.run(first())


@pytest.mark.parametrize(
    ("answers", "left", "event"),
    [
        ([ServerError("502"), Operation("7", "running"), Operation("7", "success")], 60, {"status": "ended", "ids": ["7"]}),
        ([None], 60, {"status": "ended", "ids": ["7"]}),
        ([Operation("7", "running")], 0, {"status": "overdue", "ids": ["7"]}),
        ([InvalidRequest("400")], 60, {"status": "error", "ids": ["7"], "message": "400", "permanent": True}),
    ],
    ids=["a store that fails for a while", "gone", "at the deadline", "what will not heal"],
)  # fmt: skip
def test_operations_are_watched_to_their_end(
    monkeypatch: pytest.MonkeyPatch, answers: list[Any], left: float, event: Any
) -> None:
    assert event_of(monkeypatch, answers, time.time() + left) == event


def test_a_foreign_event_is_not_believed() -> None:
    with pytest.raises(ValueError, match="no event of its own"):
        validated(None)


def test_addresses_go_to_the_resource_of_their_owner(writable_store: IntegrationStore) -> None:
    run = writable_store.run_id
    execute(OroCommerceUpsertCustomersOperator(task_id="c", records=[{"name": f"{run} owner"}]))
    user = {"email": f"{run}@owner.example", "first_name": "A", "last_name": "B", "customer": f"{run} owner"}
    execute(OroCommerceUpsertOperator(task_id="u", entity="customerusers", records=[user]))
    place = {
        "street": "1",
        "city": "Ulm",
        "postal_code": "89073",
        "country": "DE",
        "region": "BY",
        "organization": f"{run} O",
    }
    of_customer = execute(
        OroCommerceUpsertAddressesOperator(task_id="a", records=iter([{**place, "customer": f"{run} owner"}]))
    )
    of_user = execute(
        OroCommerceUpsertAddressesOperator(task_id="b", records=[{**place, "customer_user": user["email"]}])
    )
    assert (of_customer["entity"], of_customer["created"]) == ("addresses", 1)
    assert (of_user["entity"], of_user["created"]) == ("addresses", 1)
    for kind in ("customeraddresses", "customeruseraddresses"):
        assert len([one for one in writable_store.read(kind) if one["attributes"]["organization"] == f"{run} O"]) == 1


def test_addresses_of_both_kinds_of_owners_in_one_task_and_their_rejects_again(
    writable_store: IntegrationStore, tmp_path: Path
) -> None:
    run = writable_store.run_id
    execute(OroCommerceUpsertCustomersOperator(task_id="c", records=[{"name": f"{run} both"}]))
    user = {"email": f"{run}@both.example", "first_name": "A", "last_name": "B", "customer": f"{run} both"}
    execute(OroCommerceUpsertOperator(task_id="u", entity="customerusers", records=[user]))
    place = {"street": "1", "city": "Ulm", "postal_code": "89073", "country": "DE", "region": "BY", "organization": "O"}
    given = [
        {**place, "customer": f"{run} both"},
        {**place, "customer_user": user["email"]},
        {**place, "customer": f"{run} both", "street": "2", "country": "Atlantis"},
        {**place, "customer_user": user["email"], "street": "2", "country": "Atlantis"},
    ]
    ids = execute(OroCommerceResolveLookupsOperator(task_id="ids", entity="addresses", records=given, absent="skip"))
    assert {"customer", "customer_user", "country", "region"} <= ids.keys()
    rejects = tmp_path / "rejects.jsonl"
    operator, ctx = rendered(
        OroCommerceUpsertAddressesOperator(task_id="both", records=given, lookups=ids, rejects=str(rejects))
    )
    with pytest.raises(AirflowFailException, match="2 of 4 rows of addresses were refused"):
        operator.execute(ctx)
    outcome = ctx["ti"].pushed["return_value"]
    assert (outcome["created"], outcome["rejected"]) == (2, 2)
    repaired = [json.loads(line) for line in rejects.read_text().splitlines()]
    for line in repaired:
        line["values"]["country"] = "DE"
    rejects.write_text("".join(f"{json.dumps(line)}\n" for line in repaired))
    outcome = execute(OroCommerceReplayRejectsOperator(task_id="again", entity=outcome["entity"], replay=str(rejects)))
    assert (outcome["created"], outcome["rejected"]) == (2, 0)


def test_images_are_read_from_an_object_store(writable_store: IntegrationStore, memory: None) -> None:
    from airflow.sdk import ObjectStoragePath

    folder = f"memory://pim-{writable_store.run_id}"
    ObjectStoragePath(f"{folder}/lamp.png").write_bytes(b"a picture")
    given = rows(writable_store, 2, "PIM")
    given[0]["images"] = [f"{folder}/lamp.png"]
    given[1]["images"] = [f"{folder}/gone.png"]
    operator, ctx = rendered(OroCommerceUpsertProductsOperator(task_id="up", records=given))
    with pytest.raises(AirflowFailException, match=r"row 2, field images\.file: cannot be read by this worker"):
        operator.execute(ctx)
    id_ = writable_store.read("products", **{"filter[sku]": given[0]["sku"]})[0]["id"]
    (image,) = writable_store.read("productimages", **{"filter[product]": id_})
    assert len(image["relationships"]["types"]["data"]) == 3
    file = execute(
        OroCommerceGetOperator(task_id="f", entity="files", id=image["relationships"]["image"]["data"]["id"])
    )
    assert (file["originalFilename"], file["fileSize"], file["mimeType"]) == ("lamp.png", 9, "image/png")
    again = OroCommerceUpsertProductsOperator(task_id="again", records=given[:1])
    assert execute(again)["unchanged"] == 1


def test_rows_name_no_files_outside_of_the_folder_that_is_theirs(
    writable_store: IntegrationStore, memory: None, tmp_path: Path
) -> None:
    from airflow.sdk import ObjectStoragePath

    pim, bucket = tmp_path / "pim", f"memory://pim2-{writable_store.run_id}"
    pim.mkdir()
    for path in (
        pim / "a.png",
        tmp_path / "secret.png",
        ObjectStoragePath(f"{bucket}/in/a.png"),
        ObjectStoragePath(f"{bucket}/b.png"),
    ):
        path.write_bytes(b"a picture")
    (pim / "link.png").symlink_to(tmp_path / "secret.png")
    named = ["a.png", str(pim / "a.png"), "../secret.png", str(tmp_path / "secret.png"), "link.png", f"{bucket}/b.png"]
    given = [{**row, "images": [name]} for row, name in zip(rows(writable_store, 6, "OUT"), named, strict=True)]
    operator, ctx = rendered(OroCommerceUpsertProductsOperator(task_id="in", records=given, files=str(pim)))
    with pytest.raises(AirflowFailException, match="4 of 6 rows of products") as refused:
        operator.execute(ctx)
    assert str(refused.value).count("lies outside of") == 4
    assert [row for row in range(1, 7) if f"row {row}, " in str(refused.value)] == [3, 4, 5, 6]
    named = ["a.png", f"{bucket}/in/a.png", "../b.png", f"{bucket}/b.png", f"{bucket}/in/../b.png", str(pim / "a.png")]
    given = [{**row, "images": [name]} for row, name in zip(rows(writable_store, 6, "OBJ"), named, strict=True)]
    operator, ctx = rendered(OroCommerceUpsertProductsOperator(task_id="ob", records=given, files=f"{bucket}/in"))
    with pytest.raises(AirflowFailException, match="4 of 6 rows of products"):
        operator.execute(ctx)


class OutletEvents:
    """Airflow's, of a task's assets; those of 3.1 cannot be the keys of a dict."""

    def __init__(self) -> None:
        self._events: list[tuple[Any, SimpleNamespace]] = []

    def __getitem__(self, asset: Any) -> SimpleNamespace:
        for known, event in self._events:
            if known == asset:
                return event
        self._events.append((asset, SimpleNamespace(extra={})))
        return self._events[-1][1]


def test_an_asset_tells_what_was_done_and_nothing_of_the_rows(writable_store: IntegrationStore, tmp_path: Path) -> None:
    asset = create_asset(resource="products")
    given = rows(writable_store, 3, "EVT")

    def told(operator: Any) -> Any:
        operator, given_context = rendered(operator)
        given_context["outlet_events"] = OutletEvents()
        try:
            operator.execute(given_context)
        except AirflowFailException:
            return operator.outlets, None
        return operator.outlets, given_context["outlet_events"][asset].extra

    upsert = OroCommerceUpsertProductsOperator(task_id="up", records=given, results=str(tmp_path / "r"), asset=asset)
    counted = {"entity": "products", "read": 3, "created": 3, "updated": 0, "unchanged": 0, "rejected": 0}
    assert told(upsert) == ([asset], counted)
    refused = OroCommerceUpsertProductsOperator(task_id="no", records=[{"sku": "X-1", "unit": "barrel"}], asset=asset)
    assert told(refused) == ([asset], None)
    dry = OroCommerceUpsertProductsOperator(task_id="dry", records=given, asset=asset, dry_run=True)
    assert told(dry) == ([], {})
    delete = OroCommerceDeleteProductsOperator(
        task_id="del", records=given, asset=asset, outlets=[create_asset(resource="x")]
    )
    outlets, extra = told(delete)
    assert (len(outlets), outlets[1]) == (2, asset)
    assert extra == {"entity": "products", "read": 3, "deleted": 0, "retired": 3, "absent": 0, "rejected": 0}


def test_products_are_switched_off_unless_they_are_to_be_deleted(writable_store: IntegrationStore) -> None:
    store = writable_store
    given = rows(store, 3, "DEL")
    execute(OroCommerceUpsertProductsOperator(task_id="up", records=given))
    keys = [*given, {"sku": f"{store.run_id}-never"}]
    with pytest.raises(AirflowFailException, match="3 records of products would go, and 2 at most may"):
        execute(OroCommerceDeleteProductsOperator(task_id="few", records=keys, max_deletes=2))
    done = execute(OroCommerceDeleteProductsOperator(task_id="off", records=keys))
    assert (done["retired"], done["deleted"], done["absent"], done["rejected"]) == (3, 0, 1, 0)
    found = store.read("products", **{"filter[sku]": given[0]["sku"]})[0]
    assert found["attributes"]["status"] == "disabled"
    assert found["relationships"]["inventory_status"]["data"]["id"] == "discontinued"
    done = execute(OroCommerceDeleteProductsOperator(task_id="gone", records=[row["sku"] for row in given], hard=True))
    assert (done["retired"], done["deleted"], done["absent"]) == (0, 3, 0)
    again = execute(OroCommerceDeleteProductsOperator(task_id="gone", records=given, hard=True))
    assert (again["deleted"], again["absent"]) == (0, 3)


def test_a_dry_run_of_a_deletion_deletes_nothing_and_tells_no_asset(writable_store: IntegrationStore) -> None:
    store = writable_store
    given = rows(store, 2, "DDR")
    execute(OroCommerceUpsertProductsOperator(task_id="up", records=given))
    dry = OroCommerceDeleteProductsOperator(
        task_id="dry", records=given, hard=True, dry_run=True, asset=create_asset(resource="products")
    )
    done = execute(dry)
    assert (done["deleted"], done["dry_run"], dry.outlets) == (2, True, [])
    assert [store.read("products", **{"filter[sku]": row["sku"]}) != [] for row in given] == [True, True]


def test_rows_that_cannot_be_deleted_are_in_the_rejects_and_fail_the_task(
    writable_store: IntegrationStore, tmp_path: Path
) -> None:
    (row,) = rows(writable_store, 1, "REJ")
    execute(OroCommerceUpsertProductsOperator(task_id="up", records=[row]))
    rejects = tmp_path / "below" / "rejects.jsonl"
    # The store's one level of the product, told with its unit and without it.
    given = [{"product": row["sku"]}, {"product": row["sku"], "unit": "each"}, {"product": None}, 7]
    operator, ctx = rendered(
        OroCommerceDeleteOperator(
            task_id="del", entity="inventorylevels", records=given, dry_run=True, rejects=str(rejects)
        )
    )
    with pytest.raises(AirflowFailException, match="3 of 4 rows of inventorylevels were refused") as refused:
        operator.execute(ctx)
    assert f"They are in {rejects}." in str(refused.value)
    assert "row 2: names the record of row 1" in str(refused.value)
    assert "row 4: is no dict but int" in str(refused.value)
    assert [json.loads(line)["row"] for line in rejects.read_text().splitlines()] == [2, 3, 4]
    assert (ctx["ti"].pushed["return_value"]["rejected"], ctx["ti"].pushed["return_value"]["deleted"]) == (3, 1)
    again = [row, {**row, "sku": row["sku"].lower()}, {**row, "sku": f"{row['sku']}-never"}]
    done = execute(OroCommerceDeleteProductsOperator(task_id="off", records=again, max_rejects=1))
    assert (done["retired"], done["absent"], done["rejected"]) == (1, 1, 1)


def test_prices_are_deleted_by_their_key_and_no_others(writable_store: IntegrationStore) -> None:
    store = writable_store
    given = rows(store, 2, "DPR")
    execute(OroCommerceUpsertProductsOperator(task_id="up", records=given))
    name = f"{store.run_id} DPR"
    execute(
        OroCommerceUpsertOperator(task_id="pl", entity="pricelists", records=[{"name": name, "currencies": ["USD"]}])
    )
    prices = [
        {"price_list": name, "product": row["sku"], "unit": "each", "quantity": n, "currency": "USD", "value": "5"}
        for row in given
        for n in (1, 10)
    ]
    execute(OroCommerceUpsertProductPricesOperator(task_id="pp", records=prices))
    done = execute(
        OroCommerceDeleteProductPricesOperator(
            task_id="del", records=[prices[0], {**prices[0], "product": "no-such"}, {**prices[0], "quantity": 7}]
        )
    )
    assert (done["deleted"], done["absent"], done["rejected"]) == (1, 2, 0)
    id_ = next(one["id"] for one in store.read("pricelists") if one["attributes"]["name"] == name)
    assert len(store.read("productprices", **{"filter[priceList]": id_})) == 3


def test_one_record_and_what_hangs_from_it(store: IntegrationStore) -> None:
    product = store.read("products", **{"page[size]": "1"})[0]
    got = execute(
        OroCommerceGetOperator(task_id="get", entity="products", id=product["id"], include=["unitPrecisions"])
    )
    assert got["sku"] == product["attributes"]["sku"]
    units = execute(
        OroCommerceGetOperator(task_id="rel", entity="products", id=product["id"], relationship="unitPrecisions")
    )
    assert [unit["id"] for unit in units] == [unit["id"] for unit in got["unitPrecisions"]]
    one = execute(
        OroCommerceGetOperator(task_id="one", entity="products", id=product["id"], relationship="primaryUnitPrecision")
    )
    assert one["precision"] is not None
    regions = execute(OroCommerceGetOperator(task_id="many", entity="countries", id="US", relationship="regions"))
    assert len(regions) > 10  # the default page
    assert execute(OroCommerceGetOperator(task_id="none", entity="products", id="999999", missing_ok=True)) is None
    with pytest.raises(AirflowFailException):
        execute(OroCommerceGetOperator(task_id="none", entity="products", id="999999"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"include": ["unitPrecision"]}, "products have no unitPrecision: leave it out"),
        ({"fields": {"products": ["sku", "colour"]}}, "products have no colour: leave it out"),
        ({"relationship": "unitPrecisions", "include": ["units"]}, "productunitprecisions have no units: leave it out"),
        ({"relationship": "primaryUnitPrecision", "include": ["units"]}, "productunitprecisions have no units"),
    ],
)
def test_what_is_asked_for_by_name_is_delivered_or_refused(
    store: IntegrationStore, arguments: dict[str, Any], says: str
) -> None:
    product = store.read("products", **{"page[size]": "1"})[0]
    with pytest.raises(AirflowFailException, match=says):
        execute(OroCommerceGetOperator(task_id="get", entity="products", id=product["id"], **arguments))


def test_an_include_comes_beside_the_fields_that_were_named(store: IntegrationStore) -> None:
    product = store.read("products", **{"page[size]": "1"})[0]
    got = execute(
        OroCommerceGetOperator(
            task_id="get",
            entity="products",
            id=product["id"],
            include="primaryUnitPrecision",
            fields={"products": "sku"},
        )
    )
    assert got["sku"] == product["attributes"]["sku"]
    assert got["primaryUnitPrecision"]["precision"] is not None


def test_any_other_request(store: IntegrationStore) -> None:
    answer = execute(OroCommerceRequestOperator(task_id="r", endpoint="countries", filters={"name": "Germany"}))
    assert [one["id"] for one in answer["data"]] == ["DE"]
    endpoint = "/countries?filter[name]=United States&fields[countries]=name"
    for filters, ids in ((None, ["US"]), ({"id": "US"}, ["US"]), ({"id": "DE"}, [])):
        answer = execute(OroCommerceRequestOperator(task_id="q", endpoint=endpoint, filters=filters))
        assert [one["id"] for one in answer["data"]] == ids
        assert all(list(one["attributes"]) == ["name"] for one in answer["data"])
    many = {"sku": [f"NONE-{n}" for n in range(3000)]}  # more than a URL takes
    listed = execute(
        OroCommerceRequestOperator(task_id="m", endpoint="products?page[size]=2&fields[products]=sku", filters=many)
    )
    assert listed["data"] == []
    options = execute(OroCommerceRequestOperator(task_id="o", endpoint="prodinventorystatuses"))
    assert "in_stock" in {one["id"] for one in options["data"]}
    for whole in ("/admin/api/countries/DE", "admin/api/countries", "https://shop.example.com/admin/api/countries"):
        with pytest.raises(AirflowFailException, match=r"it is what follows .*/admin/api/"):
            execute(OroCommerceRequestOperator(task_id="w", endpoint=whole))
    for endpoint, warned in (("countries", True), ("countries?page[size]=10", False)):
        bench = OroCommerceRequestOperator(task_id="r", endpoint=endpoint)
        with mock.patch.object(bench.log, "warning") as warning:
            assert len(execute(bench)["data"]) == 10
        assert warning.called is warned
    with pytest.raises(AirflowFailException, match="empty list of values"):
        execute(OroCommerceRequestOperator(task_id="r", endpoint="products", method="DELETE", filters={"id": []}))


def test_ids_go_on_by_file_where_they_are_many(writable_store: IntegrationStore, tmp_path: Path) -> None:
    given = rows(writable_store, 2, "IDS")
    path = execute(
        OroCommerceResolveLookupsOperator(
            task_id="ids", entity="products", records=given, target=str(tmp_path / "ids.json")
        )
    )
    outcome = execute(OroCommerceUpsertProductsOperator(task_id="up", records=given, lookups=path))
    assert outcome["created"] == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"missing": "ignore"}, "missing"),
        ({"key": "colour"}, "cannot be found by colour"),
    ],
)
def test_a_wrong_argument_is_named(connection: str, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(AirflowFailException, match=says):
        execute(OroCommerceUpsertProductsOperator(task_id="up", records=[], **arguments))


def test_rejects_do_not_overwrite_what_is_replayed(connection: str) -> None:
    replay = OroCommerceReplayRejectsOperator(
        task_id="r", entity="products", replay="/lake/r.jsonl", rejects="/lake/r.jsonl"
    )
    with pytest.raises(AirflowFailException, match="rejects and replay are the same file, which would be lost"):
        execute(replay)


@pytest.mark.parametrize("name", ["product", "productprice", "productkititem", "customeruser", "customeraddress"])
def test_what_the_store_says_of_an_entity(store: IntegrationStore, name: str) -> None:
    structure = execute(OroCommerceGetOperator(task_id="s", entity="entitystructures", id=name))
    assert structure["fields"]


@pytest.mark.parametrize(
    "resource",
    [
        "customers", "customerusers", "customergroups", "customeraddresses", "customeruseraddresses", "pricelists",
        "pricelisttocustomergroups", "ordershippingtrackings", "productprices",
    ],
)  # fmt: skip
def test_one_record_of_every_resource(store: IntegrationStore, resource: str) -> None:
    filters = {"filter[priceList]": store.read("pricelists")[0]["id"]} if resource == "productprices" else {}
    record = store.read(resource, **filters, **{"page[size]": "1"})[0]
    got = execute(OroCommerceGetOperator(task_id="get", entity=resource, id=record["id"]))
    assert {name: got[name] for name in record["attributes"]} == record["attributes"]


def test_a_tracking_is_corrected_by_a_request(writable_store: IntegrationStore) -> None:
    store = writable_store
    order = store.read("orders", sort="id")[0]["attributes"]["identifier"]
    number = f"{store.run_id}-wrong"
    execute(
        OroCommerceUpsertOperator(
            task_id="t", entity="ordershippingtrackings", records=[{"order": order, "method": "UPS", "number": number}]
        )
    )
    id_ = next(one["id"] for one in store.read("ordershippingtrackings") if one["attributes"]["number"] == number)
    data = {"type": "ordershippingtrackings", "id": id_, "attributes": {"number": f"{number}-not"}}
    answer = execute(
        OroCommerceRequestOperator(
            task_id="r", method="PATCH", endpoint=f"ordershippingtrackings/{id_}", data={"data": data}
        )
    )
    assert answer["data"]["attributes"]["number"] == f"{number}-not"
