"""How many requests a second this process sends to a store, over all its clients.

A leaky bucket by reservation: each request takes the next free moment and waits until then; no thread, no lock held while
waiting.
"""

from __future__ import annotations

import threading
import time


class Pace:
    """Spreads requests to at most `rate` a second."""

    def __init__(self, rate: float) -> None:
        self._interval = 1.0 / rate
        self._next = 0.0
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Take the next free moment and return the seconds until then."""
        with self._lock:
            now = time.monotonic()
            moment = max(now, self._next)
            self._next = moment + self._interval
            return moment - now


_paces: dict[tuple[str, float], Pace] = {}


def pace_of(origin: str, rate: float | None) -> Pace | None:
    """Return the pace that all clients of this store in this process share; None where there is no limit."""
    return _paces.setdefault((origin, rate), Pace(rate)) if rate else None
