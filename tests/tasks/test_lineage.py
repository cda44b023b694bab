"""What OpenLineage is told of extracts and loads: datasets that fit together, fields, rows; and that nothing is asked for it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from airflow.sdk import TaskInstanceState
from openlineage.client.serde import Serde

from oro_provider.assets import convert_asset_to_openlineage, orders_asset
from oro_provider.lineage import Loaded, store_name
from oro_provider.operators.extract import (
    OroCommerceExtractCustomerGroupsOperator,
    OroCommerceExtractOperator,
    OroCommerceExtractOrdersOperator,
)
from oro_provider.operators.upsert import OroCommerceUpsertCustomerGroupsOperator
from oro_provider.version_compat import AirflowFailException

if TYPE_CHECKING:
    from pathlib import Path

    from oro_provider.sandbox.server import RunningStore

pytestmark = pytest.mark.usefixtures("connection")


def executed(operator: Any, *, fails: bool = False) -> Any:
    """Return an operator that has been executed, as OpenLineage's listener meets it."""
    ti = SimpleNamespace(
        dag_id="d", task_id="t", run_id="r", map_index=-1, try_number=1, max_tries=0, xcom_push=lambda key, value: None,
        task=SimpleNamespace(retries=0),
    )  # fmt: skip
    context: Any = {"ti": ti, "task": operator}
    operator.render_template_fields(context)
    if fails:
        with pytest.raises(AirflowFailException):
            operator.execute(context)
    else:
        operator.execute(context)
    return operator


def told(operator: Any, state: str = "success") -> Any:
    """Return, as JSON, what OpenLineage's own extraction makes of a task that ended so."""
    from airflow.providers.openlineage.extractors.manager import ExtractorManager

    run: Any = SimpleNamespace(run_id="r")
    lineage = ExtractorManager().extract_metadata(run, operator, TaskInstanceState(state), SimpleNamespace())  # type: ignore[arg-type]
    return {name: [Serde.to_dict(one) for one in getattr(lineage, name)] for name in ("inputs", "outputs")}


def test_an_extract_reads_the_stores_resource_and_writes_a_folder(connection: RunningStore, tmp_path: Path) -> None:
    operator = executed(
        OroCommerceExtractOrdersOperator(
            task_id="orders", target=f"file://{tmp_path}/", full=True, include=["lineItems"]
        )
    )
    asked = len(connection.requests())
    lineage = told(operator)
    assert len(connection.requests()) == asked, "lineage asked the store"
    (orders,), (files,) = lineage["inputs"], lineage["outputs"]
    store = convert_asset_to_openlineage(orders_asset(), None)
    assert (orders["namespace"], orders["name"]) == (store.namespace, store.name)
    assert orders["namespace"] == f"orocommerce://{urlsplit(connection.url).netloc}"
    fields = {field["name"]: field["type"] for field in orders["facets"]["schema"]["fields"]}
    assert (fields["id"], fields["totalValue"], fields["customer"]) == ("string", "money", "customers")
    assert (files["namespace"], files["name"]) == ("file", f"{tmp_path}/orders")
    written = {field["name"] for field in files["facets"]["schema"]["fields"]}
    assert "lineItems" in written
    assert "orderSubtotals" not in written
    statistics = files["outputFacets"]["outputStatistics"]
    size = sum(path.stat().st_size for path in (tmp_path / "orders").rglob("*.jsonl"))
    assert (statistics["rowCount"], statistics["size"]) == (60, size)


def test_an_extract_that_failed_tells_what_it_was_about(tmp_path: Path, connection: RunningStore) -> None:
    connection.switch(denied=[["customergroups", "VIEW"]])
    operator = executed(OroCommerceExtractCustomerGroupsOperator(task_id="groups", target=tmp_path), fails=True)
    lineage = told(operator, "failed")
    assert [one["name"] for one in lineage["inputs"]] == ["customergroups"]
    assert "outputStatistics" not in lineage["outputs"][0].get("outputFacets", {})


def test_records_that_are_returned_are_written_nowhere() -> None:
    operator = executed(OroCommerceExtractOrdersOperator(task_id="few", records_limit=100, full=True))
    lineage = told(operator)
    assert (len(lineage["inputs"]), lineage["outputs"]) == (1, [])


def test_a_resource_of_which_nothing_is_known_has_no_schema(tmp_path: Path) -> None:
    from oro_provider.entities.model import Entity

    loaded = Loaded("https://shop.example.com", (Entity(type="myownthings"),), "s3://aws_default@lake/in/rows.csv")
    lineage = loaded.lineage()
    assert lineage.outputs[0].facets == {}
    assert [(one.namespace, one.name) for one in lineage.inputs] == [("s3://lake", "in/rows.csv")]


def test_a_load_of_what_an_extract_wrote_follows_it(tmp_path: Path) -> None:
    extract = OroCommerceExtractOperator(task_id="groups", entity="customergroups", target=tmp_path)
    before = told(executed(extract))
    manifest = json.loads(next(tmp_path.rglob("manifest.json")).read_text())
    after = told(executed(OroCommerceUpsertCustomerGroupsOperator(task_id="back", records=manifest, max_rejects=100)))
    assert [(one["namespace"], one["name"]) for one in after["inputs"]] == [
        (one["namespace"], one["name"]) for one in before["outputs"]
    ]
    (groups,) = after["outputs"]
    assert (groups["namespace"], groups["name"]) == (before["inputs"][0]["namespace"], "customergroups")
    assert groups["outputFacets"]["outputStatistics"]["rowCount"] == 0, "a load that changes nothing writes nothing"


def test_a_load_counts_what_it_wrote_even_when_it_fails(tmp_path: Path) -> None:
    file = tmp_path / "groups.jsonl"
    rows = [{"name": "Lineage 1"}, {"name": "Lineage 2", "payment_term": "none such"}]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    rehearsal = told(executed(OroCommerceUpsertCustomerGroupsOperator(task_id="dry", records=rows[:1], dry_run=True)))
    assert ([one["name"] for one in rehearsal["inputs"]], rehearsal["outputs"]) == (["customergroups"], [])
    operator = executed(OroCommerceUpsertCustomerGroupsOperator(task_id="up", records=str(file)), fails=True)
    lineage = told(operator, "failed")
    assert [one["name"] for one in lineage["inputs"]] == [str(file)]
    assert lineage["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 1


def test_a_task_that_never_began_tells_nothing() -> None:
    operator = OroCommerceExtractOrdersOperator(task_id="orders", target="/tmp")
    assert operator.get_openlineage_facets_on_complete(None) is None


def test_a_store_below_a_path_is_told_apart() -> None:
    assert store_name("https://shop.example.com/b2b", "orders") == ("orocommerce://shop.example.com", "b2b/orders")
