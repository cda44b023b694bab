"""The store behind HTTP: an ASGI application that feeds requests to it, breaks answers on demand, and lets time pass."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.routing import Mount

from oro_provider.sandbox.changes import Changes
from oro_provider.sandbox.control import PREFIX, Control
from oro_provider.sandbox.exchange import Request, Response
from oro_provider.sandbox.faults import refusal
from oro_provider.sandbox.journal import Journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

    from oro_provider.sandbox.faults import Rule
    from oro_provider.sandbox.store import Store

ABORT = "sandbox.abort"  # where the server leaves the way to break a connection


class Shop:
    """One store with its log, its control endpoints and its background work."""

    def __init__(self, store: Store, live: float = 0.0) -> None:
        self.store = store
        self.live = live
        self.journal = Journal()
        self.changes = Changes(store)
        self.control = Control(store, self.journal, self.changes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            await _body(receive),
        )
        if request.path.startswith(PREFIX):
            await _send(send, self.control.handle(request))
            return
        rule = self.store.faults.pick(request)
        response = await self._respond(request, rule)
        if response is None:
            _abort(scope)
            return
        await self._deliver(scope, send, response, rule)

    async def _respond(self, request: Request, rule: Rule | None) -> Response | None:
        """The answer, or None when the connection is to break."""
        started = time.perf_counter()
        fault = rule.kind if rule is not None else ""
        if rule is not None and rule.kind == "latency":
            await asyncio.sleep(rule.seconds)
        if fault == "reset_before":
            self._note(request, Response(0), started, fault)
            return None
        broken = refusal(rule) if rule is not None else None
        response = broken or self.store.handle(request)
        response.headers.setdefault("Date", self.store.clock.http())
        self._note(request, response, started, fault)
        if self.store.faults.moving_rows and request.method == "GET":
            self.changes.apply(self.store.faults.moving_rows)
        if response.wait:
            await asyncio.sleep(response.wait)
        return None if fault == "reset_after" else response

    def _note(self, request: Request, response: Response, started: float, fault: str) -> None:
        ms = (time.perf_counter() - started) * 1000
        self.journal.add(request, response, time=self.store.clock.text(), ms=ms, fault=fault)

    async def _deliver(self, scope: Scope, send: Send, response: Response, rule: Rule | None) -> None:
        if rule is None or rule.kind not in {"truncate", "slow_body"}:
            await _send(send, response)
            return
        await send(_start(response))
        half = len(response.body) // 2
        await send({"type": "http.response.body", "body": response.body[:half], "more_body": True})
        if rule.kind == "truncate":
            await asyncio.sleep(0)
            _abort(scope)
            return
        await asyncio.sleep(rule.seconds)
        await send({"type": "http.response.body", "body": response.body[half:]})

    async def background(self) -> None:
        """Let the consumers work, and with `live` changes a minute the shop go on."""
        due = time.monotonic() + (60 / self.live if self.live else 0)
        while True:
            while self.store.operations.work():  # noqa: ASYNC110 - chunk after chunk, requests in between
                await asyncio.sleep(0)
            if self.live and time.monotonic() >= due:
                self.changes.apply(1)
                due += 60 / self.live
            await asyncio.sleep(0.03)

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Run the background work as long as the server runs."""
        task = asyncio.create_task(self.background())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def application(shop: Shop) -> Starlette:
    """The ASGI application of a shop."""
    return Starlette(routes=[Mount("/", app=shop)], lifespan=shop.lifespan)


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


def _start(response: Response) -> dict[str, Any]:
    # What has no content has no type either; an empty 401 or 405 has both.
    headers = [] if response.status == 204 else [
        (b"content-type", response.content_type.encode()),
        (b"content-length", str(len(response.body)).encode()),
    ]  # fmt: skip
    headers += [(name.lower().encode(), value.encode()) for name, value in response.headers.items()]
    return {"type": "http.response.start", "status": response.status, "headers": headers}


async def _send(send: Send, response: Response) -> None:
    await send(_start(response))
    await send({"type": "http.response.body", "body": response.body})


def _abort(scope: Scope) -> None:
    abort = scope.get(ABORT)
    if abort is not None:
        abort()
