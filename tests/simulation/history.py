"""What happened in a run, in order, as lines that a person can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.simulation.timeline import Timeline


@dataclass
class History:
    """``broken`` are the invariants that were found broken, each once, as they were found.

    ``known`` are those of them that the pipeline does not promise yet.
    """

    time: Timeline
    lines: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)

    def add(self, who: str, what: str) -> None:
        self.lines.append(f"{self.time.now:9.2f}  {who:8}  {what}")

    def breaks(self, what: str) -> None:
        if what not in self.broken:
            self.broken.append(what)
            self.add("BROKEN", what)

    def told(self) -> Sequence[str]:
        return ["  seconds  who       what", *self.lines]
