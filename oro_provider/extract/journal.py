"""How far an extract has come, kept beside its files, so that a killed attempt is gone on with. Deleted on success.

One small document that is replaced whole: records leave in the order of their ids, so the last id and the files tell it all.
"""

from __future__ import annotations

from typing import Any

import msgspec

from oro_provider.disk import beside_of, on_disk, replace_file
from oro_provider.extract.files import WrittenFile  # noqa: TC001 - msgspec reads it

VERSION = 1
JOURNAL_NAME = "journal.json"


class State(msgspec.Struct):
    """What an attempt has done: everything up to the id `last` is in `files`, those named in `open` not closed yet."""

    digest: str
    last: str | None = None
    count: int = 0
    newest: str = ""
    moved: int = 0
    deleted: int = 0
    files: list[WrittenFile] = []
    open: list[str] = []
    version: int = VERSION


class Journal:
    """The journal of one attempt and its retries, in the folder `work`.

    `work` is named after what is read and the run that reads it; a journal of other parameters there is not gone on with.
    """

    def __init__(self, work: Any) -> None:
        self._path = work / JOURNAL_NAME
        self._work = work

    def load(self, digest: str) -> State | None:
        """Return what was done for these parameters, or None."""
        if not self._path.exists():
            return None
        try:
            state = msgspec.json.decode(self._path.read_bytes(), type=State)
        except msgspec.DecodeError:
            return None  # of another version of this package, or cut off: begin afresh
        return state if (state.version, state.digest) == (VERSION, digest) else None

    def save(self, state: State) -> None:
        """Keep a state; the files of it are written before."""
        if not self._path.exists():
            self._work.mkdir(parents=True, exist_ok=True)
        replace_file(self._path, msgspec.json.encode(state))

    def delete(self) -> None:
        """Forget everything: the extract is published."""
        if self._path.exists():
            self._path.unlink()
        # Only on a disk are folders things of their own. The folder above stays: other tasks may be about to use it.
        if on_disk(self._path) and self._work.exists():
            beside_of(self._path).unlink(missing_ok=True)
            self._work.rmdir()
