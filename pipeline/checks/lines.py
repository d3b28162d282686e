"""Required and forbidden lines in what a container wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.model import Outcome, Verdict

CHECK = "log lines"


def judge_lines(
    lines: Sequence[str],
    required: Sequence[re.Pattern[str]],
    forbidden: Sequence[re.Pattern[str]],
) -> Verdict:
    """Patterns are searched line by line.

    A forbidden line fails at once. A required line that is absent is inconclusive: it may come.
    """
    bad = [line for line in lines if any(pattern.search(line) for pattern in forbidden)]
    if bad:
        return Verdict(
            CHECK,
            Outcome.FAIL,
            f"{_count(bad)} that must not be there",
            len(lines),
            tuple(bad[:20]),
        )
    absent = [pattern for pattern in required if not any(pattern.search(line) for line in lines)]
    if absent:
        quoted = ", ".join(repr(pattern.pattern) for pattern in absent)
        return Verdict(CHECK, Outcome.INCONCLUSIVE, f"no line matches {quoted}", len(lines))
    return Verdict(
        CHECK, Outcome.PASS, f"{len(required)} required found, none forbidden", len(lines)
    )


def _count(lines: Sequence[str]) -> str:
    return "1 line" if len(lines) == 1 else f"{len(lines)} lines"
