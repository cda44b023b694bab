"""Answers that end in time, over `requests`: a socket's time-out begins anew with each byte, so that a byte a second lasts for ever.

The clock stands where bytes come off the socket, below headers, chunk sizes and trailers, which `http.client` reads to their end.
"""

from __future__ import annotations

import ssl
import time
from functools import cache
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Any, cast

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from oro_provider.api.body import late

if TYPE_CHECKING:
    import socket

    from requests.adapters import BaseAdapter, HTTPAdapter
    from typing_extensions import Buffer


class _Wire(RawIOBase):
    """What comes off a socket: the headers within the socket's own time-out, all of the answer within `longest` seconds."""

    def __init__(self, sock: socket.socket, raw: RawIOBase, longest: float) -> None:
        self._sock = sock
        self._raw = raw
        self._longest = longest
        self._pause = sock.gettimeout()
        self._began = time.monotonic()
        self._headers = True

    def headers_came(self) -> None:
        """Give the body the rest of the time."""
        self._headers = False
        self._sock.settimeout(self._pause)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        left = self._left()
        if self._pause is None or left < self._pause:
            self._sock.settimeout(left)
        try:
            return cast(Any, self._raw).readinto(buffer)  # type: ignore[no-any-return]  # a socket's, which typeshed hides
        except TimeoutError:
            self._left()
            raise

    def _left(self) -> float:
        """The seconds that are left; raise where there are none."""
        allowed = self._longest if not self._headers or self._pause is None else min(self._pause, self._longest)
        left = self._began + allowed - time.monotonic()
        if left > 0:
            return left
        raise TimeoutError("timed out") if self._headers else late(self._longest)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    longest: float

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._wire = _Wire(sock, self.fp.detach(), self.longest)
        self.fp = BufferedReader(self._wire)

    def begin(self) -> None:
        super().begin()
        if self.fp is not None:  # an answer without a body is closed by now
            self._wire.headers_came()


class _SecureConnection(HTTPSConnection):
    """Trusts the system's authorities where the connection names none: aiohttp goes by them, requests by a list of its own."""

    def __init__(self, *args: Any, ssl_context: ssl.SSLContext | None = None, **options: Any) -> None:
        if ssl_context is None and options.get("ca_certs") == DEFAULT_CA_BUNDLE_PATH:
            ssl_context = ssl.create_default_context()
        super().__init__(*args, ssl_context=ssl_context, **options)


class DeadlineSession(requests.Session):
    """A session whose answers end within `longest` seconds, whatever adapters are mounted on it."""

    def __init__(self, longest: float) -> None:
        self._pools = _pools(longest)  # what mounts adapters needs it
        super().__init__()

    def mount(self, prefix: str | bytes, adapter: BaseAdapter) -> None:
        if isinstance(adapter, requests.adapters.HTTPAdapter):
            self._bind(adapter)
        super().mount(prefix, adapter)

    def _bind(self, adapter: HTTPAdapter) -> None:
        adapter.poolmanager.pool_classes_by_scheme = self._pools
        manager_for = adapter.proxy_manager_for

        def bound(proxy: str, **options: Any) -> Any:
            manager = manager_for(proxy, **options)
            if isinstance(manager, ProxyManager):  # one for SOCKS has connections of its own
                manager.pool_classes_by_scheme = self._pools
            return manager

        adapter.proxy_manager_for = bound  # type: ignore[method-assign]  # of adapters that others made, too


@cache
def _pools(longest: float) -> dict[str, Any]:
    """What urllib3 makes connections of, by scheme."""
    answer = type("Answer", (_Answer,), {"longest": longest})
    plain = type("Connection", (HTTPConnection,), {"response_class": answer})
    secure = type("SecureConnection", (_SecureConnection,), {"response_class": answer})
    return {
        "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
