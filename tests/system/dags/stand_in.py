"""A DAG with what the example DAGs need of an Airflow: real data intervals, a worker, and a wait on the triggerer."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.sensors.time_delta import WaitSensor
from airflow.sdk import DAG, task
from airflow.timetables.interval import CronDataIntervalTimetable

with DAG(
    "stand_in",
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
):

    @task
    def interval(data_interval_start: datetime, data_interval_end: datetime) -> list[str]:
        return [data_interval_start.isoformat(), data_interval_end.isoformat()]

    # Deferrable by `default_deferrable` alone.
    wait = WaitSensor(task_id="wait", time_to_wait=timedelta(seconds=1))

    @task
    def total(days: list[str]) -> int:
        return len(days)

    first = interval()
    first >> wait >> total(first)
