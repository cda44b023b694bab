"""The body of an answer, as it comes in: unpacked, counted and timed, so that no store can fill the memory or hold a slot for ever.

Both drivers feed it what came off the wire; unpacking is ours, since what a library unpacks at once it does not ask us about.
"""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_BODY = 256 * 1024 * 1024  # bytes, unpacked; the largest page seen is 9 MB (500 orders with their lines)
LARGEST_ERROR = 1024 * 1024  # of an answer that is no success; the rest of it is not read
CHUNK = 64 * 1024

# What is asked for, and all that is unpacked.
ACCEPT_ENCODING = "gzip, deflate"


class RefusedBody(Exception):
    """A body that is not taken; the text says why."""


class TruncatedBody(Exception):
    """A body that ended before its end."""


def late(seconds: float) -> RefusedBody:
    """Return what is said of an answer that took longer."""
    return RefusedBody(f"the answer did not end within {seconds:g} s")


class Body:
    """Collects one body, which must end within so many `seconds`."""

    def __init__(self, status: int, headers: Mapping[str, str], seconds: float) -> None:
        self._error = status >= 300
        self._limit = LARGEST_ERROR if self._error else LARGEST_BODY
        self._seconds = seconds
        self._give_up_at = time.monotonic() + seconds
        self._parts: list[bytes] = []
        self._size = 0
        self._encoding = headers.get("content-encoding", "").strip().lower()
        self._unpacker: zlib._Decompress | None = None
        if self._encoding in {"", "identity"}:
            self._encoding = ""
        elif self._encoding not in {"gzip", "x-gzip", "deflate"}:
            raise RefusedBody(f"the answer is packed in a way that was not asked for ({self._encoding[:40]!r})")
        length = headers.get("content-length", "")
        if not self._error and length.isascii() and length.isdigit() and len(length) > len(str(self._limit)) + 1:
            raise RefusedBody(self._too_large())

    def add(self, chunk: bytes) -> bool:
        """Take what came; return whether more is wanted."""
        if time.monotonic() > self._give_up_at:
            raise late(self._seconds)
        while chunk and self._size <= self._limit:
            if not self._encoding:
                self._take(chunk)
                break
            chunk = self._unpack(chunk)
        if self._size <= self._limit:
            return True
        if self._error:
            return False  # its status says enough
        raise RefusedBody(self._too_large())

    def end(self) -> bytes:
        """Return the body; raise `TruncatedBody` where a packed one is not whole."""
        if self._unpacker is not None and not self._unpacker.eof and self._size <= self._limit:
            raise TruncatedBody
        return b"".join(self._parts)[: self._limit]

    def _unpack(self, chunk: bytes) -> bytes:
        """Unpack at most a bounded piece; return what is left of the chunk."""
        if self._unpacker is None or self._unpacker.eof:  # gzip may be several, one after another
            self._unpacker = zlib.decompressobj(self._window_bits(chunk))
        try:
            self._take(self._unpacker.decompress(chunk, self._limit + 1 - self._size))
        except zlib.error:
            raise RefusedBody("the answer cannot be unpacked") from None
        return self._unpacker.unused_data if self._unpacker.eof else self._unpacker.unconsumed_tail

    def _window_bits(self, chunk: bytes) -> int:
        if self._encoding != "deflate":
            return 16 + zlib.MAX_WBITS
        # Some servers leave out zlib's two bytes of header, whose first has an 8 at its end.
        return zlib.MAX_WBITS if chunk[0] & 0x0F == 8 else -zlib.MAX_WBITS

    def _take(self, piece: bytes) -> None:
        self._parts.append(piece)
        self._size += len(piece)

    def _too_large(self) -> str:
        return f"the answer is larger than {self._limit // 1024**2} MiB: ask for fewer records at once (page_size)"
