"""The reference names everything that a DAG author imports, and nothing that is not there."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from typing import Any

import pytest

from oro_provider.get_provider_info import get_provider_info
from tests.docs.pages import ROOT

PAGES = sorted((ROOT / "docs" / "reference").glob("*.rst"))
NAMED = {
    name
    for page in PAGES
    for name in re.findall(r"^\.\. autoapi(?:class|function):: (\S+)$", page.read_text(), re.MULTILINE)
}


def published() -> list[str]:
    info: Any = get_provider_info()
    parts = [part for kind in ("hooks", "operators", "sensors", "triggers") for part in info[kind]]
    modules = [name for part in parts for name in part["python-modules"]]
    return [
        f"{module}.{node.name}"
        for module in [*modules, "oro_provider.api.errors"]
        for node in ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text()).body
        if isinstance(node, ast.ClassDef) and (node.name.startswith("OroCommerce") or module.endswith(".errors"))
    ]


@pytest.mark.parametrize("name", published())
def test_what_people_import_is_in_the_reference_and_has_a_docstring(name: str) -> None:
    assert name in NAMED
    module, _, attribute = name.rpartition(".")
    assert getattr(import_module(module), attribute).__doc__


@pytest.mark.parametrize("name", sorted(NAMED))
def test_what_the_reference_names_is_there(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    assert hasattr(import_module(module), attribute)


@pytest.mark.parametrize("name", [name for name in published() if ".operators." in name])
def test_every_argument_of_an_operator_is_documented(name: str) -> None:
    """Its own arguments in its own docstring, those it shares with the general operator there."""
    module, _, attribute = name.rpartition(".")
    kind = getattr(import_module(module), attribute)
    told = {
        param
        for one in kind.__mro__
        if one.__module__.startswith("oro_provider.")
        for param in re.findall(r":param (\w+):", one.__doc__ or "")
    }
    (own,) = [
        node
        for node in ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == attribute
    ]
    inits = [node for node in own.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
    arguments = {argument.arg for init in inits for argument in init.args.kwonlyargs}
    assert arguments - told == set()
