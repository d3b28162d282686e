"""Label selectors, as lists of the v1 API take them: ``key = value, other in (a,b)``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pipeline.local_cloud_run.state.rpc import ApiError, invalid

Labels = Mapping[str, str]

_LONGEST = 1000  # characters
_KEY = r"(?P<key>[\w./-]+)"
_REQUIREMENT = re.compile(
    rf"\s*(?:(?P<absent>!)?\s*{_KEY}\s*(?:"
    r"(?P<sign>==|=|!=)\s*(?P<value>[\w.-]*)|(?P<word>in|notin)\s*\((?P<values>[\w.,\s-]*)\))?)"
    r"\s*(?:,|\Z)",
    re.ASCII,
)


def selector(text: str) -> Callable[[Labels], bool]:
    """Whether labels meet every requirement; an empty selector takes all. Raises INVALID_ARGUMENT.

    A label that is absent meets ``!=`` and ``notin``.
    """
    if len(text) > _LONGEST:
        raise _unparseable(text)
    wanted: list[Callable[[Labels], bool]] = []
    at = 0
    while at < len(text.rstrip()):
        match = _REQUIREMENT.match(text, at)
        if match is None:
            raise _unparseable(text)
        wanted.append(_requirement(match, text))
        at = match.end()
    return lambda labels: all(holds(labels) for holds in wanted)


def _requirement(match: re.Match[str], text: str) -> Callable[[Labels], bool]:
    key, sign, word = match.group("key", "sign", "word")
    if match["absent"]:
        if sign or word:
            raise _unparseable(text)
        return lambda labels: key not in labels
    if sign is None and word is None:
        return lambda labels: key in labels
    values = {match["value"]} if sign else {each.strip() for each in match["values"].split(",")}
    is_in = sign in ("=", "==") or word == "in"
    return lambda labels: (labels.get(key) in values) == is_in


def _unparseable(text: str) -> ApiError:
    return invalid(f"labelSelector: '{text[:100]}' cannot be parsed.")
