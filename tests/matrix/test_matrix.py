"""The tests on the other versions of Airflow and Python: each Airflow on this Python, the newest Airflow on each Python that this
machine has, and what is the newest of everything today. Each in a venv of its own.

What imports no Airflow is tested once a Python, with the newest. Pythons are looked for on the PATH and among pyenv's; one that
is not there is not tried, and the name of each test says what was.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from oro_provider.capabilities import AIRFLOWS

CHECKOUT = Path(__file__).resolve().parents[2]
VENVS = CHECKOUT / ".cache" / "matrix"
NEWEST = AIRFLOWS[-1]
UNPINNED = "unpinned"
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def python_of(version: str) -> str | None:
    """Return an interpreter of this version that works."""
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python{version}"), *map(str, home.glob(f"versions/{version}.*/bin/python3"))]
    for candidate in filter(None, candidates):
        answer = subprocess.run(
            [candidate, "-c", "import venv, sys; print(sys.version)"], capture_output=True, text=True
        )
        if answer.returncode == 0 and answer.stdout.startswith(f"{version}."):
            return candidate
    return None


FOUND = {HERE: sys.executable} | {
    version: python for version in NEWEST.pythons if version != HERE and (python := python_of(version)) is not None
}
CASES = [
    *((airflow.name, HERE, "test-on-airflow") for airflow in AIRFLOWS[:-1] if HERE in airflow.pythons),
    *((NEWEST.name, version, "test") for version in FOUND),
    (UNPINNED, HERE, "test-on-airflow"),
]


@pytest.mark.matrix
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("airflow", "version", "target"), CASES)
def test_the_tests_pass(airflow: str, version: str, target: str) -> None:
    venv = VENVS / f"airflow-{airflow}-python-{version}"
    # Of the environment only what make needs: an activated venv or a set AIRFLOW_HOME must not reach the other one.
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    make = ["make", "--no-print-directory", f"PYTHON={FOUND[version]}", f"AIRFLOW={airflow}", f"VENV={venv}", target]
    done = subprocess.run(make, cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    sys.stdout.write(done.stdout[-3000:])
    sys.stderr.write(done.stderr[-3000:])
    assert done.returncode == 0, f"Airflow {airflow} on Python {version}: see the output above"
