"""The Airflow of the tests: its home lies inside the checkout, one for each process, and goes when the process does.

Airflow reads these when it is imported, so they are set before any test module is.
"""

from __future__ import annotations

import atexit
import os
import shutil
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parent.parent
_HOME = _CHECKOUT / ".tmp" / f"airflow-{os.getpid()}"
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)

os.environ.update(
    AIRFLOW_HOME=str(_HOME),
    AIRFLOW__CORE__DAGS_FOLDER=str(_CHECKOUT / "dags"),  # `dag.test()` runs only what lies in a bundle
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="True",
)
