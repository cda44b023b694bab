"""Records as Parquet: columns and types from the entity's shape, money as decimals. Imported only where it is asked for."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from oro_provider.entities.shapes import SHAPES
from oro_provider.extract.records import sparse_fields

try:
    import pyarrow as pa
    import pyarrow.json as pa_json
    import pyarrow.parquet as pq
except ImportError:
    raise ValueError("format 'parquet' needs the extra: pip install 'airflow-provider-orocommerce[parquet]'") from None

if TYPE_CHECKING:
    from oro_provider.extract.records import IncludeTree
    from oro_provider.extract.spec import Extract

# A store keeps money with 4 decimals, quantities with up to 10 (6.1). Lists and objects are JSON text, since what is in them
# differs from record to record.
_KINDS = {
    "string": pa.string(),
    "integer": pa.int64(),
    "money": pa.decimal128(19, 4),
    "decimal": pa.decimal128(28, 10),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "datetime": pa.timestamp("s", tz="UTC"),
    "date": pa.date32(),
    "list": pa.string(),
    "object": pa.string(),
}

# What a value is read as before it becomes what its column holds: pyarrow reads a date from days since 1970 only.
_READ_AS = {pa.date32(): pa.string()}

# Which of a record's values are to be JSON text (None), and which have such values below them (a dict).
Texts: TypeAlias = "dict[str, Any]"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of an extract's records, and which of them are JSON text."""

    schema: Any
    texts: Texts


def record_columns(spec: Extract) -> Columns:
    """Return the columns of an extract's records; raise `ValueError` for an entity whose shape is not known."""
    if not spec.entity.shape.attributes:
        raise ValueError(f"the attributes of {spec.type} and their types are not known: use format 'jsonl'")
    older = list(spec.before_6_1.values())
    names = [*(name for name in spec.sparse[spec.type] if name not in older), *spec.apart]
    fields, texts = _columns(spec.type, names, spec.tree, spec.sparse)
    return Columns(pa.schema([*fields, *(pa.field(name, pa.string()) for name in older)]), texts)


def _columns(type_: str, names: list[str], tree: IncludeTree, sparse: dict[str, list[str]]) -> tuple[list[Any], Texts]:
    shape = SHAPES[type_]
    fields = [pa.field("id", pa.string())]
    texts: Texts = {}
    foreign = False
    for name in dict.fromkeys(names):
        if name in shape.attributes:
            kind = shape.attributes[name]
            fields.append(pa.field(name, _KINDS[kind]))
            if kind in {"list", "object"}:
                texts[name] = None
        elif name in shape.relationships:
            to = shape.relationships[name]
            value = pa.string()
            if name in tree:
                below, texts[name] = _nested(to.type, tree[name], sparse)
                value = pa.struct(below)
            fields.append(pa.field(name, pa.list_(value) if to.many else value))
        else:
            foreign = True
    if foreign:
        fields.append(pa.field("_extra", pa.string()))
        texts["_extra"] = None
    return fields, texts


def _nested(type_: str, tree: IncludeTree, sparse: dict[str, list[str]]) -> tuple[list[Any], Texts]:
    below = sparse.get(type_) or sparse_fields(type_, SHAPES[type_], tree, frozenset())[type_]
    return _columns(type_, below, tree, sparse)


class ParquetSink:
    """A file that takes blocks of JSON lines and holds them as row groups."""

    def __init__(self, sink: Any, columns: Columns) -> None:
        self._sink = sink
        self._columns = columns
        self._read_schema = pa.schema(_as_read(pa.struct(list(columns.schema))))
        self._writer = pq.ParquetWriter(sink, columns.schema, compression="zstd")

    def write(self, block: bytes) -> None:
        """Write a block as a row group."""
        texts = self._columns.texts
        if texts:
            block = msgspec.json.Encoder().encode_lines(
                [_with_texts(msgspec.json.decode(line), texts) for line in block.splitlines()]
            )
        options = pa_json.ParseOptions(explicit_schema=self._read_schema, unexpected_field_behavior="error")
        read = pa_json.ReadOptions(block_size=len(block) + 1)
        table = pa_json.read_json(io.BytesIO(block), read_options=read, parse_options=options)
        self._writer.write_table(table.cast(self._columns.schema))

    def flush(self) -> None:
        """Nothing: row groups are written as they come."""

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()
        self._sink.close()


def _as_read(type_: Any) -> Any:
    """Return a type as its values are read, what is nested in it too."""
    if pa.types.is_struct(type_):
        return pa.struct([field.with_type(_as_read(field.type)) for field in type_])
    if pa.types.is_list(type_):
        return pa.list_(_as_read(type_.value_type))
    return _READ_AS.get(type_, type_)


def _with_texts(record: dict[str, Any], texts: Texts) -> dict[str, Any]:
    """Return a record whose lists and objects of no known type are JSON text."""
    for name, below in texts.items():
        value = record.get(name)
        if value is None:
            continue
        if below is None:
            record[name] = msgspec.json.encode(value).decode()
        elif isinstance(value, list):
            record[name] = [_with_texts(item, below) for item in value]
        else:
            record[name] = _with_texts(value, below)
    return record
