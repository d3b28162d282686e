"""``python -m tests.simulation``: many runs by seed, or one with its history.

Exit code 1 if any run broke an invariant.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.simulation.drawing import plan_of
from tests.simulation.running import Run, simulate
from tests.simulation.seeds import runs_of

_SEEDS = 10_000
_IN_FULL = 3  # failures whose history is printed


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=_SEEDS, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, help="only this one, with its history")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (%(default)s)")
    asked = parser.parse_args(argv)
    if asked.seed is not None:
        return _one(asked.seed)
    return _many(asked.seeds, asked.jobs)


def _one(seed: int) -> int:
    run = simulate(plan_of(seed))
    _say(str(run.plan), *run.history, *(run.broken or ["no invariant was broken"]))
    return 1 if run.broken else 0


def _many(seeds: int, jobs: int) -> int:
    began, known, failed = time.monotonic(), Counter[str](), 0
    for seed, run in runs_of(seeds, jobs):
        known.update(set(run.known))
        if run.broken:
            failed += 1
            _tell(seed, run, in_full=failed <= _IN_FULL)
    for limit, count in sorted(known.items()):
        _say(f"known limit, met by {count} seeds: {limit}")
    _say(f"{seeds} seeds in {time.monotonic() - began:.0f} s: {failed} broke an invariant")
    return 1 if failed else 0


def _tell(seed: int, run: Run, *, in_full: bool) -> None:
    if in_full:
        _say("", f"seed {seed}: {run.plan}", *run.history)
    _say(*(f"seed {seed}: {what.splitlines()[0]}" for what in run.broken))
    _say(f"replay it: python -m tests.simulation --seed {seed}")


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
