"""How far a load has come, in a folder, so that a killed task goes on and no operation is sent twice.

A chunk of rows is entered when all of it is done: its results and refusals as files, then the state, which is replaced
whole. Operations are entered before they are submitted and as soon as their ids are known.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from oro_provider.disk import on_disk, replace_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Carried(msgspec.Struct, frozen=True, array_like=True):
    """A row that a batch carries: its number, what it is sent for, how many included records it brings, and how many records
    go along with what it takes away, by type."""

    row: int
    verb: str
    included: int = 0
    losses: dict[str, int] = {}


class Pending(msgspec.Struct):
    """A batch that was, or is about to be, submitted as an operation, for which time its rows are sent; `id` is None while that is
    not known."""

    rows: list[Carried]
    id: str | None = None
    attempt: int = 1


class State(msgspec.Struct):
    """Rows of this wave (the `last` one or not) that are done (`rows`), parts written, counts so far, and batches of the chunk at hand.

    `since`: the id of an operation that is older than all of this load's. `results`, `refused`, `losses`: what became of the
    chunk's rows before its last batches, since a batch that ended is not asked about again.
    """

    wave: int = 0
    last: bool = False
    rows: int = 0
    parts: int = 0
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    removed: dict[str, int] = msgspec.field(default_factory=dict)
    held: int = 0
    requests: int = 0
    seconds: float = 0.0
    since: int | None = None
    pending: list[Pending] = msgspec.field(default_factory=list)
    results: list[dict[str, Any]] = msgspec.field(default_factory=list)
    refused: list[dict[str, Any]] = msgspec.field(default_factory=list)
    losses: dict[int, dict[str, int]] = msgspec.field(default_factory=dict)


class Journal:
    """The folder of one load; a temporary one where nobody names a place, which then helps nobody after a kill."""

    def __init__(self, folder: Any = None) -> None:
        self._temporary = folder is None
        self.folder: Any = Path(tempfile.mkdtemp(prefix="orocommerce-load-")) if folder is None else folder
        self._path = self.folder / "state.json"
        self.state = State()
        if not self._temporary and self._path.exists():
            self.state = msgspec.json.decode(self._path.read_bytes(), type=State)

    @property
    def begun(self) -> bool:
        """Whether an earlier try has left something."""
        return self.state != State()

    def forget(self) -> None:
        """Begin afresh."""
        self.close()
        self.state = State()

    def save(self) -> None:
        """Write the state; whole or not at all."""
        self._write(self._path, msgspec.json.encode(self.state))

    def submitting(self, batches: Sequence[list[Carried]], since: int | None, attempt: int = 1) -> None:
        """Enter batches before they are submitted, so that a lost answer or a kill leaves their rows known."""
        if self.state.since is None:
            self.state.since = since
        self.state.pending = [Pending(rows, attempt=attempt) for rows in batches]
        self.save()

    def submitted(self, place: int, id_: str) -> None:
        """Enter the operation of the batch at this place."""
        self.state.pending[place].id = id_
        self.save()

    def settled(self) -> None:
        """Forget the batches: what became of them is known, and entered with the chunk."""
        self.state.pending, self.state.results, self.state.refused, self.state.losses = [], [], [], {}

    def add_part(self, results: Sequence[Any], rejects: Sequence[Any], held: Sequence[Any]) -> None:
        """Write what became of a chunk's rows; `save` makes it count."""
        names = (("results", results), ("rejects", rejects), (f"held-{self.state.wave}", held))
        for name, lines in names:
            if lines:
                path = self.folder / f"{name}-{self.state.parts:06}.jsonl"
                self._write(path, msgspec.json.Encoder().encode_lines(list(lines)))
        self.state.parts += 1

    def lines(self, name: str) -> Iterator[Any]:
        """Yield what the parts of this name hold, in order. Parts of a chunk that was not entered do not count."""
        for part in range(self.state.parts):
            path = self.folder / f"{name}-{part:06}.jsonl"
            if path.exists():
                with path.open("rb") as file:
                    for line in file:
                        yield msgspec.json.decode(line)

    def close(self) -> None:
        """Delete the folder: the load is over."""
        if on_disk(self.folder):
            shutil.rmtree(self.folder, ignore_errors=True)
        elif self.folder.exists():
            self.folder.rmdir(recursive=True)

    def _write(self, path: Any, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)


def write_all(journals: Sequence[Journal], name: str, target: Any) -> str:
    """Write all parts of this name into one file and return its path."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        for journal in journals:
            for part in range(journal.state.parts):
                path = journal.folder / f"{name}-{part:06}.jsonl"
                if path.exists():
                    file.write(path.read_bytes())
    return str(target)
