"""``cloud-run-pipeline/candidate``: the revision that a release is about, while it is under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from pipeline.model import Outcome, Service
from pipeline.release.jobs import JobRun, are_sound, with_jobs
from pipeline.release.notes import PREFIX, is_sound, is_time, read, write

CANDIDATE = f"{PREFIX}candidate"


@dataclass(frozen=True)
class Candidate:
    """The revision a release is about. Times are RFC 3339; ``before`` is the split it found.

    An undo goes back to ``before``, from whatever step and on whatever machine. ``asked`` is the
    split that its shift asked for last; empty while it asks for ``before``.
    """

    revision: str
    tag: str
    image: str
    created: str
    before: Mapping[str, int]
    commit: str = ""
    verdict: str = ""  # of Outcome, empty while nobody has judged it
    verified: str = ""
    jobs: tuple[JobRun, ...] = ()
    forced: str = ""  # why it was deployed although its image was rejected before
    paused: str = ""  # when a person stopped its shift for a while
    paused_by: str = ""
    asked: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_verified(self) -> bool:
        return self.verdict == Outcome.PASS

    @property
    def is_first(self) -> bool:
        """The service's first: it has all traffic from the start, and is private until verified."""
        return not self.before


def candidate_of(service: Service) -> Candidate | None:
    note = read(service.annotations.get(CANDIDATE, ""))
    try:
        candidate = Candidate(**with_jobs(note))
        return candidate if _is_sound(candidate) else None
    except (TypeError, ValueError):
        return None


def candidate_tag(service: Service) -> str:
    """The tag of the candidate that the service holds; empty when it holds none."""
    candidate = candidate_of(service)
    return candidate.tag if candidate else ""


def note_candidate(candidate: Candidate) -> dict[str, str]:
    return {CANDIDATE: write(asdict(candidate))}


def note_job(candidate: Candidate, job: JobRun) -> dict[str, str]:
    """One more job ran for the candidate; a verdict from before it counts no more.

    Of one that users have already met, it stays: they are on it by that verdict.
    """
    ran = replace(candidate, jobs=(*candidate.jobs, job))
    return note_candidate(ran if ran.asked else replace(ran, verdict="", verified=""))


def note_verdict(candidate: Candidate, outcome: Outcome, at: str) -> dict[str, str]:
    return note_candidate(replace(candidate, verdict=outcome.value, verified=at))


def _is_sound(candidate: Candidate) -> bool:
    """Whether the values are of their kinds; raises ValueError when ``created`` is no time."""
    return (
        all(map(_is_split, (candidate.before, candidate.asked)))
        and is_sound(candidate)
        and are_sound(candidate.jobs)
        and is_time(candidate.created)
    )


def _is_split(value: object) -> bool:
    return isinstance(value, dict) and all(type(percent) is int for percent in value.values())
