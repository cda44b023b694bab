"""What operators are given to load: rows from a list, an XCom, a file or a manifest, or a document; and what Airflow may show of it.

Rows are customers' data, and Airflow stores the rendered fields of a task, so once rendered a summary stands in their place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from oro_provider.arguments import from_text, is_structure, mapping


class Records:
    """Rows that were given to an operator. Iterating yields them; as text it is a summary without any value of theirs."""

    def __init__(self, given: Any, *, inside: str | None = None) -> None:
        """`inside`: the member of each record that is the row, as in a file of rejects."""
        # An iterator is gone when it was read, and rows may be read more than once.
        self._given = list(given) if isinstance(given, Iterator) else given
        self._inside = inside

    @classmethod
    def of(cls, given: Any) -> Records:
        """Return rows that were given, or are these already."""
        return given if isinstance(given, Records) else cls(given)

    def __iter__(self) -> Iterator[Any]:
        for record in self._records():
            yield record[self._inside] if self._inside is not None else record

    @property
    def source(self) -> str | None:
        """The path of the rows' file, or of the entity's folder that an extract wrote; None for rows that were handed over."""
        given = self._given
        if isinstance(given, Mapping) and "files" in given:
            return folder_of(given)
        return str(given) if _is_path(given) else None

    def _records(self) -> Iterator[Any]:
        given = from_text(self._given, "records")
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
        if isinstance(given, str):
            return "rows (text)"
        try:
            return f"{len(given)} rows"
        except TypeError:
            return f"rows ({type(given).__name__})"

    def serialize(self) -> str:
        """What Airflow stores as the rendered field."""
        return str(self)


class Names(Mapping[str, Mapping[str, str]]):
    """Ids by field and name, as they were resolved; as text it tells how many, since names may be people's."""

    def __init__(self, given: Mapping[str, Mapping[str, str]]) -> None:
        self._given = given

    def __getitem__(self, field: str) -> Mapping[str, str]:
        return self._given[field]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def __str__(self) -> str:
        return ", ".join(f"{len(ids)} {field}" for field, ids in self._given.items()) or "no names"

    def serialize(self) -> str:
        """What Airflow stores as the rendered field."""
        return str(self)


class Document:
    """A document to send; as text it tells what it is of, and no value."""

    def __init__(self, given: Any) -> None:
        self._given = given

    @classmethod
    def of(cls, given: Any) -> Document | None:
        """Return a document that was given, or is one already; None where there is none."""
        return given if given is None or isinstance(given, Document) else cls(given)

    def encoded(self) -> bytes:
        """Return it as JSON; raise `ValueError` where it is no dict."""
        return json.dumps(mapping(self._given, "data"), allow_nan=False).encode()

    def __str__(self) -> str:
        data = self._given.get("data") if isinstance(self._given, Mapping) else None
        type_ = data.get("type") if isinstance(data, Mapping) else None
        return f"a document of {type_}" if isinstance(type_, str) else "a document"

    def serialize(self) -> str:
        """What Airflow stores as the rendered field."""
        return str(self)


def folder_of(manifest: Mapping[str, Any]) -> str:
    """Return the entity's folder in which the extract of a manifest lies: the one above its windows."""
    head, found, _ = str(manifest["path"]).rpartition(f"/{manifest['entity']}/")
    return f"{head}/{manifest['entity']}" if found else head


def _is_path(given: Any) -> bool:
    return (isinstance(given, str) and not is_structure(given)) or hasattr(given, "open")
