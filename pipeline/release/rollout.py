"""What a shift does next: pure steps from the service as it was read, and what just happened.

Where a shift stands is what the service serves. So one that was broken off goes on from there, on
any machine, and an undo from any step goes back to the split from before the release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.model import (
    Service,
    Split,
    Target,
    asked_split,
    live_split,
    pinned,
    show_split,
    step,
    tagged,
)
from pipeline.release.candidate import Candidate, candidate_of


@dataclass(frozen=True)
class Course:
    """What a run of shift is to do: bring the candidate to each of ``steps``, in percent.

    ``step_time`` and ``watch`` are seconds. ``opens``: everybody is let in before it is watched at
    100 %. Below 100 as the last step it stays there.
    """

    candidate: Candidate
    steps: tuple[int, ...]
    step_time: float
    watch: float
    opens: bool = False

    @property
    def base(self) -> Split:
        """The split that each step takes its share from, and that an undo goes back to."""
        return self.candidate.before

    def split_at(self, percent: int) -> dict[str, int]:
        return step(self.base, self.candidate.revision, percent)


class Event(StrEnum):
    """What happened since the last move."""

    BEGAN = "began"
    GIVEN = "given"  # the split that was asked for is served
    OPENED = "opened"
    WELL = "well"  # it was watched, and nothing failed


@dataclass(frozen=True)
class Give:
    """Write this split."""

    split: Split


@dataclass(frozen=True)
class Open:
    """Let everybody in."""


@dataclass(frozen=True)
class Watch:
    """Watch the candidate for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Hold:
    """Leave it at that share; a later shift goes on."""


@dataclass(frozen=True)
class Finish:
    """Write the release down."""


Move = Give | Open | Watch | Hold | Finish


def next_move(course: Course, service: Service, event: Event) -> Move:
    """The next move. A step at which another run broke off is given and watched anew.

    So every run begins with a write, which takes the lease.
    """
    has, last = share_of(course.candidate, service), course.steps[-1]
    if event is Event.BEGAN:
        is_at_one = _is_at_a_step(course, service, has)
        return Give(course.split_at(has if is_at_one else _above(course.steps, has)))
    if course.opens and has == 100 and event is Event.GIVEN:
        return Open()
    if event is not Event.WELL:
        return Watch(course.watch if has == 100 else course.step_time)
    if has < last:
        return Give(course.split_at(_above(course.steps, has)))
    return Finish() if has == 100 else Hold()


def _is_at_a_step(course: Course, service: Service, has: int) -> bool:
    """Whether it serves a step of this course, and asks for just that."""
    splits = (live_split(service), asked_split(service))
    return has in course.steps and all(split == course.split_at(has) for split in splits)


def _above(steps: Sequence[int], has: int) -> int:
    return next((percent for percent in steps if percent > has), steps[-1])


def share_of(candidate: Candidate, service: Service) -> int:
    """The percent of users' requests that the candidate gets."""
    return live_split(service).get(candidate.revision, 0)


def is_ours(candidate: Candidate, service: Service) -> bool:
    """Whether the service asks for just what a release, by its note there, asked for last.

    A release names revisions, except a first one, which is made with all traffic to the latest.
    """
    asked = asked_split(service)
    if candidate.is_first:
        return asked == {candidate.revision: 100}
    by_name = all(one.revision for one in service.traffic if one.percent)
    return by_name and asked == (candidate.asked or candidate.before)


def base_of(candidate: Candidate, service: Service) -> dict[str, int]:
    """The split to take from, and to go back to: the one from before the release.

    Where somebody moved traffic since, theirs counts: what they asked for, without the candidate.
    """
    others = {
        name: share for name, share in asked_split(service).items() if name != candidate.revision
    }
    if is_ours(candidate, service) or not others:
        return dict(candidate.before)
    return step(others, candidate.revision, 0)


def others_change(course: Course, seen: Service, asked: Split) -> str:
    """What somebody else did to a release under way that ``asked`` for a split; empty if nobody."""
    candidate, noted = course.candidate, candidate_of(seen)
    if noted is None:
        return f"the release of {candidate.revision} was aborted, rolled back or ended"
    if noted.revision != candidate.revision:
        return f"another release is under way: {noted.revision}"
    wants = asked_split(seen)
    if wants != asked:
        return f"it asks for {show_split(wants)} by now, not for {show_split(asked)}"
    points = tagged(seen.traffic, candidate.tag, seen.latest_ready)
    if not candidate.is_first and points != candidate.revision:
        at = f"points at {points} by now" if points else "is gone"
        return f"the tag {candidate.tag} {at}"
    return ""


def taken_back(course: Course, seen: Service, asked: Sequence[Split]) -> tuple[Target, ...] | None:
    """The traffic that undoes a shift; None where it is somebody else's by now.

    ``asked`` is what this run may have asked for last: another run of the same release counts as
    somebody else. A first release has nothing to go back to, and keeps what it has.
    """
    noted = candidate_of(seen)
    if noted is None or noted.revision != course.candidate.revision or not is_ours(noted, seen):
        return None
    if asked_split(seen) not in asked:
        return None
    return pinned(course.base or course.split_at(100), seen.traffic)
