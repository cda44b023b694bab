"""The generated tables of the documentation are those of the code, and what they name is there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

import oro_provider.entities.lookups as lookups
import oro_provider.operators.delete as delete
import oro_provider.operators.extract as extract
import oro_provider.operators.request as request
import oro_provider.operators.upsert as upsert

ROOT = Path(__file__).resolve().parents[2]


def _tables() -> Any:
    spec = importlib.util.spec_from_file_location("docs_tables", ROOT / "docs" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLES = _tables()


@pytest.mark.parametrize("page", list(TABLES.GENERATED))
def test_a_page_is_as_the_code_has_it(page: str) -> None:
    assert TABLES.filled(page) == (ROOT / "docs" / page).read_text(), "run: python docs/tables.py"


@pytest.mark.parametrize("entity", TABLES.ENTITIES.values(), ids=lambda entity: entity.type)
def test_a_field_is_told_once(entity: Any) -> None:
    told = [field for field, _, _ in TABLES._fields(entity)]
    assert [field for field in set(told) if told.count(field) > 1] == []


@pytest.mark.parametrize("row", TABLES.COVERAGE, ids=lambda row: row[0])
def test_what_covers_a_call_is_there_and_is_tested(row: Any) -> None:
    _, _, what, (test, path) = row
    assert any(hasattr(module, what) for module in (lookups, upsert, delete, request, extract)), what
    assert re.search(rf"^def {test}\(", (ROOT / path).read_text(), re.MULTILINE), test
