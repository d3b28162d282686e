"""How much memory a container takes, and whether Linux killed a process for it.

Read from its control group while it runs, in either version of control groups.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.adapters.proc import GROUPS, groups_of, texts

_V2 = ("memory.current", "memory.stat", "memory.events")
_V1 = ("memory.usage_in_bytes", "memory.stat", "memory.oom_control")
_EVERY = 0.05  # seconds

INSIDE = (*(f"{GROUPS}/{name}" for name in _V2), *(f"{GROUPS}/memory/{name}" for name in _V1))
"""Where a container finds its own; the files of the other version are not there."""


@dataclass(frozen=True)
class Memory:
    """Bytes in use that cannot be given back, at the most seen; and processes killed for more.

    None is unknown.
    """

    used: int | None = None
    kills: int | None = None

    def at_most(self, later: Memory) -> Memory:
        """Both looks as one: the larger numbers."""
        return Memory(_larger(self.used, later.used), _larger(self.kills, later.kills))


def read_memory(text: str) -> Memory:
    """From the control group's files, one after the other.

    What Linux keeps of files that were read does not count: it gives that back when asked.
    """
    usage = re.search(r"^([0-9]{1,18})$", text, re.MULTILINE)
    pairs: list[tuple[str, str]] = re.findall(r"^(\w+) ([0-9]{1,18})$", text, re.MULTILINE)
    entries = {name: int(value) for name, value in pairs}
    kills = entries.get("oom_kill")
    if usage is None:
        return Memory(None, kills)
    cache = sum(
        entries.get(f"total_{kind}", entries.get(kind, 0))
        for kind in ("inactive_file", "active_file")
    )
    return Memory(max(int(usage[1]) - cache, 0), kills)


class Gauge:
    """Looks twenty times a second until the container has ended, in a thread of its own."""

    def __init__(self, files: tuple[Path, ...]) -> None:
        self.seen = Memory()
        self._files = files
        threading.Thread(target=self._watch, daemon=True).start()

    def look(self) -> Memory:
        """The most seen up to now."""
        text = texts(self._files)
        self.seen = self.seen.at_most(read_memory(text or ""))
        return self.seen

    def _watch(self) -> None:
        pause = threading.Event()
        while texts(self._files[:1]) is not None:
            self.look()
            pause.wait(_EVERY)


def gauge_of(container: Mapping[str, Any]) -> Gauge | None:
    """Begin to look at a running container; None where its control group is out of sight.

    ``container`` is what the engine's ``inspect`` says of it.
    """
    for folder, version in groups_of(container, "memory"):
        files = tuple(folder / name for name in (_V1 if version == 1 else _V2))
        if texts(files[:1]) is not None:
            return Gauge(files)
    return None


def _larger(one: int | None, other: int | None) -> int | None:
    known = [value for value in (one, other) if value is not None]
    return max(known, default=None)
