"""Is the revision configured as pipeline.yaml asked for?"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.model import Outcome, Verdict

CHECK = "configuration"

_PRIVATE = "run.env."
_MOST = 10  # differences named


def judge_configuration(asked: Mapping[str, str], found: Mapping[str, str]) -> Verdict:
    """Compare settings by the key of pipeline.yaml, such as ``run.memory``.

    What was not asked for is not compared. The value of a variable is never told.
    """
    told = (_told(key, wanted, found.get(key)) for key, wanted in asked.items())
    different = [one for one in told if one]
    if different:
        more = len(different) - _MOST
        named = [*different[:_MOST], f"and {more} more"] if more > 0 else different
        return Verdict(CHECK, Outcome.FAIL, "; ".join(named), len(asked))
    count = "1 setting is" if len(asked) == 1 else f"all {len(asked)} settings are"
    evidence = f"{count} as asked for" if asked else "no setting was asked for"
    return Verdict(CHECK, Outcome.PASS, evidence, len(asked))


def _told(key: str, asked: str, found: str | None) -> str:
    """How a setting differs from what was asked for; empty when it does not."""
    if found == asked:
        return ""
    if key.startswith(_PRIVATE):
        return f"{key} is absent" if found is None else f"{key} has another value than asked for"
    return f"{key} is {found or 'not set'}, asked for {asked}"
