"""The service while a shift is at work on it: what others do is seen, and never overwritten."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import NoReturn

from pipeline.adapters.cloud_run import Change
from pipeline.context import Context
from pipeline.errors import ApiRefused, ApiUnreachable, ChangedMeanwhile, Paused
from pipeline.model import Service, Split, asked_split, live_split, show_split
from pipeline.release.candidate import Candidate, candidate_of
from pipeline.release.rollout import Course, others_change
from pipeline.steps.leasing import STEP, is_ending, leased, others_lease
from pipeline.steps.probing import Prober

_LOOKS = 30.0  # seconds between two looks at the service


class Grip:
    """One shift's hold on its service, ``service`` as it was last read or written."""

    def __init__(self, context: Context, service: Service, course: Course, prober: Prober) -> None:
        self._context = context
        self._course = course
        self._looked = context.world.monotonic()
        self.service = service
        self.asked: Split = asked_split(service)
        self.asking: Split = self.asked  # with a write that may be under way
        self.prober = prober
        self.failed = False  # whether a check found the candidate itself bad
        self.opened = False  # whether everybody was let in

    def write(self, change: Change, asked: Split | None = None) -> Service:
        """Write onto the service as it was last seen; ``asked`` is the split that this asks for."""
        self.asking = self.asked if asked is None else asked
        try:
            self.service = self._context.cloud_run.update(self.service, change)
        except ChangedMeanwhile:
            self._must_be_ours(self._context.cloud_run.get(), "")
            raise
        self.asked = self.asking
        self._looked = self._context.world.monotonic()
        return self.service

    def look(self) -> None:
        """Now and then see whether it is still ours, and renew the lease before it ends.

        Raises ChangedMeanwhile and Paused. A service that cannot be read is taken to be ours.
        """
        if self._context.world.monotonic() - self._looked >= _LOOKS:
            self.check()
            if is_ending(self._context, self.service):
                with suppress(ApiRefused, ApiUnreachable):  # it is a courtesy, and no more
                    self.write(Change(notes=leased(self._context, self.service, STEP)))

    def check(self, found: str = "") -> None:
        """Look now; ``found`` is what a check found, which says nothing if it is not ours."""
        self._looked = self._context.world.monotonic()
        try:
            seen = self._context.cloud_run.get()
        except (ApiRefused, ApiUnreachable):
            return
        self._must_be_ours(seen, found)
        self.service = seen

    def _must_be_ours(self, seen: Service, found: str) -> None:
        candidate = self._course.candidate
        noted = candidate_of(seen)
        is_paused = noted is not None and noted.revision == candidate.revision and noted.paused
        if noted is not None and is_paused and not found:
            paused(seen, noted)
        what = others_change(self._course, seen, self.asked)
        lease = others_lease(self._context, seen)
        if lease is not None and not what:
            what = f"another run has taken this release over: {lease.who}, since {lease.since}"
        if what:
            raise ChangedMeanwhile(
                f"{what}; so this says nothing of the candidate: {found}" if found else what,
                where=self.service.name,
                remedy="see what serves: `nox -s status`; then `nox -s deploy`",
            )


def paused(service: Service, candidate: Candidate) -> NoReturn:
    raise Paused(
        f"{candidate.paused_by} paused it at {candidate.paused}; "
        f"it serves {show_split(live_split(service))}",
        where=f"{service.name}, revision {candidate.revision}",
        remedy="`nox -s shift -- --resume` goes on, `nox -s shift -- --abort` takes it back",
    )


def unpaused(candidate: Candidate) -> Candidate:
    return replace(candidate, paused="", paused_by="")
