"""May the front ends call the service? A browser asks with a preflight request first."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.adapters.web import Answer
from pipeline.model import Outcome, Verdict

CHECK = "cors"

_ALLOWED = "Access-Control-Allow-Origin"


def preflight_headers(origin: str) -> dict[str, str]:
    """What a browser sends ahead of a request from ``origin``. Source: the Fetch standard.

    GET is asked for, because whoever lets an origin in lets it do that.
    """
    return {"Origin": origin, "Access-Control-Request-Method": "GET"}


def judge_cors(answers: Mapping[str, Answer]) -> Verdict:
    """Judge the answers to the preflight requests, by origin.

    A preflight that got no answer at all is inconclusive: it may be asked again.
    """
    whys = {origin: _why(origin, answer) for origin, answer in answers.items()}
    blocked = "; ".join(f"{origin} is blocked: {why}" for origin, why in whys.items() if why)
    if any(answer.failure for answer in answers.values()):
        return Verdict(CHECK, Outcome.INCONCLUSIVE, blocked, len(answers))
    if blocked:
        return Verdict(CHECK, Outcome.FAIL, blocked, len(answers))
    return Verdict(CHECK, Outcome.PASS, f"{', '.join(answers)} may call it", len(answers))


def _why(origin: str, answer: Answer) -> str:
    """Why a browser would not let the front end call; empty when it would."""
    if answer.failure:
        return answer.failure
    allowed = answer.headers.get(_ALLOWED)
    is_ok = 200 <= answer.status < 300
    if is_ok and allowed in (origin, "*"):
        return ""
    came = "is absent" if allowed is None else f"is {allowed[:200]!r}"
    refused = "" if is_ok else f"its preflight was answered {answer.status}, "
    return f"{refused}{_ALLOWED} {came}"
