"""How many requests this process has in flight at a store, over all its clients, threads and event loops.

The limit moves by AIMD, as TCP's does: halved when the store shows that it is pressed, raised by one for each round of good
answers. How that is decided is a pure function; the gate only counts and wakes.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from dataclasses import dataclass, replace

# A gateway's refusals and time-outs. 500 is not among them: it is one request's failure, not the store's state.
PRESSED = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Pressure:
    """How many requests may be in flight (`limit`), and until when (monotonic seconds) it is not halved again."""

    limit: float
    held_until: float = 0.0

    def after(self, status: int | None, seconds: float, now: float, *, most: int, patience: float) -> Pressure:
        """Return the pressure after an answer with this status (None: none came) that took so long.

        `patience`: seconds from which on an answer counts as a sign of pressure. The answers to what was in flight together
        say the same thing, so the limit is halved once in the time that they take.
        """
        if status is None or status in PRESSED or seconds > patience:
            if now < self.held_until:
                return self
            return Pressure(max(1.0, self.limit / 2), now + max(seconds, 1.0))
        if self.limit >= most:
            return self
        return replace(self, limit=min(float(most), self.limit + 1 / self.limit))


class Gate:
    """Lets at most `most` requests through at a time, fewer while the store is pressed, in the order of their coming."""

    def __init__(self, most: int, patience: float) -> None:
        self.pressure = Pressure(float(most))
        self._most = most
        self._patience = patience
        self._busy = 0
        self._waiting: deque[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = deque()
        self._lock = threading.Lock()

    async def enter(self) -> None:
        """Wait for a place. Each `enter` is followed by one `leave`, or `give_back`."""
        with self._lock:
            if self._busy < int(self.pressure.limit):
                self._busy += 1
                return
            loop = asyncio.get_running_loop()
            place: asyncio.Future[None] = loop.create_future()
            self._waiting.append((loop, place))
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.give_back()
            raise

    def leave(self, status: int | None, seconds: float) -> None:
        """Give the place back and say what came: the answer's status or None, and the seconds that it took."""
        with self._lock:
            self.pressure = self.pressure.after(
                status, seconds, time.monotonic(), most=self._most, patience=self._patience
            )
        self.give_back()

    def give_back(self) -> None:
        """Give the place back of a request that says nothing of the store."""
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:  # a loop that was closed over its requests: they end when they are forgotten
            here = None
        with self._lock:
            self._busy -= 1
            while self._waiting and self._busy < int(self.pressure.limit):
                loop, place = self._waiting.popleft()
                if loop is here:
                    if place.cancelled():
                        continue
                    place.set_result(None)  # waking a loop by its socket costs 40 us
                else:
                    try:
                        loop.call_soon_threadsafe(self._admit, place)
                    except RuntimeError:  # it is closed
                        continue
                self._busy += 1

    def _admit(self, place: asyncio.Future[None]) -> None:
        if place.cancelled():
            self.give_back()
        else:
            place.set_result(None)


_gates: dict[tuple[str, int], Gate] = {}


def gate_of(origin: str, most: int, read_timeout: float) -> Gate:
    """Return the gate that all clients of this store in this process share."""
    return _gates.setdefault((origin, most), Gate(most, read_timeout / 2))
