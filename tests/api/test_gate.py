"""How many requests are in flight: the limit of a process, halved while the store is pressed, raised as it answers."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from oro_provider.api.gate import Gate, Pressure


@pytest.mark.parametrize(
    ("status", "seconds", "limit"),
    [(200, 0.1, 8), (429, 0.1, 4), (502, 0.1, 4), (503, 0.1, 4), (504, 0.1, 4), (None, 0.1, 4), (200, 31, 4), (500, 1, 8),
     (404, 0.1, 8)],
)  # fmt: skip
def test_signs_of_pressure_halve_the_limit(status: int | None, seconds: float, limit: float) -> None:
    assert Pressure(8.0).after(status, seconds, 100.0, most=8, patience=30).limit == limit


def test_the_answers_of_one_moment_halve_it_once_and_it_never_falls_below_one() -> None:
    pressure = Pressure(8.0)
    for now, limit in ((10.0, 4), (10.5, 4), (11.5, 2), (13.0, 1), (15.0, 1)):
        pressure = pressure.after(503, 1.0, now, most=8, patience=30)
        assert pressure.limit == limit


def test_a_round_of_good_answers_raises_it_by_one_up_to_the_connections() -> None:
    pressure = Pressure(2.0)
    for _ in range(2):
        pressure = pressure.after(200, 0.1, 0.0, most=3, patience=30)
    assert 2.8 < pressure.limit < 3
    for _ in range(20):
        pressure = pressure.after(200, 0.1, 0.0, most=3, patience=30)
    assert pressure.limit == 3


def test_clients_of_several_loops_share_the_places() -> None:
    gate, busy, most = Gate(3, 30), [0], [0]
    lock = threading.Lock()

    async def request() -> None:
        await gate.enter()
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        await asyncio.sleep(0.002)
        with lock:
            busy[0] -= 1
        gate.leave(200, 0.002)

    async def many() -> None:
        await asyncio.gather(*(request() for _ in range(20)))

    threads = [threading.Thread(target=asyncio.run, args=(many(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most[0] == 3


async def test_a_caller_that_gives_up_leaves_its_place_to_the_next() -> None:
    gate = Gate(1, 30)
    await gate.enter()
    impatient = asyncio.create_task(gate.enter())
    patient = asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    impatient.cancel()
    gate.leave(200, 0.1)
    await asyncio.wait_for(patient, 1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_that_was_closed_over_its_requests_gives_its_places_back() -> None:
    gate = Gate(1, 30)
    held: list[asyncio.Task[None]] = []

    async def request() -> None:
        await gate.enter()
        try:
            await asyncio.sleep(100)
        except BaseException:
            gate.give_back()
            raise

    async def begin() -> None:
        held.extend(asyncio.create_task(request()) for _ in range(2))
        await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(begin())
    loop.close()
    for task in held:
        task.get_loop().call_exception_handler = lambda context: None  # type: ignore[method-assign]  # of what is forgotten
    held.clear()
    del task, loop
    gc.collect()
    asyncio.run(asyncio.wait_for(gate.enter(), 1))
