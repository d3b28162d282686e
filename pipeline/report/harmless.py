"""Container output is hostile: make it safe to print, for a terminal and for a CI runner."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pipeline.report.keys import keyless
from pipeline.report.masking import NO_SECRETS, Secrets, masked, masked_lines

_ESCAPES = re.compile(
    r"\x1b(\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(\x07|\x1b\\)?|[ -/]*[0-~]?)"
    r"|\\{1,8}u001[bB]\[[0-?]*[ -/]*[@-~]"  # as JSON writes it
)
_CONTROL = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
# GitHub's runner obeys :: at the start of a line, and ##[ anywhere in it; Azure's ##vso[ too.
_RUNNER_COMMAND = re.compile(r"^(\s*:)(?=:)|(##)(?=\w*\[)")
_SPACE = "\N{ZERO WIDTH SPACE}"
LONGEST = 2000
MOST = 400
_LOOKED_AT = 4 * LONGEST  # characters of a line, so that what is cut is masked before
_SPARE = 8  # lines on either side of what is left out, for the same reason


def harmless(line: str, secrets: Secrets = NO_SECRETS) -> str:
    """One line without escape sequences, control characters, runner commands or credentials."""
    plain, more = _plain(line)
    return _ended(masked(plain, secrets), more)


def harmless_lines(
    lines: Sequence[str], most: int = MOST, secrets: Secrets = NO_SECRETS
) -> list[str]:
    """Safe lines, cut in the middle when there are more than ``most``, saying how many."""
    parts = keyless([part for line in lines for part in line.splitlines() or [""]])
    if len(parts) <= most:
        return _safe(parts, secrets)
    half = most // 2
    head = _safe(parts[: half + _SPARE], secrets)[:half]
    tail = _safe(parts[-half - _SPARE :], secrets)[-half:]
    return [*head, f"… ({len(parts) - 2 * half} lines left out) …", *tail]


def clean_lines(lines: Sequence[str], secrets: Secrets = NO_SECRETS) -> list[str]:
    """As many lines, whole, without escape sequences and credentials: to be cut after this."""
    return masked_lines(keyless([_ESCAPES.sub("", line) for line in lines]), secrets)


def _safe(lines: Iterable[str], secrets: Secrets) -> list[str]:
    plain = [_plain(line) for line in lines]
    shown = masked_lines([text for text, _ in plain], secrets)
    return [_ended(text, more) for text, (_, more) in zip(shown, plain, strict=True)]


def _plain(line: str) -> tuple[str, int]:
    """The words of a line, as far as they are looked at, and how many characters follow."""
    line = _ESCAPES.sub("", line.rstrip("\r\n").replace("\n", " "))
    more = max(len(line) - _LOOKED_AT, 0)
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", line[:_LOOKED_AT]), more


def _ended(line: str, more: int) -> str:
    line = _RUNNER_COMMAND.sub(f"\\g<0>{_SPACE}", line)
    more += max(len(line) - LONGEST, 0)
    return f"{line[:LONGEST]} … ({more} characters left out)" if more else line
