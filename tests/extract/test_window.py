"""Windows: half-open, UTC, whole seconds."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from oro_provider.api.query import filter_value
from oro_provider.extract.window import Window

DAY = datetime(2026, 11, 7, tzinfo=timezone.utc)


def test_a_window_becomes_one_filter_that_excludes_its_end() -> None:
    window = Window(DAY, DAY + timedelta(days=1))
    assert filter_value(window.range) == "2026-11-07T00:00:00Z..2026-11-07T23:59:59Z"


def test_a_window_is_named_by_its_ends_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    window = Window(DAY.astimezone(berlin), (DAY + timedelta(hours=1)).astimezone(berlin))
    assert window.folder == "since=20261107T000000Z_until=20261107T010000Z"


@pytest.mark.parametrize(("until", "says"), [(DAY, "empty"), (DAY - timedelta(seconds=1), "reversed")])
def test_a_window_that_is_empty_or_reversed_is_refused(until: datetime, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Window(DAY, until)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"since 2026-11-07T00:00:00 has no time zone"):
        Window(datetime(2026, 11, 7), DAY)


def test_a_window_from_the_first_moment_that_there_is_can_be_asked_for_and_widened() -> None:
    window = Window(datetime(1, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 1, tzinfo=timezone.utc))
    assert str(window) == "0001-01-01T00:00:00Z .. 2026-01-01T00:00:00Z"
    assert filter_value(window.range) == "0001-01-01T00:00:00Z..2025-12-31T23:59:59Z"
    assert window.folder == "since=00010101T000000Z_until=20260101T000000Z"
    assert window.widened(timedelta(days=30)) == window
