"""Which lines of a BuildKit log tell of a failure: what a step says that ended well does not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

_STEP = re.compile(r".{0,60}?(?<!\S)#(\d{1,4}) (\d+\.\d+ |DONE \d|ERROR)")
_WARNS = re.compile(r"warn", re.IGNORECASE)
"""A warning of a step that ended well may be why the image fails when it starts."""

_NEAR = 64  # characters in which a step's number stands
_LONGEST = 1000  # characters of a line that are looked at


def unfinished(lines: Sequence[str]) -> Sequence[str]:
    """All lines but the output of steps that are DONE; of that output, the warnings only."""
    open_: dict[str, list[int]] = defaultdict(list)
    well: set[int] = set()
    for index, line in enumerate(lines):
        if "#" not in line[:_NEAR] or not (step := _STEP.match(line)):
            continue
        number, what = step.groups()
        if what == "ERROR":
            open_.pop(number, None)
        elif what.startswith("DONE"):
            well.update(open_.pop(number, ()))
        elif not _WARNS.search(line[:_LONGEST]):
            open_[number].append(index)
    return [line for index, line in enumerate(lines) if index not in well] if well else lines
