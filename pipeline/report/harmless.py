"""Container output is hostile: make it safe to print, for a terminal and for a CI runner."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(\x07|\x1b\\)?|[ -/]*[0-~]?)")
_CONTROL = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
# A runner obeys :: at the start of a line, and ##[ anywhere in it.
_RUNNER_COMMAND = re.compile(r"^(\s*:)(?=:)|(##)(?=\[)")
LONGEST = 2000
MOST = 400


def harmless(line: str) -> str:
    """One line without escape sequences, control characters or CI runner commands."""
    line = line.rstrip("\r\n").replace("\n", " ")
    line = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _ESCAPES.sub("", line))
    line = _RUNNER_COMMAND.sub("\\g<0>\N{ZERO WIDTH SPACE}", line)
    if len(line) > LONGEST:
        line = f"{line[:LONGEST]} … ({len(line) - LONGEST} characters left out)"
    return line


def harmless_lines(lines: Sequence[str], most: int = MOST) -> list[str]:
    """Safe lines, cut in the middle when there are more than ``most``, saying how many."""
    parts = [part for line in lines for part in line.splitlines() or [""]]
    if len(parts) > most:
        half = most // 2
        left_out = f"… ({len(parts) - 2 * half} lines left out) …"
        parts = [*parts[:half], left_out, *parts[-half:]]
    return [harmless(part) for part in parts]
