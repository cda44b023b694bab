"""A server whose TLS breaks once it has read a request: the record of its answer is not what was signed."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from tests.api.certificates import Authority


class BrokenRecords:
    """Reads whole requests, counts them, and answers each with a record that is damaged."""

    def __init__(self, authority: Authority) -> None:
        self.requests = 0
        self._context = authority.server_context()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._context.wrap_bio(incoming, outgoing, server_side=True)

        def step(do: Callable[[], bytes | None]) -> bytes:
            while (done := _attempt(do)) is None:
                connection.sendall(outgoing.read())
                if not (received := connection.recv(65536)):
                    raise ConnectionAbortedError
                incoming.write(received)
            connection.sendall(outgoing.read())
            return done

        with connection, contextlib.suppress(OSError):  # the caller has left
            step(tls.do_handshake)
            asked = b""
            while not _whole(asked):
                asked += step(lambda: tls.read(65536))
            self.requests += 1
            tls.write(b"HTTP/1.1 201 Created\r\n")
            record = bytearray(outgoing.read())
            record[-1] ^= 0xFF
            connection.sendall(record)
            time.sleep(0.2)  # closed at once, the connection could be reset before the record is read


def _attempt(do: Callable[[], bytes | None]) -> bytes | None:
    """What a step of TLS gives, None where it needs more bytes first."""
    try:
        return do() or b""
    except ssl.SSLWantReadError:
        return None


def _whole(asked: bytes) -> bool:
    head, end, body = asked.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    return bool(end) and len(body) >= length
