"""A demo that is interrupted, or ended from elsewhere, leaves nothing running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from demo.__main__ import Teller, stop
from demo.environment import CHECKOUT
from demo.processes import marked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What `make demo` does with signals, around an Airflow that takes a while to start.
DEMO = """
import signal, sys
from pathlib import Path
from demo.__main__ import ENDING, end
from demo.stack import AirflowStack
for ending in ENDING:
    signal.signal(ending, end)
home = Path(sys.argv[1])
with AirflowStack(home / "airflow", home, {}):
    raise AssertionError("it was not interrupted")
"""


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A demo in a session of its own that has started its first process."""
    process = subprocess.Popen(
        [sys.executable, "-c", DEMO, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        start_new_session=True,
    )
    until = time.monotonic() + 30
    while not (tmp_path / "airflow" / "processes.json").exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    yield process
    process.kill()
    process.wait()
    stop(tmp_path, Teller())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_demo_and_what_it_started(
    demo: subprocess.Popen[bytes], tmp_path: Path, number: signal.Signals
) -> None:
    assert marked(tmp_path / "airflow")

    demo.send_signal(number)

    assert demo.wait(30) == 128 + number
    assert marked(tmp_path / "airflow") == []


def test_stop_ends_a_demo_that_runs_elsewhere(demo: subprocess.Popen[bytes], tmp_path: Path) -> None:
    stop(tmp_path, Teller())

    assert demo.wait(30) == 128 + signal.SIGTERM
    assert marked(tmp_path / "airflow") == []


def test_stop_ends_what_a_killed_demo_left(
    demo: subprocess.Popen[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo.kill()
    demo.wait()
    assert marked(tmp_path / "airflow")

    assert stop(tmp_path, Teller()) == 0

    assert marked(tmp_path / "airflow") == []
    assert "airflow: ended db-migrate" in capsys.readouterr().out


def test_stop_with_nothing_to_end_is_fine(tmp_path: Path) -> None:
    assert stop(tmp_path / "never", Teller()) == 0
