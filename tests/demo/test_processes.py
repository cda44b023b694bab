"""Ending processes: the tree, those that left it, and what a killed demo leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from demo.environment import CHECKOUT, plain
from demo.processes import Birth, ProcessDiedError, Processes, left_over, marked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A leader that ignores SIGTERM, and a child that left its session as a daemon does.
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    Processes(tmp_path).stop(grace=0)


def wait_for(condition: object, *, timeout: float = 20.0) -> None:
    assert callable(condition)
    until = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def start_stubborn(home: Path) -> Processes:
    processes = Processes(home)
    processes.start("stubborn", [sys.executable, "-c", STUBBORN], plain(home))
    wait_for(lambda: processes.tail("stubborn").count("up") == 2)
    return processes


def test_stop_ends_a_leader_that_ignores_the_signal_and_a_child_that_left_its_session(home: Path) -> None:
    processes = start_stubborn(home)
    assert len(marked(home)) == 2

    killed = processes.stop(grace=0.2)

    assert len(killed) == 2
    assert marked(home) == []
    assert not processes.ledger.exists()


def test_a_process_that_died_is_an_error_with_the_end_of_its_log(home: Path) -> None:
    processes = Processes(home)
    processes.start("short", [sys.executable, "-c", "print('what went wrong'); raise SystemExit(3)"], plain(home))
    wait_for(lambda: processes.children["short"].poll() is not None)

    with pytest.raises(ProcessDiedError, match=r"short ended with status 3(.|\n)*what went wrong"):
        processes.check()


def test_what_a_killed_demo_left_is_found_by_its_ledger(home: Path) -> None:
    start = (
        "import sys; from pathlib import Path; from demo.processes import Processes; from demo.environment import plain;"
        "home = Path(sys.argv[1]); processes = Processes(home);"
        "processes.start('left', [sys.executable, '-c', 'import time; time.sleep(600)'], plain(home));"
        "print('up', flush=True); import time; time.sleep(600)"
    )
    demo = subprocess.Popen(
        [sys.executable, "-c", start, str(home)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    assert demo.stdout is not None
    demo.stdout.readline()
    owner, _ = left_over(home)
    assert owner is not None
    assert owner.pid == demo.pid

    demo.kill()
    demo.wait()
    demo.stdout.close()
    owner, processes = left_over(home)

    assert owner is None
    assert [birth.name for birth in processes.births] == ["left"]
    processes.stop()
    assert marked(home) == []


def test_an_id_that_now_belongs_to_another_process_is_left_alone() -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        now = Birth.of("other", other.pid)
        assert now is not None
        before = Birth("other", other.pid, now.started - 1)

        before.send(signal.SIGKILL)

        assert not before.alive()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
