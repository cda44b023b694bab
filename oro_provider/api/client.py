"""The driver over `requests`: a task's small calls, one after another. It knows no rule of OroCommerce's.

Not for several threads at once: give each its own client; they share the token.
"""

from __future__ import annotations

import logging
import time
from http.client import HTTPException
from http.client import IncompleteRead as IncompleteHttpRead
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, IncompleteRead, ProtocolError, ReadTimeoutError

from oro_provider.api.body import ACCEPT_ENCODING, CHUNK, Body, RefusedBody, TruncatedBody
from oro_provider.api.calls import Calls, Record
from oro_provider.api.deadlines import DeadlineSession
from oro_provider.api.errors import InvalidRequest
from oro_provider.api.exchange import (
    Failure,
    KeepGrant,
    Login,
    Pause,
    ReadGrant,
    Request,
    Response,
    Retries,
    exchange,
    retries_for,
)
from oro_provider.api.grants import NoGrants, kept
from oro_provider.api.oauth import Token, exchange_code, login, token_slot
from oro_provider.api.pace import pace_of
from oro_provider.api.paging import Order, Walk
from oro_provider.api.route import proxies, tls_failure, trusted, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from typing_extensions import Self

    from oro_provider.api.calls import Call
    from oro_provider.api.documents import JsonObject, Page
    from oro_provider.api.exchange import Answer, Flow
    from oro_provider.api.grants import Authorization, Grant, GrantStore
    from oro_provider.api.query import Query
    from oro_provider.api.settings import Settings

T = TypeVar("T")

# What comes out of requests and what it stands on; its own are OSErrors.
TRANSPORT_ERRORS = (OSError, HTTPError, HTTPException)


class OroClient:
    """A client of one store.

    `on_token` is called with each new token before it is used, so that whoever logs can mask it. `grants` keeps the pair of
    tokens of a login by browser (`grant_type` "authorization_code").
    """

    def __init__(
        self,
        settings: Settings,
        *,
        retries: Retries | None = None,
        on_token: Callable[[str], None] | None = None,
        grants: GrantStore | None = None,
    ) -> None:
        self.settings = settings
        self.calls = Calls(settings)
        self.requests = 0
        self._page_sizes: dict[str, int] = {}  # of lists whose pages the store limits
        self._retries = retries_for(settings, retries)
        self._on_token = on_token
        self._announced: set[str] = set()
        self._grants = grants or NoGrants()
        self._slot = token_slot(settings)
        self._pace = pace_of(settings.origin, settings.requests_per_second)
        self._session = new_session(settings)
        self._proxies = proxies(settings)

    @property
    def logins(self) -> int:
        """How many new tokens a request may ask for after a 401."""
        return self._retries.logins

    def get(self, type_: str, id_: str, query: Query | None = None) -> Record:
        """Return one record; raise `NotFound` where there is none."""
        return self.perform(self.calls.get(type_, id_, query))

    def pages(self, type_: str, query: Query, *, order: Order = "id", until_empty: bool = False) -> Iterator[Page]:
        """Yield the pages of a list, to its end (`oro_provider.api.paging`)."""
        most = self._page_sizes.get(type_)
        query = query if most is None or query.size is None else query.where(size=min(query.size, most))
        walk = Walk(query, order, until_empty=until_empty, least=self.settings.page_size)
        while walk.query is not None:
            try:
                page = self.perform(self.calls.page(type_, walk.query))
            except InvalidRequest as error:
                walk.refused(error)
                if walk.query.size is not None:
                    self._page_sizes[type_] = walk.query.size
                continue
            walk.read(page)
            yield page

    def create(self, data: JsonObject, included: Iterable[JsonObject] = (), query: Query | None = None) -> Record:
        """Create a record and return it. A lost answer is `OutcomeUnknown`: look before creating it again."""
        return self.perform(self.calls.create(data, included, query))

    def update(self, data: JsonObject, included: Iterable[JsonObject] = (), query: Query | None = None) -> Record:
        """Change a record and return it."""
        return self.perform(self.calls.update(data, included, query))

    def delete(self, type_: str, id_: str) -> None:
        """Delete a record; raise `NotFound` where there is none."""
        self.perform(self.calls.delete(type_, id_))

    def perform(self, call: Call[T]) -> T:
        """Perform a call; raise an `OroCommerceError` where it does not succeed."""
        return call.read(self._run(exchange(call.request, self._retries)))

    def send(self, request: Request) -> Response | Failure:
        """Send a request as it is, without a token and once: for who wants to see how a store answers that."""
        return self._send(request)

    def token(self, stale: Token | None = None) -> Token:
        """Return a usable token other than `stale`, asking the store for one where that is needed."""
        token = self._slot.usable(stale)
        if token is None:
            asked_at = time.monotonic()
            with self._slot.lock:
                token = self._run(login(self.settings, self._slot, self._retries, stale, asked_at))
        self._announce(token.value)
        return token

    def log_in_by(self, authorization: Authorization, code: str) -> Grant:
        """Exchange the code that a browser brought back for the first pair of tokens, and put the pair away."""
        grant = self._run(exchange_code(self.settings, authorization, code, self._retries))
        self._announce(grant.access_token, grant.refresh_token)
        self._grants.keep(grant)
        self.forget_token()
        return grant

    def count_request(self) -> None:
        """Count a request that is about to go out, and wait for its moment (`requests_per_second`)."""
        if self._pace is not None:
            time.sleep(self._pace.reserve())
        self.requests += 1

    def forget_token(self) -> None:
        """Drop the token of this store, so that the next call logs in again."""
        self._slot.token = None

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _run(self, flow: Flow[T]) -> T:
        answer: Answer = None
        while True:
            try:
                step = flow.send(answer)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]  # typed as Any by typeshed
            match step:
                case Request():
                    answer = self._send(step)
                case Pause(seconds):
                    time.sleep(seconds)
                    answer = None
                case Login(stale):
                    answer = self.token(stale)
                case ReadGrant():
                    answer = self._grants.read()
                    if answer is not None:
                        self._announce(answer.access_token, answer.refresh_token)
                case KeepGrant(grant):
                    self._announce(grant.access_token, grant.refresh_token)
                    answer = kept(self._grants, grant)

    def _announce(self, *values: str) -> None:
        if self._on_token is not None:
            for value in values:
                if value not in self._announced:
                    self._announced.add(value)
                    self._on_token(value)

    def _send(self, request: Request) -> Response | Failure:
        self.count_request()
        settings = self.settings
        try:
            with self._session.request(
                request.method,
                request.url,
                headers={"Accept-Encoding": ACCEPT_ENCODING, **request.headers},
                data=request.body,
                auth=_OwnHeaders(),
                timeout=(settings.connect_timeout, request.read_timeout or settings.read_timeout),
                allow_redirects=False,
                stream=True,
                # Given for each request: a session's own are overridden by REQUESTS_CA_BUNDLE and the proxies' variables.
                verify=trusted(settings),
                cert=settings.cert,
                proxies=self._proxies,
            ) as answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Response(answer.status_code, headers, read_body(answer, headers, settings.longest_answer))
        except RefusedBody as refused:
            return Failure(str(refused), sent=True, refused=True)
        except TruncatedBody:
            return Failure("the answer broke off", sent=True, truncated=True)
        except TRANSPORT_ERRORS as error:
            return failure_of(error, settings)


def read_body(answer: requests.Response, headers: dict[str, str], seconds: float) -> bytes:
    """Read the body as it comes; `answer.content` would unpack and keep whatever is sent."""
    body = Body(answer.status_code, headers, seconds)
    while chunk := answer.raw.read1(CHUNK, decode_content=False):
        if not body.add(chunk):
            break
    return body.end()


class _WithoutQueries(logging.Filter):
    """Takes the query out of what urllib3 logs of requests to stores at DEBUG: a filter may hold a customer's e-mail address."""

    def __init__(self) -> None:
        super().__init__()
        self.hosts: set[str] = set()
        self.origins: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            # Through a proxy of plain http the host is the proxy's, and the address is whole.
            ours = ("/",) if self.hosts.intersection(map(str, record.args)) else ()
            addresses = (*ours, *(f"{origin}/" for origin in self.origins))
            record.args = tuple(
                part.partition("?")[0] if isinstance(part, str) and part.startswith(addresses) else part
                for part in record.args
            )
        return True


_without_queries = _WithoutQueries()
logging.getLogger("urllib3.connectionpool").addFilter(_without_queries)


def new_session(settings: Settings) -> requests.Session:
    """Return a session that sends nothing of its own but what `requests` must."""
    _without_queries.hosts.add(urlsplit(settings.base_url).hostname or "")
    _without_queries.origins.add(settings.origin)
    session = _Session(settings.longest_answer)
    session.trust_env = False  # what the environment says is in `trusted` and `proxies`, if it may
    return session


class _Session(DeadlineSession):
    """Does not look where a redirect points: it is not followed, and a broken Location would be a ValueError."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class _OwnHeaders(AuthBase):
    """Leaves the request's headers alone: without an `auth`, requests would put a .netrc entry over our token."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def failure_of(error: Exception, settings: Settings) -> Failure:
    # The foreign exception's own text holds the URL with its query; ours says what happened.
    match error:
        case requests.exceptions.SSLError():
            return tls_failure(settings, _innermost(error))
        case requests.exceptions.ProxyError():
            return Failure("the proxy cannot be reached or refuses", sent=False)
        case requests.ConnectTimeout():
            return Failure(
                f"{settings.origin} did not take the connection within {settings.connect_timeout:g} s", sent=False
            )
        case requests.ReadTimeout() | ReadTimeoutError():
            return Failure("the store did not answer in time (see read_timeout)", sent=True, timed_out=True)
        case requests.exceptions.ChunkedEncodingError() | IncompleteRead() | ProtocolError() | IncompleteHttpRead():
            return Failure("the answer broke off", sent=True, truncated=True)
        case requests.ConnectionError() if _never_connected(error):
            return Failure(f"{settings.origin} cannot be reached: is the host right, and the store up?", sent=False)
        case requests.ConnectionError() | HTTPError() | HTTPException() | ConnectionResetError():
            return Failure("the connection was lost", sent=True)
        case OSError() if not isinstance(error, requests.RequestException):
            # A certificate, key or authority that cannot be read; requests names its path.
            return Failure(unreadable(settings), sent=False)
        case _:
            return Failure(f"the request could not be made ({type(error).__name__})", sent=False)


def _innermost(error: BaseException) -> BaseException:
    """The error that requests and urllib3 wrapped: the one stands in `reason`, the other in the arguments."""
    while isinstance(inner := getattr(error, "reason", None) or next(iter(error.args), None), BaseException):
        error = inner
    return error


def _never_connected(error: requests.ConnectionError) -> bool:
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError | NameResolutionError)
