"""The pictures of the docs: beside each lies a text with what the page showed when it was taken, and the tests compare the two.

`make browser PICTURES=1` takes them anew and writes their texts.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from demo.environment import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.browser.page import Page

IMAGES = CHECKOUT / "docs" / "images"


def compare(page: Page, name: str, shown: Mapping[str, Any], xpath: str, height: int) -> None:
    """Compare what the page shows with what the docs' picture showed: an element, in a window of so many pixels."""
    text = IMAGES / f"{name}.json"
    if os.environ.get("PICTURES"):
        page.shoot(IMAGES / f"{name}.png", xpath, height)
        text.write_text(json.dumps(shown, indent=2, ensure_ascii=False) + "\n")
    stale = f"docs/images/{name}.png does not show what the page shows: `make browser PICTURES=1` takes it anew"
    assert json.loads(json.dumps(shown)) == json.loads(text.read_text()), stale
