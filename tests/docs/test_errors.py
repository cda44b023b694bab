"""The page of errors says what tasks say: each message in it is one of the sources', with dots for what a run puts in."""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.pages import ROOT


def messages() -> list[str]:
    """Return every text of the package, with dots for what is put into it."""
    texts = []
    for path in (ROOT / "oro_provider").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.JoinedStr(values=parts):
                    texts.append(
                        "".join(str(part.value) if isinstance(part, ast.Constant) else "..." for part in parts)
                    )
                case ast.Constant(value=str(text)):
                    texts.append(re.sub(r"%[sdg]|%\.\df", "...", text))
                case _:
                    pass
    return texts


MESSAGES = messages()
PAGE = (ROOT / "docs" / "errors.md").read_text()
SAID = re.findall(r"^\| (.+?) \|", PAGE.partition("## What a task says")[2].partition("\n## ")[0], re.MULTILINE)[1:]


@pytest.mark.parametrize("said", [part.strip() for row in SAID for part in row.split(";")])
def test_a_task_says_what_the_page_says_it_does(said: str) -> None:
    # What stands between the dots comes in this order in one message.
    pattern = ".*?".join(re.escape(part.strip()) for part in said.split("...") if part.strip())
    assert any(re.search(pattern, message, re.DOTALL) for message in MESSAGES), said
