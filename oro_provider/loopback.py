"""The end of a login by browser: a listener on this machine that takes the store's redirect, once, for one login only.

What comes with another state, path or host is answered and forgotten: any page that the browser has open can call it.
"""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from oro_provider.api.errors import AuthenticationFailed
from oro_provider.api.grants import ForeignRedirect

if TYPE_CHECKING:
    from typing_extensions import Self

    from oro_provider.api.grants import Authorization

_HOSTS = frozenset({"127.0.0.1", "localhost"})
_LONGEST_REQUEST_SECONDS = 5.0


def is_loopback(redirect_uri: str) -> bool:
    """Return whether a redirect to this address ends at a listener of ours."""
    parts = urlsplit(redirect_uri)
    return parts.scheme == "http" and parts.hostname in _HOSTS and parts.port is not None


class Loopback:
    """Listens while the block lasts; `code` waits for the browser."""

    def __init__(self, authorization: Authorization) -> None:
        parts = urlsplit(authorization.redirect_uri)
        self._outcome: str | AuthenticationFailed | None = None
        try:
            self._server = HTTPServer(("127.0.0.1", parts.port or 0), _handler(self, authorization, parts.path or "/"))
        except OSError as error:
            raise AuthenticationFailed(
                f"Nothing can listen on port {parts.port} of this machine ({error.strerror}): free it, register another redirect "
                "URL and give it as --redirect-uri, or paste the address (--paste)."
            ) from None
        self.authorization = authorization

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.server_close()

    def settle(self, outcome: str | AuthenticationFailed) -> None:
        """Take the code that came, or the refusal."""
        self._outcome = outcome

    def code(self, seconds: float) -> str:
        """Return the code that the browser brings within so many seconds."""
        give_up_at = time.monotonic() + seconds
        while self._outcome is None:
            self._server.timeout = give_up_at - time.monotonic()
            if self._server.timeout <= 0:
                raise AuthenticationFailed(
                    f"Nobody came back from the store within {seconds:g} s. Is {self.authorization.redirect_uri} the redirect URL of the "
                    "OAuth application, and the browser on this machine? If not, paste the address (--paste)."
                )
            self._server.handle_request()
        if isinstance(self._outcome, AuthenticationFailed):
            raise self._outcome
        return self._outcome


def _handler(loopback: Loopback, authorization: Authorization, path: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _LONGEST_REQUEST_SECONDS  # one that opens the port and says nothing must not keep the browser out

        def do_GET(self) -> None:
            if urlsplit(self.path).path != path or self.headers.get("Host", "").partition(":")[0] not in _HOSTS:
                self._answer(404, "There is nothing here.")
                return
            try:
                code = authorization.code(self.path)
            except AuthenticationFailed as refused:
                if not isinstance(refused, ForeignRedirect):
                    loopback.settle(refused)
                self._answer(400, "This login did not succeed: see the terminal.")
                return
            loopback.settle(code)
            self._answer(200, "Logged in. This page can be closed.")

        def _answer(self, status: int, text: str) -> None:
            body = f"{text}\n".encode()
            self.send_response_only(status)
            for name, value in {
                "Content-Type": "text/plain; charset=utf-8",
                "Content-Length": str(len(body)),
                "Cache-Control": "no-store",
                "Referrer-Policy": "no-referrer",
                "Connection": "close",
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing: the address holds the code."""

    return Handler
