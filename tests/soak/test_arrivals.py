"""Bursts of orders, late and back-dated ones among them, while components are killed and the store fails: none is lost."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.system.arrivals import ARRIVAL, Arrivals, arrivals
from tests.system.stack import QUICK_RECOVERY

MINUTES = float(os.environ.get("ORO_SOAK_MINUTES", "10"))
ORDERS_A_MINUTE = 200
BURST = 100
CATCH_UP = 300.0  # seconds after the last order
FAULTS = ("401", "429", "502", "reset_before")

pytestmark = [pytest.mark.soak, pytest.mark.timeout(MINUTES * 60 + CATCH_UP + 240)]


class Customers:
    """Those who order, in bursts: most at once, some with a date in the past, some in transactions that stay open a while."""

    def __init__(self, running: Arrivals, seed: int) -> None:
        self.shop = running.shop
        self.chance = random.Random(seed)
        self.made: set[int] = set()
        self.open: list[tuple[float, int]] = []

    def burst(self) -> None:
        with ThreadPoolExecutor(8) as customers:
            late = self.chance.randrange(1, 4)
            dates = [self._date() for _ in range(BURST - 2 * late)]
            self.made.update(map(int, customers.map(self.shop.order, dates)))
        for _ in range(late):
            id_ = self.shop.leave_gap()
            self.made.add(id_ + 1)
            self.open.append((time.monotonic() + self.chance.uniform(1, 60), id_))

    def commit(self, *, everything: bool = False) -> None:
        """Commit the transactions whose time has come."""
        due = [entry for entry in self.open if everything or entry[0] <= time.monotonic()]
        for entry in due:
            self.open.remove(entry)
            self.shop.commit_late(entry[1])
            self.made.add(entry[1])

    def _date(self) -> str | None:
        return "2020-05-05T05:05:05Z" if self.chance.random() < 0.05 else None


def test_no_order_is_lost_and_none_handed_over_twice() -> None:
    with arrivals("soak-arrivals", 5.0, QUICK_RECOVERY) as running:
        running.stack.unpause(ARRIVAL)
        running.stack.wait_runs(ARRIVAL, 1)
        for kind in FAULTS:
            running.shop.sandbox.fail(kind, method="GET", path="/admin/api/", rate=0.025)
        customers = Customers(running, seed=1)
        bursts = round(MINUTES * ORDERS_A_MINUTE / BURST)
        pause = MINUTES * 60 / bursts
        # Seven kills, spread over the time, at moments that have nothing to do with the bursts.
        kills = dict(
            zip(
                [round((number + 0.5) * bursts / 7) for number in range(7)],
                ["triggerer", "scheduler", "triggerer", "triggerer", "scheduler", "triggerer", "triggerer"],
                strict=True,
            )
        )
        for number in range(bursts):
            began = time.monotonic()
            customers.burst()
            moment = began + customers.chance.uniform(0.1, 0.9) * pause
            while time.monotonic() < began + pause:
                if number in kills and time.monotonic() >= moment:
                    running.stack.kill(kills.pop(number))
                customers.commit()
                time.sleep(0.2)
        customers.commit(everything=True)
        ended = time.monotonic()
        missing = running.wait_for(customers.made, CATCH_UP)
        # Measured, and worth to be read in a build's log.
        print(f"{len(customers.made)} orders; the last {time.monotonic() - ended:.0f} s after it was made")  # noqa: T201
        handed = Counter(running.handed_over())
        runs = Counter(run["state"] for run in running.stack.runs(ARRIVAL))
        print(f"{sum(runs.values())} runs: {dict(runs)}; kills left: {kills}")  # noqa: T201
    assert missing == set()
    assert [id_ for id_, times in handed.items() if times > 1] == []
    assert set(handed) == customers.made
