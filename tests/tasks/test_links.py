"""Links to the back office: where they lead, and that they arrive in Airflow's API whatever became of the task."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from airflow.sdk.execution_time.xcom import XCom

from oro_provider import links
from oro_provider.api.settings import Settings
from oro_provider.entities import ENTITIES
from oro_provider.get_provider_info import get_provider_info

if TYPE_CHECKING:
    from collections.abc import Callable

    from oro_provider.sandbox.server import RunningStore

SHOP = Settings(base_url="https://shop.example.com/oro", client_id="id", client_secret="secret")
RECORD, LIST, OPERATION = "OroCommerce record", "OroCommerce list", "OroCommerce operation"


class TestAddresses:
    @pytest.mark.parametrize(
        ("entity", "record", "all_of_them"),
        [
            ("orders", "order/view/7", "order/"),
            ("products", "product/view/7", "product/"),
            ("customerusers", "customer/user/view/7", "customer/user/"),
            ("pricelists", "pricelist/view/7", "pricelist/"),
            ("productprices", None, "pricelist/"),
            ("ordershippingtrackings", None, "order/"),
            ("inventorylevels", None, "inventory/inventory-level/"),
            ("relatedproducts", None, None),
        ],
    )
    def test_are_below_the_back_office_of_the_connection(
        self, entity: str, record: str | None, all_of_them: str | None
    ) -> None:
        admin = "https://shop.example.com/oro/admin/"
        known = ENTITIES[entity]
        assert links.record_page(SHOP, known, "7") == (record and admin + record)
        assert links.list_page(SHOP, known) == (all_of_them and admin + all_of_them)

    def test_follow_the_connections_prefix(self) -> None:
        orders = ENTITIES["orders"]
        assert links.list_page(replace(SHOP, admin_prefix="back/office"), orders).endswith("/oro/back/office/order/")  # type: ignore[union-attr]
        assert links.list_page(replace(SHOP, admin_prefix=""), orders) == "https://shop.example.com/oro/order/"

    @pytest.mark.parametrize(
        "page", ["https://evil.example/{id}", "//evil.example/{id}", "javascript:alert(1)", "@evil.example/{id}"]
    )
    @pytest.mark.parametrize("id_", ["7", "https://evil.example", "?x=y#z", "../../.."])
    def test_lead_to_no_other_host(self, page: str, id_: str) -> None:
        own = replace(ENTITIES["orders"], back_office=page, back_office_list=page)
        for address in (links.record_page(SHOP, own, id_), links.list_page(SHOP, own)):
            parts = urlsplit(str(address))
            assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "shop.example.com", "", "")

    def test_pick_the_job_of_an_operation(self) -> None:
        parts = urlsplit(links.operation_page(SHOP, "42"))
        assert parts.path == "/oro/admin/message-queue/jobs/"
        (grid,) = parse_qs(parts.query)["grid[oro_message_queue_root_jobs]"]
        assert parse_qs(grid) == {"f[name][value]": ["oro:batch_api:42"], "f[name][type]": ["3"]}


@pytest.mark.parametrize(
    ("left", "address"),
    [
        ("https://shop.example.com/admin/order/", "https://shop.example.com/admin/order/"),
        (None, ""),
        ("javascript:alert(1)", ""),
        ({"a": 1}, ""),
    ],
)
def test_a_link_is_what_was_left_if_that_is_an_address(
    monkeypatch: pytest.MonkeyPatch, left: Any, address: str
) -> None:
    monkeypatch.setattr(XCom, "get_value", lambda **_: left)
    link = links.OroCommerceListLink()
    assert link.get_link(None, ti_key=SimpleNamespace()) == address  # type: ignore[arg-type]  # not looked at


def test_airflow_is_told_of_every_link() -> None:
    ours = {f"{kind.__module__}.{kind.__name__}" for kind in links.StoreLink.__subclasses__()}
    assert set(get_provider_info()["extra-links"]) == ours  # type: ignore[call-overload]


def shown(dag: Any, run: Any, task_id: str, map_index: int = -1) -> dict[str, str | None]:
    """Return the links of a task as Airflow's API tells them to the UI, from the serialized DAG and the database."""
    from airflow.api_fastapi.core_api.routes.public.extra_links import get_extra_links
    from airflow.models.dagbag import DBDagBag
    from airflow.utils.session import create_session

    with create_session() as session:
        answer = get_extra_links(
            dag_id=dag.dag_id,
            dag_run_id=run.run_id,
            task_id=task_id,
            session=session,
            dag_bag=DBDagBag(),
            map_index=map_index,
        )
    return dict(answer.extra_links)


TASKS = """
with dag:
    OroCommerceGetOperator(task_id="get", entity="orders", id="7", fields={"orders": ["identifier"]})
    OroCommerceExtractOperator(task_id="groups", entity="customergroups", target="TARGET")
    OroCommerceExtractOperator(task_id="taxes", entity="taxes", target="TARGET")
    OroCommerceUpsertOperator.partial(task_id="mapped", entity="customergroups").expand(records=[[{"name": "A"}], []])
    OroCommerceUpsertCustomersOperator(
        task_id="many", deferrable=DEFERRABLE, records=[{"name": f"Customer {n}"} for n in range(250)], poll_interval=0.2
    )
"""


@pytest.mark.parametrize("deferrable", [False, True])
def test_links_arrive(
    write_dag: Callable[..., Any], store: RunningStore, tmp_path: Any, deferrable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oro_provider.operators.upsert.PATIENCE_SECONDS", 0.0)
    tasks = TASKS.replace("TARGET", str(tmp_path)).replace("DEFERRABLE", str(deferrable))
    dag = write_dag(tasks.replace("Customer ", f"Customer {deferrable} "), f"links_arrive_{deferrable}")
    run = dag.test()
    assert run.state == "success", {ti.task_id: ti.state for ti in run.get_task_instances()}
    admin = f"{store.url}/admin"
    assert shown(dag, run, "get") == {RECORD: f"{admin}/order/view/7"}
    assert shown(dag, run, "groups") == {LIST: f"{admin}/customer/group/"}
    assert shown(dag, run, "taxes") == {LIST: None}
    for map_index in (0, 1):
        assert shown(dag, run, "mapped", map_index) == {LIST: f"{admin}/customer/group/", OPERATION: None}
    many = shown(dag, run, "many")
    assert many[LIST] == f"{admin}/customer/"
    assert str(many[OPERATION]).startswith(f"{admin}/message-queue/jobs/?grid")


FAILING = """
with dag:
    OroCommerceGetOperator(task_id="get", entity="orders", id="999999")
    OroCommerceExtractOrdersOperator(task_id="orders", target="/dev/null/nowhere", full=True)
    OroCommerceUpsertCustomerGroupsOperator(task_id="groups", records=[{"name": "B", "payment_term": "none such"}])
"""


def test_links_of_failed_tasks_arrive(write_dag: Callable[..., Any], store: RunningStore) -> None:
    dag = write_dag(FAILING)
    run = dag.test()
    assert {ti.state for ti in run.get_task_instances()} == {"failed"}
    admin = f"{store.url}/admin"
    assert shown(dag, run, "get")[RECORD] == f"{admin}/order/view/999999"
    assert shown(dag, run, "orders")[LIST] == f"{admin}/order/"
    assert shown(dag, run, "groups")[LIST] == f"{admin}/customer/group/"
