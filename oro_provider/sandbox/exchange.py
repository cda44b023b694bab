"""A request and its answer as values: what the server hands to the store and gets back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

JSONAPI = "application/vnd.api+json"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: header names in lower case, the query undecoded."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str:
        """A header's value, or an empty string."""
        return self.headers.get(name, "")


@dataclass(slots=True)
class Response:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str = JSONAPI
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0  # seconds before the answer goes out
