"""Where records come from when they are not a list: files of JSON lines, CSV or Parquet, and the manifest of an extract.

Paths are `pathlib.Path` or anything like it. An empty cell of a CSV file means that the row says nothing about that field.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


# Rows of a Parquet file in memory at once.
BATCH_ROWS = 2000
# Bytes of a packed file that are read at once.
CHUNK = 1 << 16


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
    """Yield the records of an extract's files; `open_path` makes a path of each file's name.

    Raise `ValueError` where they are not as many as the manifest says: a file was cut off, or replaced by another.
    """
    read = 0
    for name in manifest["files"]:
        for record in file_records(open_path(name)):
            read += 1
            yield record
    if read != manifest.get("count", read):
        raise ValueError(
            f"the files of the manifest in {manifest.get('path')} have {read} records, and it says {manifest['count']}: clear the extract, "
            "so that it writes them anew"
        )


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
        try:
            for batch in pyarrow.parquet.ParquetFile(file).iter_batches(batch_size=BATCH_ROWS):
                for row in batch.to_pylist():
                    # A column has a cell in every row; an empty one says nothing, as in a CSV file.
                    yield {name: value for name, value in row.items() if value is not None}
        except pyarrow.ArrowException as error:
            raise _broken(path, error) from error


def _json_records(path: Any) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(_lines(path, file), start=1):
            if line.strip():
                try:
                    yield msgspec.json.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise ValueError(f"{path}, line {number}: {error}") from error


def _lines(path: Any, file: Any) -> Iterable[bytes]:
    """Return the lines of an open file, whatever it is packed in."""
    if str(path).endswith(".gz"):
        return _gzip_lines(path, file)
    if str(path).endswith(".zst"):
        return _zstd_lines(path, file)
    lines: Iterable[bytes] = file
    return lines


def _gzip_lines(path: Any, file: Any) -> Iterator[bytes]:
    try:
        yield from gzip.GzipFile(fileobj=file)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _broken(path, error) from error


def _zstd_lines(path: Any, file: Any) -> Iterator[bytes]:
    """Yield the lines of a file of frames: an extract writes one for each of its blocks.

    The library's own reader takes a file that was cut off for one that has ended.
    """
    try:
        import zstandard
    except ImportError as error:
        raise ValueError(f"{path}: zstd needs the extra: pip install 'airflow-provider-orocommerce[zstd]'") from error
    frame = None
    rest = b""
    try:
        while packed := file.read(CHUNK):
            while packed:
                frame = frame or zstandard.ZstdDecompressor().decompressobj()
                *lines, rest = (rest + frame.decompress(packed)).split(b"\n")
                yield from lines
                packed = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    except zstandard.ZstdError as error:
        raise _broken(path, error) from error
    if frame is not None:
        raise _broken(path, "its last frame does not end")
    yield rest


def _broken(path: Any, why: object) -> ValueError:
    return ValueError(f"{path} is broken or was cut off: {why}. Write or copy it anew")
