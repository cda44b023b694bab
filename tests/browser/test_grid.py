"""A run in Airflow's Grid: mapped tasks by their names, links to the back office, and fields that are readable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from demo.stack import AirflowStack
    from oro_provider.sandbox import RunningStore
    from tests.browser.page import Page

SHARDED = "orocommerce_orders_sharded"


@pytest.fixture(scope="module")
def task(stack: AirflowStack, store: RunningStore) -> str:
    """The path of the mapped task in a run of the sharded example."""
    stack.wait_dags(SHARDED)
    stack.unpause(SHARDED)
    (run,) = stack.wait_runs(SHARDED, 1)
    return f"/dags/{SHARDED}/runs/{run['dag_run_id']}/tasks/shard/mapped"


def test_mapped_tasks_have_names(page: Page, stack: AirflowStack, task: str) -> None:
    _, _, _, _, run_id, *_ = task.split("/")
    shards = stack.xcoms(SHARDED, run_id, "plan")
    page.go(task)
    shown = page.text_with(f"orders {shards[0]['first']} to {shards[0]['last']}")
    assert [shard for shard in shards if f"orders {shard['first']} to {shard['last']}" not in shown] == []


def test_a_task_links_to_the_back_office(page: Page, store: RunningStore, task: str) -> None:
    page.go(f"{task}/0/details")
    link = page.find("//a[contains(., 'OroCommerce list')]")
    assert link.get_attribute("href") == f"{store.url}/admin/order/"
    page.shoot("grid-links", 640)


def test_rendered_fields_are_readable(page: Page, task: str) -> None:
    page.go(f"{task}/0/rendered_templates")
    shown = page.text_with("include")
    assert "lineItems" in shown
    assert "orocommerce_default" in shown
    assert "{{" not in shown
