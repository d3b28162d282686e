"""Failures in two processes at a time, each with a service of its own on one local Cloud Run."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

from pipeline.adapters.world import real_world
from pipeline.steps.local_process import local_process
from tests.replay.cases import Case
from tests.replay.history import Relived, relive
from tests.replay.running import STARTUP_LIMIT, Lane, Replayed, replay

_SIDE_BY_SIDE = 2

_lanes: list[Lane] = []  # of this process: one, made when it is needed


def replay_all(
    cases: Sequence[Case], *, with_history: bool
) -> tuple[Sequence[Replayed], Sequence[Relived]]:
    """What became of each case, in their order, and of the history."""
    with (
        tempfile.TemporaryDirectory() as folder,
        local_process(real_world(), Path(folder) / "none.yaml", STARTUP_LIMIT) as address,
        ProcessPoolExecutor(_SIDE_BY_SIDE, multiprocessing.get_context("spawn")) as pool,
    ):
        histories = [pool.submit(_relive, address, folder)] if with_history else []
        # The watched ones take longest: they go first, so that both processes end together.
        futures = {case.name: pool.submit(_replay, address, folder, case) for case in cases[::-1]}
        for future in futures.values():
            future.add_done_callback(_tell)
        replayed = [futures[case.name].result() for case in cases]
        return replayed, [one.result() for one in histories]


def _tell(future: Future[Replayed]) -> None:
    if not future.cancelled() and not future.exception():
        one = future.result().released
        sys.stderr.write(f"{one.case.name}: {one.stopped or 'not stopped'}\n")


def _relive(address: str, folder: str) -> Relived:
    return relive(_lane(address, folder))


def _replay(address: str, folder: str, case: Case) -> Replayed:
    return replay(_lane(address, folder), case)


def _lane(address: str, folder: str) -> Lane:
    if not _lanes:
        service = f"replay-{os.getpid()}"
        own = Path(folder) / service
        own.mkdir()
        _lanes.append(Lane.at(address, own, service))
    return _lanes[0]
