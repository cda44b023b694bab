"""`python -m demo`: the demo from start to end. `--keep` leaves store and Airflow running, `--stop` ends them."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING

import requests

from demo.environment import CHECKOUT
from demo.processes import left_over
from demo.scenario import DAGS, Places, Scenario, prepare
from demo.stack import AirflowStack
from demo.store import Store
from demo.summary import table

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

HOME = CHECKOUT / ".demo"
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHOWN = 20  # differences


class Teller:
    """Prints how far the demo is, with the seconds since it began."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, words: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - self._began:5.1f} s] {words}\n")
        sys.stdout.flush()


def end(number: int, frame: FrameType | None) -> None:
    """Leave by the exit of every block, which ends what it started; a second signal does not interrupt that."""
    for ending in ENDING:
        signal.signal(ending, signal.SIG_IGN)
    raise SystemExit(128 + number)


def stop(home: Path, say: Teller) -> int:
    """End what a demo left running, and that demo itself first if it still is."""
    owners = set()
    for part in ("airflow", "store"):
        owner, processes = left_over(home / part)
        if owner and owner not in owners:
            owners.add(owner)
            say(f"ending the demo that runs as process {owner.pid}")
            owner.send(signal.SIGTERM)
            until = time.monotonic() + 30
            while owner.alive() and time.monotonic() < until:
                time.sleep(0.1)
        names = [birth.name for birth in processes.births if birth.alive()]
        killed = processes.stop()
        if names or killed:
            say(f"{part}: ended {', '.join(names) or f'{len(killed)} processes'}")
    say("nothing of the demo is running")
    return 0


def run(home: Path, say: Teller, *, keep: bool) -> int:
    """The demo; 0 when store and warehouse hold what they should."""
    for part in ("airflow", "store"):
        owner, processes = left_over(home / part)
        if owner:
            say(f"a demo runs as process {owner.pid}: `make demo-stop` ends it")
            return 1
        processes.stop()
    shutil.rmtree(home, ignore_errors=True)
    places = Places.below(home)
    say("sandbox store: starting")
    sandbox = Store(home / "store")
    with sandbox as store:
        before = prepare(store, places)
        say(f"sandbox store: {len(before.products)} products at {store.url}")
        with AirflowStack(home / "airflow", DAGS, places.environment(store.connection()), progress=say) as stack:
            scenario = Scenario(store, stack, places, before, say)
            wrong = scenario.run()
            if keep:
                sandbox.keep()
                stack.keep()
    sys.stdout.write(f"\n{table(scenario.rows)}\n\n")
    for difference in wrong[:SHOWN]:
        sys.stdout.write(f"WRONG: {difference}\n")
    say(f"{len(wrong)} differences" if wrong else "store and warehouse hold exactly what they should")
    if keep:
        say(f"Airflow's UI is at {stack.url}, the store's API at {store.url}; `make demo-stop` ends them")
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave store and Airflow running")
    parser.add_argument("--stop", action="store_true", help="end what a demo left running")
    arguments = parser.parse_args()
    for ending in ENDING:
        signal.signal(ending, end)
    say = Teller()
    try:
        return stop(HOME, say) if arguments.stop else run(HOME, say, keep=arguments.keep)
    except (
        RuntimeError,
        TimeoutError,
        requests.RequestException,
    ) as error:  # what failed says enough by itself; all is ended by now
        say(f"failed: {error}")
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
