"""For how long Linux held a container back because of its CPU limit.

Read from its control group, in either version of control groups.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipeline.adapters.proc import GROUPS, groups_of, texts

_PERIOD = 0.1  # seconds; every engine's default
_THROTTLED = re.compile(r"^nr_throttled ([0-9]{1,15})$", re.MULTILINE)

INSIDE = (f"{GROUPS}/cpu.stat", f"{GROUPS}/cpu/cpu.stat")
"""Where a container finds its own; the file of the other version is not there."""


def read_throttled(text: str) -> float | None:
    """Seconds in which it had used up its share, by a ``cpu.stat``; None is unknown.

    Linux counts the periods in which it was held back for a part of them.
    """
    found = _THROTTLED.search(text)
    return int(found[1]) * _PERIOD if found else None


def throttled(container: Mapping[str, Any]) -> float | None:
    """The same of a running container; None where its control group is out of sight.

    ``container`` is what the engine's ``inspect`` says of it.
    """
    for folder, _ in groups_of(container, "cpu"):
        found = read_throttled(texts((folder / "cpu.stat",)) or "")
        if found is not None:
            return found
    return None
