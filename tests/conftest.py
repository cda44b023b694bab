"""The Airflow of the tests: its home lies inside the checkout, one for each process, and goes when the process does.

Airflow reads these when it is imported, so they are set before any test module is. Also the one reason to skip a test: what
this Airflow lacks by the table in `oro_provider.capabilities`.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
from pathlib import Path

import pytest

from oro_provider.capabilities import CAPABILITIES
from tests.leaks import LeakSearch

_CHECKOUT = Path(__file__).resolve().parent.parent
_HOME = _CHECKOUT / ".tmp" / f"airflow-{os.getpid()}"


def _bundles(**folders: Path) -> str:
    """`dag.test()` runs only what lies in a bundle: the examples, and what tests write."""
    local = "airflow.dag_processing.bundles.local.LocalDagBundle"
    return json.dumps(
        [{"name": name, "classpath": local, "kwargs": {"path": str(path)}} for name, path in folders.items()]
    )


atexit.register(shutil.rmtree, _HOME, ignore_errors=True)

os.environ.update(
    AIRFLOW_HOME=str(_HOME),
    AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST=_bundles(examples=_CHECKOUT / "dags", written=_HOME / "dags"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="True",
)


def pytest_configure(config: pytest.Config) -> None:
    """Search what the tests leave for the secrets that they used."""
    config.pluginmanager.register(LeakSearch(_CHECKOUT / ".tmp"), "leaks")


@pytest.fixture(scope="session", autouse=True)
def leaks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LeakSearch:
    """The search; it looks into pytest's own temporary folder too, wherever that is."""
    plugin: LeakSearch = request.config.pluginmanager.get_plugin("leaks")
    plugin.look_into(tmp_path_factory.getbasetemp())
    return plugin


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked with a capability that this Airflow lacks: `@pytest.mark.capability("partitions")`."""
    needed = [(item, marker.args[0]) for item in items for marker in item.iter_markers("capability")]
    if needed:
        from oro_provider.version_compat import RELEASE

        for item, name in needed:
            if (since := CAPABILITIES[name].since) > RELEASE:
                item.add_marker(pytest.mark.skip(reason=f"{name} came with Airflow {since[0]}.{since[1]}"))


@pytest.fixture(scope="session")
def written_dags() -> Path:
    """A folder for DAG files that a test writes."""
    folder = _HOME / "dags"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Airflow's metadata database, for `dag.test()`."""
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """An object store in this process, by the scheme `memory`. As in S3 there is no folder where no file is."""
    from airflow.sdk.io import attach
    from fsspec.implementations.memory import MemoryFileSystem

    for making in ("mkdir", "makedirs"):
        monkeypatch.setattr(MemoryFileSystem, making, lambda self, path, *args, **kwargs: None)
    attach(protocol="memory", fs=MemoryFileSystem())
