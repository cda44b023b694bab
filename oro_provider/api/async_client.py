"""The driver over `aiohttp`: many pages or writes side by side, and triggers. It knows no rule of OroCommerce's.

A client belongs to one event loop and is closed by `async with`. At most `max_connections` requests of a process are in flight.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
from yarl import URL

from oro_provider.api.body import ACCEPT_ENCODING, Body, RefusedBody, TruncatedBody, late
from oro_provider.api.calls import Calls, Record
from oro_provider.api.errors import ConnectionFailed, InvalidRequest
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
from oro_provider.api.gate import gate_of
from oro_provider.api.grants import GRANT_TYPE, NoGrants, kept
from oro_provider.api.oauth import Token, login, token_slot
from oro_provider.api.pace import pace_of
from oro_provider.api.paging import Order, Walk
from oro_provider.api.route import proxy, tls_context, tls_failure, unreadable

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout  # which aiohttp itself needs there

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from typing_extensions import Self

    from oro_provider.api.calls import Call
    from oro_provider.api.documents import JsonObject, Page
    from oro_provider.api.exchange import Answer, Flow
    from oro_provider.api.grants import Grant, GrantStore
    from oro_provider.api.query import Query
    from oro_provider.api.settings import Settings

T = TypeVar("T")

# A page of 100 orders has about 150 kB; aiohttp's own 64 kB would stop and start the socket several times a page.
READ_BUFFER_BYTES = 1 << 20
SLOWEST_UPLOAD = 10_000.0  # bytes a second
# How often a coroutine looks whether another caller's login has ended; a token request takes about 60 ms.
LOGIN_POLL_SECONDS = 0.01


class AsyncOroClient:
    """A client of one store for one event loop: `async with AsyncOroClient(settings) as client: ...`.

    `on_token` is called with each new token before it is used, so that whoever logs can mask it; it and `grants`, which keeps
    the pair of tokens of a login by browser, are called in a thread: by `in_thread`, where threads of asyncio will not do.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        retries: Retries | None = None,
        on_token: Callable[[str], None] | None = None,
        grants: GrantStore | None = None,
        in_thread: Callable[..., Awaitable[Any]] = asyncio.to_thread,
    ) -> None:
        self.settings = settings
        self.calls = Calls(settings)
        self.requests = 0
        self._page_sizes: dict[str, int] = {}  # of lists whose pages the store limits
        self._in_thread = in_thread
        self._retries = retries_for(settings, retries)
        self._on_token = on_token
        self._announced: set[str] = set()
        self._grants = grants or NoGrants()
        self._login: asyncio.Task[Token] | None = None
        self._slot = token_slot(settings)
        self._pace = pace_of(settings.origin, settings.requests_per_second)
        self._gate = gate_of(settings.origin, settings.max_connections, settings.read_timeout)
        self._proxy = proxy(settings)
        self._timeout = _timeout(settings, settings.read_timeout)
        self._session: aiohttp.ClientSession | None = None

    async def get(self, type_: str, id_: str, query: Query | None = None) -> Record:
        """Return one record; raise `NotFound` where there is none."""
        return await self.perform(self.calls.get(type_, id_, query))

    async def pages(
        self, type_: str, query: Query, *, order: Order = "id", until_empty: bool = False
    ) -> AsyncIterator[Page]:
        """Yield the pages of a list, to its end (`oro_provider.api.paging`)."""
        most = self._page_sizes.get(type_)
        query = query if most is None or query.size is None else query.where(size=min(query.size, most))
        walk = Walk(query, order, until_empty=until_empty, least=self.settings.page_size)
        while walk.query is not None:
            try:
                page = await self.perform(self.calls.page(type_, walk.query))
            except InvalidRequest as error:
                walk.refused(error)
                if walk.query.size is not None:
                    self._page_sizes[type_] = walk.query.size
                continue
            walk.read(page)
            yield page

    async def create(self, data: JsonObject, included: Iterable[JsonObject] = (), query: Query | None = None) -> Record:
        """Create a record and return it. A lost answer is `OutcomeUnknown`: look before creating it again."""
        return await self.perform(self.calls.create(data, included, query))

    async def update(self, data: JsonObject, included: Iterable[JsonObject] = (), query: Query | None = None) -> Record:
        """Change a record and return it."""
        return await self.perform(self.calls.update(data, included, query))

    async def delete(self, type_: str, id_: str) -> None:
        """Delete a record; raise `NotFound` where there is none."""
        await self.perform(self.calls.delete(type_, id_))

    async def perform(self, call: Call[T]) -> T:
        """Perform a call; raise an `OroCommerceError` where it does not succeed."""
        return call.read(await self._run(exchange(call.request, self._retries)))

    async def token(self, stale: Token | None = None) -> Token:
        """Return a usable token other than `stale`, asking the store for one where that is needed."""
        asked_at = time.monotonic()
        while (token := self._slot.usable(stale)) is None:
            # The lock is a thread's, since clients of both drivers share the slot; it is never waited for in the loop.
            if self._slot.lock.acquire(blocking=False):
                # A task of its own: a caller that is cancelled must not take the answer of a refresh with it, for the pair
                # before it is dead by then.
                self._login = asyncio.create_task(self._log_in(stale, asked_at))
                self._login.add_done_callback(_look_at)
                token = await asyncio.shield(self._login)
                break
            await asyncio.sleep(LOGIN_POLL_SECONDS)
        await self._announce(token.value)
        return token

    async def _log_in(self, stale: Token | None, asked_at: float) -> Token:
        try:
            return await self._run(login(self.settings, self._slot, self._retries, stale, asked_at))
        finally:
            self._slot.lock.release()

    async def _announce(self, *values: str) -> None:
        for value in values:
            if self._on_token is not None and value not in self._announced:
                self._announced.add(value)
                # In a thread: whoever masks may talk to a supervisor, which a loop that others share must not wait for.
                await self._in_thread(self._on_token, value)

    async def close(self) -> None:
        if self._login is not None and not self._login.done():
            if self.settings.grant_type != GRANT_TYPE:  # whose new pair would be lost
                self._login.cancel()
            await asyncio.wait([self._login])
        if self._session is not None:
            await self._session.close()

    async def __aenter__(self) -> Self:
        settings = self.settings
        if self._proxy is not None and self._proxy.startswith("socks"):
            raise ConnectionFailed(
                "The environment names a SOCKS proxy (ALL_PROXY or HTTPS_PROXY), which cannot be used: give an HTTP proxy as extra "
                "'proxies', the store in NO_PROXY, or extra 'trust_env' false."
            )
        try:
            tls = tls_context(settings)
        except OSError as error:
            raise ConnectionFailed(f"TLS is not possible: {unreadable(settings)} ({type(error).__name__}).") from None
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=settings.max_connections, ssl=tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            read_bufsize=READ_BUFFER_BYTES,
        )
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def _run(self, flow: Flow[T]) -> T:
        answer: Answer = None
        while True:
            try:
                step = flow.send(answer)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]  # typed as Any by typeshed
            match step:
                case Request():
                    answer = await self._send(step)
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                    answer = None
                case Login(stale):
                    answer = await self.token(stale)
                case ReadGrant():
                    held: Grant | None = await self._in_thread(self._grants.read)
                    if held is not None:
                        await self._announce(held.access_token, held.refresh_token)
                    answer = held
                case KeepGrant(grant):
                    await self._announce(grant.access_token, grant.refresh_token)
                    answer = await self._in_thread(kept, self._grants, grant)

    async def _send(self, request: Request) -> Response | Failure:
        if self._session is None:
            raise RuntimeError("open the client first: async with AsyncOroClient(settings) as client")
        await self._gate.enter()
        try:
            # In its place: who has a moment and no place would go later, with all the others.
            if self._pace is not None:
                await asyncio.sleep(self._pace.reserve())
            started = time.monotonic()
            answer = await self._exchange(self._session, request)
        except BaseException:  # cancelled, or its loop was dropped: that says nothing of the store
            self._gate.give_back()
            raise
        self._gate.leave(answer.status if isinstance(answer, Response) else None, time.monotonic() - started)
        return answer

    async def _exchange(self, session: aiohttp.ClientSession, request: Request) -> Response | Failure:
        self.requests += 1
        settings = self.settings
        silence = settings.read_timeout if request.read_timeout is None else request.read_timeout
        pauses = self._timeout if request.read_timeout is None else _timeout(settings, silence)
        try:
            # aiohttp's time-out begins anew with each byte. Two connections: a proxy's, and the store's through it.
            sending = len(request.body or b"") / SLOWEST_UPLOAD
            async with timeout(2 * settings.connect_timeout + sending + silence):
                answer = await session.request(
                    request.method,
                    URL(request.url, encoded=True),
                    headers={"Accept-Encoding": ACCEPT_ENCODING, **request.headers},
                    data=request.body,
                    timeout=pauses,
                    allow_redirects=False,
                    proxy=self._proxy,
                )
            async with answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Response(answer.status, headers, await _body(answer, headers, settings.longest_answer))
        except RefusedBody as refused:
            return Failure(str(refused), sent=True, refused=True)
        except TruncatedBody:
            return Failure("the answer broke off", sent=True, truncated=True)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            return _failure(error, settings)


def _timeout(settings: Settings, read_timeout: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=settings.connect_timeout, sock_read=read_timeout)


async def _body(answer: aiohttp.ClientResponse, headers: dict[str, str], seconds: float) -> bytes:
    body = Body(answer.status, headers, seconds)
    try:
        # A page that came along with its headers needs no clock.
        async with nullcontext() if answer.content.is_eof() else timeout(seconds):
            async for chunk in answer.content.iter_any():
                if not body.add(chunk):
                    break
    except aiohttp.ServerTimeoutError:
        raise
    except asyncio.TimeoutError:
        raise late(seconds) from None
    return body.end()


def _look_at(task: asyncio.Task[Token]) -> None:
    """Take note of a login's error, which asyncio would report when the one who asked was cancelled."""
    if not task.cancelled():
        task.exception()


def _failure(error: Exception, settings: Settings) -> Failure:
    # The foreign exception's own text holds the URL with its query; ours says what happened.
    match error:
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return Failure("the proxy cannot be reached or refuses", sent=False)
        case aiohttp.ClientOSError() if isinstance(error.__cause__, ssl.SSLError):
            return tls_failure(settings, error.__cause__)
        case aiohttp.ConnectionTimeoutError():
            return Failure(
                f"{settings.origin} did not take the connection within {settings.connect_timeout:g} s", sent=False
            )
        case asyncio.TimeoutError():
            return Failure("the store did not answer in time (see read_timeout)", sent=True, timed_out=True)
        case aiohttp.ClientConnectorError():
            return Failure(f"{settings.origin} cannot be reached: is the host right, and the store up?", sent=False)
        case aiohttp.ClientPayloadError():
            return Failure("the answer broke off", sent=True, truncated=True)
        case aiohttp.ClientConnectionError() | OSError():
            return Failure("the connection was lost", sent=True)
        case aiohttp.ClientResponseError():
            return Failure("what answered does not speak HTTP as it should", sent=True, refused=True)
        case _:
            return Failure(f"the request could not be made ({type(error).__name__})", sent=False)
