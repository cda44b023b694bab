"""Files of a window, on any path that behaves like `pathlib.Path` (Airflow's object storage among them).

Records come in the order of their ids and leave in blocks. A block is whole in itself (for gzip and zstd a member of its own),
so that a file on a disk can be cut after any block and continued; a file in an object store exists once it is closed.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from oro_provider.api.errors import Incomplete, UnexpectedAnswer
from oro_provider.disk import on_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oro_provider.extract.layouts import Lines

Format = Literal["jsonl", "jsonl.gz", "jsonl.zst", "parquet"]

BLOCK_BYTES = 1 << 20
FILE_BYTES = 64 << 20
MOST_TYPES = 200
_TYPE = re.compile(r"[A-Za-z0-9_-]{1,100}")


class WrittenFile(msgspec.Struct):
    """A file of a window: what its records are, its name below the folder, how many there are, its size so far and that of
    its lines before compression."""

    type: str
    name: str
    count: int = 0
    bytes: int = 0
    line_bytes: int = 0


class _Open:
    """A file that is being written."""

    def __init__(self, written: WrittenFile, sink: Any) -> None:
        self.written = written
        self.sink = sink


class RecordFiles:
    """Writes tables of lines into files below `folder`, one file a table at a time, until `close`.

    `name` begins each file's name. `done` are files of an earlier attempt; those that are still `open_` on a disk are
    continued after their last block. `columns` are those of Parquet. Sizes are of JSON lines before compression.
    """

    def __init__(
        self,
        folder: Any,
        name: str,
        *,
        format: Format = "jsonl",  # noqa: A002 - the word of its users
        columns: Any = None,
        block_bytes: int = BLOCK_BYTES,
        file_bytes: int = FILE_BYTES,
    ) -> None:
        self.folder = folder
        self.files: list[WrittenFile] = []
        self._name = name
        self._format = format
        self._pack = _packer(format)
        self._columns = columns
        self._block_bytes = block_bytes
        self._file_bytes = file_bytes
        self._lines: dict[str, list[Lines]] = {}
        self._waiting = 0
        self._open: dict[str, _Open] = {}
        # Plain lines on a disk go there at once, which costs 50 us a page. Collecting them costs more: the allocator gives the
        # memory of each block back and takes it anew, 1.5 us a record.
        self._direct = on_disk(folder) and format == "jsonl"

    @property
    def continues(self) -> bool:
        """Whether a file can be continued after a block, so that what was written counts before it is closed."""
        return on_disk(self.folder) and self._format != "parquet"

    def resume(self, files: list[WrittenFile], open_names: list[str]) -> bool:
        """Go on after these files; return whether they are all there as they were left. Cuts off what came after."""
        for written in files:
            path = self.folder / written.name
            if not path.exists():
                return False
            size = path.stat().st_size
            if size < written.bytes or (size > written.bytes and not self.continues):
                return False
        self.files = files
        for written in files:
            if written.name in open_names:
                sink = (self.folder / written.name).open("r+b")
                sink.truncate(written.bytes)
                sink.seek(written.bytes)
                self._open[written.type] = _Open(written, sink)
        return True

    @property
    def open_names(self) -> list[str]:
        return [file.written.name for file in self._open.values()]

    def add(self, tables: Mapping[str, Lines]) -> bool:
        """Take lines; return whether a block is full, so that `flush` should be called."""
        for type_, lines in tables.items():
            if lines.count and self._direct:
                self._write(type_, lines.count, lines.text)
            elif lines.count:
                self._lines.setdefault(type_, []).append(lines)
            self._waiting += len(lines.text)
        return self._waiting >= self._block_bytes

    async def flush(self) -> bool:
        """Write what was taken; return whether all of it lies in files that a later attempt can go on from."""
        lines, self._lines, self._waiting = self._lines, {}, 0
        if lines:
            # In a thread: compression and object storage must not hold up the answers that are coming in.
            await asyncio.to_thread(self._write_blocks, lines)
        for file in self._open.values():
            file.sink.flush()
        if sum(file.written.line_bytes for file in self._open.values()) >= self._file_bytes:
            await self.close()
        return self.continues or not self._open

    async def close(self) -> None:
        """Close the open files."""
        opened, self._open = self._open, {}
        for file in opened.values():
            await asyncio.to_thread(file.sink.close)
            file.written.bytes = self._size(file.written)

    def check(self) -> None:
        """Raise `Incomplete` where a closed file is not as it was left, before it is published."""
        for written in self.files:
            if self._size(written) != written.bytes:
                raise Incomplete(self._taken(written))

    def _size(self, written: WrittenFile) -> int:
        try:
            return int((self.folder / written.name).stat().st_size)
        except FileNotFoundError:
            raise Incomplete(self._taken(written)) from None

    def _taken(self, written: WrittenFile) -> str:
        return (
            f"{self.folder / written.name} was removed or changed while it was written: another task has published the same "
            "window of the same target. Run it again alone, and give tasks with other filters, fields or formats a target of "
            "their own."
        )

    def abandon(self) -> None:
        """Close the files without caring for what is in them: the extract has failed."""
        for file in self._open.values():
            file.sink.close()
        self._open = {}

    def _write_blocks(self, tables: Mapping[str, list[Lines]]) -> None:
        for type_, taken in tables.items():
            self._write(type_, sum(lines.count for lines in taken), b"".join([lines.text for lines in taken]))

    def _write(self, type_: str, count: int, block: bytes) -> None:
        file = self._open.get(type_) or self._new(type_)
        packed = self._pack(block)
        file.sink.write(packed)
        file.written.count += count
        file.written.line_bytes += len(block)
        file.written.bytes += len(packed)

    def _new(self, type_: str) -> _Open:
        # The store says of which types the included records are: a type must not lead out of the folder, nor take all handles.
        if not _TYPE.fullmatch(type_) or len(self._open) >= MOST_TYPES:
            raise UnexpectedAnswer("The store answered records of types that no OroCommerce has; nothing is published.")
        number = sum(written.type == type_ for written in self.files)
        written = WrittenFile(type_, f"{type_}-{self._name}-{number:05}.{self._format}")
        if not self.files:
            self.folder.mkdir(parents=True, exist_ok=True)
        sink = (self.folder / written.name).open("wb")
        if self._format == "parquet":
            from oro_provider.extract.parquet import ParquetSink

            sink = ParquetSink(sink, self._columns)
        self.files.append(written)
        self._open[type_] = _Open(written, sink)
        return self._open[type_]


def _packer(format: Format) -> Callable[[bytes], bytes]:  # noqa: A002
    if format == "jsonl.gz":
        return lambda block: gzip.compress(block, 6, mtime=0)
    if format == "jsonl.zst":
        try:
            import zstandard
        except ImportError:
            raise ValueError(
                "format 'jsonl.zst' needs the extra: pip install 'airflow-provider-orocommerce[zstd]'"
            ) from None
        return zstandard.ZstdCompressor().compress
    if format not in {"jsonl", "parquet"}:
        raise ValueError(f"format {format!r} is none of jsonl, jsonl.gz, jsonl.zst, parquet")
    return lambda block: block
