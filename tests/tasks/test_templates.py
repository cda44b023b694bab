"""Arguments as Airflow renders them: mapped tasks, and templates of DAGs with and without native objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.operators.upsert import OroCommerceUpsertProductsOperator

if TYPE_CHECKING:
    from collections.abc import Callable

    from oro_provider.sandbox.server import RunningStore

NATIVE = "dag.render_template_as_native_obj = True\n"


def run(dag: Any, **conf: Any) -> Any:
    result = dag.test(run_conf=conf)
    assert result.state == "success", [(ti.task_id, ti.map_index, ti.state) for ti in result.get_task_instances()]
    return result


def shown(result: Any, task: str) -> list[dict[str, Any]]:
    """Return the rendered fields of a task as Airflow stores them, by map index."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.utils.session import create_session
    from sqlalchemy import select

    fields = RenderedTaskInstanceFields
    of_task = (fields.dag_id == result.dag_id, fields.run_id == result.run_id, fields.task_id == task)
    with create_session() as session:
        return [
            one.rendered_fields for one in session.scalars(select(fields).where(*of_task).order_by(fields.map_index))
        ]


def value(ti: Any) -> Any:
    """Return what a task returned."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        of_task = (XComModel.run_id == ti.run_id, XComModel.dag_id == ti.dag_id, XComModel.task_id == ti.task_id)
        found = session.scalars(select(XComModel).where(*of_task, XComModel.key == "return_value")).one()
        return XComModel.deserialize_value(found)


def skus(store: RunningStore, mark: str) -> list[str]:
    found = store.call(
        lambda kept: kept.connection.execute("SELECT sku FROM products WHERE sku LIKE ?", (f"{mark}%",)).fetchall()
    )
    return sorted(sku for (sku,) in found)


class TestMapped:
    def test_rows_are_loaded_and_not_shown(self, write_dag: Callable[[str], Any], store: RunningStore) -> None:
        dag = write_dag("""
@task(dag=dag)
def parts():
    return [[{"sku": f"MR-{n}", "name": "jane@example.com", "unit": "each"}] for n in range(2)]

OroCommerceUpsertProductsOperator.partial(task_id="upsert", dag=dag).expand(records=parts())
""")
        result = run(dag)
        assert skus(store, "MR-") == ["MR-0", "MR-1"]
        assert [fields["records"] for fields in shown(result, "upsert")] == ["1 rows", "1 rows"]

    def test_files_are_read(self, write_dag: Callable[[str], Any], store: RunningStore, tmp_path: Path) -> None:
        for n in range(2):
            (tmp_path / f"{n}.jsonl").write_text(json.dumps({"sku": f"MF-{n}", "name": "Lamp", "unit": "each"}))
        paths = [str(path) for path in sorted(tmp_path.iterdir())]
        run(
            write_dag(f"""
OroCommerceUpsertProductsOperator.partial(task_id="upsert", dag=dag).expand(records={paths})
OroCommerceResolveLookupsOperator.partial(task_id="resolve", entity="products", dag=dag).expand(records={paths})
OroCommerceDeleteProductsOperator.partial(task_id="delete", dry_run=True, dag=dag).expand(records={paths})
""")
        )
        assert skus(store, "MF-") == ["MF-0", "MF-1"]

    def test_rejects_are_replayed(self, write_dag: Callable[[str], Any], store: RunningStore, tmp_path: Path) -> None:
        rejects = tmp_path / "rejects.jsonl"
        rejects.write_text(json.dumps({"row": 1, "values": {"sku": "MJ-0", "name": "Lamp", "unit": "each"}}))
        run(
            write_dag(f"""
OroCommerceReplayRejectsOperator.partial(task_id="replay", entity="products", dag=dag).expand(replay=["{rejects}"])
""")
        )
        assert skus(store, "MJ-") == ["MJ-0"]


# Text where a list or a dict belongs: each DAG is given both ways.
TASKS = """
dag.params = {{"names": ["lineItems"], "filters": {{"identifier": ["SO-0000001", "SO-0000002"]}}, "none": None}}
lake = dict(target="{folder}/{{{{ task.task_id }}}}", full=True, dag=dag)
OroCommerceExtractOrdersOperator(task_id="several", include="{{{{ params.names{json} }}}}", fields="shippingTrackings", **lake)
OroCommerceExtractOrdersOperator(task_id="one", include="lineItems", filters="{{{{ params.filters{json} }}}}", **lake)
OroCommerceExtractOrdersOperator(
    task_id="nothing", include=none, fields=none, filters=none, since=none, until=none, watermark=none, known=none, shard=none, **lake
)
OroCommerceGetOperator(task_id="get", entity="orders", id="{{{{ 1 }}}}", include="lineItems", fields=none, relationship=none, dag=dag)
OroCommerceRequestOperator(task_id="request", endpoint="orders", filters="{{{{ params.filters{json} }}}}", data=none, dag=dag)
OroCommerceRequestOperator(
    task_id="post", method="POST", endpoint="customergroups", dag=dag,
    data="{{{{ {{'data': {{'type': 'customergroups', 'attributes': {{'name': 'Friends of Jane'}}}}}}{json} }}}}",
)
OroCommerceRequestOperator.partial(task_id="mapped", method="POST", endpoint="customergroups", dag=dag).expand(
    data=[{{"data": {{"type": "customergroups", "attributes": {{"name": "Friends of Joe"}}}}}}]
)
OroCommerceNewOrdersSensor(task_id="new", after_id="{{{{ 0 }}}}", filters="{{{{ params.filters{json} }}}}", since=none, until=none, dag=dag)
OroCommerceRecordSensor(task_id="records", entity="orders", filters="{{{{ params.filters{json} }}}}", dag=dag)
OroCommerceUpsertProductsOperator(
    task_id="upsert", records="{{{{ [{{'sku': 'TPL-1', 'name': 'Lamp', 'unit': 'each'}}]{json} }}}}", lookups="{{{{ {{'unit': {{'each': 'each'}}}}{json} }}}}",
    missing="{{{{ {{'*': 'fail'}}{json} }}}}", key="sku", files=none, rejects=none, results=none, dag=dag,
)
"""


class TestTemplates:
    @pytest.mark.parametrize(("native", "json_"), [(NATIVE, ""), ("", " | tojson")], ids=["native", "text"])
    def test_give_lists_and_dicts(
        self, write_dag: Callable[..., Any], store: RunningStore, tmp_path: Path, native: str, json_: str
    ) -> None:
        tasks = TASKS.format(folder=tmp_path, json=json_)
        dag = write_dag(f'{native}none = "{{{{ params.none }}}}"\n{tasks}', name=f"templates_{bool(native)}")
        result = run(dag)
        found = {ti.task_id: value(ti) for ti in result.get_task_instances()}
        assert [found[name]["count"] for name in ("several", "one", "nothing", "new", "records")] == [60, 2, 60, 2, 2]
        (line, *_) = Path(found["several"]["files"][0]).read_text().splitlines()
        assert {"shippingTrackings", "lineItems"} < json.loads(line).keys()
        assert found["get"]["lineItems"][0]["quantity"]
        assert [one["id"] for one in found["request"]["data"]] == ["1", "2"]
        assert found["post"]["data"]["attributes"]["name"] == "Friends of Jane"
        assert shown(result, "post")[0]["data"] == ("a document of customergroups" if native else "a document")
        assert shown(result, "mapped")[0]["data"] == "a document of customergroups"
        assert (found["upsert"]["read"], shown(result, "upsert")[0]["lookups"]) == (1, "1 unit")
        assert shown(result, "upsert")[0]["records"] == ("1 rows" if native else "rows (text)")


def test_a_task_that_is_executed_by_hand_reads_its_file(connection: RunningStore, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"sku": "HND-1", "name": "Lamp", "unit": "each"}))
    assert OroCommerceUpsertProductsOperator(task_id="up", records=str(path)).execute({})["created"] == 1
