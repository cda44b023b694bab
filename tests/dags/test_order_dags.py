"""The example DAGs that take orders as they come, run whole in this process."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.integration.store import IntegrationStore

ARRIVAL, SENSOR = "orocommerce_orders_on_arrival", "orocommerce_orders_sensor"


def made(store: IntegrationStore) -> list[tuple[datetime, str]]:
    orders = [(order["attributes"]["createdAt"], order["id"]) for order in store.read("orders")]
    return sorted((datetime.fromisoformat(created.replace("Z", "+00:00")), id_) for created, id_ in orders)


def notes(store: IntegrationStore) -> dict[str, list[str]]:
    """Return the notes' messages by order."""
    found: dict[str, list[str]] = {}
    for note in store.read("notes", include="activityTargets"):
        for target in note["relationships"]["activityTargets"]["data"]:
            found.setdefault(target["id"], []).append(note["attributes"]["message"])
    return found


def test_each_order_of_the_hour_gets_a_task_and_one_note(
    load_dag: Callable[[str], Any], store: IntegrationStore
) -> None:
    when = made(store)[60][0].replace(minute=0, second=0)
    hour = {id_ for created, id_ in made(store) if when <= created < when + timedelta(hours=1)}
    before = {order["id"]: order["attributes"]["updatedAt"] for order in store.read("orders")}
    module = load_dag(SENSOR)
    for _ in range(2):
        run = module.wait.dag.test(logical_date=when + timedelta(hours=1))
        assert run.state == "success", {ti.task_id: ti.state for ti in run.get_task_instances()}
    assert {order: messages for order, messages in notes(store).items() if messages == [module.NOTE]}.keys() == hour
    named = {ti.rendered_map_index for ti in run.get_task_instances() if ti.task_id in {"handle", "acknowledge"}}
    assert named == {f"order {id_}" for id_ in hour}, "the Grid shows numbers"
    after = {order["id"]: order["attributes"]["updatedAt"] for order in store.read("orders")}
    assert after == before, "an acknowledgement announced its order again"


def test_an_hour_without_an_order_skips_the_rest(load_dag: Callable[[str], Any], store: IntegrationStore) -> None:
    run = load_dag(SENSOR).wait.dag.test(logical_date=datetime(2026, 1, 1, 5, tzinfo=timezone.utc))
    states = {instance.task_id: instance.state for instance in run.get_task_instances()}
    assert (run.state, states["wait"], states["order_ids"]) == ("success", "skipped", "skipped")


def test_orders_are_handed_over_once(
    load_dag: Callable[[str], Any], store: IntegrationStore, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OROCOMMERCE_INBOX", str(places / "inbox.sqlite"))
    module = load_dag(ARRIVAL)
    wanted = {int(id_) for created, id_ in made(store) if created >= datetime(2026, 1, 1, tzinfo=timezone.utc)}
    for _ in range(2):
        run = module.extract.dag.test()
        assert run.state == "success", {ti.task_id: ti.state for ti in run.get_task_instances()}
    with closing(sqlite3.connect(places / "inbox.sqlite")) as inbox:
        handed = [id_ for (id_,) in inbox.execute("SELECT id FROM orders")]
    assert sorted(handed) == sorted(wanted)
