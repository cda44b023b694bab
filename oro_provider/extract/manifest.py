"""The manifest of a window: written last, and the only way in, so that a reader never sees half a window.

A run that is repeated replaces the window by replacing its manifest; only then are the earlier files removed.
"""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec

from oro_provider.disk import replace_file

MANIFEST_NAME = "manifest.json"


class Manifest(TypedDict):
    """What an extract wrote. `path` is the folder; `files` are whole paths of the entity's own records, in the order of their
    ids; `related` those of what they refer to (layout `objects`), by type; `bytes` the size of all.

    Times are UTC (ISO 8601); `since` and `until` are None for an extract without a window, which is about `watermark`.
    `moved`: records that were no longer in the window when their page was read; `deleted`: those that were gone.
    `complete` is True, since nothing else is published.
    """

    entity: str
    path: str
    files: list[str]
    related: dict[str, list[str]]
    count: int
    bytes: int
    since: str | None
    until: str | None
    watermark: str | None
    max_updated_at: str | None
    moved: int
    deleted: int
    complete: bool


def write_manifest(folder: Any, manifest: Any, keep: set[str] | None) -> None:
    """Publish a manifest, then remove what an earlier run of the same window left: data files that are not in `keep`.

    None keeps everything.
    """
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / MANIFEST_NAME, msgspec.json.format(msgspec.json.encode(manifest)))
    if keep is not None:
        for leftover in folder.iterdir():
            if leftover.name not in keep and is_data(leftover.name):
                leftover.unlink()


def read_manifest(folder: Any) -> Any:
    """Return the manifest of a folder; raise `ValueError` with the cure where there is none or a file of it is not there."""
    path = folder / MANIFEST_NAME
    if not path.exists():
        raise ValueError(
            f"{path} is not there: the extract did not end, or wrote to a disk of another machine (see {folder}; with "
            "executors of several machines the target must be shared, such as s3://)."
        )
    manifest = msgspec.json.decode(path.read_bytes())
    for name in files_of(manifest):
        if not (folder / name.rpartition("/")[2]).exists():
            raise ValueError(f"{name} is in the manifest {path} and not there: run the extract of this window again.")
    return manifest


def files_of(manifest: Any) -> list[str]:
    """Return the paths of all its files, of the records and of what they refer to."""
    return [*manifest["files"], *(name for names in manifest["related"].values() for name in names)]


def is_data(name: str) -> bool:
    """Whether a file is one of ours by its name."""
    return name.endswith((".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet"))
