"""A run in Airflow's Grid: mapped tasks by their names, links to the back office, and fields that are readable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.browser.pictures import compare

if TYPE_CHECKING:
    from demo.stack import AirflowStack
    from oro_provider.sandbox import RunningStore
    from tests.browser.page import Page

SHARDED = "orocommerce_orders_sharded"
PRODUCTS = "products"  # of tests/browser/dags
LINKS = "//a[starts-with(., 'OroCommerce ')]"


@pytest.fixture(scope="module")
def task(stack: AirflowStack, store: RunningStore) -> str:
    """The path of the mapped task in a run of the sharded example."""
    stack.wait_dags(SHARDED)
    stack.unpause(SHARDED)
    (run,) = stack.wait_runs(SHARDED, 1)
    return f"/dags/{SHARDED}/runs/{run['dag_run_id']}/tasks/shard/mapped"


@pytest.fixture(scope="module")
def products(stack: AirflowStack, store: RunningStore) -> str:
    """The path of the tasks in a run that reads a record and loads hundreds of products."""
    stack.wait_dags(PRODUCTS)
    stack.unpause(PRODUCTS)
    stack.trigger(PRODUCTS)
    (run,) = stack.wait_runs(PRODUCTS, 1)
    return f"/dags/{PRODUCTS}/runs/{run['dag_run_id']}/tasks"


def links(page: Page, store: RunningStore) -> dict[str, str]:
    """Return the addresses of the task's links that lead to the store, by what they say, from its root on."""
    found = {link.text: str(link.get_attribute("href")) for link in page.find_all(LINKS)}
    return {words: address.removeprefix(store.url) for words, address in found.items() if address.startswith(store.url)}


def details(page: Page, store: RunningStore) -> dict[str, object]:
    """Return what the page of a task's details says of it in every run; ids of records depend on the day."""
    headings = [heading.text for heading in page.find_all("//h2") if heading.text]
    return {
        "headings": list(map(_any, headings)),
        "operator": page.find("//h2[.='Operator']/following-sibling::*").text,
        "tab": page.find("//a[@aria-current='page'][@title]/div").text,
        "links": {words: _any(unquote(unquote(address))) for words, address in links(page, store).items()},
    }


def _any(text: str) -> str:
    return re.sub(r"\d+", "…", text)


def test_mapped_tasks_have_names(page: Page, stack: AirflowStack, task: str) -> None:
    _, _, _, _, run_id, *_ = task.split("/")
    shards = stack.xcoms(SHARDED, run_id, "plan")
    page.go(task)
    shown = page.text_with(f"orders {shards[0]['first']} to {shards[0]['last']}")
    assert [shard for shard in shards if f"orders {shard['first']} to {shard['last']}" not in shown] == []


def test_an_extract_links_to_the_list(page: Page, store: RunningStore, task: str) -> None:
    page.go(f"{task}/0/details")
    assert links(page, store) == {"OroCommerce list": "/admin/order/"}


def test_the_docs_show_a_mapped_task_and_its_link(page: Page, store: RunningStore, task: str) -> None:
    page.go(f"{task}/0/details")
    page.find(LINKS)
    compare(page, "grid-links", details(page, store), "//body", 640)


def test_a_task_that_reads_a_record_links_to_it(page: Page, store: RunningStore, products: str) -> None:
    page.go(f"{products}/get/details")
    assert links(page, store) == {"OroCommerce record": "/admin/product/view/1"}


def test_a_load_links_to_the_list_and_to_its_operation(page: Page, store: RunningStore, products: str) -> None:
    page.go(f"{products}/upsert/details")
    page.text_with("OroCommerce operation")
    found = links(page, store)
    assert found.pop("OroCommerce list") == "/admin/product/"
    assert set(found) == {"OroCommerce operation"}
    jobs = urlsplit(found["OroCommerce operation"])
    (grid,) = parse_qs(jobs.query)["grid[oro_message_queue_root_jobs]"]
    (job,) = parse_qs(grid)["f[name][value]"]
    assert jobs.path == "/admin/message-queue/jobs/"
    operation = job.removeprefix("oro:batch_api:")
    waited_for = [asked for asked in store.requests() if asked["path"] == f"/admin/api/asyncoperations/{operation}"]
    assert waited_for


def test_the_docs_show_the_links_of_a_load(page: Page, store: RunningStore, products: str) -> None:
    page.go(f"{products}/upsert/details")
    page.text_with("OroCommerce operation")
    compare(page, "grid-operation", details(page, store), "//body", 640)


def test_rendered_fields_are_readable(page: Page, task: str) -> None:
    page.go(f"{task}/0/rendered_templates")
    shown = page.text_with("include")
    assert "lineItems" in shown
    assert "orocommerce_default" in shown
    assert "{{" not in shown


def test_rows_are_a_summary_among_the_rendered_fields(page: Page, products: str) -> None:
    page.go(f"{products}/upsert/rendered_templates")
    shown = page.text_with("600 rows")
    assert "records" in shown
    assert "LAMP-" not in shown
