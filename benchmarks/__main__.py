"""`python -m benchmarks`: a table, or with `--json` one object; the numbers and what each should be."""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks import extract, load

if __name__ == "__main__":
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    asked.add_argument("--json", action="store_true", help="write the numbers as JSON")
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    found = {**extract.measure(given.rounds), **load.measure(given.rounds)}
    if given.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        for name, value in found.items():
            part = extract if name in extract.TARGETS else load
            sign, target = part.TARGETS[name]
            told = "reached" if part.reached(name, value) else "NOT REACHED"
            sys.stdout.write(f"{name:28} {value:>12,.3f}   {sign} {target:<8g} {told}\n")
