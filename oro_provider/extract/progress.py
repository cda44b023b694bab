"""How far a reading has come: rate, share and estimate, told every now and then to whoever wants to know."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Report:
    """What was read of what is expected, in records, after so many seconds; `rate` in records a second."""

    type: str
    read: int
    expected: int
    seconds: float
    rate: float

    def __str__(self) -> str:
        told = f"{self.read} {self.type} in {self.seconds:.0f} s ({self.rate:.0f} a second)"
        if not self.expected:
            return told
        share = min(self.read / self.expected, 1.0)
        left = max(self.expected - self.read, 0) / self.rate if self.rate else 0.0
        return f"{told}, {share:.0%} of {self.expected}, {left:.0f} s to go"


class Progress:
    """Counts records and calls `tell` every `every` seconds while they come."""

    def __init__(self, tell: Callable[[Report], None] | None = None, every: float = 30.0) -> None:
        self._tell = tell
        self._every = every
        self._type = ""
        self._before = 0
        self._read = 0
        self._expected = 0
        self._started = self._told = time.monotonic()

    def begin(self, type_: str, before: int = 0) -> None:
        """Start the clock. `before`: records that an earlier attempt read."""
        self._type, self._before, self._read, self._expected = type_, before, 0, 0
        self._started = self._told = time.monotonic()

    def expect(self, left: int) -> None:
        """Say how many records are left to be read."""
        self._expected = self._before + left

    def add(self, count: int) -> None:
        """Count records that were read."""
        self._read += count
        now = time.monotonic()
        if self._tell is not None and now - self._told >= self._every:
            self._told = now
            self._tell(self.report(now))

    def end(self) -> None:
        """Tell how it ended."""
        if self._tell is not None:
            self._tell(self.report(time.monotonic()))

    def report(self, now: float) -> Report:
        """Return where the reading is now."""
        seconds = max(now - self._started, 1e-9)
        return Report(self._type, self._before + self._read, self._expected, seconds, self._read / seconds)
