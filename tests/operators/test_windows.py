"""Which window a run is about, and what a run without one is told."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from oro_provider.version_compat import AirflowFailException
from oro_provider.windows import resolve_window

DAY = datetime(2026, 11, 7, tzinfo=timezone.utc)
NEXT = datetime(2026, 11, 8, tzinfo=timezone.utc)
INTERVAL: dict[str, Any] = {"data_interval_start": DAY, "data_interval_end": NEXT}


def test_a_run_is_about_its_data_interval() -> None:
    window = resolve_window(INTERVAL)  # type: ignore[arg-type]  # the two keys that are read
    assert (window.since, window.until) == (DAY, NEXT)


@pytest.mark.parametrize(
    "until", ["2026-11-03T00:00:00Z", "2026-11-03T01:00:00+01:00", datetime(2026, 11, 3, tzinfo=timezone.utc)]
)
def test_arguments_come_first(until: Any) -> None:
    window = resolve_window(INTERVAL, "2026-11-01T00:00:00Z", until)  # type: ignore[arg-type]
    assert str(window) == "2026-11-01T00:00:00Z .. 2026-11-03T00:00:00Z"


@pytest.mark.parametrize(
    ("context", "since", "until", "says"),
    [
        ({}, None, None, "no data interval.*CronDataIntervalTimetable.*since=.*logical date.*backfill"),
        ({"data_interval_start": DAY, "data_interval_end": DAY}, None, None, "zero length.*CronDataIntervalTimetable"),
        (INTERVAL, "2026-11-01T00:00:00Z", None, "give until too"),
        (INTERVAL, None, "2026-11-01T00:00:00Z", "give since too"),
        (INTERVAL, "2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z", "reversed"),
        (INTERVAL, "2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", "empty"),
        (INTERVAL, "yesterday", "2026-11-01T00:00:00Z", "since 'yesterday' is no moment"),
        (INTERVAL, "2026-11-01T00:00:00", "2026-11-02T00:00:00Z", "since .* has no time zone"),
        (INTERVAL, ["x"], "2026-11-02T00:00:00Z", "is no moment"),
    ],
)
def test_a_run_without_a_window_fails_and_names_the_cures(context: Any, since: Any, until: Any, says: str) -> None:
    with pytest.raises(AirflowFailException, match=f"(?s){says}"):
        resolve_window(context, since, until)


@pytest.mark.parametrize(
    ("key", "date", "period", "window"),
    [
        ("2026-11-07", None, None, "2026-11-07T00:00:00Z .. 2026-11-08T00:00:00Z"),
        ("2026-12", None, None, "2026-12-01T00:00:00Z .. 2027-01-01T00:00:00Z"),
        ("2026", None, None, "2026-01-01T00:00:00Z .. 2027-01-01T00:00:00Z"),
        ("2026-11-07T09", None, None, "2026-11-07T09:00:00Z .. 2026-11-07T10:00:00Z"),
        ("2026-11-07T00:00:00", DAY, timedelta(hours=6), "2026-11-07T00:00:00Z .. 2026-11-07T06:00:00Z"),
        ("2026-11-07", DAY - timedelta(hours=1), None, "2026-11-06T23:00:00Z .. 2026-11-07T23:00:00Z"),
    ],
)
def test_a_partition_comes_before_the_data_interval(key: str, date: Any, period: Any, window: str) -> None:
    context: Any = {**INTERVAL, "partition_key": key, "partition_date": date}
    assert str(resolve_window(context, period=period)) == window
    assert str(resolve_window(context, DAY, NEXT)) == "2026-11-07T00:00:00Z .. 2026-11-08T00:00:00Z"


def test_a_partition_that_tells_no_period_fails_and_names_the_cure() -> None:
    context: Any = {"partition_key": "2026-11-07T00:00:00", "partition_date": DAY}
    with pytest.raises(AirflowFailException, match="partition_period="):
        resolve_window(context)
