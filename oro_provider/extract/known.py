"""What somebody has already, compared with what the store has: a reconciliation reads only what differs, and finds deletions.

A window cannot see a deletion, nor an order that was imported with a past date, which is born behind every watermark. Both sides
come in the order of their ids, so that neither is held in memory.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from oro_provider.extract.index import IndexPage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping


# How dates end in files that people have: `Z`, BigQuery's ` UTC`, Postgres' `+00`; Python 3.10 reads none of them.
_OFFSET = re.compile(r"(?P<time>:.*?)(?: ?(?:Z|UTC)|(?P<hours>[+-]\d\d):?(?P<minutes>\d\d)?)$")


class Known:
    """Rows with `id` and, where it is known, `date`: the name of their date's field. In ascending order of ids.

    A date without a time zone is UTC, as the store's are. `gone` fills with ids that an index lacks: they do not match its filters,
    or are no longer there.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], date: str | None) -> None:
        self.gone: list[str] = []
        self._date = date
        self._rows = self._read(rows, date)
        self._next = next(self._rows, None)

    async def compared(self, index: AsyncIterator[IndexPage]) -> AsyncIterator[IndexPage]:
        """Yield of an index what is not known or has another date."""
        async for page in index:
            found = [
                (id_, date) for id_, date in zip(page.ids, page.dates, strict=True) if self._differs(int(id_), date)
            ]
            yield IndexPage([id_ for id_, _ in found], [date for _, date in found], page.left, page.clock)
        while self._next is not None:
            self._pass()

    def _differs(self, id_: int, date: str) -> bool:
        while self._next is not None and self._next[0] < id_:
            self._pass()
        if self._next is None or self._next[0] > id_:
            return True
        known = self._next[1]
        self._next = next(self._rows, None)
        if not known or known == date:
            return False
        return not date or self._moment(id_, known) != self._moment(id_, date)

    def _moment(self, id_: int, text: str) -> datetime:
        try:
            found = datetime.fromisoformat(_OFFSET.sub(_offset, text))
        except ValueError:
            raise ValueError(
                f"{self._date} {text!r} of id {id_} is no moment; write it as 2026-01-31T00:00:00Z"
            ) from None
        return found if found.tzinfo else found.replace(tzinfo=timezone.utc)

    def _pass(self) -> None:
        assert self._next is not None  # noqa: S101 - the callers looked
        self.gone.append(str(self._next[0]))
        self._next = next(self._rows, None)

    @staticmethod
    def _read(rows: Iterable[Mapping[str, Any]], date: str | None) -> Iterator[tuple[int, str]]:
        last = -1
        for number, row in enumerate(rows, start=1):
            if not str(row.get("id", "")).isdigit():
                raise ValueError(f"row {number} of what is known has no id")
            id_ = int(row["id"])
            if id_ <= last:
                raise ValueError(f"row {number} of what is known has id {id_} after {last}: ORDER BY id, each id once")
            last = id_
            yield id_, str(row.get(date) or "") if date else ""


def _offset(found: re.Match[str]) -> str:
    return f"{found['time']}{found['hours'] or '+00'}:{found['minutes'] or '00'}"
