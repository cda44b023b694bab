"""One window on several machines: planned into ranges of ids, read by mapped tasks, published as one by the last.

A shard's files lie in a folder of its plan and wait there; only the whole is published, so that a reader sees all shards of one
plan or those of the plan before. Memory of a plan: one entry for 500 records.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict

from oro_provider.disk import on_disk
from oro_provider.extract.manifest import Manifest, files_of, is_data, read_manifest, write_manifest
from oro_provider.extract.reader import index_pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.extract.spec import Extract

# Ids that are not told apart when shards are cut: at most so many, and a sixteenth of a shard.
LARGEST_CELL = 500


class Shard(TypedDict):
    """A part of a window: the ids from `first` to `last` (both included), the `number`th of `of` in `plan`.

    `records`: how many there were when it was planned. `since` and `until` as in a manifest.
    """

    plan: str
    number: int
    of: int
    first: int
    last: int
    records: int
    since: str | None
    until: str | None


async def plan_shards(client: AsyncOroClient, spec: Extract, shards: int, plan: str) -> list[Shard]:
    """Cut an extract into at most `shards` ranges of ids with about as many records each; at least one, if an empty one.

    Raise `NotSettled` as the reading itself does, `ValueError` for a resource whose ids have no ranges.
    """
    if spec.by_number:
        raise ValueError(
            f"{spec.type} have ids that are no integers, so there are no ranges to cut: read them in one task"
        )
    cells: list[tuple[int, int, int]] = []
    cell = 1
    async for page in index_pages(client, spec):
        if not cells:
            cell = min(LARGEST_CELL, max(1, page.left // (16 * shards)))
        for start in range(0, len(page.ids), cell):
            ids = page.ids[start : start + cell]
            cells.append((int(ids[0]), int(ids[-1]), len(ids)))
    cuts = cut(cells, shards) or [(0, 0, 0)]
    return [
        Shard(
            plan=plan,
            number=number,
            of=len(cuts),
            first=first,
            last=last,
            records=records,
            since=spec.window.since.isoformat() if spec.window else None,
            until=spec.window.until.isoformat() if spec.window else None,
        )
        for number, (first, last, records) in enumerate(cuts)
    ]


def cut(cells: Sequence[tuple[int, int, int]], shards: int) -> list[tuple[int, int, int]]:
    """Join cells (first id, last id, records) that follow each other into at most `shards` of about the same weight."""
    left = sum(records for _, _, records in cells)
    cuts: list[tuple[int, int, int]] = []
    first: int | None = None
    held = 0
    for place, (low, high, records) in enumerate(cells):
        first = low if first is None else first
        held += records
        if held >= left / (shards - len(cuts)) or place == len(cells) - 1:
            cuts.append((first, high, held))
            left, held, first = left - held, 0, None
    return cuts


def shard_folder(folder: Any, shard: Shard) -> Any:
    """Return the folder of a shard below that of its window."""
    return folder / f"{shard['plan']}-{shard['number']:05}"


def shard_spec(spec: Extract, shard: Shard) -> Extract:
    """Return the part of an extract that a shard is."""
    return replace(spec, ids=(shard["first"], shard["last"]))


def publish_shards(folder: Any, shards: Sequence[Shard], manifests: Sequence[Manifest]) -> Manifest:
    """Publish the shards of a plan as one window, then remove what earlier plans left.

    Raise `ValueError` where a shard is missing, of another plan, or where one of its files is not there.
    """
    if len(manifests) != len(shards):
        raise ValueError(f"there are {len(shards)} shards and {len(manifests)} manifests: a shard was not read")
    for shard, manifest in zip(shards, manifests, strict=True):
        place = shard_folder(folder, shard)
        if manifest["path"].rstrip("/") != str(place).rstrip("/"):
            raise ValueError(
                f"shard {shard['number']} lies in {manifest['path']}, not in {place}: it is of another plan"
            )
        if read_manifest(place)["files"] != manifest["files"]:
            raise ValueError(f"shard {shard['number']} was read again since: run the publishing task again")
    related: dict[str, list[str]] = {}
    for manifest in manifests:
        for type_, files in manifest["related"].items():
            related.setdefault(type_, []).extend(files)
    whole = Manifest(
        entity=manifests[0]["entity"],
        path=str(folder),
        files=[name for manifest in manifests for name in manifest["files"]],
        related=related,
        count=sum(manifest["count"] for manifest in manifests),
        bytes=sum(manifest["bytes"] for manifest in manifests),
        since=manifests[0]["since"],
        until=manifests[0]["until"],
        watermark=manifests[0]["watermark"],
        max_updated_at=max((manifest["max_updated_at"] or "" for manifest in manifests), default="") or None,
        moved=sum(manifest["moved"] for manifest in manifests),
        deleted=sum(manifest["deleted"] for manifest in manifests),
        complete=True,
    )
    write_manifest(folder, whole, set())
    _clean(folder, {shard["plan"] for shard in shards}, files_of(whole))
    return whole


def _clean(folder: Any, plans: set[str], published: Sequence[str]) -> None:
    """Remove the files of earlier plans, and those of this one that were replaced."""
    # By folder and name, since one path in object storage has several spellings (`s3://bucket`, `s3://connection@bucket`).
    keep = {tuple(name.split("/")[-2:]) for name in published}
    for place in folder.iterdir():
        if not place.is_dir():
            continue
        current = place.name.rpartition("-")[0] in plans
        for file in place.iterdir():
            if (place.name, file.name) not in keep and (is_data(file.name) or not current):
                file.unlink()
        # In object storage a folder is gone with its last file.
        if on_disk(place) and not any(place.iterdir()):
            place.rmdir()
