"""Reading, measured: each variant in a process of its own, in rounds, its ratio to a `requests.Session` loop of the same round.

Orders of 1.4 kB by the reader's fields and of 1.6 kB whole, pages of 100, a store that is never the bottleneck. Ratios are of
records a second (`speed`) and of CPU seconds a record (`cpu`); medians of the rounds.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.targets import Targets

# Seconds for which a variant is measured in a round, by as many runs as that takes: of one short run a noisy machine tells nothing.
MEASURED = 3.0
ROOT = Path(__file__).resolve().parents[1]
# dlt brings libraries that Airflow's constraints do not have, so it lives beside them (`make bench`).
DLT_PYTHON = ROOT / ".venv-bench" / "bin" / "python"

TARGETS: Targets = {
    "extract_objects_speed": (">=", 8.0),
    "extract_objects_cpu": ("<=", 0.15),
    "extract_objects_50ms_8": (">=", 7.5),
    "extract_objects_50ms_16": (">=", 14.0),
    "extract_records_speed": (">=", 2.0),
    "extract_records_cpu": ("<=", 0.6),
    "vs_httpoperator": (">=", 20.0),
    "vs_dlt_pipeline": (">=", 80.0),
    "million_growth_mb": ("<=", 40.0),
    "million_requests": ("<=", 10_300),
    "empty_window_requests": ("<=", 2),
}


@dataclass(frozen=True)
class Taken:
    """What a variant took."""

    records: int
    seconds: float
    cpu: float
    growth_mb: float = 0.0
    requests: int = 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(
            self.records + other.records,
            self.seconds + other.seconds,
            self.cpu + other.cpu,
            max(self.growth_mb, other.growth_mb),
            self.requests + other.requests,
        )

    def speed(self, other: Taken) -> float:
        """How many times as many records a second as the other."""
        return (self.records / self.seconds) / (other.records / other.seconds)

    def cost(self, other: Taken) -> float:
        """How much of the other's CPU time a record."""
        return (self.cpu / self.records) / (other.cpu / other.records)


@contextlib.contextmanager
def store(orders: int, latency: float = 0.0) -> Iterator[str]:
    """A benchmark store in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.store", "--orders", str(orders), "--latency", str(latency)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def run(variant: str, url: str, connections: int = 8) -> Taken:
    """Run a variant in a process of its own."""
    python = DLT_PYTHON if variant.startswith("dlt") else Path(sys.executable)
    environment = {
        **os.environ,
        "BENCH_CONNECTIONS": str(connections),
        "PYTHONPATH": str(ROOT),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "CRITICAL",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
    }
    command = [str(python), "-m", "benchmarks.readers", variant, url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    if done.returncode:
        raise RuntimeError(f"{variant} failed:\n{done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return Taken(**{name: told[name] for name in Taken.__dataclass_fields__ if name in told})


def measured(variant: str, url: str, connections: int) -> Taken:
    """Run a variant as often as it takes to measure it."""
    taken = run(variant, url, connections)
    while taken.seconds < MEASURED:
        taken += run(variant, url, connections)
    return taken


def rounds(base: str, variants: list[str], url: str, times: int, connections: int = 8) -> dict[str, dict[str, float]]:
    """Run the base and the variants in rounds, the order reversed every other time; return the medians of the ratios."""
    speeds: dict[str, list[float]] = {variant: [] for variant in variants}
    costs: dict[str, list[float]] = {variant: [] for variant in variants}
    for number in range(times):
        order = [base, *variants] if number % 2 == 0 else [*reversed(variants), base]
        taken = {variant: measured(variant, url, connections) for variant in order}
        for variant in variants:
            speeds[variant].append(taken[variant].speed(taken[base]))
            costs[variant].append(taken[variant].cost(taken[base]))
        tell(
            f"  round {number + 1}: "
            + ", ".join(f"{name} {one.records / one.seconds:,.0f}/s" for name, one in taken.items())
        )
    return {
        variant: {"speed": statistics.median(speeds[variant]), "cpu": statistics.median(costs[variant])}
        for variant in variants
    }


def tell(text: str) -> None:
    """Say how far it is, beside the output."""
    sys.stderr.write(f"{text}\n")


def measure(times: int) -> dict[str, float]:
    """Measure everything; return the numbers by the keys of `TARGETS`."""
    found: dict[str, float] = {}
    tell("100,000 orders, no latency")
    with store(100_000) as url:
        ratios = rounds("session", ["objects"], url, times)
        found["extract_objects_speed"] = ratios["objects"]["speed"]
        found["extract_objects_cpu"] = ratios["objects"]["cpu"]
        tell("the same with their lines, joined")
        ratios = rounds("session_lines", ["records_lines"], url, times)
        found["extract_records_speed"] = ratios["records_lines"]["speed"]
        found["extract_records_cpu"] = ratios["records_lines"]["cpu"]
    tell("30,000 orders, 50 ms a request")
    with store(30_000, 0.05) as url:
        found["extract_objects_50ms_8"] = rounds("session", ["objects"], url, times)["objects"]["speed"]
        found["extract_objects_50ms_16"] = rounds("session", ["objects"], url, times, 16)["objects"]["speed"]
    peers = {"http_operator": "vs_httpoperator", "dlt_pipeline": "vs_dlt_pipeline"}
    if not DLT_PYTHON.exists():
        tell(f"dlt is not measured: {DLT_PYTHON} is not there (make bench installs it)")
        del peers["dlt_pipeline"]
    tell("Airflow's HttpOperator and dlt's pipeline to files, 100,000 orders")
    with store(100_000) as url:
        found |= {peers[name]: 1 / ratio["speed"] for name, ratio in rounds("objects", [*peers], url, times).items()}
    tell("a million orders")
    with store(1_000_000) as url:
        million = run("objects", url)
    assert million.records == 1_000_000
    found |= {"million_growth_mb": million.growth_mb, "million_requests": million.requests}
    with store(0) as url:
        found["empty_window_requests"] = run("objects", url).requests
    return {name: round(value, 3) for name, value in found.items()}
