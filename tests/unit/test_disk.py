"""What counts as a disk of this machine, on every Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oro_provider.disk import on_disk, replace_file
from oro_provider.paths import path_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("memory")


@pytest.mark.parametrize(
    ("target", "there"),
    [("/lake", True), ("lake/orders", True), ("file:///lake", True), ("memory://lake/orders", False)],
)
def test_a_disk_is_told_from_object_storage(target: str, there: bool) -> None:
    assert on_disk(path_of(target)) is there
    assert on_disk(path_of(target) / "orders" / "manifest.json") is there


def test_what_has_no_scheme_is_on_a_disk_whatever_it_was_given_as(tmp_path: Path) -> None:
    assert on_disk(path_of(tmp_path))
    assert not on_disk(str(tmp_path)), "a text is no path yet"


@pytest.mark.parametrize("place", ["disk", "bucket"])
def test_a_file_is_replaced_whole(tmp_path: Path, place: str) -> None:
    path = path_of(tmp_path if place == "disk" else f"memory://{tmp_path.name}") / "state.json"
    for content in (b"the first", b"second"):
        replace_file(path, content)
        assert path.read_bytes() == content
    assert [found.name for found in path.parent.iterdir()] == ["state.json"]
