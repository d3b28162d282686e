"""Is the health document what pipeline.yaml says it must be, does it stay so, and is it quick?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from pipeline.adapters.web import Answer
from pipeline.checks.documents import met, mismatches, wrong_kind
from pipeline.model import Outcome, Verdict

CHECK = "health"
LATENCY = "latency"

ASKS = {"Accept": "application/json"}
"""Headers of a request for the health document."""

_MOST_FAULTS = 5


def judge_answer(
    answer: Answer, expect: Mapping[str, Any], *, max_latency: float | None = None
) -> Verdict:
    """Judge one answer of the health path; ``max_latency`` in seconds, None for any."""
    fault = _fault(answer, expect)
    if not fault and max_latency is not None and answer.seconds > max_latency:
        fault = f"it took {answer.seconds:.2f} s, more than {max_latency:g} s"
    if fault:
        return Verdict(CHECK, Outcome.FAIL, fault, lines=_excerpt(answer))
    evidence = f"{answer.status} in {_ms(answer.seconds)}{_met(answer, expect)}"
    return Verdict(CHECK, Outcome.PASS, evidence)


def judge_series(
    cold: Answer, warm: Sequence[Answer], expect: Mapping[str, Any], *, max_latency: float
) -> Verdict:
    """Judge the first good answer and those that followed over the settling time.

    One bad answer after a good one fails: what flaps is not healthy. ``max_latency``, in seconds,
    holds for the median of the warm answers: a single slow one may be the network's doing, half of
    them are the service's. How long the cold one took is only told.
    """
    bad = [one for one in (judge_answer(each, expect) for each in warm) if not _passed(one)]
    if bad:
        fault = f"it flaps: {len(bad)} of {len(warm)} answers were bad: {bad[0].evidence}"
        return replace(bad[0], evidence=fault, sample=1 + len(warm))
    first = judge_answer(cold, expect)
    if not warm or not _passed(first):
        return first
    took = [one.seconds for one in warm]
    evidence = f"cold {_ms(cold.seconds)}, then {_summary(took)}"
    if median(took) > max_latency:
        fault = f"{evidence}: more than {max_latency:g} s"
        return Verdict(CHECK, Outcome.FAIL, fault, 1 + len(warm))
    evidence = f"{cold.status}, {evidence}{_met(cold, expect)}"
    return Verdict(CHECK, Outcome.PASS, evidence, 1 + len(warm))


def judge_latency(took: Sequence[float], max_latency: float, *, least: int) -> Verdict:
    """Judge the median of the seconds that answers took; fewer than ``least`` say nothing."""
    if len(took) < max(least, 1):
        evidence = f"fewer than {max(least, 1)} answers: {len(took)}"
        return Verdict(LATENCY, Outcome.INCONCLUSIVE, evidence, len(took))
    evidence = _summary(took)
    if median(took) > max_latency:
        fault = f"{evidence}: more than {max_latency:g} s"
        return Verdict(LATENCY, Outcome.FAIL, fault, len(took))
    return Verdict(LATENCY, Outcome.PASS, evidence, len(took))


def read_document(answer: Answer) -> tuple[Any, str]:
    """The JSON document of an answer, and what is wrong where it has none."""
    kind = answer.headers.get("Content-Type", "").split(";")[0][:80].strip()
    if not answer.body:
        return None, "it answered an empty body, not a JSON document"
    try:
        return json.loads(answer.body), ""
    except (ValueError, RecursionError):
        pass
    if "json" in kind:
        return None, f"it answered {kind}, but its body is not a JSON document"
    return None, f"it answered {kind or 'no content type'}, not a JSON document"


def _fault(answer: Answer, expect: Mapping[str, Any]) -> str:
    if answer.failure:
        return answer.failure
    if 300 <= answer.status < 400:
        location = answer.headers.get("Location", "nowhere")[:200]
        return f"it redirects ({answer.status}) to {location!r}"
    document, unreadable = read_document(answer)
    faults = [] if unreadable else _faults(document, expect)
    if answer.status != 200:
        return "; ".join([f"it answered {answer.status}", *faults])
    return unreadable if expect and unreadable else "; ".join(faults)


def _faults(document: Any, expect: Mapping[str, Any]) -> list[str]:
    wrong = wrong_kind(document, expect)
    faults = [wrong] if wrong else mismatches(document, expect)
    more = len(faults) - _MOST_FAULTS
    return faults if more <= 0 else [*faults[:_MOST_FAULTS], f"and {more} more"]


def _passed(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.PASS


def _met(answer: Answer, expect: Mapping[str, Any]) -> str:
    told = ", ".join(met(read_document(answer)[0], expect))
    return f"; {told}" if told else ""


def _summary(took: Sequence[float]) -> str:
    count = "1 warm answer" if len(took) == 1 else f"{len(took)} warm answers"
    return f"{count} in {_ms(median(took))} (median), {_ms(max(took))} (worst)"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _excerpt(answer: Answer) -> tuple[str, ...]:
    text = answer.body[:2000].decode("utf-8", "replace")
    return tuple(text.splitlines()[:20])
