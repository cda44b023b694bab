"""The docs' pictures of Airflow's UI: each is on a page and has its text, and the form's texts are the connection's fields as they are now.

What the pages themselves show is compared in a browser (`make browser`).
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from oro_provider.connection import FIELDS
from tests.docs.pages import PAGES, ROOT

IMAGES = ROOT / "docs" / "images"
PICTURES = sorted(IMAGES.glob("*.png"))
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
TAKE_ANEW = "`make browser PICTURES=1` takes the pictures anew"


def test_the_pages_show_each_picture_with_words_and_no_other() -> None:
    shown = {
        (page.parent / path).resolve(): words for page in PAGES for words, path in _IMAGE.findall(page.read_text())
    }
    assert {path for path in shown if path.suffix == ".png"} == set(PICTURES)
    assert all(shown[path].strip() for path in PICTURES)


def test_each_picture_has_its_text() -> None:
    assert {path.stem for path in IMAGES.glob("*.json")} == {path.stem for path in PICTURES}


@pytest.mark.parametrize(("picture", "column"), [("connection-form", True), ("connection-form-extras", False)])
def test_the_form_in_the_picture_has_the_words_of_the_fields(picture: str, column: bool) -> None:
    text: dict[str, Any] = json.loads((IMAGES / f"{picture}.json").read_text())
    shown = {
        field["label"]: (field.get("help", ""), field.get("placeholder", ""))
        for field in text["fields"]
        if field["label"] != "Description"  # Airflow's own
    }
    ours = [field for field in FIELDS if field.column is column and not field.hidden]
    assert shown == {field.label: (field.description, field.placeholder or "") for field in ours}, TAKE_ANEW
