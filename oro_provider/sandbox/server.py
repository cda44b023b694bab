"""Running a store: in this process for the command line, in a thread for tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import threading
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from oro_provider.sandbox import demo, storage
from oro_provider.sandbox.application import ABORT, Shop, application
from oro_provider.sandbox.store import Settings, Store

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from oro_provider.sandbox.exchange import Request

T = TypeVar("T")


class _Protocol(HttpToolsProtocol):
    """Leaves a way to break the connection in the scope, for the faults that do so."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        transport: Any = self.transport
        scope: Any = self.scope
        scope[ABORT] = transport.abort


class _Server(uvicorn.Server):
    """Leaves signals to its caller and tells when it listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._listening()


def open_store(settings: Settings) -> Store:
    """The store of a database file, filled with the demo shop if it is new."""
    connection: sqlite3.Connection = storage.connect(settings.data)
    if not demo.is_filled(connection):
        now = settings.now or datetime.now(timezone.utc)
        demo.fill(connection, seed=settings.seed, orders=settings.orders, now=now)
    else:
        storage.create(connection)  # what a file of an older release lacks
    return Store(settings, connection)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    # Named by its protocol, or asyncio leaves Nagle's delay of 40 ms on every connection.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    return listener


def _server(shop: Shop, listening: Callable[[], None]) -> _Server:
    config = uvicorn.Config(
        application(shop),
        http=_Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=1 << 20,
    )
    return _Server(config, listening)


def serve(shop: Shop, listener: socket.socket, listening: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; returns when everything is closed."""
    server = _server(shop, listening)

    def stop() -> None:
        server.should_exit = True

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        await server.serve(sockets=[listener])

    asyncio.run(main())
    shop.store.connection.close()


class RunningStore:
    """A store that runs in a thread: where it is, how to log in, what was asked of it, and how to break and change it."""

    def __init__(self, shop: Shop, url: str) -> None:
        self.shop = shop
        self.url = url
        self.client_id = shop.store.settings.client_id
        self.client_secret = shop.store.settings.client_secret
        self.loop: asyncio.AbstractEventLoop | None = None

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The answered requests after number `since`: number, time, method, path, query, status, ms, bytes."""
        return self.shop.journal.entries(since)

    def forget_requests(self) -> None:
        """Empty the log."""
        self._call(self.shop.journal.clear)

    def change(self, count: int, *, seed: int | None = None, same_second: bool = False) -> dict[str, list[int]]:
        """Make changes now: the ids of the orders that were created, changed and deleted."""
        return self._call(lambda: self.shop.changes.apply(count, seed=seed, same_second=same_second))

    def fail(self, kind: str, **rule: Any) -> None:
        """Add a fault: see `faults.Rule`."""
        self.call(lambda store: store.disturb({"kind": kind, **rule}))

    def switch(self, **switches: Any) -> None:
        """Turn what `store.Store.disturb` knows: maintenance, api_off, clock_skew, link_host, denied, consumers, ..."""
        self.call(lambda store: store.disturb(switches))

    def tokens(self) -> list[str]:
        """All tokens and codes that were given out, for a search of what must not hold them."""
        return self._call(lambda: list(self.shop.store.tokens.issued))

    def heal(self) -> None:
        """End every fault."""
        self.call(lambda store: store.heal())

    def execute(self, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Run SQL on the store's database, between two requests."""
        return self._call(lambda: self.shop.store.connection.execute(statement, parameters).fetchall())

    def call(self, function: Callable[[Store], T]) -> T:
        """Run a function on the store itself, between two requests."""
        return self._call(lambda: function(self.shop.store))

    def read(self, request: Request) -> dict[str, Any]:
        """The document that the store would answer to a GET, without a token and without an entry in the log."""
        response = self.call(lambda store: store.peek(request))
        document: dict[str, Any] = json.loads(response.body)
        return document

    def _call(self, function: Callable[[], T]) -> T:
        """Run a function in the server's thread, where the database is."""

        async def run() -> T:
            return function()

        assert self.loop is not None  # noqa: S101 - set before the store is handed out
        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(30)


@contextlib.contextmanager
def running(*, live: float = 0.0, host: str = "127.0.0.1", port: int = 0, **settings: Any) -> Iterator[RunningStore]:
    """Run a store in a thread as long as the block lasts; `settings` are those of `store.Settings`."""
    shop = Shop(open_store(Settings(**settings)), live)
    listener = listen(host, port)
    store = RunningStore(shop, f"http://{host}:{listener.getsockname()[1]}")
    started = threading.Event()

    def listening() -> None:
        store.loop = asyncio.get_running_loop()
        started.set()

    server = _server(shop, listening)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="oro-sandbox", daemon=True)
    thread.start()
    try:
        if not started.wait(30):
            raise RuntimeError("the sandbox did not start within 30 seconds")
        yield store
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
        shop.store.connection.close()
