"""Contents of files that rows name: their sizes when a load is planned, their bytes when a request is made.

Between the two only the path is kept, so that no more of them is in memory than a request holds.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import dataclass
from mimetypes import guess_type
from typing import TYPE_CHECKING, Any

from oro_provider.api.documents import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from oro_provider.api.documents import JsonObject
    from oro_provider.load.plan import Action
    from oro_provider.load.rows import Fields, FilePlace, Row

CONTENT = "content"
# Looks at files side by side: one at an object store takes tens of milliseconds.
LOOKS = 16


@dataclass(frozen=True, slots=True)
class Content:
    """A file to be sent: its name, where it is, and how many bytes it has."""

    name: str
    path: Any
    size: int

    @property
    def attributes(self) -> dict[str, Any]:
        """What a record of the file is sent with; this stands for the content until the request is made."""
        return {
            "originalFilename": self.name,
            "mimeType": guess_type(self.name)[0],
            "fileSize": self.size,
            CONTENT: self,
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """The sizes of files in bytes, by path, and why the others cannot be read."""

    sizes: Mapping[str, int]
    problems: Mapping[str, str]


def file_places(fields: Fields) -> Iterator[tuple[str, FilePlace]]:
    """Yield the files that a row names, each with the row's field."""
    for name, place in fields.files.items():
        yield f"{fields.prefix}{name}", place
    for parts in fields.parts.values():
        for part in parts:
            yield from file_places(part)


async def measure(rows: Iterable[Row], open_path: Callable[[str], Any]) -> Measured:
    """Look at every file that these rows name."""
    paths = list(dict.fromkeys(place.path for row in rows for _, place in file_places(row.fields)))
    sizes: dict[str, int] = {}
    problems: dict[str, str] = {}
    slots = asyncio.Semaphore(LOOKS)

    async def look(path: str) -> None:
        async with slots:
            try:
                sizes[path] = await asyncio.to_thread(lambda: int(open_path(path).stat().st_size))
            except (OSError, ValueError) as error:
                problems[path] = f"cannot be read by this worker: {path}: {getattr(error, 'strerror', None) or error}"
            else:
                if sizes[path] == 0:
                    problems[path] = f"is an empty file: {path}"

    await asyncio.gather(*map(look, paths))
    return Measured(sizes, problems)


def body_bytes(action: Action) -> int:
    """Return how many bytes an action takes in a request, without reading a file."""
    bare: list[JsonObject] = []
    more = 0
    for part in action.included:
        content = _content_of(part)
        if content is None:
            bare.append(part)
        else:
            bare.append(_with_content(part, ""))
            more += 4 * -(-content.size // 3)
    return len(encode(action.data, bare)) + more


async def with_contents(included: Sequence[JsonObject]) -> list[JsonObject]:
    """Return included records as they are sent: with the bytes of their files in base64."""
    if not any(_content_of(part) for part in included):
        return list(included)
    return await asyncio.to_thread(lambda: [_read(part) for part in included])


def _read(part: JsonObject) -> JsonObject:
    content = _content_of(part)
    return part if content is None else _with_content(part, b64encode(content.path.read_bytes()).decode())


def _content_of(part: JsonObject) -> Content | None:
    content = part.get("attributes", {}).get(CONTENT)
    return content if isinstance(content, Content) else None


def _with_content(part: JsonObject, text: str) -> JsonObject:
    return {**part, "attributes": {**part["attributes"], CONTENT: text}}
