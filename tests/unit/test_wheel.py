"""What is shipped: the package, whole, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (made,) = target.glob("*.whl")
    return zipfile.ZipFile(made)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    shipped = {name for name in wheel.namelist() if not name.split("/")[0].endswith(".dist-info")}
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "oro_provider"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shipped == set(tracked.stdout.split())
    assert "oro_provider/py.typed" in shipped


def test_the_wheel_names_its_licence_entry_point_and_needs(wheel: zipfile.ZipFile) -> None:
    info = {name.split("/", 1)[1]: name for name in wheel.namelist() if ".dist-info/" in name}
    assert "licenses/LICENSE" in info
    assert "oro_provider.get_provider_info:get_provider_info" in wheel.read(info["entry_points.txt"]).decode()
    metadata = wheel.read(info["METADATA"]).decode()
    needs = [
        line.split()[1]
        for line in metadata.splitlines()
        if line.startswith("Requires-Dist:") and "extra ==" not in line
    ]
    names = {need.split(">=")[0] for need in needs}
    assert all(">=" in need and "<" not in need for need in needs)
    assert names == {"apache-airflow", "apache-airflow-providers-http", "requests", "urllib3", "aiohttp", "msgspec"}


def test_every_dependency_is_in_the_lock_of_every_airflow(wheel: zipfile.ZipFile) -> None:
    for lock in (ROOT / "requirements").glob("airflow-*.txt"):
        locked = {line.split("==")[0].split("[")[0] for line in lock.read_text().splitlines() if "==" in line}
        assert {"apache-airflow-providers-http", "requests", "urllib3", "aiohttp", "msgspec"} <= locked, lock.name
