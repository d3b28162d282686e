"""What the revisions of a run answer and write, by their nature."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from pipeline.adapters.logging import Entry
from pipeline.adapters.web import Answer
from pipeline.local_cloud_run import messages
from pipeline.local_cloud_run.values import InstanceSpec
from tests.simulation.plan import Nature

_ONSET = 2.0  # seconds after users came that a late fault shows
_FLAPS = 3  # of so many answers one is bad
_JSON = {"Content-Type": "application/json"}
_WELL, _ILL = b'{"status": "healthy"}', b'{"status": "unhealthy"}'


@dataclass
class Revisions:
    """``met`` says since when users can meet each revision, in seconds of the run."""

    now: Callable[[], float]
    natures: dict[str, Nature] = field(default_factory=dict)
    met: dict[str, float] = field(default_factory=dict)
    _answers: count[int] = field(default_factory=count)

    def nature(self, name: str) -> Nature:
        return self.natures.get(name, Nature.WELL)

    def answer(self, name: str) -> Answer:
        """What a probe is answered."""
        nature, seconds = self.nature(name), 0.02
        bad = nature is Nature.SICK or (nature is Nature.LATE_SICK and self._shows(name))
        if nature is Nature.FLAPS:
            bad = next(self._answers) % _FLAPS == _FLAPS - 1
        if nature is Nature.SLOW:
            seconds = 2.5
        body = _ILL if nature is Nature.UNHEALTHY else _WELL
        return Answer(503 if bad else 200, _JSON, body, seconds)

    def for_users(self, name: str) -> Answer:
        answer = self.answer(name)
        fails = self.nature(name) is Nature.LATE_ERRORS and self._shows(name)
        return replace(answer, status=500) if fails else answer

    def _shows(self, name: str) -> bool:
        return name in self.met and self.now() >= self.met[name] + _ONSET


def of_start(spec: InstanceSpec, nature: Nature, at: datetime, took: float) -> Iterator[Entry]:
    """What is in the log of a revision once its first instance is up, or is not."""

    def entry(log: str, text: str, after: float) -> Entry:
        when, name = at + timedelta(seconds=after), spec.key.revision
        return Entry(when, log, text, "INFO", name, id=f"{name} {text[:9]} {after}", instance="i")

    yield entry("varlog/system", messages.starting(messages.DEPLOYMENT), 0)
    if nature in (Nature.FAILS, Nature.STUCK):
        yield entry("varlog/system", messages.probe_failed(spec, 1, "ERROR"), took)
        return
    yield entry("varlog/system", messages.probe_succeeded(spec, 1), min(took, 3.0))
    yield entry("stdout", "listening", took)
    if nature is Nature.FORBIDDEN:
        yield entry("stderr", "Traceback (most recent call last):", took)


def of_users(name: str, nature: Nature, at: datetime) -> Iterator[Entry]:
    """What comes into the log of a revision because users met it."""
    at += timedelta(seconds=_ONSET)
    if nature is Nature.LATE_LINES:
        yield Entry(at, "stdout", "BACKGROUND_TASK_FAILURE", "ERROR", name, id=f"{name} late")
    if nature is Nature.LATE_EXITS:
        yield Entry(at, "varlog/system", messages.exited(1), "WARNING", name, id=f"{name} late")
