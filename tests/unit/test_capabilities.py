"""The table of capabilities is true of the Airflow that runs, is what the locks pin, and is the only reason to skip a test."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import airflow as installed
import pytest

from oro_provider.capabilities import AIRFLOWS, CAPABILITIES, STORES, Capability
from oro_provider.sandbox.versions import FACTS
from oro_provider.version_compat import RELEASE

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SKIPS = frozenset({"skip", "skipif", "importorskip", "skipTest", "xfail"})
# A real store that somebody named, and that may not be written to; with the sandbox nothing is skipped there.
FOREIGN_STORE = frozenset({"tests/contract/test_contract.py", "tests/integration/store.py"})


def is_there(seen: str) -> bool:
    """Whether this Airflow has the module, the name in it (`module:name`), or the text in its source (`module#text`, `files/*.js#text`)."""
    place, _, text = seen.partition("#")
    if "/" in place:
        return any(text in path.read_text() for path in Path(installed.__file__).parent.glob(place))
    module, _, name = place.partition(":")
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return False
    if spec is None or spec.origin is None:
        return False
    if text:
        return text in Path(spec.origin).read_text()
    found: object = importlib.import_module(module)
    for part in filter(None, name.split(".")):
        found = getattr(found, part, None)
    return found is not None


@pytest.mark.parametrize("capability", CAPABILITIES.values(), ids=lambda one: one.name)
def test_this_airflow_has_what_the_table_says_and_lacks_the_rest(capability: Capability) -> None:
    assert is_there(capability.seen) is (capability.since <= RELEASE)


def test_every_minor_has_a_lock_of_the_release_that_is_named() -> None:
    locks = {path.stem: path.read_text() for path in (ROOT / "requirements").glob("airflow-*.txt")}
    assert locks.keys() == {f"airflow-{airflow.name}" for airflow in AIRFLOWS}
    for airflow in AIRFLOWS:
        assert f"\napache-airflow=={airflow.tested}\n" in locks[f"airflow-{airflow.name}"]


def test_every_python_and_store_is_one_that_we_say_we_support() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    for python in {python for airflow in AIRFLOWS for python in airflow.pythons}:
        assert f'"Programming Language :: Python :: {python}",' in project
    assert set(STORES) <= FACTS.keys()


def skips(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name in SKIPS and ("pytest" in ast.unparse(node) or isinstance(node, ast.Name)):
            yield f"{path.relative_to(ROOT)}:{node.lineno}"


def test_nothing_is_skipped_but_by_the_table() -> None:
    found = {place for path in (ROOT / "tests").rglob("*.py") for place in skips(path)}
    files = {place.partition(":")[0] for place in found}
    assert files - FOREIGN_STORE == {"tests/conftest.py"}, sorted(found)
