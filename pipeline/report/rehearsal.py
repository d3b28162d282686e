"""The closing table of a rehearsal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.report.harmless import harmless

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One stage: the act it belongs to, its time, and how it ended."""

    act: str
    stage: str
    seconds: float
    result: str


def closing_table(
    rows: Sequence[Row], served: int | None = None, failed: int = 0, unverified: int = 0
) -> Table:
    """Stage, time and result; what became of the users' requests, when that is known."""
    from rich.table import Table
    from rich.text import Text

    table = Table()
    table.add_column("release")
    table.add_column("stage")
    table.add_column("time", justify="right")
    table.add_column("result")
    for before, row in zip([None, *rows], rows, strict=False):
        act = "" if before and before.act == row.act else row.act
        table.add_row(act, row.stage, f"{row.seconds:.1f} s", Text(harmless(row.result)))
    if served is not None:
        table.add_section()
        fate = f"{served} served, {failed} failed, {unverified} by an unverified one"
        table.add_row("users", "", "", f"{served + failed} requests: {fate}")
    return table
