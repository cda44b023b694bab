"""What stands before a store and changes what comes by: a header is taken away, a large request is refused."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.api.settings import Settings
    from tests.load.conftest import LoadStore


class _Proxy(BaseHTTPRequestHandler):
    upstream = ""
    strips = ""
    largest = 1 << 30

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if len(body) > self.largest:
            self.send_response(413)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        dropped = {self.strips, "host", "content-length", "accept-encoding"}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        answer = requests.request(self.command, self.upstream + self.path, headers=headers, data=body, timeout=30)
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PATCH = handle_any  # noqa: N815 - http.server's names

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def proxy(store: LoadStore, *, strips: str = "", largest: int = 1 << 30) -> Iterator[Settings]:
    """Run a proxy and yield the settings of the store behind it."""
    handler = type("Handler", (_Proxy,), {"upstream": store.sandbox.url, "strips": strips, "largest": largest})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield replace(store.settings, base_url=f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
