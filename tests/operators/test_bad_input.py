"""What a task is told that was given something wrong: row and field, connection and field, window, path. Nothing half done."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from oro_provider.load.sources import file_records
from oro_provider.operators.extract import OroCommerceExtractOperator, OroCommerceExtractOrdersOperator
from oro_provider.operators.lookups import OroCommerceResolveLookupsOperator
from oro_provider.operators.records import Names, Records
from oro_provider.operators.upsert import OroCommerceUpsertOperator, OroCommerceUpsertProductsOperator
from oro_provider.sandbox import running
from oro_provider.version_compat import AirflowException, AirflowFailException
from tests.api.scripted import Play, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from oro_provider.sandbox.server import RunningStore

INTERVAL: Any = {
    "data_interval_start": datetime(2026, 11, 7, tzinfo=timezone.utc),
    "data_interval_end": datetime(2026, 11, 8, tzinfo=timezone.utc),
}


class TaskInstance:
    """Takes what a task pushes."""

    def __init__(self) -> None:
        self.pushed: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningStore]:
    with running(seed=2, orders=20, version="6.1") as sandbox:
        yield sandbox


def connect(monkeypatch: pytest.MonkeyPatch, url: str, password: str, **extra: Any) -> None:
    connection = {
        "conn_type": "orocommerce",
        "host": url,
        "login": "sandbox-client",
        "password": password,
        "extra": extra,
    }
    monkeypatch.setenv("AIRFLOW_CONN_OROCOMMERCE_DEFAULT", json.dumps(connection))


@pytest.fixture
def connected(sandbox: RunningStore, monkeypatch: pytest.MonkeyPatch) -> RunningStore:
    connect(monkeypatch, sandbox.url, sandbox.client_secret)
    return sandbox


def upsert(records: Any, **arguments: Any) -> OroCommerceUpsertProductsOperator:
    operator = OroCommerceUpsertProductsOperator(task_id="upsert", records=records, **arguments)
    operator.records = Records(records)
    return operator


def resolve(records: Any) -> OroCommerceResolveLookupsOperator:
    operator = OroCommerceResolveLookupsOperator(task_id="resolve", entity="products", records=records)
    operator.records = Records(records)
    return operator


def test_rows_that_are_wrong_are_named_and_the_outcome_is_pushed(connected: RunningStore) -> None:
    connected.forget_requests()
    rows = [{"name": "no key"}, {"sku": "X-1", "brand": "No Such Brand"}, {"sku": "X-2", "name": "a"}, {"sku": "x-2"}]
    instance = TaskInstance()
    with pytest.raises(AirflowFailException) as raised:
        upsert(rows).execute({"ti": instance})  # type: ignore[typeddict-item]
    said = str(raised.value)
    assert "4 of 4 rows of products were refused" in said
    assert "row 1, field sku: is missing or empty" in said
    assert "row 2, field brand: the store has no brands 'No Such Brand'" in said
    assert "row 3, field unit" in said
    assert "row 4, field sku: repeats the sku of row 3" in said
    assert instance.pushed["return_value"]["rejected"] == 4


def test_refused_rows_may_be_allowed_for(connected: RunningStore) -> None:
    outcome = upsert([{"name": "no key"}], max_rejects=1).execute({})
    assert (outcome["read"], outcome["rejected"]) == (1, 1)


def test_names_that_cannot_be_resolved_are_all_told_at_once(connected: RunningStore) -> None:
    rows = [{"sku": "X-1", "tax_code": "TAXABLE_GOOD"}, {"sku": "X-2", "category": "Nowhere", "unit": "barrel"}]
    with pytest.raises(AirflowFailException) as raised:
        resolve(rows).execute({})
    said = str(raised.value)
    assert (
        "row 1, field tax_code: the store has no producttaxcodes 'TAXABLE_GOOD'; did you mean 'TAXABLE_GOODS'?" in said
    )
    assert "row 2, field category: the store has no categories 'Nowhere'" in said
    assert "row 2, field unit: the store has no productunits 'barrel'" in said


@pytest.mark.parametrize(
    ("records", "says"),
    [
        (7, "records should be a list of rows, a path or an extract's manifest, not int"),
        (None, "records should be a list of rows"),
        ({"sku": "X"}, "records should be a list of rows"),
        ("rows.xlsx", r"neither \.csv, \.jsonl \(\.gz, \.zst\) nor \.parquet"),
        ("", "the path is empty"),
        ("[{'sku': 'X'}]", "records is text that is no JSON: a template makes text"),
    ],
)
def test_records_of_no_known_kind_are_refused(connected: RunningStore, records: Any, says: str) -> None:
    with pytest.raises(AirflowFailException, match=says):
        upsert(records).execute({})


def test_a_broken_line_of_a_file_is_named(connected: RunningStore, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"sku": "X-1"}\n{"sku": \n')
    with pytest.raises(AirflowFailException, match=r"rows\.jsonl, line 2"):
        upsert(str(path)).execute({})


def test_an_empty_line_of_a_file_is_no_row(connected: RunningStore, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"name": "no key"}\n\n{"name": "nor here"}\n')
    with pytest.raises(AirflowFailException, match="2 of 2 rows of products were refused"):
        upsert(str(path)).execute({"ti": TaskInstance()})  # type: ignore[typeddict-item]


def test_a_csv_row_with_too_many_cells_is_named(connected: RunningStore, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("sku,name\nX-1,a\nX-2,b,c\n")
    with pytest.raises(AirflowFailException, match=r"rows\.csv, line 3: has more cells"):
        upsert(str(path)).execute({})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty: its first line should name the columns"),
        (b"sku;name\r\nX-1;a\r\n", "has ';' between its columns: export it anew with commas"),
        (b"sku\tname\nX-1\ta\n", r"has '\\t' between its columns"),
        ("sku,name\nX-1,Lüster\n".encode("latin-1"), "is not written in UTF-8"),
        ("sku,name\nX-1,a\n".encode("utf-16"), "is not written in UTF-8"),
    ],
)
def test_a_csv_file_of_another_kind_is_told_from_one_with_wrong_rows(
    connected: RunningStore, tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(AirflowFailException, match=rf"rows\.csv {says}"):
        upsert(str(path)).execute({})


def test_a_csv_file_may_have_one_column_and_no_row(connected: RunningStore, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("sku\n")
    assert upsert(str(path)).execute({})["read"] == 0


def _packed(name: str) -> bytes:
    rows = b"".join(b'{"sku": "X-%d", "name": "Lamp"}\n' % number for number in range(50))
    if name.endswith(".gz"):
        return gzip.compress(rows)
    if name.endswith(".zst"):
        return zstandard.ZstdCompressor().compress(rows)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([{"sku": "X-1", "name": "Lamp"}] * 50), sink)
    return bytes(sink.getvalue())


@pytest.mark.parametrize("name", ["rows.jsonl.gz", "rows.jsonl.zst", "rows.parquet"])
@pytest.mark.parametrize(
    "damage", [lambda whole: whole[:-7], lambda whole: whole + whole[:-7], lambda _: b"no such thing"]
)
def test_a_packed_file_that_was_cut_off_is_named_and_never_taken_for_a_short_one(
    connected: RunningStore, tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / name
    path.write_bytes(damage(_packed(name)))
    with pytest.raises(AirflowFailException, match=f"{name} is broken or was cut off: "):
        upsert(str(path), dry_run=True).execute({})


def test_a_file_of_several_frames_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.zst"
    path.write_bytes(_packed(path.name) * 3)
    assert len(list(file_records(path))) == 150


def test_a_file_that_is_not_in_utf_8_is_named(connected: RunningStore, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes('{"sku": "X-1"}\n{"sku": "Lüster"}\n'.encode("latin-1"))
    with pytest.raises(AirflowFailException, match=r"rows\.jsonl, line 2: "):
        upsert(str(path), dry_run=True).execute({})


def test_a_manifest_whose_files_have_lost_records_fails_the_task(connected: RunningStore, tmp_path: Path) -> None:
    path = tmp_path / "part-00000.jsonl"
    path.write_text('{"sku": "X-1", "name": "Lamp"}\n')
    manifest = {"entity": "products", "path": str(tmp_path), "files": [str(path)], "count": 2}
    with pytest.raises(AirflowFailException, match="have 1 records, and it says 2: clear the extract"):
        upsert(manifest, dry_run=True).execute({})


def test_an_unknown_entity_is_refused_with_those_that_there_are(connected: RunningStore, tmp_path: Path) -> None:
    with pytest.raises(AirflowFailException, match="'invoices' is unknown; there are"):
        OroCommerceUpsertOperator(task_id="x", entity="invoices", records=[]).execute({})
    with pytest.raises(AirflowFailException, match="'invoices' is unknown; there are"):
        OroCommerceExtractOperator(task_id="x", entity="invoices", target=tmp_path).execute(INTERVAL)


def test_an_unknown_connection_is_named(tmp_path: Path) -> None:
    orders = OroCommerceExtractOrdersOperator(task_id="orders", target=tmp_path, orocommerce_conn_id="no_such_shop")
    with pytest.raises(Exception, match="no_such_shop"):
        orders.execute(INTERVAL)


def test_an_unreachable_host_is_named_and_may_be_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with ScriptedServer([Play()]) as server:
        url = server.url
    connect(monkeypatch, url, "s3cret-value")
    with pytest.raises(AirflowException, match=f"{url} cannot be reached") as raised:
        OroCommerceExtractOrdersOperator(task_id="orders", target=tmp_path).execute(INTERVAL)
    assert not isinstance(raised.value, AirflowFailException)
    assert "s3cret-value" not in str(raised.value)


def test_a_token_endpoint_that_answers_html_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with ScriptedServer([Play()], tokens=[Play(200, "<html>", {"Content-Type": "text/html"})]) as server:
        connect(monkeypatch, server.url, f"s3cret-{server.client_id}")
        with pytest.raises(AirflowFailException, match="HTML instead of a token"):
            OroCommerceExtractOrdersOperator(task_id="orders", target=tmp_path).execute(INTERVAL)


def test_a_wrong_secret_fails_for_good(sandbox: RunningStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    connect(monkeypatch, sandbox.url, "wrong-secret")
    with pytest.raises(AirflowFailException, match="client secret"):
        OroCommerceExtractOrdersOperator(task_id="orders", target=tmp_path).execute(INTERVAL)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [
        ("2026-11-08T00:00:00Z", "2026-11-07T00:00:00Z", "reversed"),
        ("2026-11-08T00:00:00Z", "2026-11-08T00:00:00Z", "empty"),
        ("soon", "2026-11-08T00:00:00Z", "since 'soon' is no moment"),
    ],
)
def test_a_window_that_is_none_is_refused(
    connected: RunningStore, tmp_path: Path, since: str, until: str, says: str
) -> None:
    with pytest.raises(AirflowFailException, match=says):
        OroCommerceExtractOrdersOperator(task_id="orders", target=tmp_path, since=since, until=until).execute({})


def test_rows_do_not_show_in_a_rendered_field() -> None:
    rows = Records([{"sku": "X-1", "email": "jane@example.com"}])
    assert str(rows) == rows.serialize() == "1 rows"
    assert "jane" not in repr(rows)
    assert str(Records("[{'email': 'jane@example.com'}]")) == "rows (text)"
    extracted = {"entity": "orders", "path": "/lake/orders/full", "files": ["/lake/orders/full/a.jsonl"], "count": 3}
    assert str(Records(extracted)) == "3 records in /lake/orders/full"


def test_names_do_not_show_in_a_rendered_field() -> None:
    names = Names({"customer": {"Jane's Bakery": "7", "Acme": "8"}})
    assert names["customer"]["Acme"] == "8"
    assert str(names) == names.serialize() == "2 customer"
