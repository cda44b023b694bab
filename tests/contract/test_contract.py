"""The contract suite: every case of `cases` against every version that it is about."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.case import Case, filled, missing
from tests.contract.cases import CASES
from tests.contract.conftest import TESTED, may_write
from tests.contract.world import Makings, World

_PAIRS = [
    pytest.param(version, case, id=f"{version}-{case.name}")
    for version in TESTED
    for case in CASES
    if case.holds_for(version)
]


@pytest.mark.parametrize(("version", "case"), _PAIRS)
def test_the_store_keeps_the_contract(worlds: dict[str, World], version: str, case: Case) -> None:
    if case.changes_the_store and not may_write():
        pytest.skip("this store may not be written to")
    world = worlds[version]
    makings = Makings(world)
    try:
        for name in case.needs:
            makings.need(name)
        _check(world, case, makings)
    finally:
        makings.sweep()


def _check(world: World, case: Case, makings: Makings) -> None:
    path, body = filled(case.path, makings.ids), filled(case.body, makings.ids)
    answer = world.send(case.method, path, body, filled(dict(case.headers), makings.ids))
    makings.made(answer)
    assert answer.status_code == case.status, f"{case.stands_for}: {answer.status_code} {answer.text[:600]}"
    for name, value in case.answer_headers.items():
        assert answer.headers.get(name) == (filled(value, makings.ids) if value else None), (
            f"{case.stands_for}: header {name}"
        )
    if case.empty:
        assert answer.text == "", case.stands_for
        return
    document: Any = (
        answer.json() if case.has is not None or case.errors or case.lacks or case.count is not None else None
    )
    if case.errors:
        errors = document["errors"] if isinstance(document, dict) else document
        for expected in case.errors:
            wanted = type(expected)(
                expected.title, filled(expected.detail, makings.ids), filled(expected.at, makings.ids)
            )
            assert any(wanted.matches(error) for error in errors), f"{case.stands_for}: {wanted} is not among {errors}"
    if case.has is not None:
        assert missing(filled(case.has, makings.ids), document) is None, case.stands_for
    if case.count is not None:
        assert len(document["data"]) == case.count, case.stands_for
    for gone in case.lacks:
        assert f'"{gone}":' not in answer.text.replace(" ", ""), f"{case.stands_for}: {gone} is there"


def test_names_are_unique_and_there_are_enough_cases() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert len(names) >= 400
