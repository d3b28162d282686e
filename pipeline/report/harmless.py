"""Container output is hostile: make it safe to print, for a terminal and for a CI runner."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(\x07|\x1b\\)?|[ -/]*[0-~]?)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_RUNNER_COMMAND = re.compile(r"^(\s*)(::|##\[)")
LONGEST = 2000
MOST = 400


def harmless(line: str) -> str:
    """One line without escape sequences, control characters or CI runner commands."""
    line = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _ESCAPES.sub("", line.rstrip("\r\n")))
    line = _RUNNER_COMMAND.sub("\\1\N{ZERO WIDTH SPACE}\\2", line)
    if len(line) > LONGEST:
        line = f"{line[:LONGEST]} … ({len(line) - LONGEST} characters left out)"
    return line


def harmless_lines(lines: Sequence[str], most: int = MOST) -> list[str]:
    """Safe lines, cut in the middle when there are more than ``most``, saying how many."""
    if len(lines) > most:
        half = most // 2
        left_out = f"… ({len(lines) - 2 * half} lines left out) …"
        lines = [*lines[:half], left_out, *lines[-half:]]
    return [harmless(part) for line in lines for part in line.splitlines() or [""]]
