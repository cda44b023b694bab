"""Which window a run is about, and what a run without one is told."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oro_provider.version_compat import AirflowFailException
from oro_provider.windows import resolve_window

if TYPE_CHECKING:
    from oro_provider.extract.window import Window

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
    ],
)
def test_a_partition_comes_before_the_data_interval(key: str, date: Any, period: Any, window: str) -> None:
    context: Any = {**INTERVAL, "partition_key": key, "partition_date": date}
    assert str(resolve_window(context, period=period)) == window
    assert str(resolve_window(context, DAY, NEXT)) == "2026-11-07T00:00:00Z .. 2026-11-08T00:00:00Z"


@pytest.mark.parametrize(
    ("key", "hours_before", "window"),
    [
        ("2026-11-07", 1, "2026-11-06T23:00:00Z .. 2026-11-07T23:00:00Z"),
        ("2026-10-25", 2, "2026-10-24T22:00:00Z .. 2026-10-25T23:00:00Z"),  # 25 hours
        ("2026-03-29", 1, "2026-03-28T23:00:00Z .. 2026-03-29T22:00:00Z"),  # 23 hours
        ("2026-10", 2, "2026-09-30T22:00:00Z .. 2026-10-31T23:00:00Z"),
        ("2026", 1, "2025-12-31T23:00:00Z .. 2026-12-31T23:00:00Z"),
        ("2026-11-07T09", 1, "2026-11-07T08:00:00Z .. 2026-11-07T09:00:00Z"),
    ],
)
@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("zone", ["Europe/Berlin", ZoneInfo("Europe/Berlin")])
def test_a_partition_is_a_day_by_the_clock_of_its_timetable(
    key: str, hours_before: int, window: str, dated: bool, zone: Any
) -> None:
    parts = [int(part) for part in re.split("[-T]", key)]
    begin = datetime(*(parts + [1, 1, 0][len(parts) - 1 :])[:4], tzinfo=timezone.utc) - timedelta(hours=hours_before)  # type: ignore[arg-type,misc]
    context: Any = {
        "partition_key": key,
        "partition_date": begin if dated else None,
        "dag": SimpleNamespace(timetable=SimpleNamespace(timezone=zone)),
    }
    assert str(resolve_window(context)) == window


def test_a_partition_of_a_zone_that_is_not_known_has_no_guessed_end() -> None:
    context: Any = {"partition_key": "2026-10-25", "partition_date": datetime(2026, 10, 24, 22, tzinfo=timezone.utc)}
    with pytest.raises(AirflowFailException, match=r"its zone is not known.*partition_period="):
        resolve_window(context)
    window = resolve_window(context, period=timedelta(days=1))
    assert str(window) == "2026-10-24T22:00:00Z .. 2026-10-25T22:00:00Z"


def test_a_key_of_digits_is_no_year_of_long_ago() -> None:
    assert resolve_window({**INTERVAL, "partition_key": "1001"}) == resolve_window(INTERVAL)  # type: ignore[arg-type,typeddict-item]


def test_a_partition_that_the_run_alone_names_is_one_too() -> None:
    context: Any = {**INTERVAL, "dag_run": SimpleNamespace(partition_key="2026-11")}  # as Airflow 3.2 has it
    assert str(resolve_window(context)) == "2026-11-01T00:00:00Z .. 2026-12-01T00:00:00Z"


def test_a_partition_that_tells_no_period_fails_and_names_the_cure() -> None:
    context: Any = {"partition_key": "2026-11-07T00:00:00", "partition_date": DAY}
    with pytest.raises(AirflowFailException, match="partition_period="):
        resolve_window(context)


TEXTS = st.text(max_size=30) | st.sampled_from(
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-02-30T00:00:00Z",
        "\ud800",
        "9" * 5000,
        "None",
        "\x00",
    ]
)
KEYS = st.none() | TEXTS | st.from_regex(r"[0-9]{4}-[0-9]{2}(-[0-9]{2}(T[0-9]{2})?)?", fullmatch=True)


@settings(max_examples=150, deadline=2000)
@given(since=TEXTS, until=TEXTS, key=KEYS, days=st.none() | st.integers(-5, 5))
def test_whatever_is_given_is_a_window_or_refused(since: str, until: str, key: str | None, days: int | None) -> None:
    context: Any = {**INTERVAL, "partition_key": key}
    period = None if days is None else timedelta(days=days)
    for ends in ((since, until), (None, None)):
        window = _window_or_refusal(context, *ends, period)
        assert len(window) < 10_000 if isinstance(window, str) else window.since < window.until


def _window_or_refusal(*given: Any) -> Window | str:
    try:
        return resolve_window(*given)
    except AirflowFailException as error:
        return str(error)
