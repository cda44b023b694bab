"""`python -m benchmarks [SUITE ...]`: a table, or with `--json` one object; the numbers and what each should be.

A suite is a module with `TARGETS` and `measure(rounds)`.
"""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks import extract, load
from benchmarks.targets import reached

SUITES = {"extract": extract, "load": load}

if __name__ == "__main__":
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    asked.add_argument("suites", nargs="*", metavar="SUITE", help=f"all by default: {', '.join(SUITES)}")
    asked.add_argument("--json", action="store_true", help="write the numbers as JSON")
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    if unknown := set(given.suites) - set(SUITES):
        asked.error(f"there is no suite {', '.join(sorted(unknown))}")
    found: dict[str, float] = {}
    for name in given.suites or SUITES:
        found |= SUITES[name].measure(given.rounds)
    if given.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        targets = {key: target for suite in SUITES.values() for key, target in suite.TARGETS.items()}
        for name, value in found.items():
            sign, target = targets[name]
            told = "reached" if reached(targets, name, value) else "NOT REACHED"
            sys.stdout.write(f"{name:28} {value:>12,.3f}   {sign} {target:<8g} {told}\n")
