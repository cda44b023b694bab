"""A server that plays a script: each request gets the next answer. For what a store does on the wire, not for its API."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from typing_extensions import Self

_numbers = itertools.count(1)

TOKEN = {"token_type": "Bearer", "expires_in": 3600}


def token(number: int) -> str:
    """The token that a script without `tokens` answers to its first, second, ... login."""
    return f"scripted-token-{number}"


@dataclass(frozen=True)
class Play:
    """An answer: its status, body and headers, or what happens to the connection instead."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    reset: bool = False
    cut: bool = False
    delay: float = 0.0
    raw: bytes | None = None  # instead of an answer in HTTP
    endless: bytes | None = None  # a chunk that is sent again and again, until the caller has enough
    pause: float = 0.0  # between two of those
    before: bytes | None = None  # what goes out in HTTP before the endless chunks; by default the status and headers

    @property
    def payload(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def shutdown_request(self, request: Any) -> None:
        """Close as web servers do: what the client still sends is taken, or it might get a reset in place of the last that was said."""
        with contextlib.suppress(OSError):
            request.shutdown(socket.SHUT_WR)
            request.settimeout(1)
            while socket.socket.recv(request, 1 << 16):  # below TLS, which may have failed
                pass
        self.close_request(request)


class ScriptedServer:
    """`plays` answer API requests in turn, the last one for ever; `tokens` answer token requests likewise."""

    def __init__(self, plays: list[Play], tokens: list[Play] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.plays = plays
        self.tokens = tokens
        self.seen: list[Seen] = []
        self.token_requests = 0
        self.on_token: Callable[[Seen], object] | None = None
        self.client_id = f"robot-{next(_numbers)}"
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.sent = 0
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _next(self, seen: Seen) -> Play:
        with self._lock:
            if seen.path == "/oauth2-token":
                self.token_requests += 1
                if self.on_token is not None:
                    self.on_token(seen)
                if self.tokens is None:
                    return Play(body={**TOKEN, "access_token": token(self.token_requests)})
                return self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]
            self.seen.append(seen)
            return self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        choose: Callable[[Seen], Play] = self._next
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                play = choose(Seen(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                time.sleep(play.delay)
                if play.reset:
                    self.close_connection = True
                    self.connection.shutdown(2)
                    return
                if play.raw is not None:
                    self.close_connection = True
                    self.wfile.write(play.raw)
                    return
                if play.endless is not None:
                    self.close_connection = True
                    self.go_on(play, play.endless)
                    return
                payload = play.payload
                self.send_response_only(play.status)
                for name, value in {"Content-Type": "application/vnd.api+json", **play.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload[: len(payload) // 2] if play.cut else payload)
                if play.cut:
                    self.close_connection = True

            def go_on(self, play: Play, chunk: bytes) -> None:
                if play.before is None:
                    self.send_response_only(play.status)
                    for name, value in {"Content-Type": "application/vnd.api+json", **play.headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                else:
                    self.wfile.write(play.before)
                with contextlib.suppress(OSError):  # the caller has enough
                    while server.sent < 10**10:
                        self.wfile.write(chunk)
                        server.sent += len(chunk)
                        time.sleep(play.pause)

            do_GET = do_POST = do_PATCH = do_DELETE = do_CONNECT = handle_any  # noqa: N815 - the names that http.server calls

            def log_message(self, *args: object) -> None:
                pass

        return Handler
