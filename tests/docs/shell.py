"""Commands in the pages, held against what would take them: parsers, the Makefile, the programs that are there."""

from __future__ import annotations

import re
import shlex
import subprocess
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_BETWEEN = {"|", "||", "&&", ";", "&"}
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
# Programs that are not ours and not here; what they take is theirs.
OUTSIDE = frozenset({"aws", "bin/console", "curl", "gcloud"})
_BUILTIN = frozenset({".", "cd", "export", "kill", "mkdir"})


def commands(script: str) -> Iterator[list[str]]:
    """Yield the commands of a script, each as its words; a `<place>` to fill in is a word, and what a command prints a date."""
    script = re.sub(r"<([\w ./-]+)>", lambda found: found[1].replace(" ", "_"), script)
    script = re.sub(r"\$\([^()]+\)", "2026-11-21", script)
    checked = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
    assert checked.returncode == 0, checked.stderr
    for line in _whole_lines(script):
        words: list[str] = []
        for word in _words(line):
            if word in _BETWEEN:
                yield words
                words = []
            else:
                words.append(word)
        if words:
            yield words


def _whole_lines(script: str) -> Iterator[str]:
    """Join lines whose quotes are still open, or which end in a backslash."""
    begun = ""
    for line in script.splitlines():
        begun += line + "\n"
        if begun.endswith("\\\n"):
            begun = begun[:-2]
            continue
        try:
            shlex.split(begun, comments=True)
        except ValueError:
            continue
        yield begun
        begun = ""


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    return list(lexer)


def check(words: Sequence[str]) -> None:
    """Fail where a command would not be taken."""
    while words and _ASSIGNMENT.match(words[0]):
        words = words[1:]
    if not words:
        return
    program, *arguments = words
    if program in OUTSIDE or program in _BUILTIN:
        return
    assert program in _CHECKS, f"nothing here knows what {program} takes"
    _CHECKS[program](arguments)


def _make(arguments: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split()
    for argument in arguments:
        name, assigned, _ = argument.partition("=")
        if assigned:
            assert re.search(rf"\$\((if )?{name}\b|^{name} \?=", makefile, re.MULTILINE), f"make knows no {name}"
        else:
            assert name in targets, f"make knows no {name}"


def _python(arguments: list[str]) -> None:
    assert arguments[0] == "-m" or (ROOT / arguments[0]).is_file(), arguments
    if arguments[0] != "-m":
        return
    module, *rest = arguments[1:]
    assert find_spec(module) is not None, module
    if module == "oro_provider":
        _ours(rest)
    elif module == "oro_provider.sandbox":
        from oro_provider.sandbox.__main__ import parser

        parser().parse_args(rest)


def _ours(arguments: list[str]) -> None:
    from oro_provider.cli import parser

    parser().parse_args(arguments)


def _airflow(arguments: list[str]) -> None:
    if arguments[0] == "orocommerce":
        _ours(arguments[1:])
        return
    from airflow.cli.cli_parser import get_parser

    get_parser().parse_args(arguments)


def _pip(arguments: list[str]) -> None:
    assert arguments[0] == "install", arguments


def _docker(arguments: list[str]) -> None:
    assert arguments[0] == "compose", arguments
    import yaml

    services = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]
    known = {*services, *(profile for service in services.values() for profile in service.get("profiles", ()))}
    named = [argument for argument in arguments[2:] if not argument.startswith("-")]
    assert set(named) <= {*known, "up", "down"}, named


_CHECKS: dict[str, Callable[[list[str]], None]] = {
    "airflow": _airflow,
    "docker": _docker,
    "make": _make,
    "pip": _pip,
    "python": _python,
}
