"""How far the orders of a store have been read, as a value that fits into a watermark: what of a reading is new since then.

New orders are known by their ids, which a store gives in order whatever date an order carries. But an id is given, and
`updatedAt` set, before the transaction is committed; so the last minutes are read again, and what was taken is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from oro_provider.api.query import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# How long after its id was given an order may be committed and still be found.
OVERLAP = timedelta(seconds=120)
# Marks within an overlap: more would make the part that is read again shorter by seconds only.
MARKS_AN_OVERLAP = 8


@dataclass(frozen=True, slots=True)
class OrderHead:
    """What is read of an order to know whether it is new; dates as the store writes them, UTC and whole seconds."""

    id: int
    identifier: str
    created: str
    updated: str


@dataclass(frozen=True, slots=True)
class Position:
    """How far orders have been read.

    until: the store's clock at the last reading.
    marks: the highest id that had been given at moments of the overlap, the oldest first.
    last_id: the highest id that was taken.
    seen: id -> `updatedAt` of what was taken and will be read again; "" for one that lies before `low`, as a change since does not.
    """

    until: datetime
    marks: tuple[tuple[datetime, int], ...]
    last_id: int
    seen: Mapping[int, str] = field(default_factory=dict)
    overlap: timedelta = OVERLAP

    @property
    def floor(self) -> int:
        """The id above which orders are read again: no order at or below it is still to be committed."""
        return self.marks[0][1]

    @property
    def low(self) -> datetime:
        """The moment from which changes are read again."""
        return self.until - self.overlap

    def new(self, heads: Iterable[OrderHead]) -> list[OrderHead]:
        """Return the orders that were not taken yet, changed or not."""
        return [head for head in heads if head.id > self.floor and head.id not in self.seen]

    def changed(self, heads: Iterable[OrderHead]) -> list[OrderHead]:
        """Return the orders that were not taken yet in this state: new ones and changed ones."""
        low = timestamp(self.low)
        again = (head for head in heads if head.id > self.floor or head.updated >= low)
        return [head for head in again if self.seen.get(head.id) != _state(head.updated, low)]

    def after(self, taken: Iterable[OrderHead], now: datetime) -> Position:
        """Return the position when these orders were taken of a reading that the store answered at `now`."""
        until = max(self.until, now)
        heads = {head.id: head.updated for head in taken}
        last_id = max([self.last_id, *heads])
        marks = self.marks
        if until - marks[-1][0] >= self.overlap / MARKS_AN_OVERLAP:
            marks = (*marks, (until, last_id))
        while len(marks) > 1 and marks[1][0] <= until - self.overlap:
            marks = marks[1:]
        floor, low = marks[0][1], timestamp(until - self.overlap)
        again = {id_: when for id_, when in {**self.seen, **heads}.items() if id_ > floor or when >= low}
        seen = {id_: _state(when, low) for id_, when in again.items()}
        return replace(self, until=until, marks=marks, last_id=last_id, seen=seen)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, small whatever came within one second, or in the years before the first reading:
        `{"seen": {"": "1-6", "2026-11-21T10:00:00Z": "7-450,452"}}`."""
        by_moment: dict[str, list[int]] = {}
        for id_, when in sorted(self.seen.items()):
            by_moment.setdefault(when, []).append(id_)
        return {
            "until": timestamp(self.until),
            "last_id": self.last_id,
            "marks": [[timestamp(when), id_] for when, id_ in self.marks],
            "seen": {when: _ranges(ids) for when, ids in sorted(by_moment.items())},
        }

    @classmethod
    def from_json(cls, value: Any, overlap: timedelta = OVERLAP) -> Position:
        """Return what `to_json` gave; raise `ValueError` for anything else."""
        try:
            seen = {id_: when for when, ids in value["seen"].items() for id_ in _expanded(ids)}
            marks = tuple((_moment(when), int(id_)) for when, id_ in value["marks"])
            return cls(_moment(value["until"]), marks or _no_marks(), int(value["last_id"]), seen, overlap)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"{value!r} is no watermark of orders ({error})") from None


def _state(updated: str, low: str) -> str:
    return updated if updated >= low else ""


def _no_marks() -> tuple[tuple[datetime, int], ...]:
    raise ValueError("there are no marks")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def _ranges(ids: Iterable[int]) -> str:
    """Write ascending ids: [1, 2, 3, 7] -> "1-3,7"."""
    spans: list[list[int]] = []
    for id_ in ids:
        if spans and id_ == spans[-1][1] + 1:
            spans[-1][1] = id_
        else:
            spans.append([id_, id_])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)


def _expanded(text: str) -> Iterable[int]:
    for span in text.split(","):
        low, _, high = span.partition("-")
        yield from range(int(low), int(high or low) + 1)
