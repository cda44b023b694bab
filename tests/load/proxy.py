"""What stands before a store and changes what comes by: a header is taken away, a large request is refused."""

from __future__ import annotations

import json
import re
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
    most_rows = 1 << 30

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if len(body) > self.largest:
            self.send_response(413)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        size = re.search(r'"size":"(\d+)"|page(?:\[|%5B)size(?:\]|%5D)=(\d+)', self.path + body.decode())
        if size is not None and int(size[1] or size[2]) > self.most_rows:
            self.refuse_page()
            return
        dropped = {self.strips, "host", "content-length", "accept-encoding"}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        answer = requests.request(self.command, self.upstream + self.path, headers=headers, data=body, timeout=30)
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def refuse_page(self) -> None:
        said = {
            "status": "400",
            "title": "filter constraint",
            "detail": f"The value should be less than or equals to {self.most_rows}.",
            "source": {"parameter": "page[size]"},
        }
        answer = json.dumps({"errors": [said]}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/vnd.api+json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PATCH = handle_any  # noqa: N815 - http.server's names

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def proxy(
    store: LoadStore, *, strips: str = "", largest: int = 1 << 30, most_rows: int = 1 << 30
) -> Iterator[Settings]:
    """Run a proxy and yield the settings of the store behind it."""
    limits = {"strips": strips, "largest": largest, "most_rows": most_rows}
    handler = type("Handler", (_Proxy,), {"upstream": store.sandbox.url, **limits})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield replace(store.settings, base_url=f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
