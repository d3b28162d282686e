"""``python -m tests.replay [ROW…]``: every known failure through the whole pipeline, as a table.

ROW is a row of the table (K01), a group (K, V, M), or ``history``. Exit code 1 if any differs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.replay.cases import CASES, Case
from tests.replay.history import Relived
from tests.replay.running import Released, Replayed
from tests.replay.side_by_side import replay_all
from tests.replay.users import Met

_HISTORY = "history"
_COLUMNS = ("row", "service", "by", "stopped at", "named", "requests", "failed", "by bad", "s", "")
_NUMBERS = {"requests", "failed", "by bad", "s"}
_WIDTH = 130


def main(argv: Sequence[str]) -> int:
    """Replay what was asked for, two side by side, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.replay", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows to replay (default: all)")
    rows = parser.parse_args(argv).rows
    unknown = [row for row in rows if row != _HISTORY and not _chosen([row])]
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}")
    cases, with_history = _chosen(rows) if rows else CASES, not rows or _HISTORY in rows
    began = time.monotonic()
    replayed, relived = replay_all(cases, with_history=with_history)
    _show(replayed, relived, time.monotonic() - began)
    return 1 if any(one.wrong for one in replayed) or any(one.wrong for one in relived) else 0


def _chosen(rows: Sequence[str]) -> Sequence[Case]:
    return [case for case in CASES if case.row in rows or case.row[0] in rows]


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
    wrong = [f"{one.released.case.name}: {what}" for one in replayed for what in one.wrong]
    wrong += [f"{_HISTORY}: {what}" for one in relived for what in one.wrong]
    for line in wrong:
        console.print(line, style="red", markup=False, highlight=False)
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
