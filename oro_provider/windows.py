"""Which window of time a run is about: its arguments, else its partition, else its data interval. Never a guess.

`@daily` and every manual run have no data interval in Airflow 3 (or one of zero length), and a window that is empty by
accident would be a success that read nothing; so a run without an interval fails and names the cures.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from oro_provider.version_compat import AirflowFailException

if TYPE_CHECKING:
    from datetime import tzinfo

    from airflow.sdk import Context

    from oro_provider.extract.window import Window

CURES = (
    "Give the DAG a timetable with real intervals: schedule=CronDataIntervalTimetable('@daily', timezone='UTC') "
    "(in Airflow 3 '@daily' has an interval of zero length, and schedule=None has none); or pass since= and until=; or, for a "
    "run by hand of a DAG with such a timetable, trigger it with a logical date, or use `airflow backfill create`; or, for a "
    "partition whose key tells no period, pass partition_period=."
)


# What a partition's key says of its period: 2026, 2026-11, 2026-11-21, 2026-11-21T09. A longer one says a moment only, and 1001 is a
# customer or a region: no store has orders of that year.
_DATED_KEY = re.compile(r"((?:19|20|21)\d{2})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}))?)?)?")


def resolve_window(context: Context, since: Any = None, until: Any = None, period: timedelta | None = None) -> Window:
    """Return the window of this run: `since` and `until` where they are given, else the partition, else the data interval.

    Both are moments with a time zone, as `datetime` or ISO 8601. `period` is that of a partition whose key does not tell it
    (`2026-11-21` is a day, `2026-11` a month; `2026-11-21T00:00:00` may be anything). Raise `AirflowFailException` where there is no window, or
    where it is empty or reversed.
    """
    from oro_provider.extract.window import Window

    given = moment(since, "since"), moment(until, "until")
    if any(given):
        if not all(given):
            missing = "until" if given[0] else "since"
            raise AirflowFailException(f"a window has two ends: give {missing} too, or neither")
        start, end = given
    elif partition := _partition(context, period):
        start, end = partition
    else:
        start, end = context.get("data_interval_start"), context.get("data_interval_end")
        if start is None or end is None or start >= end:
            found = "no data interval" if start is None or end is None else f"a data interval of zero length ({start})"
            raise AirflowFailException(f"This run has {found}, so there is no window to work on. {CURES}")
    try:
        return Window(start, end)  # type: ignore[arg-type]  # neither is None here
    except ValueError as error:
        raise AirflowFailException(str(error)) from error


def _partition(context: Context, period: timedelta | None) -> tuple[datetime, datetime] | None:
    """Return the bounds of the run's partition, where it has one that is a time (Airflow 3.2 and later)."""
    # Airflow 3.2 has the key with the run only, and no date.
    key = str(context.get("partition_key") or getattr(context.get("dag_run"), "partition_key", None) or "")
    try:
        return _bounds(context, key, period)
    except (ValueError, OverflowError):  # the 13th month, the year 10000
        raise AirflowFailException(f"the partition key {key!r} is no time that there is") from None


def _bounds(context: Context, key: str, period: timedelta | None) -> tuple[datetime, datetime] | None:
    date: datetime | None = context.get("partition_date")
    found = _DATED_KEY.fullmatch(key)
    if found is None:
        return (date, date + period) if date and period else None
    month, day, hour = (int(part) if part else None for part in found.groups()[1:])
    named = datetime(int(found[1]), month or 1, day or 1, hour or 0)  # noqa: DTZ001 - by the clock of the partition's zone
    zone = _zone(context)
    start = date or named.replace(tzinfo=zone or timezone.utc).astimezone(timezone.utc)
    if period is not None or hour is not None:
        return start, start + (period or timedelta(hours=1))
    if zone is None and start.replace(tzinfo=None) != named:
        raise AirflowFailException(
            f"The partition {found[0]} begins at {start}, and its zone is not known, so neither is its end: pass "
            "partition_period=, or since= and until=."
        )
    if day is not None:
        end = named + timedelta(days=1)
    elif month is not None:
        end = (named + timedelta(days=32)).replace(day=1)
    else:
        end = named.replace(year=named.year + 1)
    # A day is 23 or 25 hours long where the clock is put forward or back.
    return start, end.replace(tzinfo=zone or timezone.utc).astimezone(timezone.utc)


def _zone(context: Context) -> tzinfo | None:
    """Return the zone of the DAG's timetable, in which it names partitions; None where it has none."""
    found = getattr(getattr(context.get("dag"), "timetable", None), "timezone", None)
    return ZoneInfo(found) if isinstance(found, str) else found


def moment(value: Any, name: str) -> datetime | None:
    """Return a moment that was given as `datetime` or ISO 8601 text; nothing given, or an empty text, is None."""
    if value is None or str(value).strip() in {"", "None"}:
        return None
    if isinstance(value, datetime):
        found = value
    else:
        try:
            found = datetime.fromisoformat(str(value).strip().replace("Z", "+00:00").replace("z", "+00:00"))
        except ValueError:
            raise AirflowFailException(f"{name} {value!r} is no moment; write it as 2026-01-31T00:00:00Z") from None
    if found.tzinfo is None:
        raise AirflowFailException(f"{name} {value!s} has no time zone; write it as 2026-01-31T00:00:00Z")
    try:
        return found.astimezone(timezone.utc)
    except OverflowError:
        raise AirflowFailException(f"{name} {value!s} is outside of the years 1 to 9999") from None
