"""What operators are given to load: rows from a list, an XCom, a file or a manifest; and what Airflow may show of them.

Rows are customers' data, and Airflow stores the rendered fields of a task, so once rendered a summary stands in their place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Records:
    """Rows that were given to an operator. Iterating yields them; as text it is a summary without any value of theirs."""

    def __init__(self, given: Any) -> None:
        self._given = given

    def __iter__(self) -> Iterator[Any]:
        given = self._given
        if isinstance(given, Mapping) and "files" in given:
            from oro_provider.load.sources import manifest_records
            from oro_provider.paths import path_of

            yield from manifest_records(given, path_of)
        elif _is_path(given):
            from oro_provider.load.sources import file_records
            from oro_provider.paths import path_of

            yield from file_records(path_of(given))
        elif isinstance(given, Iterable) and not isinstance(given, Mapping):
            yield from given
        else:
            raise ValueError(
                f"records should be a list of rows, a path or an extract's manifest, not {type(given).__name__}"
            )

    def __str__(self) -> str:
        given = self._given
        if isinstance(given, Mapping) and "files" in given:
            return f"{given.get('count')} records in {given.get('path')}"
        if _is_path(given):
            return str(given)
        try:
            return f"{len(given)} rows"
        except TypeError:
            return f"rows ({type(given).__name__})"

    def serialize(self) -> str:
        """What Airflow stores as the rendered field."""
        return str(self)


def _is_path(given: Any) -> bool:
    return isinstance(given, str) or hasattr(given, "open")
