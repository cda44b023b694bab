"""The files of a window: whatever the format and however often an attempt was killed, the same records in the same order."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.errors import Incomplete
from oro_provider.api.settings import Settings
from oro_provider.entities.model import Entity
from oro_provider.entities.orders import ORDERS
from oro_provider.entities.products import PRODUCTS
from oro_provider.extract.files import RecordFiles
from oro_provider.extract.manifest import read_manifest
from oro_provider.extract.pages import Pages
from oro_provider.extract.reader import Destination, Extract, extract
from oro_provider.load.sources import manifest_records
from oro_provider.sandbox import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.extract.manifest import Manifest
    from oro_provider.sandbox.server import RunningStore


class Killed(Exception):
    """What ends an attempt in the middle."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningStore]:
    with running(seed=4, orders=400, version="6.1") as sandbox:
        yield sandbox


def run(sandbox: RunningStore, spec: Extract, to: Destination) -> Manifest:
    settings = Settings(
        base_url=sandbox.url, client_id=sandbox.client_id, client_secret=sandbox.client_secret, page_size=10
    )

    async def go() -> Manifest:
        async with AsyncOroClient(settings) as client:
            return await extract(client, spec, to)

    return asyncio.run(go())


def content(names: list[str]) -> bytes:
    whole = b""
    for name in names:
        data = Path(name).read_bytes()
        if name.endswith(".gz"):
            data = gzip.decompress(data)
        if name.endswith(".zst"):
            import zstandard

            data = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()
        whole += data
    return whole


@pytest.mark.parametrize("format_", ["jsonl", "jsonl.gz", "jsonl.zst"])
@pytest.mark.parametrize("layout", ["records", "objects"])
def test_a_killed_attempt_is_gone_on_with_and_leaves_the_same_files(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: Any, layout: Any
) -> None:
    spec = Extract(ORDERS, include=("lineItems",), layout=layout)
    small = {"format": format_, "block_bytes": 20_000, "file_bytes": 120_000}
    undisturbed = run(sandbox, spec, Destination(tmp_path / "whole", "a", **small))

    fetch, fetched = Pages.fetch, []

    async def fetch_until_killed(self: Pages, ids: Any, dates: Any, owners: Any) -> Any:
        fetched.append(ids[0])
        if len(fetched) == 33:
            raise Killed
        return await fetch(self, ids, dates, owners)

    to = Destination(tmp_path / "killed", "a", work=tmp_path / "_work" / "a", **small)
    monkeypatch.setattr(Pages, "fetch", fetch_until_killed)
    with pytest.raises(Killed):
        run(sandbox, spec, to)
    assert not (tmp_path / "killed" / "manifest.json").exists()
    first, fetched[:] = list(fetched), []
    again = run(sandbox, spec, to)
    assert len(set(fetched) & set(first)) < len(first) / 2 + 32 - 1
    assert {name.rpartition("/")[2] for name in again["files"]} == {
        name.rpartition("/")[2] for name in undisturbed["files"]
    }
    assert len(again["files"]) > 1
    for before, after in zip(
        [undisturbed["files"], *undisturbed["related"].values()],
        [again["files"], *again["related"].values()],
        strict=True,
    ):
        assert content(before) == content(after)
    assert {**again, "path": "", "files": [], "related": {}} == {**undisturbed, "path": "", "files": [], "related": {}}
    assert not (tmp_path / "_work" / "a").exists()


def test_another_attempt_begins_afresh(sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch, fetched = Pages.fetch, []

    async def fetch_until_killed(self: Pages, ids: Any, dates: Any, owners: Any) -> Any:
        fetched.append(ids[0])
        if len(fetched) == 35:
            raise Killed
        return await fetch(self, ids, dates, owners)

    monkeypatch.setattr(Pages, "fetch", fetch_until_killed)
    with pytest.raises(Killed):
        run(sandbox, Extract(ORDERS), Destination(tmp_path / "o", "a", tmp_path / "_work" / "a", block_bytes=1000))
    fetched.append("")
    count = len(fetched)
    manifest = run(
        sandbox, Extract(ORDERS), Destination(tmp_path / "o", "b", tmp_path / "_work" / "b", block_bytes=1000)
    )
    assert len(fetched) - count == 40
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == sorted(
        ["manifest.json", *(name.rpartition("/")[2] for name in manifest["files"])]
    )


@pytest.mark.parametrize(
    ("format_", "damage"),
    [
        ("jsonl", lambda path: path.unlink()),
        ("jsonl.gz", lambda path: path.write_bytes(path.read_bytes()[:100])),
        ("parquet", lambda path: path.write_bytes(path.read_bytes() * 2)),
    ],
    ids=["gone", "shorter", "longer"],
)
def test_an_attempt_whose_files_are_no_longer_as_it_left_them_begins_afresh(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: Any, damage: Any
) -> None:
    fetch, fetched = Pages.fetch, []

    async def fetch_until_killed(self: Pages, ids: Any, dates: Any, owners: Any) -> Any:
        fetched.extend(ids)
        if len(fetched) > 300:
            raise Killed
        return await fetch(self, ids, dates, owners)

    work = tmp_path / "_work" / "a"
    to = Destination(tmp_path / "o", "a", work, format=format_, block_bytes=1_000, file_bytes=1_000)
    monkeypatch.setattr(Pages, "fetch", fetch_until_killed)
    with pytest.raises(Killed):
        run(sandbox, Extract(ORDERS), to)
    state = json.loads((work / "journal.json").read_text())
    assert state["count"] > 0
    damage(tmp_path / "o" / state["files"][0]["name"])
    fetched.clear()
    monkeypatch.setattr(Pages, "fetch", counted(fetch, fetched))
    manifest = run(sandbox, Extract(ORDERS), to)
    assert manifest["count"] == len(fetched) == 400
    assert manifest["files"] == sorted(map(str, (tmp_path / "o").glob("orders-*")))


@pytest.mark.parametrize("lost", [False, True])
def test_a_killed_reading_of_prices_is_gone_on_with_where_the_last_of_them_is_still_there(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    spec = Extract(Entity(type="productprices"), layout="objects")
    undisturbed = run(sandbox, spec, Destination(tmp_path / "whole", "a"))
    fetch, fetched = Pages.fetch, []

    async def fetch_until_killed(self: Pages, ids: Any, dates: Any, owners: Any) -> Any:
        fetched.extend(ids)
        if len(fetched) > undisturbed["count"] * 2 // 3:
            raise Killed
        return await fetch(self, ids, dates, owners)

    work = tmp_path / "_work" / "a"
    to = Destination(tmp_path / "killed", "a", work=work, block_bytes=2_000)
    monkeypatch.setattr(Pages, "fetch", fetch_until_killed)
    with pytest.raises(Killed):
        run(sandbox, spec, to)
    state = json.loads((work / "journal.json").read_text())
    assert state["count"] > 0
    if lost:
        (work / "journal.json").write_text(json.dumps({**state, "last": "gone-1"}))
    fetched.clear()
    monkeypatch.setattr(Pages, "fetch", counted(fetch, fetched))
    again = run(sandbox, spec, to)
    assert len(fetched) == undisturbed["count"] - (0 if lost else state["count"])
    assert content(again["files"]) == content(undisturbed["files"])
    assert again["count"] == undisturbed["count"]


def counted(fetch: Any, fetched: list[str]) -> Any:
    async def fetch_and_count(self: Pages, ids: Any, dates: Any, owners: Any) -> Any:
        fetched.extend(ids)
        return await fetch(self, ids, dates, owners)

    return fetch_and_count


def test_parquet_has_the_entitys_columns_and_money_as_decimals(sandbox: RunningStore, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    spec = Extract(ORDERS, include=("lineItems", "billingAddress", "orderSubtotals"))
    manifest = run(sandbox, spec, Destination(tmp_path, "a", format="parquet", block_bytes=100_000))
    table = pq.read_table(manifest["files"])
    lines = run(sandbox, spec, Destination(tmp_path / "lines", "a"))
    records = [json.loads(line) for line in content(lines["files"]).splitlines()]
    assert table.num_rows == manifest["count"] == len(records) == 400
    for row, record in zip(table.to_pylist(), records, strict=True):
        assert row["id"] == record["id"]
        assert row["totalValue"] == Decimal(record["totalValue"])
        assert f"{row['updatedAt']:%Y-%m-%dT%H:%M:%SZ}" == record["updatedAt"]
        assert [line["id"] for line in row["lineItems"]] == [line["id"] for line in record["lineItems"]]
        assert [line["value"] for line in row["lineItems"]] == [Decimal(line["value"]) for line in record["lineItems"]]
        assert (row["billingAddress"] or {}).get("city") == (record["billingAddress"] or {}).get("city")


def test_days_are_dates_in_parquet_nested_ones_too(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    with running(seed=4, orders=3, version="6.1") as own:
        own.execute("UPDATE orders SET \"shipUntil\" = '2026-11-25' WHERE id = 1")
        own.execute("UPDATE orderlineitems SET \"shipBy\" = '2026-11-24'")
        spec = Extract(ORDERS, include=("lineItems",))
        rows = pq.read_table(run(own, spec, Destination(tmp_path, "a", format="parquet"))["files"]).to_pylist()
    assert [row["shipUntil"] for row in rows] == [date(2026, 11, 25), None, None]
    assert {line["shipBy"] for row in rows for line in row["lineItems"]} == {date(2026, 11, 24)}


def test_the_place_of_a_product_in_its_category_may_be_a_fraction(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    with running(seed=4, orders=1, version="6.1") as own:
        own.execute('UPDATE products SET "category_sort_order" = 1.5 WHERE id = 1')
        manifest = run(own, Extract(PRODUCTS), Destination(tmp_path, "a", format="parquet"))
        rows = {row["id"]: row["category_sort_order"] for row in pq.read_table(manifest["files"]).to_pylist()}
    assert [rows["1"], rows["2"]] == [1.5, None]


def test_a_stores_own_attributes_are_a_column_of_json_in_parquet(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    with running(seed=4, orders=5, version="6.1", product_flags=("is_big",)) as own:
        own.execute('UPDATE products SET "is_big" = 1 WHERE id = (SELECT min(id) FROM products)')
        spec = Extract(PRODUCTS, fields=("is_big",))
        table = pq.read_table(run(own, spec, Destination(tmp_path, "a", format="parquet"))["files"])
        assert [json.loads(extra)["is_big"] for extra in table["_extra"].to_pylist()[:2]] == [True, None]
        with pytest.raises(
            ValueError, match="attributes of mythings and their types are not known: use format 'jsonl'"
        ):
            run(own, Extract(Entity(type="mythings"), fields=("name",)), Destination(tmp_path, "a", format="parquet"))


def test_objects_are_what_the_store_sent(sandbox: RunningStore, tmp_path: Path) -> None:
    spec = Extract(ORDERS, include=("lineItems", "orderSubtotals"), layout="objects")
    manifest = run(sandbox, spec, Destination(tmp_path, "a"))
    orders = [json.loads(line) for line in content(manifest["files"]).splitlines()]
    lines = {
        (one := json.loads(line))["id"]: one for line in content(manifest["related"]["orderlineitems"]).splitlines()
    }
    subtotals = [json.loads(line) for line in content(manifest["related"]["ordersubtotals"]).splitlines()]
    assert {order["type"] for order in orders} == {"orders"}
    refs = {ref["id"] for order in orders for ref in order["relationships"]["lineItems"]["data"]}
    assert refs == lines.keys()
    assert all(set(line["relationships"]) >= {"product"} for line in lines.values())
    assert len(subtotals) >= len(orders)


@pytest.mark.parametrize("taken", ["closed", "open"])
def test_files_that_another_run_has_removed_are_not_published(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: str
) -> None:
    add = RecordFiles.add
    pages: list[Any] = []

    def add_and_be_overtaken(self: RecordFiles, tables: Any) -> bool:
        pages.append(tables)
        if len(pages) == 15:
            assert {written.name for written in self.files} > {*self.open_names} > set()
            for written in self.files:
                if (written.name in self.open_names) == (taken == "open"):
                    (tmp_path / written.name).unlink()
        return add(self, tables)

    monkeypatch.setattr(RecordFiles, "add", add_and_be_overtaken)
    to = Destination(tmp_path, "slow", work=tmp_path / "work", file_bytes=30_000, block_bytes=5_000)
    with pytest.raises(Incomplete, match="another task has published the same window of the same target"):
        run(sandbox, Extract(ORDERS), to)
    assert not (tmp_path / "manifest.json").exists()
    assert run(sandbox, Extract(ORDERS), to)["count"] == 400  # the next attempt begins afresh


def test_a_manifest_whose_file_is_not_there_is_told_with_the_cure(sandbox: RunningStore, tmp_path: Path) -> None:
    manifest = run(sandbox, Extract(ORDERS), Destination(tmp_path, "a"))
    assert read_manifest(tmp_path) == manifest
    Path(manifest["files"][0]).unlink()
    with pytest.raises(ValueError, match="run the extract of this window again"):
        read_manifest(tmp_path)
    with pytest.raises(ValueError, match="the target must be shared"):
        read_manifest(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [({"format": "csv"}, "none of jsonl"), ({"format": "parquet"}, "parquet' is for layout='records'")],
)
def test_a_format_that_cannot_be_is_refused(sandbox: RunningStore, tmp_path: Path, arguments: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        run(sandbox, Extract(ORDERS, layout="objects"), Destination(tmp_path, "a", **arguments))


@pytest.mark.parametrize("format_", ["jsonl", "jsonl.gz", "jsonl.zst", "parquet"])
def test_what_was_extracted_can_be_loaded(sandbox: RunningStore, tmp_path: Path, format_: Any) -> None:
    to = Destination(tmp_path, "a", format=format_, block_bytes=50_000, file_bytes=150_000)
    manifest = run(sandbox, Extract(ORDERS), to)
    rows = list(manifest_records(manifest, Path))
    assert [row["id"] for row in rows] == [str(row[0]) for row in sandbox.execute("SELECT id FROM orders ORDER BY id")]
    assert len(manifest["files"]) > 1
