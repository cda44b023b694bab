"""What came of a load: a line for each row, counts for XCom, and the refused rows, which can be repaired and sent again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, TypedDict

from oro_provider.load.rows import Reject
from oro_provider.load.values import LARGEST_INTEGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oro_provider.load.delete import Deleted
    from oro_provider.load.journal import Journal
    from oro_provider.load.rows import Row

REJECTS_SHOWN = 20


class Outcome(TypedDict):
    """What a load did, as plain JSON. Counts are rows; `read` is the sum of the four others.

    `rejects` is the path of the file of refused rows, `results` that of a line for each row, None where there is none;
    `removed` counts the units that were taken off products and the prices that went with them, by resource; `requests` are those sent to the store, `seconds` the time that it took. `dry_run`: nothing was written, the counts are what
    would be.
    """

    entity: str
    read: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    removed: dict[str, int]
    rejects: str | None
    results: str | None
    requests: int
    seconds: float
    dry_run: bool


COUNTS = {"create": "created", "update": "updated", "unchanged": "unchanged"}


@dataclass(slots=True)
class Chunk:
    """What became of the rows of one chunk, row by row."""

    results: dict[int, dict[str, Any]] = field(default_factory=dict)
    rejects: dict[int, Reject] = field(default_factory=dict)
    held: list[Row] = field(default_factory=list)
    losses: dict[int, Mapping[str, int]] = field(default_factory=dict)

    @classmethod
    def begun(cls, journal: Journal) -> Chunk:
        """Return the chunk as the journal has it: empty, but for one that was left in the middle."""
        state = journal.state
        rejects = [read_reject(line) for line in state.refused]
        return cls(
            {line["row"]: line for line in state.results}, {one.row: one for one in rejects}, [], dict(state.losses)
        )

    def note(self, journal: Journal) -> None:
        """Tell the journal what is known so far; it is kept with the batches that are entered next."""
        state = journal.state
        state.results = list(self.results.values())
        state.refused = [reject_line(one) for one in self.rejects.values()]
        state.losses = {row: dict(losses) for row, losses in self.losses.items()}

    def loses(self, row: int, losses: Mapping[str, int]) -> None:
        """Enter what goes along with a row. A row that is planned again has nothing left to lose where it was written."""
        if losses:
            self.losses[row] = losses

    def done(self, row: int, verb: str, id_: str | None = None, changes: Mapping[str, Any] | None = None) -> None:
        """Enter a row that is as it should be, and by which verb it came to be."""
        line: dict[str, Any] = {"row": row, "outcome": COUNTS[verb], "id": id_}
        if changes:
            line["changes"] = changes
        self.results[row] = line

    def reject(self, reject: Reject) -> None:
        """Enter a refused row."""
        self.rejects[reject.row] = reject

    def enter(self, journal: Journal, rows: int, *, keep_results: bool) -> None:
        """Enter this chunk of so many rows in the journal: from here on it is not done again."""
        state = journal.state
        for line in self.results.values():
            setattr(state, line["outcome"], getattr(state, line["outcome"]) + 1)
        for row, losses in self.losses.items():
            if row in self.results:
                for type_, count in losses.items():
                    state.removed[type_] = state.removed.get(type_, 0) + count
        state.rejected += len(self.rejects)
        state.rows += rows
        rejected = [self.rejects[row] for row in sorted(self.rejects)]
        lines = []
        if keep_results:
            refused = [{"row": one.row, "outcome": "rejected", "id": None, "reason": one.reason} for one in rejected]
            lines = sorted([*self.results.values(), *refused], key=lambda line: line["row"])
        state.held += len(self.held)
        held = [[row.number, as_json(row.values)] for row in self.held]
        journal.settled()
        journal.add_part(lines, [reject_line(one) for one in rejected], held)
        journal.save()


def reject_line(reject: Reject) -> dict[str, Any]:
    """Return a line of the rejects file: the row as it came, why it was refused, and where."""
    return {
        "row": reject.row,
        "field": reject.field,
        "reason": reject.reason,
        "pointer": reject.pointer,
        "values": as_json(reject.values),
    }


def as_json(value: Any) -> Any:
    """Return what a row holds as JSON has it, whatever a database or Airflow made of it: a moment is its ISO text, NaN the text `nan`."""
    if isinstance(value, Mapping):
        return {as_json(str(name)): as_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < LARGEST_INTEGER):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return value.isoformat() if isinstance(value, date) else as_json(str(value))


def read_reject(line: Mapping[str, Any]) -> Reject:
    """Return the refused row of a line of a rejects file."""
    return Reject(line["row"], line["reason"], line.get("field"), line.get("pointer"), line["values"])


def too_many(outcome: Outcome, allowed: float) -> bool:
    """Whether more rows were refused than allowed: a number of rows, or below 1 a share of those read."""
    if 0 < allowed < 1:
        return outcome["rejected"] > allowed * outcome["read"]
    return outcome["rejected"] > allowed


def refusals(outcome: Outcome | Deleted, rejects: Sequence[Reject]) -> str:
    """Return what a task says that fails for its refused rows: how many, where they are, and the first of them."""
    where = f" They are in {outcome['rejects']}." if outcome["rejects"] else ""
    listed = [str(reject) for reject in rejects[:REJECTS_SHOWN]]
    if outcome["rejected"] > len(listed):
        listed.append(f"... and {outcome['rejected'] - len(listed)} more")
    lines = "\n".join(listed)
    return f"{outcome['rejected']} of {outcome['read']} rows of {outcome['entity']} were refused.{where}\n{lines}"
