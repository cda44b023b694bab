"""The store's clock: real time, moved to a chosen start and skewed on demand."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from email.utils import format_datetime

from oro_provider.sandbox.dates import text


class Clock:
    """Runs at the pace of real time from `start` (default: now); `skew` seconds are added to what it says."""

    def __init__(self, start: datetime | None = None, skew: float = 0.0) -> None:
        self.skew = skew
        self._origin = time.monotonic()
        self._start = (start or datetime.now(timezone.utc)).timestamp()
        self._cached = (0, "", "")

    def seconds(self) -> float:
        """Seconds since 1970, skew included."""
        return self._start + (time.monotonic() - self._origin) + self.skew

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.fromtimestamp(self.seconds(), timezone.utc)

    def text(self) -> str:
        """The moment as documents show it."""
        return self._texts()[0]

    def http(self) -> str:
        """The moment as the `Date` header shows it."""
        return self._texts()[1]

    def moment(self, seconds: float) -> datetime:
        """A time of `seconds()` as a moment."""
        return datetime.fromtimestamp(seconds, timezone.utc)

    def _texts(self) -> tuple[str, str]:
        second = int(self.seconds())
        if self._cached[0] != second:
            moment = datetime.fromtimestamp(second, timezone.utc)
            self._cached = (second, text(moment), format_datetime(moment, usegmt=True))
        return self._cached[1], self._cached[2]
