"""Patterns of ``COPY`` and ``ADD``, as Go's ``filepath.Match`` reads them."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(r"\*+|\?|\\.|\[\^?(?:\\.|[^\]\\])+\]|[^\[\\]", re.DOTALL)
_MEMBER = re.compile(r"\\(.)|(.)", re.DOTALL)
_LENGTH = 4_096  # no path is longer


def has_wildcard(path: str) -> bool:
    """Whether ``COPY`` takes the path for a pattern."""
    return any(sign in path for sign in "*?[")


def segment_matcher(segment: str) -> Callable[[str], object] | None:
    """What tells whether a name matches one segment of a pattern; None for a malformed one."""
    tokens = _TOKEN.findall(segment) if len(segment) <= _LENGTH else []
    if "".join(tokens) != segment:
        return None
    chunks = [""]
    for sign in tokens:
        if sign.startswith("*"):
            chunks.append("")
        else:
            chunks[-1] += _regex(sign)
    first, *others = chunks
    # The leftmost place is as good as any other for all but the last chunk: no backtracking.
    middle = "".join(f"(?>.*?{chunk})" for chunk in others[:-1])
    last = f".*{others[-1]}" if others else ""
    try:
        return re.compile(f"{first}{middle}{last}", re.DOTALL).fullmatch
    except re.error:
        return None


def _regex(sign: str) -> str:
    if sign == "?":
        return "."
    if not sign.startswith("["):
        return re.escape(sign[-1])
    negated = sign.startswith("[^")
    members = sign[2 if negated else 1 : -1]
    escaped = "".join(_member(*found) for found in _MEMBER.findall(members))
    return f"[{'^' if negated else ''}{escaped}]"


def _member(escaped: str, plain: str) -> str:
    return "-" if plain == "-" else re.escape(escaped or plain)
