"""What the log of a revision under traffic amounts to, however much it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.adapters.logging import Entry
from pipeline.checks.exits import judge_exits
from pipeline.checks.lines import Matches, judge_lines, judge_rates, written
from pipeline.checks.startup import judge_startup
from pipeline.model import Verdict

if TYPE_CHECKING:
    from pipeline.config import Config

_KEPT = 1000  # entries of the system log


class Seen:
    """The entries of its log since the watch began, and what must not have been before."""

    def __init__(self, config: Config) -> None:
        self._startup = config.startup
        self._matches = [Matches(one.pattern, one.per_minute) for one in config.traffic.log_rates]
        self._system: deque[Entry] = deque(maxlen=_KEPT)
        self._before: deque[Entry] = deque(maxlen=_KEPT)
        self._entries = self._lines = 0

    def before(self, entries: Sequence[Entry]) -> Iterator[Verdict]:
        """Judge entries from before the watch."""
        yield judge_lines(written(entries), (), self._startup.forbidden_logs)
        self._before.extend(one for one in entries if one.log == "varlog/system")
        yield judge_exits(self._before, len(entries))

    def more(self, entries: Sequence[Entry], seconds: float) -> Iterator[Verdict]:
        """Judge new entries together with those before; the watch is so many seconds old."""
        lines = written(entries)
        self._entries, self._lines = self._entries + len(entries), self._lines + len(lines)
        self._matches = [one.and_of(lines) for one in self._matches]
        self._system.extend(one for one in entries if one.log == "varlog/system")
        startup, system = self._startup, tuple(self._system)
        forbidden = judge_lines(lines, (), startup.forbidden_logs)
        yield replace(forbidden, sample=self._lines)
        yield judge_exits((*self._before, *system), self._entries)
        yield judge_rates(self._matches, seconds, self._lines)
        yield judge_startup(system, startup.listen_within)
