"""The extract operators as a DAG author meets them: windows that wait, retries and clearing, options, warnings."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.assets import orders_asset
from oro_provider.entities.model import Entity
from oro_provider.operators import extract as operators
from oro_provider.operators.extract import OroCommerceExtractOperator, OroCommerceExtractOrdersOperator, attempt
from oro_provider.operators.shards import OroCommercePlanExtractOperator, OroCommercePublishExtractOperator
from oro_provider.sandbox import running
from oro_provider.version_compat import AirflowFailException
from tests.deferral import TaskDeferred

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.sandbox.server import RunningStore


@pytest.fixture(scope="module")
def store() -> Iterator[RunningStore]:
    with running(seed=8, orders=120, version="6.1") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(store: RunningStore, monkeypatch: pytest.MonkeyPatch) -> RunningStore:
    connection = {
        "conn_type": "orocommerce",
        "host": store.url,
        "login": store.client_id,
        "password": store.client_secret,
    }
    monkeypatch.setenv("AIRFLOW_CONN_OROCOMMERCE_DEFAULT", json.dumps(connection))
    return store


def context(try_number: int = 1, max_tries: int = 2, **more: Any) -> Any:
    ti = SimpleNamespace(
        dag_id="d", task_id="t", run_id="r", map_index=-1, try_number=try_number, max_tries=max_tries,
        task=SimpleNamespace(retries=2), xcom_push=lambda key, value: None,
    )  # fmt: skip
    return {"ti": ti, **more}


def ids(manifest: Any) -> list[str]:
    return [json.loads(line)["id"] for name in manifest["files"] for line in Path(name).read_text().splitlines()]


def test_a_retry_has_the_name_of_its_first_try_and_a_cleared_task_another() -> None:
    assert attempt(context(1, 2)) == attempt(context(3, 2))
    # Cleared after its third try: Airflow sets max_tries to 3 + 2.
    assert attempt(context(4, 5)) != attempt(context(3, 2))
    assert attempt({}) is None  # type: ignore[typeddict-item]


def test_an_entity_of_ones_own_is_shown_by_its_name() -> None:
    operator = OroCommerceExtractOperator(task_id="own", entity=Entity(type="myownthings"), target="/lake")
    assert str(operator.entity) == "myownthings"  # what Airflow stores of a rendered field


def test_a_window_that_is_not_settled_is_waited_for_in_the_triggerer(sandbox: RunningStore, tmp_path: Path) -> None:
    now = datetime.now(timezone.utc).replace(microsecond=0)
    operator = OroCommerceExtractOrdersOperator(
        task_id="orders", target=tmp_path, since=now - timedelta(hours=1), until=now, settle=90, deferrable=True
    )
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context())
    wait = (deferred.value.trigger.moment - now).total_seconds()
    assert 85 < wait < 100
    assert deferred.value.method_name == "execute_complete"
    assert list(tmp_path.iterdir()) == []


def test_a_window_that_is_not_settled_is_waited_for_on_the_worker(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        operator.settle = 0

    monkeypatch.setattr(operators.time, "sleep", sleep)
    now = datetime.now(timezone.utc).replace(microsecond=0)
    operator = OroCommerceExtractOrdersOperator(
        task_id="orders", target=tmp_path, since=now - timedelta(hours=1), until=now, settle=90, deferrable=False
    )
    manifest = operator.execute(context())
    assert manifest["complete"]
    assert len(waits) == 1
    assert 85 < waits[0] < 100


def test_an_overlap_reads_from_before_the_window(sandbox: RunningStore, tmp_path: Path) -> None:
    operator = OroCommerceExtractOrdersOperator(
        task_id="orders", target=tmp_path, since="2026-01-02T00:00:00Z", until="2026-01-03T00:00:00Z",
        overlap=timedelta(hours=2),
    )  # fmt: skip
    assert operator.execute(context())["since"] == "2026-01-01T22:00:00+00:00"


def test_everything_is_read_without_a_window(sandbox: RunningStore, tmp_path: Path) -> None:
    manifest = OroCommerceExtractOrdersOperator(task_id="orders", target=tmp_path, full=True).execute(context())
    assert (manifest["count"], manifest["since"], manifest["path"]) == (120, None, str(tmp_path / "orders" / "full"))
    assert not any((tmp_path / "_work").rglob("*.json"))


@pytest.mark.parametrize(
    ("suborders", "condition"),
    [
        ("all", "1"),
        ("parents", '"parent" IS NULL'),
        ("leaves", '"id" NOT IN (SELECT "parent" FROM orders WHERE "parent" IS NOT NULL)'),
    ],
)
def test_orders_of_several_shipments_count_once(
    sandbox: RunningStore, tmp_path: Path, suborders: str, condition: str
) -> None:
    first, second, third = (row[0] for row in sandbox.execute('SELECT "id" FROM orders ORDER BY "id" LIMIT 3'))
    sandbox.execute('UPDATE orders SET "parent" = ? WHERE "id" IN (?, ?)', (first, second, third))
    operator = OroCommerceExtractOrdersOperator(task_id="orders", target=tmp_path, full=True, suborders=suborders)
    wanted = [str(row[0]) for row in sandbox.execute(f'SELECT "id" FROM orders WHERE {condition} ORDER BY "id"')]
    assert ids(operator.execute(context())) == wanted


@pytest.mark.parametrize(
    "more",
    [
        {
            "shard": {
                "plan": "p",
                "number": 0,
                "of": 2,
                "first": 1,
                "last": 60,
                "records": 60,
                "since": None,
                "until": None,
            }
        },
        {"records_limit": 500},
        {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_what_is_known_is_compared_with_everything_or_not_at_all(
    sandbox: RunningStore, tmp_path: Path, more: dict[str, Any]
) -> None:
    (tmp_path / "known.csv").write_text("id,updatedAt\n1,\n2,\n")
    operator = OroCommerceExtractOrdersOperator(
        task_id="orders", target=tmp_path, known=str(tmp_path / "known.csv"), **more
    )
    with pytest.raises(AirflowFailException, match="leave out since=, until=, shard= and records_limit="):
        operator.execute(context())


def test_an_entity_of_ones_own_is_read(sandbox: RunningStore) -> None:
    own = OroCommerceExtractOperator(task_id="own", entity=Entity(type="customers"), full=True, records_limit=1000)
    stored = {str(row[0]) for row in sandbox.execute('SELECT "id" FROM customers')}
    assert {record["id"] for record in own.execute(context())} == stored


def test_records_are_returned_up_to_their_limit(sandbox: RunningStore) -> None:
    operator = OroCommerceExtractOperator(task_id="c", entity="customers", full=True, records_limit=1000)
    records = operator.execute(context())
    assert {record["id"] for record in records} == {
        str(row[0]) for row in sandbox.execute('SELECT "id" FROM customers')
    }
    operator.records_limit = 1
    with pytest.raises(AirflowFailException, match="raise records_limit"):
        operator.execute(context())


def test_a_local_target_of_several_machines_is_warned_of(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    operator = OroCommerceExtractOrdersOperator(task_id="orders", target=tmp_path, full=True)
    warned: list[str] = []
    monkeypatch.setattr(operator.log, "warning", lambda text, *values: warned.append(text % values))
    operator.execute(context())
    assert any("is a disk of this machine" in text for text in warned)


def test_progress_is_told_while_it_reads(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    operator = OroCommerceExtractOrdersOperator(
        task_id="orders", target=tmp_path, full=True, page_size=20, progress_every=0.0
    )
    monkeypatch.setattr(operator.log, "info", lambda text, *values: told.append(text % values))
    operator.execute(context())
    assert any("60 orders in" in text and "50% of 120" in text and "to go" in text for text in told)


@pytest.mark.parametrize("index", [5000, 50], ids=["of one request", "of several requests"])
def test_a_plan_is_read_in_shards_and_published_as_one(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: int
) -> None:
    monkeypatch.setattr("oro_provider.extract.index.SIZES", (index,))
    plan = OroCommercePlanExtractOperator(task_id="plan", entity="orders", shards=3, full=True)
    shards = plan.execute(context())
    assert [shard["number"] for shard in shards] == [0, 1, 2]
    assert sum(shard["records"] for shard in shards) == 120
    manifests = [
        OroCommerceExtractOrdersOperator(task_id="shard", target=tmp_path, shard=shard).execute(context())
        for shard in shards
    ]
    assert not (Path(manifests[0]["path"]).parent / "manifest.json").exists()
    publish = OroCommercePublishExtractOperator(
        task_id="publish", target=tmp_path, shards=shards, manifests=reversed(manifests)
    )
    manifest = publish.execute(context())
    assert ids(manifest) == [str(row[0]) for row in sandbox.execute('SELECT "id" FROM orders ORDER BY "id"')]


@pytest.mark.parametrize("entity", ["productprices", "productunits"])
def test_a_plan_of_what_has_no_ranges_of_ids_is_refused(sandbox: RunningStore, entity: str) -> None:
    plan = OroCommercePlanExtractOperator(task_id="plan", entity=entity, filters={"priceList": "1"})
    with pytest.raises(AirflowFailException, match=f"{entity} have ids that are no integers, .* read them in one task"):
        plan.execute(context())


def test_a_plan_of_a_watermark_is_refused(sandbox: RunningStore) -> None:
    plan = OroCommercePlanExtractOperator(task_id="plan", entity="orders", window="watermark", asset=orders_asset())
    with pytest.raises(AirflowFailException, match="a plan cuts a window of time"):
        plan.execute(context())


@pytest.mark.parametrize("format_", ["jsonl", "jsonl.gz", "parquet"])
def test_files_in_object_storage_are_those_of_a_disk(
    sandbox: RunningStore, memory: None, tmp_path: Path, format_: Any
) -> None:
    from airflow.sdk import ObjectStoragePath

    arguments: dict[str, Any] = {"full": True, "format": format_, "include": ["lineItems"]}
    target = f"memory://lake-{format_}/oro"
    for _ in range(2):  # the second run replaces the files of the first
        stored = OroCommerceExtractOrdersOperator(task_id="t", target=target, **arguments).execute(
            context(max_tries=_ + 2)
        )
    on_disk = OroCommerceExtractOrdersOperator(task_id="t", target=tmp_path, **arguments).execute(context())
    content = b"".join(ObjectStoragePath(name).read_bytes() for name in stored["files"])
    assert content == b"".join(Path(name).read_bytes() for name in on_disk["files"])
    assert stored["bytes"] == on_disk["bytes"] == len(content)
    names = {path.name for path in ObjectStoragePath(stored["path"]).iterdir()}
    assert names == {"manifest.json", *(name.rpartition("/")[2] for name in stored["files"])}


def test_shards_in_object_storage_are_published(sandbox: RunningStore, memory: None) -> None:
    from airflow.sdk import ObjectStoragePath

    target = "memory://lake-shards/oro"
    published = []
    for cleared in range(2):  # the second plan replaces the first
        task = context(max_tries=cleared + 2)
        plan = OroCommercePlanExtractOperator(task_id="plan", entity="orders", shards=3, full=True)
        shards = plan.execute(task)
        manifests = [
            OroCommerceExtractOrdersOperator(task_id="shard", target=target, shard=shard).execute(task)
            for shard in shards
        ]
        nothing = OroCommercePublishExtractOperator(task_id="publish", target=target, shards=shards, manifests=[])
        with pytest.raises(
            AirflowFailException, match="there is no shard to publish: map the extracts over the plan's output"
        ):
            nothing.execute(task)
        folder = ObjectStoragePath(target)  # a path is as good as its text
        publish = OroCommercePublishExtractOperator(task_id="p", target=folder, shards=shards, manifests=manifests)
        published.append(publish.execute(task))
    earlier, manifest = published
    found = b"".join(ObjectStoragePath(name).read_bytes() for name in manifest["files"])
    assert len(found.splitlines()) == manifest["count"] == 120
    assert not any(ObjectStoragePath(name).exists() for name in earlier["files"])
