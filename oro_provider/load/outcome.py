"""What came of a load: counts for XCom, and the refused rows in a file that can be repaired and sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oro_provider.load.rows import Reject


class Outcome(TypedDict):
    """What a load did, as plain JSON. Counts are rows; `read` is the sum of the four others.

    `rejects` is the path of the file of refused rows, None where there is none; `requests` are those sent to the store,
    `seconds` the time that it took.
    """

    entity: str
    read: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    rejects: str | None
    requests: int
    seconds: float


def write_rejects(path: Any, rejects: Sequence[Reject]) -> str:
    """Write refused rows as JSON lines, each with the row as it came; return the path.

    `path` is a `pathlib.Path` or anything like it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        {
            "row": reject.row,
            "field": reject.field,
            "reason": reject.reason,
            "pointer": reject.pointer,
            "values": dict(reject.values),
        }
        for reject in rejects
    ]
    with path.open("wb") as file:
        file.write(msgspec.json.Encoder().encode_lines(lines))
    return str(path)
