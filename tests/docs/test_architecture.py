"""The page of the architecture, the import contract and the code agree, and every module says what lives in it."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.pages import ROOT, prose

if TYPE_CHECKING:
    from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGE = ROOT / "docs" / "architecture.md"
PACKAGE = ROOT / "oro_provider"
MODULES = sorted(path for folder in ("oro_provider", "demo", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
# What is at the top of the package: rooms, and modules.
TOP = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists() or path.suffix == ".py"}
# Not worth a line: what Python asks for.
OBVIOUS = {"__init__.py", "__main__.py"}
SAID_NOTHING = re.compile(r"^(this )?(module|package|helpers?|utilit)", re.IGNORECASE)


def drawing() -> str:
    found = re.search(r"^## Rooms\n\n```text\n(.*?)```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def named(text: str) -> set[str]:
    """Return the rooms and modules that a part of the drawing names, as they are called on disk."""
    inside, _, _ = text.partition("\nbenchmarks/")
    return {name.rstrip("/") for name in re.findall(r"\b([a-z_]+(?:/|\.py))(?=[\s:,)])", inside)} - {"oro_provider"}


def drawn() -> set[str]:
    return named(drawing())


def contracts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    return found


def on_disk(dotted: str) -> str:
    name = dotted.strip().removeprefix("oro_provider.")
    return name if (PACKAGE / name).is_dir() else f"{name}.py"


def test_the_drawing_names_all_that_there_is_and_nothing_else() -> None:
    assert drawn() == TOP - OBVIOUS


@pytest.mark.parametrize("contract", contracts(), ids=lambda contract: contract["name"])
def test_what_the_contract_names_is_drawn(contract: dict[str, Any]) -> None:
    layers = contract.get("layers", []) + contract.get("source_modules", [])
    named = {on_disk(part) for layer in layers for part in re.split(r"[|:]", layer)}
    assert named <= drawn()


def test_every_room_is_in_the_contract() -> None:
    layers = next(contract["layers"] for contract in contracts() if contract["type"] == "layers")
    named = {on_disk(part) for layer in layers for part in re.split(r"[|:]", layer)}
    assert {name for name in TOP if (PACKAGE / name).is_dir()} <= named


def test_below_the_line_is_what_must_not_import_airflow() -> None:
    _, _, below = drawing().partition("Airflow stops here\n")
    names = {name.rstrip("/").removesuffix(".py") for name in named(below)}
    forbidden = next(contract for contract in contracts() if contract["type"] == "forbidden")
    assert {f"oro_provider.{name}" for name in names} == set(forbidden["source_modules"])
    assert "airflow" in forbidden["forbidden_modules"]


def test_modules_that_the_text_names_are_there() -> None:
    text = prose(PAGE)
    room = None
    for section in re.split(r"^## ", text, flags=re.MULTILINE):
        rooms = {"Loading": "load", "Reading": "extract"}
        room = rooms.get(section.splitlines()[0] if section else "")
        for name in re.findall(r"`([\w/]+\.py)`", section):
            places = [ROOT / name, PACKAGE / name, *([PACKAGE / room / name] if room else [])]
            assert any(place.exists() for place in places), name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_in_its_first_line_what_lives_there(path: Path) -> None:
    doc = ast.get_docstring(ast.parse(path.read_text()))
    assert doc, "no docstring"
    first = doc.splitlines()[0]
    assert not SAID_NOTHING.match(first)
    assert first.endswith((".", ":", ",")) or len(doc.splitlines()) > 1
    assert len(first.split()) > 2 or path.name == "__init__.py", first


def test_no_two_modules_of_a_room_say_the_same() -> None:
    said: dict[str, Path] = {}
    for path in MODULES:
        first = str(ast.get_docstring(ast.parse(path.read_text()))).splitlines()[0]
        assert first not in said, f"{path} and {said[first]}"
        said[first] = path
