"""How long do the revision's instances take to start? Its system log says (API facts §4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median

from pipeline.adapters.logging import Entry
from pipeline.model import Outcome, Verdict

CHECK = "start-up"

_STARTING = "Starting new instance"
_SUCCEEDED, _FAILED = "probe succeeded", "The instance was not started"


def judge_startup(entries: Sequence[Entry], within: float) -> Verdict:
    """Judge the median time, in seconds, from an instance's start until it listened.

    The median, because one instance may land on a slow machine. An instance that did not start at
    all fails at once. A log that does not say is inconclusive.
    """
    failed = [one.text for one in entries if _is_probe(one, _FAILED)]
    if failed:
        count = "an instance" if len(failed) == 1 else f"{len(failed)} instances"
        evidence = f"{count} did not start: {failed[0]}"
        return Verdict(
            CHECK, Outcome.FAIL, evidence, len(failed), tuple(dict.fromkeys(failed))[:20]
        )
    took = startup_times(entries)
    if not took:
        return Verdict(CHECK, Outcome.INCONCLUSIVE, "the system log tells of no start yet", 0)
    count = "1 instance" if len(took) == 1 else f"{len(took)} instances"
    evidence = f"{count} listened after {median(took):.1f} s"
    if median(took) > within:
        return Verdict(CHECK, Outcome.FAIL, f"{evidence}, more than {within:g} s", len(took))
    return Verdict(CHECK, Outcome.PASS, evidence, len(took))


def tells_of_a_start(entries: Iterable[Entry]) -> bool:
    """Whether a log reaches back to where an instance began; it may keep only what is newer."""
    return any(starts_instance(entry) for entry in entries)


def startup_times(entries: Iterable[Entry]) -> list[float]:
    """Seconds from "starting" to "probe succeeded" of each instance that both are known of.

    Entries that do not name their instance count as long as one start is under way at a time.
    """
    began: dict[str, datetime | None] = {}
    took: list[float] = []
    for entry in sorted(entries, key=lambda one: one.at):
        if starts_instance(entry):
            began[entry.instance] = None if entry.instance in began else entry.at
        elif _is_probe(entry, _SUCCEEDED):
            start = began.pop(entry.instance, None)
            took += [(entry.at - start).total_seconds()] if start else []
    return took


def starts_instance(entry: Entry) -> bool:
    """Whether an entry says that an instance begins to start."""
    return entry.log == "varlog/system" and entry.text.startswith(_STARTING)


def _is_probe(entry: Entry, ended: str) -> bool:
    is_startup = entry.log == "varlog/system" and "STARTUP" in entry.text[:80]
    return is_startup and ended in entry.text[:1000]
