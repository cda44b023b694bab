"""Shards of a window: how they are cut, and that only a whole plan is published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from oro_provider.api.calls import Calls, Selection
from oro_provider.api.query import Range
from oro_provider.api.settings import Settings
from oro_provider.entities.orders import ORDERS
from oro_provider.extract.manifest import Manifest, read_manifest, write_manifest
from oro_provider.extract.shards import Shard, cut, publish_shards, shard_folder
from oro_provider.extract.spec import Extract


@pytest.mark.parametrize(
    ("cells", "shards", "cuts"),
    [
        ([], 4, []),
        ([(1, 9, 5)], 4, [(1, 9, 5)]),
        ([(1, 9, 500), (10, 40, 500), (41, 50, 500), (60, 70, 20)], 2, [(1, 40, 1000), (41, 70, 520)]),
        ([(n, n, 1) for n in range(1, 11)], 3, [(1, 4, 4), (5, 7, 3), (8, 10, 3)]),
        ([(1, 1, 500), (2, 2, 1), (3, 3, 1)], 3, [(1, 1, 500), (2, 2, 1), (3, 3, 1)]),
    ],
)
def test_cells_are_joined_into_shards_of_about_the_same_weight(cells: Any, shards: int, cuts: Any) -> None:
    assert cut(cells, shards) == cuts


def shard(plan: str, number: int, of: int = 2) -> Shard:
    return Shard(plan=plan, number=number, of=of, first=1, last=9, records=1, since=None, until=None)


def read(folder: Path, part: Shard) -> Manifest:
    """What a mapped extract leaves."""
    place = shard_folder(folder, part)
    place.mkdir(parents=True)
    file = place / f"orders-{part['plan']}-00000.jsonl"
    file.write_text('{"id": "1"}\n')
    manifest = Manifest(
        entity="orders", path=str(place), files=[str(file)], related={}, count=1, bytes=12, since=None, until=None,
        watermark=None, max_updated_at=f"2026-11-0{part['number'] + 1}T00:00:00Z", moved=1, deleted=0, complete=True,
    )  # fmt: skip
    write_manifest(place, manifest, None)
    return manifest


def test_a_page_of_a_shard_is_asked_for_by_its_ids_alone() -> None:
    spec = Extract(ORDERS, ids=(1, 900))
    settings = Settings(base_url="https://store.example", client_id="id", client_secret="secret")
    request = Selection(Calls(settings), "orders", spec.page).page(Range(7, 9), 3).request
    assert [value for name, value in parse_qsl(urlsplit(request.url).query) if name == "filter[id]"] == ["7..9"]
    assert spec.index.params()["filter[id]"] == "1..900"


def test_a_plan_is_published_whole_and_replaces_the_one_before(tmp_path: Path) -> None:
    before = [shard("a", 0), shard("a", 1)]
    publish_shards(tmp_path, before, [read(tmp_path, part) for part in before])
    after = [shard("b", 0), shard("b", 1)]
    manifest = publish_shards(tmp_path, after, [read(tmp_path, part) for part in after])
    assert json.loads((tmp_path / "manifest.json").read_text()) == manifest
    assert (manifest["count"], manifest["moved"], manifest["max_updated_at"]) == (2, 2, "2026-11-02T00:00:00Z")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b-00000", "b-00001", "manifest.json"]
    assert all(Path(name).exists() for name in manifest["files"])
    assert publish_shards(tmp_path, after, [read_manifest(shard_folder(tmp_path, part)) for part in after]) == manifest
    assert all(Path(name).exists() for name in manifest["files"])


def test_a_shard_that_is_missing_or_of_another_plan_is_refused(tmp_path: Path) -> None:
    plan = [shard("a", 0), shard("a", 1)]
    manifests = [read(tmp_path, part) for part in plan]
    with pytest.raises(ValueError, match="2 shards and 1 manifests: a shard was not read"):
        publish_shards(tmp_path, plan, manifests[:1])
    with pytest.raises(ValueError, match="of another plan"):
        publish_shards(tmp_path, [shard("b", 0), shard("b", 1)], manifests)
    with pytest.raises(ValueError, match="shard 1 was read again since: run the publishing task again"):
        publish_shards(tmp_path, plan, [manifests[0], {**manifests[1], "files": ["an/older.jsonl"]}])
    related = {**manifests[1], "related": {"orderlineitems": [f"{manifests[1]['path']}/orderlineitems-a-00000.jsonl"]}}
    write_manifest(Path(related["path"]), related, None)
    with pytest.raises(ValueError, match=r"orderlineitems-a-00000.jsonl is in the manifest .* and not there"):
        publish_shards(tmp_path, plan, [manifests[0], related])
    Path(manifests[1]["files"][0]).unlink()
    with pytest.raises(ValueError, match=r"is in the manifest .* and not there"):
        publish_shards(tmp_path, plan, manifests)
    assert not (tmp_path / "manifest.json").exists()
