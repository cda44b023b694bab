"""The driver over `requests`: a task's small calls, one after another. It knows no rule of OroCommerce's.

Not for several threads at once: give each its own client; they share the token.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

import requests
from requests.auth import AuthBase

from oro_provider.api.calls import Calls, Record
from oro_provider.api.exchange import Failure, Login, Pause, Request, Response, Retries, exchange
from oro_provider.api.oauth import Token, login, token_slot
from oro_provider.api.pace import pace_of
from oro_provider.api.paging import Order, first_query, next_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from typing_extensions import Self

    from oro_provider.api.calls import Call
    from oro_provider.api.documents import JsonObject, Page
    from oro_provider.api.exchange import Answer, Flow
    from oro_provider.api.query import Query
    from oro_provider.api.settings import Settings

T = TypeVar("T")


class OroClient:
    """A client of one store.

    `on_token` is called with each new token before it is used, so that whoever logs can mask it.
    """

    def __init__(
        self, settings: Settings, *, retries: Retries | None = None, on_token: Callable[[str], None] | None = None
    ) -> None:
        self.settings = settings
        self.calls = Calls(settings)
        self.requests = 0
        self._retries = retries or Retries()
        self._on_token = on_token
        self._announced: Token | None = None
        self._slot = token_slot(settings)
        self._pace = pace_of(settings.origin, settings.requests_per_second)
        self._session = new_session(settings)

    def get(self, type_: str, id_: str, query: Query | None = None) -> Record:
        """Return one record; raise `NotFound` where there is none."""
        return self.perform(self.calls.get(type_, id_, query))

    def pages(self, type_: str, query: Query, *, order: Order = "id", until_empty: bool = False) -> Iterator[Page]:
        """Yield the pages of a list, to its end (`oro_provider.api.paging`)."""
        current: Query | None = first_query(query, order)
        while current is not None:
            page = self.perform(self.calls.page(type_, current))
            yield page
            current = next_query(current, page, order, until_empty=until_empty)

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

    def token(self, stale: Token | None = None) -> Token:
        """Return a usable token other than `stale`, asking the store for one where that is needed."""
        token = self._slot.usable(stale)
        if token is None:
            asked_at = time.monotonic()
            with self._slot.lock:
                token = self._run(login(self.settings, self._slot, self._retries, stale, asked_at))
        if self._on_token is not None and token is not self._announced:
            self._announced = token
            self._on_token(token.value)
        return token

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

    def _send(self, request: Request) -> Response | Failure:
        if self._pace is not None:
            time.sleep(self._pace.reserve())
        self.requests += 1
        settings = self.settings
        try:
            answer = self._session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.body,
                auth=_OwnHeaders(),
                timeout=(settings.connect_timeout, request.read_timeout or settings.read_timeout),
                allow_redirects=False,
                # Given for each request: a session's own are overridden by REQUESTS_CA_BUNDLE and the proxies' variables.
                verify=settings.verify,
                cert=settings.cert,
                proxies=dict(settings.proxies),
            )
        except requests.RequestException as error:
            return _failure(error, settings)
        return Response(
            answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content
        )


def new_session(settings: Settings) -> requests.Session:
    """Return a session that sends nothing of its own but what `requests` must."""
    session = requests.Session()
    session.trust_env = settings.trust_env
    return session


class _OwnHeaders(AuthBase):
    """Leaves the request's headers alone: without an `auth`, requests would put a .netrc entry over our token."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _failure(error: requests.RequestException, settings: Settings) -> Failure:
    # The foreign exception's own text holds the URL with its query; ours says what happened.
    match error:
        case requests.exceptions.SSLError():
            return Failure(
                f"{settings.origin} has a certificate that is not trusted (see verify and ca_bundle)", sent=False
            )
        case requests.exceptions.ProxyError():
            return Failure("the proxy cannot be reached or refuses", sent=False)
        case requests.ConnectTimeout():
            return Failure(
                f"{settings.origin} did not take the connection within {settings.connect_timeout:g} s", sent=False
            )
        case requests.ReadTimeout():
            return Failure("the store did not answer in time (see read_timeout)", sent=True, timed_out=True)
        case requests.exceptions.ChunkedEncodingError() | requests.exceptions.ContentDecodingError():
            return Failure("the answer broke off", sent=True, truncated=True)
        case requests.ConnectionError() if _never_connected(error):
            return Failure(f"{settings.origin} cannot be reached: is the host right, and the store up?", sent=False)
        case requests.ConnectionError():
            return Failure("the connection was lost", sent=True)
        case _:
            return Failure(f"the request could not be made ({type(error).__name__})", sent=False)


def _never_connected(error: requests.ConnectionError) -> bool:
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError | NameResolutionError)
