"""``python -m tests.replay [ROW…]``: every known failure through the whole pipeline, as a table.

ROW is a row of the table (K01), a group (K, V, M), or ``history``. Exit code 1 if any differs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.adapters.world import real_world
from pipeline.steps.local_process import local_process
from tests.replay.cases import CASES, Case
from tests.replay.history import Relived, relive
from tests.replay.running import STARTUP_LIMIT, Lane, Released, Replayed, replay
from tests.replay.users import Met

_HISTORY = "history"
_SIDE_BY_SIDE = 2
_COLUMNS = ("row", "service", "by", "stopped at", "named", "requests", "failed", "by bad", "s", "")
_NUMBERS = {"requests", "failed", "by bad", "s"}
_WIDTH = 130

_lanes: list[Lane] = []  # of this process: one, made when it is needed


def main(argv: Sequence[str]) -> int:
    """Replay what was asked for, two side by side, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.replay", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows to replay (default: all)")
    rows = parser.parse_args(argv).rows
    cases = [case for case in CASES if _is_wanted(case, rows)]
    with_history = not rows or _HISTORY in rows
    if not cases and not with_history:
        parser.error(f"no such row: {', '.join(rows)}")
    began = time.monotonic()
    relived, replayed = _all(cases, with_history=with_history)
    _show(replayed, relived, time.monotonic() - began)
    return 1 if any(one.wrong for one in (*replayed, *relived)) else 0


def _is_wanted(case: Case, rows: Sequence[str]) -> bool:
    return not rows or any(case.row == row or case.row[0] == row for row in rows)


def _all(
    cases: Sequence[Case], *, with_history: bool
) -> tuple[Sequence[Relived], Sequence[Replayed]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        local_process(real_world(), Path(folder) / "none.yaml", STARTUP_LIMIT) as address,
        ProcessPoolExecutor(_SIDE_BY_SIDE, multiprocessing.get_context("spawn")) as pool,
    ):
        histories = [pool.submit(_relive, address, folder)] if with_history else []
        # The watched ones take longest: they go first, so that both processes end together.
        waiting = {case.name: pool.submit(_replay, address, folder, case) for case in cases[::-1]}
        replayed = [_told(case, waiting[case.name]) for case in cases]
        return [one.result() for one in histories], replayed


def _told(case: Case, future: Future[Replayed]) -> Replayed:
    replayed = future.result()
    sys.stderr.write(f"{case.name}: {replayed.released.stopped or 'not stopped'}\n")
    return replayed


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


def _show(replayed: Sequence[Replayed], relived: Sequence[Relived], seconds: float) -> None:
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    table = Table(*_COLUMNS, box=None, pad_edge=False)
    for column in table.columns:
        column.justify = "right" if column.header in _NUMBERS else "left"
    for one in replayed:
        table.add_row(*_cells(one.released, one.met), _mark(one.wrong))
    for history in relived:
        table.add_section()
        for number, released in enumerate(history.released, 1):
            table.add_row(*_cells(released, None, f"#{number} "))
        table.add_row(_HISTORY, "", "", "", "", *_users(history.met), "", _mark(history.wrong))
    console.print(table)
    for what in (*replayed, *relived):
        name = what.released.case.name if isinstance(what, Replayed) else _HISTORY
        for wrong in what.wrong:
            console.print(f"{name}: {wrong}", style="red", markup=False, highlight=False)
    console.print(f"{len(replayed)} failures replayed in {seconds:.0f} s", highlight=False)


def _cells(released: Released, found: Met | None, number: str = "") -> Sequence[str]:
    case = released.case
    return (
        f"{number}{case.row}", f"{case.service} {case.why}".strip(), case.stage,
        released.stopped or "-", " ".join(released.named) or "-",
        *(_users(found) if found else ("", "", "")), f"{released.seconds:.0f}",
    )  # fmt: skip


def _users(found: Met) -> tuple[str, str, str]:
    return str(found.requests), str(found.failed), str(found.by_bad)


def _mark(wrong: Sequence[str]) -> str:
    return "[red]✗[/red]" if wrong else "[green]✓[/green]"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
