"""The ids of rules: ours, and those of hadolint and shellcheck."""

from __future__ import annotations

import re
from difflib import get_close_matches

OWN = (*(f"S{number:02}" for number in range(1, 24)), "D01")
_THEIRS = re.compile(r"(?:DL|SC)\d{4}")


def is_own(rule: str) -> bool:
    return rule in OWN


def is_theirs(rule: str) -> bool:
    """Whether it is the id of a rule of hadolint or shellcheck."""
    return _THEIRS.fullmatch(rule) is not None


def meant(rule: str) -> str:
    """A remedy for an id that no rule has."""
    near = get_close_matches(rule.upper(), OWN, 1)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Write {OWN[0]} to {OWN[-2]}, {OWN[-1]}, or an id of hadolint such as DL3008"


def link(rule: str) -> str:
    """Where a rule of hadolint or shellcheck is explained; empty for others."""
    if not is_theirs(rule):
        return ""
    wiki = "www.shellcheck.net" if rule.startswith("SC") else "github.com/hadolint/hadolint"
    return f"https://{wiki}/wiki/{rule}"
