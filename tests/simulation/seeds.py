"""Many runs, over several processes; a process that is spawned imports this module."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.drawing import plan_of
from tests.simulation.running import Run, simulate

_AT_ONCE = 250  # seeds that a process is given


def runs_of(seeds: int, jobs: int) -> Iterator[tuple[int, Run]]:
    """The runs that are worth telling of, in the order of their seeds."""
    spawn = multiprocessing.get_context("spawn")
    parts = [range(at, min(at + _AT_ONCE, seeds)) for at in range(0, seeds, _AT_ONCE)]
    with ProcessPoolExecutor(max(min(jobs, len(parts)), 1), spawn) as pool:
        for part, runs in zip(parts, pool.map(_part, parts), strict=True):
            yield from runs
            sys.stderr.write(f"{part.stop} of {seeds}\r")


def _part(seeds: range) -> list[tuple[int, Run]]:
    runs = ((seed, simulate(plan_of(seed))) for seed in seeds)
    return [(seed, run) for seed, run in runs if run.broken or run.known]
