"""The DAG whose runs have partitions: a backfill makes one for each day, and each reads its day."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.store import IntegrationStore

DAG_ID = "orocommerce_orders_partitioned"
TODAY = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)


def backfilled(dag: Any, first: datetime, last: datetime) -> dict[str, dict[str, Any]]:
    """Make Airflow's own runs of a backfill and run their tasks; return what they pushed, by partition and task."""
    from airflow.models.backfill import _create_backfill
    from airflow.models.dagrun import DagRun
    from airflow.sdk.definitions.dag import _run_task
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.utils.session import create_session
    from sqlalchemy import select

    _create_backfill(
        dag_id=dag.dag_id, from_date=first, to_date=last, max_active_runs=1, reverse=False, dag_run_conf=None,
        triggering_user_name=None,
    )  # fmt: skip
    stored = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    pushed: dict[str, dict[str, Any]] = {}
    with create_session() as session:
        runs = session.scalars(
            select(DagRun).where(DagRun.dag_id == dag.dag_id, DagRun.partition_key.is_not(None))
        ).all()
        for run in runs:
            for task in dag.topological_sort():
                instance = run.get_task_instance(task.task_id, session=session)
                instance.task = stored.get_task(task.task_id)
                instance.try_number += 1
                session.commit()
                _run_task(ti=instance, task=task)
                found = pushed.setdefault(run.partition_key, {})
                found[task.task_id] = instance.xcom_pull(task_ids=task.task_id, session=session)
    return pushed


@pytest.mark.capability("partitioned_backfill")
def test_a_backfill_reads_each_day_as_a_partition(load_dag: Callable[[str], Any], store: IntegrationStore) -> None:
    dag = load_dag(DAG_ID).extract.dag
    assert dag.test(logical_date=None).state == "failed", "a run without a partition has no window to read"
    days = [TODAY - timedelta(days=ago) for ago in (3, 2, 1)]
    pushed = backfilled(dag, days[0], days[-1])
    assert list(pushed) == [f"{day:%Y-%m-%d}" for day in days]
    orders = store.read("orders", **{"filter[parent][exists]": "no"})
    for day, found in zip(days, pushed.values(), strict=True):
        manifest = found["extract"]
        ends = [datetime.fromisoformat(manifest[name]) for name in ("since", "until")]
        assert ends == [day, day + timedelta(days=1)]
        of_the_day = [one for one in orders if one["attributes"]["updatedAt"][:10] == f"{day:%Y-%m-%d}"]
        assert manifest["count"] == len(of_the_day)
        totals = json.loads(Path(found["revenue"]).read_text())
        assert totals.keys() == {one["attributes"]["currency"] for one in of_the_day}
