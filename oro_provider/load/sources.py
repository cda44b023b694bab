"""Where records come from when they are not a list: files of JSON lines, CSV or Parquet, and the manifest of an extract.

Paths are `pathlib.Path` or anything like it. An empty cell of a CSV file means that the row says nothing about that field.
"""

from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


# Rows of a Parquet file in memory at once.
BATCH_ROWS = 2000


def file_records(path: Any) -> Iterator[dict[str, Any]]:
    """Yield the records of a file, one at a time; raise `ValueError` for a suffix or a line that is neither."""
    name = str(path)
    if name.endswith(".csv"):
        yield from _csv_records(path)
    elif name.endswith((".jsonl", ".ndjson", ".jsonl.gz", ".jsonl.zst")):
        yield from _json_records(path)
    elif name.endswith(".parquet"):
        yield from _parquet_records(path)
    else:
        raise ValueError(f"{name} is neither .csv, .jsonl (.gz, .zst) nor .parquet")


def manifest_records(manifest: Mapping[str, Any], open_path: Callable[[str], Any]) -> Iterator[dict[str, Any]]:
    """Yield the records of an extract's files; `open_path` makes a path of each file's name."""
    for name in manifest["files"]:
        yield from file_records(open_path(name))


def _csv_records(path: Any) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        reader = csv.DictReader(text)
        try:
            _check_header(path, reader.fieldnames)
            for row in reader:
                if None in row:
                    raise ValueError(f"{path}, line {reader.line_num}: has more cells than the header has names")
                yield {name: value for name, value in row.items() if value not in {None, ""}}
        except UnicodeDecodeError as error:
            raise ValueError(f"{path} is not written in UTF-8: export it anew with that encoding") from error


def _check_header(path: Any, names: Sequence[str] | None) -> None:
    """Refuse what would be a success without rows, or would refuse each row for a column that it seems to have."""
    if not names:
        raise ValueError(f"{path} is empty: its first line should name the columns")
    if len(names) == 1 and (other := next((sign for sign in ";\t|" if sign in names[0]), None)):
        raise ValueError(f"{path} has {other!r} between its columns: export it anew with commas")


def _parquet_records(path: Any) -> Iterator[dict[str, Any]]:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ValueError(
            f"{path}: Parquet needs the extra: pip install 'airflow-provider-orocommerce[parquet]'"
        ) from error
    with path.open("rb") as file:
        for batch in pyarrow.parquet.ParquetFile(file).iter_batches(batch_size=BATCH_ROWS):
            for row in batch.to_pylist():
                # A column has a cell in every row; an empty one says nothing, as in a CSV file.
                yield {name: value for name, value in row.items() if value is not None}


def _lines(path: Any, file: Any) -> Iterable[bytes]:
    """Return the lines of an open file, whatever it is packed in."""
    if str(path).endswith(".gz"):
        return gzip.GzipFile(fileobj=file)
    if str(path).endswith(".zst"):
        try:
            import zstandard
        except ImportError as error:
            raise ValueError(
                f"{path}: zstd needs the extra: pip install 'airflow-provider-orocommerce[zstd]'"
            ) from error
        # An extract's file is a frame for each of its blocks.
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True))
    lines: Iterable[bytes] = file
    return lines


def _json_records(path: Any) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(_lines(path, file), start=1):
            if line.strip():
                try:
                    yield msgspec.json.decode(line)
                except msgspec.DecodeError as error:
                    raise ValueError(f"{path}, line {number}: {error}") from error
