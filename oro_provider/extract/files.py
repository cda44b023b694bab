"""Files of a window and their manifest, on any path that behaves like `pathlib.Path` (Airflow's object storage among them).

The manifest is written last and is the only way in: a reader never sees half a window, and a run that was repeated replaces
its files by replacing the manifest.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Self

    from oro_provider.extract.records import Record
    from oro_provider.extract.window import Window

MANIFEST_NAME = "manifest.json"


class Manifest(TypedDict):
    """What an extract wrote. `path` is the folder; `files` are whole paths; `bytes` their size; times are UTC (ISO 8601).

    `since` and `until` are None for an extract without a window; `complete` is True, since nothing else is published.
    """

    entity: str
    path: str
    files: list[str]
    count: int
    bytes: int
    since: str | None
    until: str | None
    max_updated_at: str | None
    complete: bool


class RecordFiles:
    """Writes records as JSON lines into a folder and publishes them. To be used as a context manager.

    `folder` is a `pathlib.Path` or anything like it. Nothing is published when the block ends with an error.
    """

    def __init__(self, folder: Any, *, rows_per_file: int = 500_000) -> None:
        self.folder = folder
        self.count = 0
        self.bytes = 0
        self._names: list[str] = []
        self._rows_per_file = rows_per_file
        self._run = uuid.uuid4().hex[:8]
        self._encoder = msgspec.json.Encoder()
        self._file: Any = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *exception: object) -> None:
        self._close()

    def write(self, records: Iterable[Record]) -> None:
        """Append records, beginning a new file where one is full."""
        records = list(records)
        if not records:
            return
        if self._file is None or self.count >= self._rows_per_file * len(self._names):
            self._close()
            self._names.append(f"part-{len(self._names):05}-{self._run}.jsonl")
            self._file = (self.folder / self._names[-1]).open("wb")
        data = self._encoder.encode_lines(records)
        self._file.write(data)
        self.count += len(records)
        self.bytes += len(data)

    def publish(self, entity: str, window: Window | None, max_updated_at: str | None) -> Manifest:
        """Write the manifest, then remove what an earlier run of the same window left."""
        self._close()
        manifest = Manifest(
            entity=entity,
            path=str(self.folder),
            files=[str(self.folder / name) for name in self._names],
            count=self.count,
            bytes=self.bytes,
            since=window.since.isoformat() if window else None,
            until=window.until.isoformat() if window else None,
            max_updated_at=max_updated_at,
            complete=True,
        )
        _replace(self.folder / MANIFEST_NAME, msgspec.json.format(msgspec.json.encode(manifest)))
        for leftover in self.folder.iterdir():
            if leftover.name.startswith("part-") and leftover.name not in self._names:
                leftover.unlink()
        return manifest

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _replace(path: Any, data: bytes) -> None:
    # On a disk a file is replaced by a rename; an object store's write is whole or not there at all.
    if isinstance(path, Path):
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        beside.write_bytes(data)
        Path(beside).replace(path)
    else:
        with path.open("wb") as file:
            file.write(data)
