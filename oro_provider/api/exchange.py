"""One exchange with the store, written once, as a generator that knows no socket and no clock but those of its driver.

It yields a `Request`, a `Pause` or a `Login`, is sent a `Response` (or a `Failure`), None or a token, and so holds the
re-login on a 401, the retries, Retry-After and the turning of answers into typed errors (httpx's auth flow is the model).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeAlias, TypeVar
from urllib.parse import urlsplit

from oro_provider.api.documents import MEDIA_TYPE
from oro_provider.api.errors import (
    ConnectionFailed,
    NotFound,
    OroCommerceError,
    OutcomeUnknown,
    TimedOut,
    TruncatedAnswer,
    UnexpectedAnswer,
    error_for,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from datetime import datetime

    from oro_provider.api.grants import Grant
    from oro_provider.api.oauth import Token
    from oro_provider.api.settings import Settings


@dataclass(frozen=True, slots=True)
class Request:
    """What goes to the store. `repeatable`: doing it twice leaves the store as doing it once does.

    `read_timeout` in seconds, where it differs from the connection's. `divisible`: the asker will ask for less where the store
    takes too long, so that a time-out is not repeated.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    repeatable: bool = False
    read_timeout: float | None = None
    divisible: bool = False

    @property
    def path(self) -> str:
        """The path without the query: a filter may hold a customer's e-mail."""
        return urlsplit(self.url).path

    def with_token(self, token: Token) -> Request:
        """Return the same request with the token's Authorization header."""
        # Spelled out, since `dataclasses.replace` takes four times as long and every request comes through here.
        return Request(
            self.method,
            self.url,
            {**self.headers, "Authorization": f"Bearer {token.value}"},
            self.body,
            self.repeatable,
            self.read_timeout,
            self.divisible,
        )


@dataclass(frozen=True, slots=True)
class Response:
    """What came back. Names of headers are in lower case; `body` is whole, not truncated."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    @property
    def is_html(self) -> bool:
        """Whether this is a page for people: maintenance, a gateway's error, or not an OroCommerce at all."""
        return "html" in self.headers.get("content-type", "")

    @property
    def is_gateways(self) -> bool:
        """Whether something in front of the store refuses us: by a login of its own, or a page for people.

        A store's 401 is of another scheme (WSSE or Bearer), and its 403 is a document (5.1 to 7.0).
        """
        basic = self.headers.get("www-authenticate", "").lower().startswith("basic")
        return (self.status == 401 and basic) or (self.status == 403 and self.is_html)

    @property
    def date(self) -> datetime | None:
        """The store's clock when it answered (UTC), from its Date header."""
        return _http_date(self.headers.get("date", ""))

    @property
    def retry_after(self) -> float | None:
        """Seconds that the answer asks to wait; the header's date form is taken relative to the answer's own Date."""
        value = self.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return float(value[:10])
        until, now = _http_date(value), self.date
        return max((until - now).total_seconds(), 0.0) if until and now else None

    @property
    def redirect_origin(self) -> str:
        """Scheme and host of a redirect's target."""
        try:
            parts = urlsplit(self.headers.get("location", ""))
            port = "" if parts.port is None else f":{parts.port}"
        except ValueError:
            return "an address that is none"
        return plain(f"{parts.scheme}://{parts.hostname}{port}") if parts.hostname else "another path"


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None


@dataclass(frozen=True, slots=True)
class Failure:
    """No whole answer came. `sent`: the store may have seen the request; `truncated`: a part of the answer came;
    `timed_out`: the store was still at work when we stopped waiting; `refused`: an answer came that is not taken, and would
    come again.
    """

    reason: str
    sent: bool
    truncated: bool = False
    refused: bool = False
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Login:
    """Give a token other than `stale`; the driver sees to it that many askers cause one request."""

    stale: Token | None = None


@dataclass(frozen=True, slots=True)
class ReadGrant:
    """Give the pair of tokens that is kept for this connection, or None."""


@dataclass(frozen=True, slots=True)
class KeepGrant:
    """Put this pair of tokens away; the answer is None, or what went wrong as a `KeepProblem`."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class KeepProblem:
    """Why a pair of tokens could not be put away, in words."""

    reason: str

    def __str__(self) -> str:
        return self.reason


Step: TypeAlias = "Request | Pause | Login | ReadGrant | KeepGrant"
Answer: TypeAlias = "Response | Failure | Token | Grant | KeepProblem | None"
Result = TypeVar("Result")
Flow: TypeAlias = "Generator[Step, Answer, Result]"

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
# A gateway that answers 429 or 503 did not pass the request on; after 500, 502 and 504 a write may have been done.
NOT_DONE_STATUSES = frozenset({429, 503})
UNSURE_STATUSES = frozenset({500, 502, 504})


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how patiently an exchange is repeated. Seconds; `longest_wait` is what a Retry-After may hold a slot for.

    `logins`: new tokens after a 401. One, or more where other processes share the grant: each of their refreshes ends ours. A
    token that another process got does not count.
    """

    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 30.0
    logins: int = 1

    def wait(self, request: Request, answer: Response | Failure, attempt: int) -> float | None:
        """Return the seconds to wait before attempt + 1, or None when this answer is final. `attempt` counts from 1."""
        if attempt >= self.attempts or not self._heals(request, answer):
            return None
        asked = (answer.retry_after if isinstance(answer, Response) else None) or 0.0
        if asked > self.longest_wait:
            return None
        ceiling = min(self.first_wait * 2.0 ** (attempt - 1), self.longest_wait)
        # A gateway's Retry-After of 0 would make five requests in a moment.
        return max(asked, ceiling * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret

    @staticmethod
    def _heals(request: Request, answer: Response | Failure) -> bool:
        if isinstance(answer, Failure):
            healed = (request.repeatable or not answer.sent) and not (answer.timed_out and request.divisible)
            return healed and not answer.refused
        if answer.status == 504 and request.divisible:
            return False
        if answer.status in NOT_DONE_STATUSES:
            return True
        if answer.status == 415 and answer.is_html:  # maintenance
            return True
        return request.repeatable and (answer.status in RETRIED_STATUSES or answer.status == 500)


SHARED_LOGINS = 20
MOST_BORROWED = 1000  # a bound for what never happens: so many refreshes by others, each within the time of one request


def retries_for(settings: Settings, retries: Retries | None) -> Retries:
    """Return how a client of this connection repeats: with more than one new token where the grant is shared."""
    retries = retries or Retries()
    shared = settings.grant_type == "authorization_code" and retries.logins < SHARED_LOGINS
    return replace(retries, logins=SHARED_LOGINS) if shared else retries


def exchange(request: Request, retries: Retries) -> Flow[Response]:
    """Send a request with a token until its answer is final; return a successful answer, raise a typed error otherwise."""
    token: Token = yield Login()  # type: ignore[assignment]  # a Login is always answered by a token
    logins = borrowed = 0
    attempt = 1
    lost = False  # whether an earlier attempt may have been done
    while True:
        answer: Response | Failure = yield request.with_token(token)  # type: ignore[assignment]  # never a token or None
        if isinstance(answer, Response):
            if 200 <= answer.status < 300 or _has_updated(request, answer):
                return _checked(request, answer)
            if answer.status == 401 and logins < retries.logins and borrowed < MOST_BORROWED:
                # An expired and a revoked token look the same: an empty 401.
                logins += not token.borrowed
                borrowed += token.borrowed
                token = yield Login(stale=token)  # type: ignore[assignment]
                continue
        wait = retries.wait(request, answer, attempt)
        if wait is None:
            error = failure(request, answer)
            if lost and request.method == "DELETE" and _is_gone(error):
                return Response(204)
            raise error
        lost = lost or _may_be_done(answer)
        attempt += 1
        yield Pause(wait)


def _may_be_done(answer: Response | Failure) -> bool:
    return answer.sent if isinstance(answer, Failure) else answer.status in UNSURE_STATUSES


def _is_gone(error: OroCommerceError) -> bool:
    """Whether there is no such record, which is what a deletion leaves; a resource that is unknown has a title of its own."""
    return isinstance(error, NotFound) and any(one.title == "not found http exception" for one in error.errors)


def _has_updated(request: Request, answer: Response) -> bool:
    """Whether this is an upsert that found its record: before 6.1.9 behind a web server's CGI, a 302 with the record's document."""
    document = answer.headers.get("content-type", "").startswith(MEDIA_TYPE)
    return request.method == "POST" and answer.status == 302 and document and bool(answer.body)


def _checked(request: Request, answer: Response) -> Response:
    """Return a success that is of the type that was asked for, or empty."""
    type_ = answer.headers.get("content-type", "")
    if answer.body and type_ and "json" not in type_.partition(";")[0].lower():
        raise UnexpectedAnswer(
            f"{request.method} {request.path} answered {answer.status} with {'HTML' if answer.is_html else plain(type_)} instead "
            "of JSON. Is it an OroCommerce store?",
            status=answer.status,
        )
    return answer


def failure(request: Request, answer: Response | Failure) -> OroCommerceError:
    """Return the error that a final answer stands for."""
    if isinstance(answer, Response):
        error = error_for(request, answer)
        if answer.status in UNSURE_STATUSES and not request.repeatable:
            return OutcomeUnknown(
                f"{error} The store may have done it all the same.", status=answer.status, errors=error.errors
            )
        return error
    said = f"{request.method} {request.path}: {answer.reason}{'' if answer.reason.endswith('?') else '.'}"
    if not answer.sent:
        return ConnectionFailed(said)
    if request.repeatable:
        kinds = {TimedOut: answer.timed_out, TruncatedAnswer: answer.truncated, UnexpectedAnswer: answer.refused}
        kind = next((kind for kind, applies in kinds.items() if applies), ConnectionFailed)
        return kind(said)
    return OutcomeUnknown(f"{said} The store may have done it all the same.")
