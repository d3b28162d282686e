"""Is the health document what pipeline.yaml says it must be?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.adapters.web import Answer
from pipeline.model import Outcome, Verdict

CHECK = "health"
_MISSING = object()


def judge_answer(
    answer: Answer, expect: Mapping[str, Any], *, max_latency: float | None = None
) -> Verdict:
    """Judge one answer of the health path; ``max_latency`` in seconds, None for any."""
    fault = _fault(answer, expect)
    if not fault and max_latency is not None and answer.seconds > max_latency:
        fault = f"it took {answer.seconds:.2f} s, more than {max_latency:g} s"
    if fault:
        return Verdict(CHECK, Outcome.FAIL, fault, lines=_excerpt(answer))
    met = ", ".join(f"{path} is {_show(wanted)}" for path, wanted in expect.items())
    evidence = f"{answer.status} in {answer.seconds * 1000:.0f} ms" + (f"; {met}" if met else "")
    return Verdict(CHECK, Outcome.PASS, evidence)


def _fault(answer: Answer, expect: Mapping[str, Any]) -> str:
    if answer.failure:
        return answer.failure
    if 300 <= answer.status < 400:
        return f"it redirects ({answer.status}) to {answer.headers.get('Location', 'nowhere')!r}"
    document, unreadable = _document(answer)
    faults = [] if unreadable else mismatches(document, expect)
    if answer.status != 200:
        return "; ".join([f"it answered {answer.status}", *faults])
    if expect and unreadable:
        return unreadable
    return "; ".join(faults)


def _document(answer: Answer) -> tuple[Any, str]:
    kind = answer.headers.get("Content-Type", "").split(";")[0]
    try:
        return json.loads(answer.body), ""
    except (ValueError, RecursionError):
        return None, f"it answered {kind or 'no content type'}, not a JSON document"


def mismatches(document: Any, expect: Mapping[str, Any]) -> list[str]:
    """What in the document is not as expected, one sentence each.

    A path is dotted; ``*`` stands for every key or item of what must be there, be it empty.
    """
    faults = []
    for path, wanted in expect.items():
        for place, value in _at(document, path.split("."), ""):
            if value is _MISSING:
                faults.append(f"{place} is missing, expected {_show(wanted)}")
            elif not _same(value, wanted):
                faults.append(f"{place} is {_show(value)}, expected {_show(wanted)}")
    return faults


def _at(value: Any, path: list[str], place: str) -> Iterator[tuple[str, Any]]:
    if not path:
        yield place, value
        return
    head, *rest = path
    inside = _children(value)
    if inside is None or (head != "*" and head not in inside):
        yield _join(place, ".".join(path)), _MISSING
        return
    for name in inside if head == "*" else [head]:
        yield from _at(inside[name], rest, _join(place, name))


def _children(value: Any) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return {str(name): child for name, child in value.items()}
    if isinstance(value, list):
        return {str(index): child for index, child in enumerate(value)}
    return None


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _same(value: Any, wanted: Any) -> bool:
    """Equal and of the same kind, all the way down: in JSON, 1 is not true."""
    if isinstance(value, list) and isinstance(wanted, list):
        return len(value) == len(wanted) and all(map(_same, value, wanted))
    if isinstance(value, dict) and isinstance(wanted, dict):
        return value.keys() == wanted.keys() and all(
            _same(value[name], wanted[name]) for name in wanted
        )
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _show(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _excerpt(answer: Answer) -> tuple[str, ...]:
    text = answer.body[:2000].decode("utf-8", "replace")
    return tuple(text.splitlines()[:20])
