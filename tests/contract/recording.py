"""Recorded exchanges: one JSON object a line with `name`, `request` and `response`, put into the order in which they happened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Store versions by the name of the folder that a recording lies in.
_VERSIONS = {"5.1": "5.1", "6.0": "6.0", "6.1.9": "6.1", "6.1.11": "6.1.11", "6.1": "6.1", "7.0": "7.0"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the answer that a real store gave."""

    name: str
    method: str
    url: str
    headers: dict[str, str]
    body: Any
    status: int
    answer_headers: dict[str, str]
    answer: Any
    time: float

    @property
    def document(self) -> dict[str, Any]:
        """The answer as a JSON:API document; empty when it is none or was cut from the recording."""
        return self.answer if isinstance(self.answer, dict) else {}

    @property
    def cut(self) -> bool:
        """Whether the recording leaves the body out."""
        return isinstance(self.answer, str) and self.answer.startswith("(")


def read(path: Path) -> list[Exchange]:
    """The exchanges of a file, oldest first; within a second creations come before what they make possible."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [_exchange(json.loads(line)) for line in lines if line.strip()]
    return sorted(found, key=lambda one: (one.time, one.status not in {201, 202}))


def _exchange(data: dict[str, Any]) -> Exchange:
    request, response = data["request"], data["response"]
    headers = {name.lower(): value for name, value in response.get("headers", {}).items()}
    time = parsedate_to_datetime(headers["date"]).timestamp() if "date" in headers else 0.0
    answer = response.get("body")
    if isinstance(answer, str) and answer.startswith(("{", "[")):
        answer = json.loads(answer)
    return Exchange(
        data["name"],
        request["method"],
        request["url"],
        {name.lower(): value for name, value in request.get("headers", {}).items()},
        request.get("body"),
        response["status"],
        headers,
        answer,
        time,
    )


def version_of(path: Path) -> str:
    """The sandbox version for a recording, from the folder's name."""
    name = path.parent.name
    for prefix in sorted(_VERSIONS, key=len, reverse=True):
        if name.startswith(prefix):
            return _VERSIONS[prefix]
    return "6.1"


def records(document: Any) -> Iterator[dict[str, Any]]:
    """Every resource object and every linkage in a document, however deep."""
    if isinstance(document, dict):
        if isinstance(document.get("type"), str) and isinstance(document.get("id"), str):
            yield document
        for value in document.values():
            yield from records(value)
    elif isinstance(document, list):
        for value in document:
            yield from records(value)
