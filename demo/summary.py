"""The table at the end of the demo: per DAG what its runs read and wrote, by their results and by the store's own log."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

from demo.times import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from demo.api import Document


@dataclass(frozen=True, slots=True)
class Row:
    """One DAG: rows and requests are counts, seconds are wall time from its first run's start to its last run's end."""

    dag: str
    runs: int
    read: int
    created: int | None
    updated: int | None
    unchanged: int | None
    seconds: float
    requests: int


def row(dag_id: str, runs: Sequence[Document], results: Sequence[Mapping[str, object]], requests: int) -> Row:
    """Add up what the tasks returned: manifests of extracts (`files`, `count`) and outcomes of upserts (`created`)."""
    outcomes = [result for result in results if "created" in result]
    manifests = [result for result in results if "files" in result]

    def total(name: str) -> int | None:
        return sum(_whole(outcome[name]) for outcome in outcomes) if outcomes else None

    read = sum(_whole(result["read"]) for result in outcomes) + sum(_whole(result["count"]) for result in manifests)
    began = min(moment(run["start_date"]) for run in runs)
    ended = max(moment(run["end_date"]) for run in runs)
    counts = (total("created"), total("updated"), total("unchanged"))
    return Row(dag_id, len(runs), read, *counts, (ended - began).total_seconds(), requests)


def table(rows: Iterable[Row]) -> str:
    """The rows under their headings, numbers to the right; what a DAG does not count is a dash."""
    lines = [[field.name for field in fields(Row)], *([_cell(value) for value in astuple(row)] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a count")
    return value
