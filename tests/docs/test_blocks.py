"""Every code block of every page is executed or parsed, every link leads somewhere, and every path that is named is there."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.docs import python_blocks, shell
from tests.docs.pages import BLOCKS, PAGES, ROOT, Block, prose

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def check_python(block: Block, tmp_path: Path) -> None:
    if re.search(r"^def test_", block.text, re.MULTILINE):
        check_tests(block, tmp_path)
        return
    python_blocks.run(block.text.replace("/tmp/orocommerce", str(tmp_path)), str(block))


def check_tests(block: Block, tmp_path: Path) -> None:
    """Tests that a page shows pass, in a project of their own with the package installed."""
    (tmp_path / "test_page.py").write_text(block.text)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider --strict-markers\n")
    command = [sys.executable, "-m", "pytest", "-q", "test_page.py"]
    plugin = ["-p", "oro_provider.sandbox.pytest_plugin"]
    ran = subprocess.run([*command, *_unless_installed(plugin)], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]


def _unless_installed(plugin: list[str]) -> list[str]:
    from importlib.metadata import entry_points

    return [] if any(point.value == plugin[1] for point in entry_points(group="pytest11")) else plugin


def check_bash(block: Block, tmp_path: Path) -> None:
    for words in shell.commands(block.text):
        shell.check(words)


def check_console(block: Block, tmp_path: Path) -> None:
    prompts = [line[2:] for line in block.text.splitlines() if line.startswith("$ ")]
    assert prompts, "a console shows at least one command, after `$ `"
    for prompt in prompts:
        for words in shell.commands(prompt):
            shell.check(words)


def check_json(block: Block, tmp_path: Path) -> None:
    json.loads(block.text)


def check_ini(block: Block, tmp_path: Path) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(block.text)
    assert parser.sections()


def check_yaml(block: Block, tmp_path: Path) -> None:
    assert yaml.safe_load(block.text) is not None


def check_dockerfile(block: Block, tmp_path: Path) -> None:
    known = ("FROM", "COPY", "RUN", "#", " ")
    assert all(line.startswith(known) for line in block.text.splitlines() if line.strip())


def check_text(block: Block, tmp_path: Path) -> None:
    """Drawings only: what looks like code has to say in which language it is."""
    assert not re.search(r"^(from \w+|import \w+|\$ )", block.text, re.MULTILINE)


# What Sphinx itself reads, it checks.
DIRECTIVES = ("{toctree}", "{include}")
CHECKS: dict[str, Callable[[Block, Path], None]] = {
    "python": check_python,
    "bash": check_bash,
    "console": check_console,
    "json": check_json,
    "ini": check_ini,
    "yaml": check_yaml,
    "dockerfile": check_dockerfile,
    "text": check_text,
}


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language not in DIRECTIVES], ids=str)
def test_a_code_block_is_true(block: Block, tmp_path: Path) -> None:
    assert block.language in CHECKS, f"{block} has a language without a check"
    CHECKS[block.language](block, tmp_path)


def test_the_pages_of_the_reference_have_no_code_that_nothing_checks() -> None:
    for page in (ROOT / "docs").rglob("*.rst"):
        assert not re.search(r"code-block|code::|::\s*$|^>>>", page.read_text(), re.MULTILINE), page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_of_a_page_lead_somewhere(page: Path) -> None:
    text = prose(page)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []
    paths = re.findall(r"`((?:docs|dags|tests|oro_provider|demo|benchmarks|requirements)/[\w./-]*)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_within_a_sentence_are_ones_that_there_are(page: Path) -> None:
    for code in re.findall(r"`((?:make|python -m oro_provider[.\w]*|airflow|docker compose) [^`]*)`", prose(page)):
        if "..." not in code:
            for words in shell.commands(code):
                shell.check(words)
