"""The pages that people read, and the code blocks in them. A new page below docs/ is one of them without being told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]
PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
# A fence may be indented, in a list.
_FENCE = re.compile(r"^( *)```(\S*)[^\n]*\n(.*?)^\1```[ ]*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A code block: where it stands, its language, its text, and the text of the page before it."""

    page: str
    line: int
    language: str
    text: str
    before: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}-{self.language or 'none'}"


def blocks_of(path: Path) -> list[Block]:
    """Return the code blocks of a page, in order."""
    page = path.read_text()
    return [
        Block(
            str(path.relative_to(ROOT)),
            page.count("\n", 0, found.start()) + 1,
            found[2],
            dedent(found[3]),
            page[: found.start()],
        )
        for found in _FENCE.finditer(page)
    ]


BLOCKS = tuple(block for path in PAGES for block in blocks_of(path))


def prose(path: Path) -> str:
    """Return a page without its code blocks."""
    return _FENCE.sub("", path.read_text())
