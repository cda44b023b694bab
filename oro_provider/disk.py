"""What lies on a disk of this machine, and what in object storage: a file that is replaced whole in either.

Both kinds have the methods of `pathlib.Path`; what differs is what a rename, a folder and half a file are.
"""

from __future__ import annotations

from pathlib import Path, PosixPath, WindowsPath
from typing import Any, TypeGuard


def on_disk(path: Any) -> TypeGuard[Path]:
    """Whether a path lies on a disk of this machine. A `pathlib.Path` is not enough: Airflow's object storage is one up to 3.1."""
    return isinstance(path, PosixPath | WindowsPath)


def replace_file(path: Any, data: bytes) -> None:
    """Write a whole file in one step, as a reader sees it."""
    # On a disk a file is replaced by a rename; an object store's write is whole or not there at all.
    if on_disk(path):
        beside = beside_of(path)
        beside.write_bytes(data)
        beside.replace(path)
    else:
        with path.open("wb") as file:
            file.write(data)


def beside_of(path: Path) -> Path:
    """Return where the next state of a file is written; one that a kill left there is written over."""
    return path.with_name(f".{path.name}.next")
