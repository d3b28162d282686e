"""Did containers of the revision end by themselves? Its system log says (API facts §4.3)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from pipeline.adapters.logging import Entry
from pipeline.checks.startup import starts_instance
from pipeline.model import Outcome, Verdict

CHECK = "exits"

_SHORT = timedelta(minutes=2)
"""Cloud Run keeps an idle instance for minutes: one that lived shorter was not scaled down."""
_RESTARTS = 2  # short lives that are a loop; a single one may be chance

_EXIT = re.compile(r"Container called exit\((\d{1,9})\)|terminated on signal (\d{1,9})")
_MEMORY = re.compile(r"Memory limit of .{1,60} exceeded|using too much memory and was terminated")
_NOT_RUN = "Application failed to start"
_DONE = "exit code 0"
_AS_TOLD = {_DONE, "exit code 143", "signal 15"}
"""How a container ends that Cloud Run stopped, which it may do at any time (API facts §4.2)."""


def judge_exits(entries: Sequence[Entry], read: int) -> Verdict:
    """Judge the system log of a revision, of whose log ``read`` entries of all kinds were read.

    A container that exits, or is killed for its memory, fails; so does one that ends with code 0
    soon after its start, again and again.
    Another exit that may be the answer to SIGTERM is inconclusive, and so is a log that is empty.
    """
    system = [one for one in entries if one.log == "varlog/system"]
    ends = [(one.text, _how(one.text)) for one in system]
    bad = [(text, how) for text, how in ends if how and how not in _AS_TOLD]
    short = [one.text for one in _short_lives(system)]
    if len(short) >= _RESTARTS:
        bad += [(text, _DONE) for text in short]
    if bad:
        lines = tuple(dict.fromkeys(text for text, _ in bad))[:20]
        return Verdict(CHECK, Outcome.FAIL, _told(how for _, how in bad), read, lines)
    if not read:
        return Verdict(CHECK, Outcome.INCONCLUSIVE, "nothing is in its log yet", 0)
    stopped = sum(1 for _, how in ends if how)
    if stopped:
        evidence = f"{_times(stopped)} it ended as one does that Cloud Run stops"
        return Verdict(CHECK, Outcome.INCONCLUSIVE, evidence, read)
    return Verdict(CHECK, Outcome.PASS, "no container exited", read)


def _short_lives(system: Iterable[Entry]) -> Iterator[Entry]:
    """Ends with code 0 of instances that began shortly before.

    An end that does not name its instance is taken for that of the oldest one.
    """
    began: dict[str, list[datetime]] = {}
    for entry in sorted(system, key=lambda one: one.at):
        of_instance = began.setdefault(entry.instance, [])
        if starts_instance(entry):
            of_instance.append(entry.at)
        elif (how := _how(entry.text)) and of_instance:
            if how == _DONE and entry.at - of_instance[0] < _SHORT:
                yield entry
            del of_instance[0]


def _how(text: str) -> str:
    """How a container ended, by a line of the system log; empty when the line tells of no end."""
    ended = _EXIT.search(text[:500])
    if ended:
        return f"exit code {ended[1]}" if ended[1] else f"signal {ended[2]}"
    if _MEMORY.search(text[:500]):
        return "out of memory"
    return "it did not run" if _NOT_RUN in text[:200] else ""


def _told(hows: Iterable[str]) -> str:
    """Such as "its container ended by itself: out of memory, exit code 137 (3 times)"."""
    counts = Counter(hows)
    kinds = ", ".join(how if n == 1 else f"{how} ({n} times)" for how, n in counts.items())
    return f"its container ended by itself: {kinds}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
