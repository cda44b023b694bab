"""Never silently incomplete: what a store keeps back, loses or cuts fails the extract or stands in its manifest."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.errors import (
    Incomplete,
    InvalidRequest,
    OroCommerceError,
    ServerError,
    TruncatedAnswer,
    UnexpectedAnswer,
)
from oro_provider.api.exchange import Failure, Response, Retries
from oro_provider.entities import entity_of
from oro_provider.entities.model import Entity
from oro_provider.entities.orders import ORDERS, SHIPPING_TRACKINGS
from oro_provider.entities.products import PRODUCTS
from oro_provider.extract.known import Known
from oro_provider.extract.pages import Pages
from oro_provider.extract.reader import Destination, Extract, extract, read_records
from oro_provider.extract.window import Window
from oro_provider.sandbox import running
from tests.integration.reading import Wrapped, at_most, changing, lines, run, with_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.api.exchange import Request
    from oro_provider.extract.manifest import Manifest
    from oro_provider.sandbox.server import RunningStore


@pytest.fixture
def sandbox() -> Iterator[RunningStore]:
    with running(seed=3, orders=300, version="6.1") as sandbox:
        yield sandbox


def pages_only(request: Request) -> bool:
    return "/orders?" in request.url and "identifier" in request.url


def test_orders_that_move_or_vanish_between_index_and_page_are_counted(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = sandbox.execute('SELECT "id", "updatedAt" FROM orders ORDER BY "id"')
    gone, moved = rows[40][0], rows[150][0]
    fetch = Pages.fetch
    first: list[int] = [1]
    changed = asyncio.Event()

    async def fetch_later(self: Pages, ids: Any, dates: Any, owners: Any) -> Any:
        if first:
            first.clear()
            await asyncio.to_thread(sandbox.execute, 'DELETE FROM orders WHERE "id" = ?', (gone,))
            await asyncio.to_thread(
                sandbox.execute, 'UPDATE orders SET "internalStatus" = \'closed\' WHERE "id" = ?', (moved,)
            )
            changed.set()
        await changed.wait()
        return await fetch(self, ids, dates, owners)

    sandbox.execute("UPDATE orders SET \"internalStatus\" = 'open'")
    monkeypatch.setattr(Pages, "fetch", fetch_later)
    manifest = run(sandbox, tmp_path, Extract(ORDERS, filters={"internalStatus": "open"}))
    assert (manifest["count"], manifest["moved"], manifest["deleted"]) == (298, 1, 1)
    assert {record["id"] for record in lines(manifest)} == {str(row[0]) for row in rows} - {str(gone), str(moved)}


@pytest.mark.parametrize(("chunk", "left"), [(500, 15), (10, 10)], ids=["at the end", "as soon as they are many"])
def test_a_record_that_a_page_leaves_out_fails_the_extract(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, left: int
) -> None:
    def without_one(request: Request, response: Response) -> Response:
        if not pages_only(request):
            return response
        document = json.loads(response.body)
        document["data"] = document["data"][:-1]
        return Response(200, response.headers, json.dumps(document).encode())

    changing(monkeypatch, without_one)
    monkeypatch.setattr("oro_provider.extract.missing.CHUNK", chunk)
    with pytest.raises(
        Incomplete, match=f"left {left} orders out of its pages that are still what was asked for: ids 20"
    ):
        run(sandbox, tmp_path, Extract(ORDERS))
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize("deleted", [False, True], ids=["left out", "deleted meanwhile"])
def test_an_order_whose_subtotals_do_not_come_is_not_taken_for_one_without(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deleted: bool
) -> None:
    def without_one(request: Request, response: Response) -> Response:
        if "ordersubtotals" not in request.url or "filter[id]=41" not in request.url:
            return response
        document = json.loads(response.body)
        assert document["data"].pop(0)["id"] == "41"
        if deleted:
            sandbox.execute('DELETE FROM orders WHERE "id" = 41')
        return Response(200, response.headers, json.dumps(document).encode())

    changing(monkeypatch, without_one)
    spec = Extract(ORDERS, include=("orderSubtotals",))
    if deleted:
        manifest = run(sandbox, tmp_path, spec)
        assert (manifest["count"], manifest["deleted"], len(lines(manifest))) == (299, 1, 299)
        assert all(order["orderSubtotals"] for order in lines(manifest))
    else:
        with pytest.raises(Incomplete, match=r"left 1 orders out of its pages .* ids 41"):
            run(sandbox, tmp_path, spec)


def test_a_total_that_the_rows_do_not_reach_fails_the_extract(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def more(request: Request, response: Response) -> Response:
        total = response.headers.get("x-include-total-count")
        headers = {**response.headers, "x-include-total-count": str(int(total) + 7)} if total else response.headers
        return Response(response.status, headers, response.body)

    changing(monkeypatch, more)
    with pytest.raises(Incomplete, match="says that it has 307 orders in all, and sends 300"):
        run(sandbox, tmp_path, Extract(ORDERS))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("fault", "error"), [("500", ServerError), ("truncate", TruncatedAnswer)])
def test_a_range_that_cannot_be_read_is_named_and_nothing_is_published(
    sandbox: RunningStore, tmp_path: Path, fault: str, error: type[OroCommerceError]
) -> None:
    with_client(sandbox, lambda client: client.token())
    sandbox.fail(fault, path="/api/orders", skip=5)
    with pytest.raises(error, match=r"orders \d+ to \d+ could not be read, so nothing is published"):
        run(sandbox, tmp_path, Extract(ORDERS))
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize(
    "answer",
    [Failure("the store did not answer in time", sent=True, timed_out=True), Response(504, {}, b"<html>")],
    ids=["the read timeout", "a gateway's"],
)
def test_a_page_that_takes_too_long_is_read_in_halves(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    # The store needs longer than that for more than five orders at once.
    sizes: list[int] = []

    async def slow(self: Any, session: Any, request: Request) -> Any:
        if pages_only(request):
            size = int(request.url.partition("page[size]=")[2].partition("&")[0])
            sizes.append(size)
            if size > 5:
                return answer
        return await AsyncOroClient._exchange(self, session, request)

    monkeypatch.setattr(Wrapped, "_exchange", slow)
    manifest = run(sandbox, tmp_path, Extract(ORDERS))
    assert manifest["count"] == 300
    assert sizes.count(20) == 15


def lengthen(sandbox: RunningStore, more: int) -> tuple[str, set[str]]:
    """Give one order so many lines more; return its id and the ids of all its lines."""
    order, line = sandbox.execute('SELECT "owner", "target" FROM "orders_lineItems"')[7]
    names = ", ".join(f'"{row[1]}"' for row in sandbox.execute("PRAGMA table_info(orderlineitems)") if row[1] != "id")
    before = sandbox.execute('SELECT max("id") FROM orderlineitems')[0][0]
    sandbox.execute(
        f"INSERT INTO orderlineitems ({names}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {more}) "
        f"SELECT {names} FROM orderlineitems, n WHERE id = {line}"
    )
    sandbox.execute(f'INSERT INTO "orders_lineItems" SELECT {order}, "id" FROM orderlineitems WHERE "id" > {before}')
    stored = sandbox.execute(f'SELECT "target" FROM "orders_lineItems" WHERE owner = {order}')
    return str(order), {str(row[0]) for row in stored}


@pytest.mark.parametrize("more", [130, 1100])
@pytest.mark.parametrize("layout", ["records", "objects"])
def test_a_list_that_the_store_cuts_is_read_to_its_end(tmp_path: Path, layout: Any, more: int) -> None:
    with running(seed=3, orders=30, version="5.1") as sandbox:
        order, stored = lengthen(sandbox, more)
        manifest = run(sandbox, tmp_path, Extract(ORDERS, include=("lineItems",), layout=layout))
        long = next(record for record in lines(manifest) if record["id"] == order)
        if layout == "records":
            assert {found["id"] for found in long["lineItems"]} == stored
            assert all(found["productSku"] for found in long["lineItems"])
        else:
            assert {found["id"] for found in long["relationships"]["lineItems"]["data"]} == stored
            written = [
                json.loads(text)["id"]
                for name in manifest["related"]["orderlineitems"]
                for text in Path(name).read_text().splitlines()
            ]
            assert stored <= set(written)
            assert len(written) == len(set(written))


def test_a_cut_list_of_which_only_the_ids_are_wanted_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_one(request: Request, response: Response) -> Response:
        if not re.search(r"/orders/\d+/lineItems", request.url):
            return response
        document = json.loads(response.body)
        return Response(200, response.headers, json.dumps({**document, "data": document["data"][1:]}).encode())

    with running(seed=3, orders=30, version="5.1") as sandbox:
        order, stored = lengthen(sandbox, 130)
        spec = Extract(ORDERS, fields=("lineItems",))
        long = next(record for record in lines(run(sandbox, tmp_path / "whole", spec)) if record["id"] == order)
        assert set(long["lineItems"]) == stored
        changing(monkeypatch, without_one)
        says = f"orders {order} has 100 or more lineItems, of which the store sends {len(stored) - 1} by themselves"
        with pytest.raises(Incomplete, match=says):
            run(sandbox, tmp_path / "less", spec)


def test_products_are_read_whole_though_their_total_is_the_pages(sandbox: RunningStore, tmp_path: Path) -> None:
    stored = {str(row[0]) for row in sandbox.execute('SELECT "id" FROM products')}
    manifest = run(sandbox, tmp_path, Extract(PRODUCTS, include=("names", "unitPrecisions"), layout="records"))
    records = lines(manifest)
    assert {record["id"] for record in records} == stored
    assert all(record["names"] and record["unitPrecisions"] for record in records)
    assert {name["product"] for record in records for name in record["names"]} == stored


APART = {
    "names": Extract(PRODUCTS, include=("names", "unitPrecisions")),
    "prices": Extract(entity_of("productprices")),
    "long lists": Extract(ORDERS, include=("lineItems",)),
}


@pytest.mark.parametrize("spec", APART.values(), ids=APART)
def test_a_store_with_a_maximum_size_of_pages_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: Extract
) -> None:
    with running(seed=3, orders=30, version="5.1") as sandbox:
        lengthen(sandbox, 130)
        whole = run(sandbox, tmp_path / "whole", spec)
        changing(monkeypatch, at_most(50))
        read = run(sandbox, tmp_path / "cut", spec)
    assert sorted(lines(read), key=itemgetter("id")) == sorted(lines(whole), key=itemgetter("id"))


@pytest.mark.parametrize(("times", "whole"), [(2, True), (99, False)], ids=["twice", "for ever"])
@pytest.mark.parametrize("name", ["names", "prices"])
def test_a_total_that_is_of_another_moment_than_its_rows_is_asked_for_again(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, times: int, whole: bool
) -> None:
    left = list(range(times))

    def one_more(request: Request, response: Response) -> Response:
        total = response.headers.get("x-include-total-count")
        if not total or f"product{name}" not in request.url or not left:
            return response
        left.pop()
        return Response(200, {**response.headers, "x-include-total-count": str(int(total) + 1)}, response.body)

    changing(monkeypatch, one_more)
    spec = replace(APART[name], page_size=1000)
    if whole:
        assert run(sandbox, tmp_path, spec)["count"] == len(lines(run(sandbox, tmp_path / "again", spec)))
    else:
        with pytest.raises(Incomplete, match=rf"more product{name}, and sends \d+ \(3 times\)"):
            run(sandbox, tmp_path, spec)


def test_an_index_of_several_requests_reads_on_by_id(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oro_provider.extract.index.SIZES", (50, 20))
    sandbox.forget_requests()
    manifest = run(sandbox, tmp_path, Extract(ORDERS))
    assert [record["id"] for record in lines(manifest)] == [
        str(row[0]) for row in sandbox.execute('SELECT "id" FROM orders ORDER BY "id"')
    ]
    assert manifest["count"] == 300


def test_a_field_that_the_store_does_not_know_is_refused(sandbox: RunningStore, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="this store's orders have no erp_code"):
        run(sandbox, tmp_path, Extract(ORDERS, fields=("erp_code",)))
    assert not (tmp_path / "manifest.json").exists()


def test_an_empty_store_takes_one_request_and_a_single_record_two(sandbox: RunningStore, tmp_path: Path) -> None:
    sandbox.execute("DELETE FROM ordershippingtrackings")
    sandbox.forget_requests()
    assert run(sandbox, tmp_path / "none", Extract(SHIPPING_TRACKINGS, fields=("orders",)))["count"] == 0
    assert len([one for one in sandbox.requests() if "/api/" in one["path"]]) == 1
    sandbox.forget_requests()
    one = Extract(ORDERS, filters={"identifier": sandbox.execute("SELECT identifier FROM orders LIMIT 1")[0][0]})
    assert run(sandbox, tmp_path / "one", one)["count"] == 1
    assert len([one for one in sandbox.requests() if "/api/" in one["path"]]) == 2


def test_records_in_memory_are_guarded(sandbox: RunningStore) -> None:
    records = with_client(sandbox, lambda client: read_records(client, Extract(ORDERS), 300))
    assert len(records) == 300
    with pytest.raises(ValueError, match="more than 299 orders: raise records_limit"):
        with_client(sandbox, lambda client: read_records(client, Extract(ORDERS), 299))


def test_a_store_that_cannot_filter_by_the_last_change_is_read_by_creation(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(seed=3, orders=50, version="5.1") as sandbox:
        made = sorted(row[0] for row in sandbox.execute('SELECT "createdAt" FROM orders'))
        since, until = (moment(made[30]), moment(made[40]))
        spec = Extract(ORDERS, Window(since, until), reread=timedelta(days=365))
        manifest = run(sandbox, tmp_path, spec)
        assert manifest["count"] == 40
        assert (manifest["watermark"], manifest["until"]) == ("createdAt", until.isoformat())
        assert "cannot filter orders by updatedAt" in caplog.text
        records = with_client(sandbox, lambda client: read_records(client, spec, limit=40))
        assert records == lines(manifest)
        with pytest.raises(InvalidRequest, match=r"only from 6\.0\.5"):  # not where somebody has asked for it by name
            run(sandbox, tmp_path / "named", Extract(ORDERS, Window(since, until), watermark="updatedAt"))


def moment(text: str) -> Any:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=timezone.utc)


def test_prices_of_all_lists_are_read_by_their_products(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oro_provider.extract.numbered.KEYED_SIZE", 37)
    stored = sorted(str(row[0]) for row in sandbox.execute('SELECT "id" FROM productprices'))
    manifest = run(sandbox, tmp_path, Extract(Entity(type="productprices")))
    records = lines(manifest)
    assert sorted(record["id"] for record in records) == stored
    assert len(stored) > 200
    assert all(record["value"] and record["product"] and record["priceList"] for record in records)


def test_a_price_that_is_deleted_while_prices_are_read_is_counted(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    price, price_list = sandbox.execute('SELECT "id", "priceList" FROM productprices')[5]
    before = sandbox.execute('SELECT count(*) FROM productprices WHERE "priceList" = ?', (price_list,))[0][0]
    fetch = Pages.fetch

    async def fetch_later(self: Pages, ids: Any, dates: Any, owners: Any) -> Any:
        if price in ids:
            await asyncio.to_thread(sandbox.execute, 'DELETE FROM productprices WHERE "id" = ?', (price,))
        return await fetch(self, ids, dates, owners)

    monkeypatch.setattr(Pages, "fetch", fetch_later)
    spec = Extract(Entity(type="productprices"), filters={"priceList": str(price_list)})
    manifest = run(sandbox, tmp_path, spec)
    assert (manifest["count"], manifest["moved"], manifest["deleted"]) == (before - 1, 0, 1)


@pytest.mark.parametrize("version", ["5.1", "6.1"])
def test_prices_are_read_whole_whether_or_not_a_store_takes_a_list_of_their_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    # Prices that came since the index was read come before those that it names, and fill their page.
    came = (
        'INSERT INTO productprices ("id", "quantity", "value", "currency", "priceList", "product", "unit") '
        'SELECT printf(\'00000000-0000-4000-8000-%012x-%d\', rowid, "priceList"), "quantity" + 5000, "value", "currency", '
        '"priceList", "product", "unit" FROM productprices'
    )
    fetch, waiting = Pages.fetch, [came]

    async def fetch_later(self: Pages, ids: Any, dates: Any, owners: Any) -> Any:
        if waiting:
            await asyncio.to_thread(sandbox.execute, waiting.pop())
        return await fetch(self, ids, dates, owners)

    with running(seed=3, orders=1, version=version) as sandbox:
        stored = {str(row[0]) for row in sandbox.execute('SELECT "id" FROM productprices WHERE "priceList" = 1')}
        monkeypatch.setattr(Pages, "fetch", fetch_later)
        spec = Extract(entity_of("productprices"), filters={"priceList": "1"}, page_size=20)
        manifest = run(sandbox, tmp_path, spec)
    assert {record["id"] for record in lines(manifest)} == stored
    assert (manifest["count"], manifest["moved"], manifest["deleted"]) == (len(stored), 0, 0)


def test_a_store_without_lists_of_price_ids_is_asked_by_product_for_those_that_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = Pages.fetch

    async def fetch_later(self: Pages, ids: Any, dates: Any, owners: Any) -> Any:
        await asyncio.to_thread(sandbox.execute, 'DELETE FROM productprices WHERE "id" IN (?, ?)', tuple(ids[:2]))
        return await fetch(self, ids, dates, owners)

    with running(seed=3, orders=1, version="5.1") as sandbox:
        monkeypatch.setattr(Pages, "fetch", fetch_later)
        spec = Extract(entity_of("productprices"), filters={"priceList": "1"}, page_size=100)
        manifest = run(sandbox, tmp_path, spec)
        left = sandbox.execute('SELECT count(*) FROM productprices WHERE "priceList" = 1')[0][0]
    assert manifest["count"] == left
    assert manifest["moved"] == 0
    assert manifest["deleted"] >= 2


@pytest.mark.parametrize("version", ["5.1", "6.1"])
def test_prices_of_some_products_are_not_looked_for_among_those_between(tmp_path: Path, version: str) -> None:
    with running(seed=3, orders=1, version=version) as sandbox:
        products = [row[0] for row in sandbox.execute('SELECT DISTINCT "product" FROM productprices ORDER BY 1')]
        named = [str(products[0]), str(products[-1])]
        spec = Extract(entity_of("productprices"), filters={"priceList": "1", "product": named})
        manifest = run(sandbox, tmp_path, spec)
        asked = [one for one in sandbox.requests() if "productprices" in one["path"]]
    assert {record["product"] for record in lines(manifest)} == set(named)
    assert len(products) > 100
    assert len(asked) == 2  # the ids, and a page


def test_a_page_of_prices_that_comes_again_and_again_is_told(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def strangers(request: Request, response: Response) -> Response:
        size = re.search(r"page\[size\]=(\d+)", request.url)
        if "/productprices" not in request.url or "page[number]" not in request.url or size is None:
            return response
        document = json.loads(response.body)
        price = (document["data"] or kept)[0]
        kept[:] = [price]
        document["data"] = [{**price, "id": f"stranger-{place}"} for place in range(int(size[1]))]
        return replace(response, body=json.dumps(document).encode())

    kept: list[Any] = []
    changing(monkeypatch, strangers)
    spec = Extract(entity_of("productprices"), filters={"priceList": "1"}, page_size=50)
    with pytest.raises(UnexpectedAnswer, match="the store sent one again"):
        run(sandbox, tmp_path, spec)


@pytest.mark.parametrize(
    "type_", ["countries", "productunits", "regions", "inventorylevels", "customeraddresses", "orderinternalstatuses"]
)
def test_any_resource_of_a_known_shape_is_read_whole(sandbox: RunningStore, tmp_path: Path, type_: str) -> None:
    stored = {str(row[0]) for row in sandbox.execute(f'SELECT "id" FROM "{type_}"')}
    manifest = run(sandbox, tmp_path, Extract(Entity(type=type_)))
    assert {record["id"] for record in lines(manifest)} == stored
    assert manifest["count"] == len(stored) > 0


def test_a_short_list_in_larger_pages_than_a_store_gives_fails_with_its_words(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Taken for a list without pages it would be asked for without a size, of which a store sends ten.
    changing(monkeypatch, at_most(50))
    with pytest.raises(InvalidRequest, match="less than or equals to 50"):
        run(sandbox, tmp_path, Extract(Entity(type="regions"), page_size=60))


def test_a_short_list_whose_last_page_is_full_is_read_whole(sandbox: RunningStore, tmp_path: Path) -> None:
    stored = {row[0] for row in sandbox.execute("SELECT id FROM productunits")}
    manifest = run(sandbox, tmp_path, Extract(Entity(type="productunits"), page_size=len(stored)))
    assert {record["id"] for record in lines(manifest)} == stored


def test_more_prices_of_a_product_than_a_request_takes_are_told(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oro_provider.extract.numbered.KEYED_SIZE", 1)
    with pytest.raises(Incomplete, match="One of the products has more than 1 productprices"):
        run(sandbox, tmp_path, Extract(Entity(type="productprices")))
    assert not (tmp_path / "manifest.json").exists()


def test_a_reconciliation_reads_what_differs_and_finds_what_is_gone(sandbox: RunningStore, tmp_path: Path) -> None:
    known = [
        {"id": row[0], "updatedAt": row[1]}
        for row in sandbox.execute('SELECT "id", "updatedAt" FROM orders ORDER BY "id"')
    ]
    deleted, changed, back_dated = known[10]["id"], known[200]["id"], known.pop(100)["id"]
    known[5]["updatedAt"] = known[5]["updatedAt"].replace("Z", "+00:00")
    known.append({"id": 10**9, "updatedAt": "2026-01-01T00:00:00Z"})
    sandbox.execute('DELETE FROM orders WHERE "id" = ?', (deleted,))
    sandbox.execute('UPDATE orders SET "updatedAt" = \'2026-11-20T00:00:00Z\' WHERE "id" = ?', (changed,))

    async def job(client: AsyncOroClient) -> Manifest:
        return await extract(client, Extract(ORDERS), Destination(tmp_path, "a"), known=Known(known, "updatedAt"))

    manifest = with_client(sandbox, job)
    assert [record["id"] for record in lines(manifest)] == [str(back_dated), str(changed)]
    (gone,) = manifest["related"]["deleted"]
    assert [json.loads(line)["id"] for line in Path(gone).read_text().splitlines()] == [str(deleted), str(10**9)]
    assert manifest["deleted"] == 2


def test_what_is_known_and_no_longer_matches_a_filter_is_not_deleted(sandbox: RunningStore, tmp_path: Path) -> None:
    known = [{"id": row[0]} for row in sandbox.execute('SELECT "id" FROM orders ORDER BY "id"')]
    sandbox.execute("UPDATE orders SET \"internalStatus\" = CASE WHEN \"id\" % 3 THEN 'open' ELSE 'closed' END")
    sandbox.execute('DELETE FROM orders WHERE "id" IN (8, 9)')

    async def job(client: AsyncOroClient) -> Manifest:
        spec = Extract(ORDERS, filters={"internalStatus": "open"})
        return await extract(client, spec, Destination(tmp_path, "a"), known=Known(known, None))

    manifest = with_client(sandbox, job)
    (gone,) = manifest["related"]["deleted"]
    assert [json.loads(line)["id"] for line in Path(gone).read_text().splitlines()] == ["8", "9"]
    assert (manifest["count"], manifest["moved"], manifest["deleted"]) == (0, 99, 2)


def test_an_order_that_the_index_leaves_out_is_not_taken_for_deleted(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [{"id": row[0]} for row in sandbox.execute('SELECT "id" FROM orders ORDER BY "id"')]

    def without_one(request: Request, response: Response) -> Response:
        if response.status != 200 or "sort=id" not in request.url or "filter" in request.url:
            return response
        document = json.loads(response.body)
        total = {"x-include-total-count": str(len(document["data"]) - 1)}
        return Response(200, {**response.headers, **total}, json.dumps({"data": document["data"][1:]}).encode())

    async def job(client: AsyncOroClient) -> Manifest:
        return await extract(client, Extract(ORDERS), Destination(tmp_path, "a"), known=Known(known, None))

    changing(monkeypatch, without_one)
    with pytest.raises(Incomplete, match=f"still what was asked for: ids {known[0]['id']}"):
        with_client(sandbox, job)


@pytest.mark.parametrize(
    ("date", "differs"),
    [
        ("2026-03-01T10:20:30Z", False),
        ("2026-03-01 10:20:30", False),
        ("2026-03-01 10:20:30 UTC", False),
        ("2026-03-01 10:20:30+00", False),
        ("2026-03-01 12:20:30.000000+0200", False),
        ("2026-03-01T10:20:30+01:00", True),
        ("2026-03-01", True),
        ("", False),
    ],
)
def test_a_known_date_is_read_as_warehouses_write_it(date: str, differs: bool) -> None:
    assert Known([{"id": "7", "updatedAt": date}], "updatedAt")._differs(7, "2026-03-01T10:20:30Z") is differs


def test_a_known_date_that_is_none_is_told_with_its_id() -> None:
    with pytest.raises(
        ValueError, match="updatedAt 'yesterday' of id 7 is no moment; write it as 2026-01-31T00:00:00Z"
    ):
        Known([{"id": "7", "updatedAt": "yesterday"}], "updatedAt")._differs(7, "2026-03-01T10:20:30Z")


@pytest.mark.parametrize("ids", [[3, 2], [2, 2], ["x"], [None]])
def test_what_is_known_must_be_in_order(ids: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"ORDER BY id|has no id"):
        list(Known([{"id": id_} for id_ in ids], None)._rows)


def test_a_store_that_stumbles_is_read_whole(sandbox: RunningStore, tmp_path: Path) -> None:
    sandbox.fail("401", path="/api/orders", skip=3, times=1)
    for fault in ("503", "reset_before", "truncate", "500"):
        sandbox.fail(fault, path="/api/orders", rate=0.3, times=4)
    manifest = run(sandbox, tmp_path, Extract(ORDERS, include=("lineItems",)), retries=Retries(8, 0.01))
    assert [record["id"] for record in lines(manifest)] == [
        str(row[0]) for row in sandbox.execute('SELECT "id" FROM orders ORDER BY "id"')
    ]
