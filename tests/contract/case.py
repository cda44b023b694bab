"""A case of the contract: one request and what a store of the right version answers to it.

Cases are data. `needs` names records that are made before (`world`), whose ids stand in the call and the body as `{name}`; what is
made is deleted afterwards, so the same cases run against a real store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSIONS = ("5.1", "6.0", "6.1", "6.1.11", "7.0")


@dataclass(frozen=True)
class Error:
    """One expected error; fields that are None are not looked at, and an empty `at` says that there is no source."""

    title: str
    detail: str | None = None
    at: str | None = None

    def matches(self, error: Mapping[str, Any]) -> bool:
        """Whether an error of the answer is this one."""
        source = error.get("source") or {}
        place = source if isinstance(source, str) else source.get("pointer") or source.get("parameter") or ""
        detail = self.detail is None or error.get("detail") == self.detail
        return error.get("title") == self.title and detail and (self.at is None or place == self.at)


@dataclass(frozen=True)
class Case:
    """`stands_for` is a row of the endpoint list (P1, O2, ...) or the behaviour in a few words."""

    name: str
    stands_for: str
    call: str
    status: int = 200
    needs: tuple[str, ...] = ()
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    has: Any = None
    errors: tuple[Error, ...] = ()
    answer_headers: Mapping[str, str | None] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    count: int | None = None
    empty: bool = False
    writes: bool = False
    since: str = "5.1"
    until: str = "7.0"

    def holds_for(self, version: str) -> bool:
        """Whether the case is about a version."""
        place = VERSIONS.index(version)
        return VERSIONS.index(self.since) <= place <= VERSIONS.index(self.until)

    @property
    def method(self) -> str:
        """The HTTP method of the call."""
        return self.call.partition(" ")[0]

    @property
    def path(self) -> str:
        """The path and query of the call, below the API's base."""
        return self.call.partition(" ")[2]

    @property
    def changes_the_store(self) -> bool:
        """Whether anything is written for it."""
        return self.writes or bool(self.needs) or (self.method not in {"GET", "OPTIONS", "HEAD"})


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """A value with `{name}` replaced by ids, however deep."""
    if isinstance(value, str):
        for name, one in names.items():
            value = value.replace(f"{{{name}}}", one)
        return value
    if isinstance(value, dict):
        return {filled(key, names): filled(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, names) for inner in value]
    return value


def missing(expected: Any, found: Any, at: str = "") -> str | None:
    """Where an answer lacks what is expected of it: objects may hold more, lists must be as long; None when all is there."""
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            return f"{at}: no object but {found!r}"
        for name, inner in expected.items():
            if name not in found:
                return f"{at}/{name} is not there"
            problem = missing(inner, found[name], f"{at}/{name}")
            if problem is not None:
                return problem
        return None
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return f"{at}: {len(expected)} expected, found {found!r}"
        problems = (missing(a, b, f"{at}/{n}") for n, (a, b) in enumerate(zip(expected, found, strict=True)))
        return next((problem for problem in problems if problem), None)
    if expected is ...:
        return None
    return None if expected == found else f"{at}: expected {expected!r}, found {found!r}"
