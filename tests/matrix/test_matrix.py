"""The whole suite on the other versions of Airflow and Python that this machine has, each in a venv of its own.

Pythons are looked for on the PATH and among pyenv's. A version that is not there is not tried, and the name of each test
says what was.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
VENVS = CHECKOUT / ".cache" / "matrix"
AIRFLOWS = ("3.1", "3.3")
# Airflow 3.1 ends at Python 3.13.
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
TOO_NEW = {("3.1", "3.14")}


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


FOUND = {version: python for version in PYTHONS if (python := python_of(version)) is not None}
CASES = [(airflow, version) for airflow, version in product(AIRFLOWS, FOUND) if (airflow, version) not in TOO_NEW]


@pytest.mark.matrix
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("airflow", "version"), CASES)
def test_the_suite_passes(airflow: str, version: str) -> None:
    venv = VENVS / f"airflow-{airflow}-python-{version}"
    # Of the environment only what make needs: an activated venv or a set AIRFLOW_HOME must not reach the other one.
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    make = ["make", "--no-print-directory", f"PYTHON={FOUND[version]}", f"AIRFLOW={airflow}", f"VENV={venv}", "test"]
    done = subprocess.run(make, cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    sys.stdout.write(done.stdout[-3000:])
    sys.stderr.write(done.stderr[-3000:])
    assert done.returncode == 0, f"Airflow {airflow} on Python {version}: see the output above"
