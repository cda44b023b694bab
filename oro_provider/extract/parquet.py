"""Records as Parquet: columns and types from the entity's shape, money as decimals. Imported only where it is asked for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from oro_provider.entities.shapes import SHAPES

try:
    import pyarrow as pa
    import pyarrow.json as pa_json
    import pyarrow.parquet as pq
except ImportError:
    raise ValueError("format 'parquet' needs the extra: pip install airflow-provider-orocommerce[parquet]") from None

if TYPE_CHECKING:
    from oro_provider.extract.records import IncludeTree
    from oro_provider.extract.spec import Extract

# A store keeps money with 4 decimals, quantities with up to 10 (6.1).
_KINDS = {
    "string": pa.string(),
    "integer": pa.int64(),
    "money": pa.decimal128(19, 4),
    "decimal": pa.decimal128(28, 10),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "datetime": pa.timestamp("s", tz="UTC"),
    "date": pa.date32(),
}


def record_schema(spec: Extract) -> Any:
    """Return the columns of an extract's records; what has no shape of its own (lists, objects) is left to be inferred."""
    names = [*spec.sparse[spec.type], *spec.apart]
    return pa.schema(_fields(spec.type, names, spec.tree, spec.sparse))


def _fields(type_: str, names: list[str], tree: IncludeTree, sparse: dict[str, list[str]]) -> list[Any]:
    shape = SHAPES.get(type_)
    fields = [pa.field("id", pa.string())]
    for name in dict.fromkeys(names):
        if shape is None:
            continue
        if name in shape.attributes:
            kind = _KINDS.get(shape.attributes[name])
            if kind is not None:
                fields.append(pa.field(name, kind))
        elif name in shape.relationships:
            to = shape.relationships[name]
            value = pa.string()
            if name in tree:
                default = SHAPES.get(to.type)
                below = sparse.get(to.type) or ([*default.attributes] if default else [])
                value = pa.struct(_fields(to.type, below, tree[name], sparse))
            fields.append(pa.field(name, pa.list_(value) if to.many else value))
    return fields


class ParquetSink:
    """A file that takes blocks of JSON lines and holds them as row groups."""

    def __init__(self, sink: Any, schema: Any) -> None:
        self._sink = sink
        self._schema = schema
        self._writer: Any = None

    def write(self, block: bytes) -> None:
        """Write a block as a row group."""
        options = pa_json.ParseOptions(explicit_schema=self._schema, unexpected_field_behavior="infer")
        read = pa_json.ReadOptions(block_size=len(block) + 1)
        table = pa_json.read_json(io.BytesIO(block), read_options=read, parse_options=options)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._sink, table.schema, compression="zstd")
        self._writer.write_table(table.cast(self._writer.schema))

    def flush(self) -> None:
        """Nothing: row groups are written as they come."""

    def close(self) -> None:
        """Write the footer."""
        if self._writer is not None:
            self._writer.close()
        self._sink.close()
