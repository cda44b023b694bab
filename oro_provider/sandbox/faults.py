"""Faults on demand: how a store fails, switched on by the control endpoint or the command line, repeatable by seed."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox.exchange import JSON, JSONAPI, Response

if TYPE_CHECKING:
    from oro_provider.sandbox.exchange import Request

# What a rule can do to a request. `reset_before` breaks the connection before the store did the work, `reset_after` after it.
KINDS = frozenset({
    "latency", "429", "500", "502", "503", "reset_before", "reset_after", "truncate", "slow_body", "401",
})  # fmt: skip

# What is simply on or off, or has a value; by the names of `Faults`.
SWITCHES = ("maintenance", "api_off", "clock_skew", "link_host", "dying_tokens", "moving_rows")

_HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"


@dataclass(slots=True)
class Rule:
    """One fault: what happens (`kind`), to which requests, how often. `times` counts down; None is for ever."""

    kind: str
    method: str = ""
    path: str = ""
    body: str = ""
    rate: float = 1.0
    times: int | None = None
    skip: int = 0
    seconds: float = 1.0
    retry_after: int = 1

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Rule:
        """Read a rule of the control endpoint; an unknown kind or name is a ValueError."""
        if data.get("kind") not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(sorted(KINDS))}")
        try:
            return cls(**data)
        except TypeError as error:
            raise ValueError(str(error)) from None

    def matches(self, request: Request) -> bool:
        """Whether the rule is about this request."""
        asked = (not self.method or self.method == request.method) and self.path in request.path
        return asked and self.body.encode() in request.body


@dataclass(slots=True)
class Faults:
    """What is broken now."""

    seed: int
    rules: list[Rule] = field(default_factory=list)
    maintenance: bool = False
    api_off: bool = False
    clock_skew: float = 0.0
    link_host: str | None = None
    denied: set[tuple[str, str]] = field(default_factory=set)
    dying_tokens: int = 0
    moving_rows: int = 0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Start the dice from the seed, so that the same requests meet the same faults."""
        self.chance = random.Random(self.seed)  # noqa: S311 - repeatable on purpose

    def clear(self) -> None:
        """Heal everything."""
        fresh = Faults(self.seed)
        for name in (
            "rules",
            "maintenance",
            "api_off",
            "clock_skew",
            "link_host",
            "denied",
            "dying_tokens",
            "moving_rows",
        ):
            setattr(self, name, getattr(fresh, name))

    def pick(self, request: Request) -> Rule | None:
        """The fault that meets this request, counted."""
        for rule in self.rules:
            if not rule.matches(request) or rule.times == 0:
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            if rule.rate < 1.0 and self.chance.random() >= rule.rate:
                continue
            if rule.times is not None:
                rule.times -= 1
            return rule
        return None

    def denies(self, resource: str, permission: str) -> bool:
        """Whether the role lacks a permission."""
        if not self.denied:
            return False
        return bool(self.denied & {(resource, permission), (resource, "*"), ("*", permission), ("*", "*")})

    def token_dies(self) -> bool:
        """Whether a good token is refused now (401 in the middle)."""
        if self.dying_tokens > 0:
            self.dying_tokens -= 1
            return True
        return False

    def in_maintenance(self, request: Request) -> Response:
        """Maintenance: every API call is a 415 with an HTML page, the token endpoint a 503, and no Retry-After anywhere."""
        if request.path.startswith("/oauth2-token"):
            if "application/json" in request.header("accept"):
                return Response(503, b'{"code":503}', JSON)
            return html(503, "Service Unavailable")
        return html(415, "Unsupported Media Type")

    def token_refusal(self) -> Response | None:
        """With the API switched off the token endpoint says "invalid client", which looks like bad credentials."""
        if not self.api_off:
            return None
        text = "Client authentication failed"
        body = {"error": "invalid_client", "error_description": text, "message": text}
        return Response(401, json.dumps(body).encode(), JSON)

    def switched_off(self, request: Request) -> Response:
        """The answer of every API call while the web API is off, the default of a fresh store."""
        problem = {"title": "not found http exception"}
        if JSONAPI in request.header("accept"):
            return Response(404, json.dumps({"errors": [{"status": "404", **problem}]}).encode())
        return Response(404, json.dumps([problem]).encode(), JSON)


def html(status: int, title: str) -> Response:
    """An HTML page of the web server in front."""
    return Response(status, _HTML.format(f"{status} {title}").encode(), "text/html; charset=UTF-8")


def refusal(rule: Rule) -> Response | None:
    """The answer that a rule gives instead of the store's, if it gives one."""
    if rule.kind == "429":
        return Response(429, b"", "text/html", {"Retry-After": str(rule.retry_after)})
    if rule.kind == "500":
        return Response(500, b'{"errors":[{"status":"500","title":"error exception"}]}')
    if rule.kind == "502":
        return html(502, "Bad Gateway")
    if rule.kind == "503":
        return html(503, "Service Unavailable")
    if rule.kind == "401":
        return Response(401)
    return None
