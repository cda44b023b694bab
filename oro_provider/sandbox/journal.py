"""The sandbox's own log of requests, by which tests and demos prove what was asked of it. No token, secret or body is in it."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oro_provider.sandbox.exchange import Request, Response

_KEPT = 200_000
_SECRET_PATHS = ("/oauth2-token",)


@dataclass(frozen=True, slots=True)
class Entry:
    """One answered request: `number` counts from 1, `time` is UTC, `ms` the store's work, `bytes` the answer's body."""

    number: int
    time: str
    method: str
    override: str
    path: str
    query: str
    status: int
    ms: float
    bytes: int
    received: int
    fault: str


class Journal:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self._count = 0

    def add(self, request: Request, response: Response, *, time: str, ms: float, fault: str) -> None:
        """Note an answered request."""
        self._count += 1
        query = "" if any(path in request.path for path in _SECRET_PATHS) else request.query
        self._entries.append(
            Entry(
                self._count,
                time,
                request.method,
                request.header("x-http-method-override").upper(),
                request.path,
                query,
                response.status,
                round(ms, 2),
                len(response.body),
                len(request.body),
                fault,
            )
        )

    def entries(self, since: int = 0) -> list[dict[str, object]]:
        """The entries after number `since`."""
        return [asdict(entry) for entry in list(self._entries) if entry.number > since]

    def clear(self) -> None:
        """Forget the entries; the numbering goes on."""
        self._entries.clear()

    @property
    def count(self) -> int:
        """How many requests were answered so far."""
        return self._count
