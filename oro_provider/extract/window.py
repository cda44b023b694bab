"""A window of time: half-open, UTC, whole seconds, since that is what a store's dates have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from oro_provider.api.query import Range, timestamp

SECOND = timedelta(seconds=1)
# What `since` may be for all that there is.
FIRST = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` (included) to `until` (excluded)."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            moment: datetime = getattr(self, name)
            if moment.tzinfo is None:
                raise ValueError(f"{name} {moment.isoformat()} has no time zone; write it as 2026-01-31T00:00:00Z")
            object.__setattr__(self, name, moment.astimezone(timezone.utc).replace(microsecond=0))
        if self.since >= self.until:
            raise ValueError(
                f"the window from {timestamp(self.since)} to {timestamp(self.until)} is "
                f"{'empty' if self.since == self.until else 'reversed'}: `since` must lie before `until`"
            )

    @property
    def range(self) -> Range:
        """As a filter's value, which includes both ends: one operator, so that 5.1 and 6.0 apply it whole."""
        return Range(self.since, self.until - SECOND)

    def widened(self, overlap: timedelta) -> Window:
        """Return the window that begins earlier by `overlap`."""
        return Window(self.since - min(overlap, self.since - FIRST), self.until)

    @property
    def folder(self) -> str:
        """As a folder's name, which sorts by time: `since=20260131T000000Z_until=20260201T000000Z`."""
        since, until = (timestamp(moment).replace("-", "").replace(":", "") for moment in (self.since, self.until))
        return f"since={since}_until={until}"

    def __str__(self) -> str:
        return f"{timestamp(self.since)} .. {timestamp(self.until)}"
