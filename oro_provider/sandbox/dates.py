"""Dates in filters and bodies: which spellings the store takes, and the UTC text that the database holds."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

# A fraction has exactly two digits, and only T stands between day and time.
_FILTER = re.compile(
    r"^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(\.\d\d)?)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?)?)?$"
)
_BODY = re.compile(r"^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$")


class ImpossibleDateError(ValueError):
    """A date of the right form that no calendar has (month 13, hour 25): refused without a detail."""


def text(moment: datetime) -> str:
    """A moment as documents show it: UTC, whole seconds."""
    return f"{moment.year:04d}" + moment.astimezone(timezone.utc).strftime("-%m-%dT%H:%M:%SZ")


def _offset(zone: str | None) -> timedelta:
    if not zone or zone == "Z":
        return timedelta()
    digits = zone[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return size if zone[0] == "+" else -size


def _moment(parts: tuple[str | None, ...]) -> datetime:
    year, month, day, hour, minute, second = (int(p) if p else None for p in parts[:6])
    if (month or 1) > 12 or (hour or 0) > 24 or (day or 1) > 31 or (minute or 0) > 59:
        raise ImpossibleDateError
    # 30 February rolls over into March and second 60 into the next minute, as PHP's dates do.
    first = datetime(year or 1, month or 1, 1, tzinfo=timezone.utc)
    span = timedelta(days=(day or 1) - 1, hours=hour or 0, minutes=minute or 0, seconds=second or 0)
    return first + span


def filter_range(value: str) -> tuple[str, str] | None:
    """The first and the last second that a filter's value names (a year names all of it); None when it is no date."""
    matched = _FILTER.match(value)
    if matched is None:
        return None
    try:
        start = _moment(matched.groups())
    except OverflowError as error:
        raise ImpossibleDateError from error
    _, month, day, hour, minute, second, _, zone = matched.groups()
    try:
        if month is None:
            end = start.replace(year=start.year + 1)
        elif day is None:
            end = (start + timedelta(days=32)).replace(day=1)
        elif hour is None:
            end = start + timedelta(days=1)
        elif minute is None:
            end = start + timedelta(hours=1)
        elif second is None:
            end = start + timedelta(minutes=1)
        else:
            end = start + timedelta(seconds=1)
        end -= timedelta(seconds=1)
        return text(start - _offset(zone)), text(end - _offset(zone))
    except (OverflowError, ValueError):
        return text(start), "9999-12-31T23:59:59Z"


def body_moment(value: str) -> str | None:
    """A datetime of a request's body, which needs a zone when it has a time; None when the store refuses it."""
    matched = _BODY.match(value)
    if matched is None:
        return None
    try:
        start = _moment(matched.groups())
    except (ImpossibleDateError, ValueError):
        return None
    return text(start - _offset(matched[8]))
