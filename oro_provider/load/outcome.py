"""What came of a load: a line for each row, counts for XCom, and the refused rows, which can be repaired and sent again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from oro_provider.load.rows import Reject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oro_provider.load.journal import Journal
    from oro_provider.load.rows import Row


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
        held = [[row.number, dict(row.values)] for row in self.held]
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
        "values": dict(reject.values),
    }


def read_reject(line: Mapping[str, Any]) -> Reject:
    """Return the refused row of a line of a rejects file."""
    return Reject(line["row"], line["reason"], line.get("field"), line.get("pointer"), line["values"])


def too_many(outcome: Outcome, allowed: float) -> bool:
    """Whether more rows were refused than allowed: a number of rows, or below 1 a share of those read."""
    if 0 < allowed < 1:
        return outcome["rejected"] > allowed * outcome["read"]
    return outcome["rejected"] > allowed


def shown(rejects: Sequence[Reject], total: int) -> str:
    """Return the first refusals as lines of a message."""
    lines = [str(reject) for reject in rejects]
    return "\n".join([*lines, f"... and {total - len(lines)} more"] if total > len(lines) else lines)
