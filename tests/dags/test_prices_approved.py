"""The DAG whose plan of prices a person approves: what is shown, and what the store has after yes and after no."""

from __future__ import annotations

import csv
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.store import IntegrationStore

DAG_ID = "orocommerce_prices_approved"


@pytest.fixture
def prices(store: IntegrationStore, places: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Write a file with one new value for a price and with one that stays, and return the values by the prices' ids."""
    monkeypatch.setenv("OROCOMMERCE_PRICES_CSV", str(places / "prices.csv"))
    monkeypatch.setenv("OROCOMMERCE_WORK", str(places / "work"))
    lists = {one["id"]: one["attributes"]["name"] for one in store.read("pricelists")}
    first = min(lists, key=int)
    skus = {one["id"]: one["attributes"]["sku"] for one in store.read("products")}
    changed, kept = store.read("productprices", **{"filter[priceList]": first})[:2]
    rows = []
    for price, value in ((changed, "12.3400"), (kept, kept["attributes"]["value"])):
        related = {name: price["relationships"][name]["data"]["id"] for name in ("product", "unit")}
        rows.append({
            "price_list": lists[first], "product": skus[related["product"]], "unit": related["unit"],
            "quantity": price["attributes"]["quantity"], "currency": price["attributes"]["currency"], "value": value,
        })  # fmt: skip
    with (places / "prices.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return {changed["id"]: changed["attributes"]["value"], kept["id"]: kept["attributes"]["value"]}


def values(store: IntegrationStore, ids: Any) -> dict[str, str]:
    first = min((one["id"] for one in store.read("pricelists")), key=int)
    found = {
        one["id"]: one["attributes"]["value"] for one in store.read("productprices", **{"filter[priceList]": first})
    }
    return {id_: found[id_] for id_ in ids}


def answer(choice: str, over: threading.Event) -> Any:
    """Wait until the DAG asks, answer by the function of Airflow's API that the UI calls, and return what was asked."""
    from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
    from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    # Airflow 3.3 parks the task; before, it waits by a trigger, which `dag.test()` runs while the task is queued.
    waiting = ("awaiting_input", "deferred", "queued")
    asked = (
        select(HITLDetail, TaskInstance)
        .join(TaskInstance, TaskInstance.id == HITLDetail.ti_id)
        .where(TaskInstance.dag_id == DAG_ID, TaskInstance.state.in_(waiting), HITLDetail.responded_at.is_(None))
    )
    person: Any = SimpleNamespace(get_id=lambda: "1", get_name=lambda: "Ann")
    while not over.wait(0.3):
        with create_session() as session:
            found = session.execute(asked).unique().first()
            if found is None:
                continue
            detail, instance = found
            shown = (detail.subject, detail.body)
            update_hitl_detail(
                dag_id=DAG_ID,
                dag_run_id=instance.run_id,
                task_id="approve",
                update_hitl_detail_payload=UpdateHITLDetailPayload(chosen_options=[choice]),
                user=person,
                session=session,
            )
            return shown
    return None


def run_and_answer(dag: Any, choice: str) -> tuple[Any, dict[str, str], Any]:
    """Run the DAG with a person who answers; return the run, its tasks' states and what the person was shown."""
    dag.deadline = (
        None  # `dag.test()` of Airflow 3.3 takes none: it looks for the alert in the database, where it is not
    )
    over = threading.Event()
    with ThreadPoolExecutor(1) as person:
        shown = person.submit(answer, choice, over)
        try:
            run = dag.test()
        finally:
            over.set()
        return run, {instance.task_id: instance.state for instance in run.get_task_instances()}, shown.result(30)


@pytest.mark.capability("parked_approval")
def test_an_approved_plan_is_applied_and_the_next_asks_nobody(
    load_dag: Callable[[str], Any], store: IntegrationStore, prices: dict[str, str]
) -> None:
    dag = load_dag(DAG_ID).dag
    run, states, shown = run_and_answer(dag, "Approve")
    assert run.state == "success", states
    changed, kept = prices
    subject, body = shown
    assert subject == "Write these prices to the store?"
    assert body.startswith("0 new, 1 changed, 1 as they are")
    assert f"| 1 | {changed} | {prices[changed]} | 12.3400 |" in body
    assert kept not in body
    assert values(store, prices) == {changed: "12.3400", kept: prices[kept]}

    run, states, shown = run_and_answer(dag, "Approve")
    assert (run.state, states["changes"], states["apply"], shown) == ("success", "success", "skipped", None)


@pytest.mark.capability("parked_approval")
def test_a_plan_that_is_turned_down_changes_nothing(
    load_dag: Callable[[str], Any], store: IntegrationStore, prices: dict[str, str]
) -> None:
    run, states, _ = run_and_answer(load_dag(DAG_ID).dag, "Reject")
    assert (run.state, states["approve"], states["apply"]) == ("success", "success", "skipped")
    assert values(store, prices) == prices
