"""The release's state, kept on the service itself as annotations, so that any machine can go on.

``cloud-run-pipeline/candidate``  the candidate under way, if any
``cloud-run-pipeline/releases``   verified revisions that served, newest first, at most ten
``cloud-run-pipeline/variables``  names of the variables that pipeline.yaml set at the last deploy

All are JSON with a version. Pure: text in, values out; unreadable notes are treated as absent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from pipeline.model import Outcome, Service, Split, asked_split, live_split

CANDIDATE = "cloud-run-pipeline/candidate"
RELEASES = "cloud-run-pipeline/releases"
VARIABLES = "cloud-run-pipeline/variables"
VERSION = 1
KEPT = 10


@dataclass(frozen=True)
class JobRun:
    """A job that succeeded for a candidate. ``ended`` is RFC 3339, by Google's clock.

    ``reversible``: the revision before can live with what it did.
    """

    name: str
    execution: str
    reversible: bool
    ended: str


@dataclass(frozen=True)
class Candidate:
    """The revision a release is about. Times are RFC 3339; ``before`` is the split it found."""

    revision: str
    tag: str
    image: str
    created: str
    before: Mapping[str, int]
    commit: str = ""
    verdict: str = ""  # of Outcome, empty while nobody has judged it
    verified: str = ""
    jobs: tuple[JobRun, ...] = ()

    @property
    def is_verified(self) -> bool:
        return self.verdict == Outcome.PASS

    @property
    def is_first(self) -> bool:
        """The service's first: it has all traffic from the start, and is private until verified."""
        return not self.before


@dataclass(frozen=True)
class Release:
    """A verified revision that got all traffic, ``since`` then. Times are RFC 3339."""

    revision: str
    image: str
    verified: str
    since: str
    commit: str = ""
    jobs: tuple[JobRun, ...] = ()


def candidate_of(service: Service) -> Candidate | None:
    note = _read(service.annotations.get(CANDIDATE, ""))
    try:
        candidate = Candidate(**_with_jobs(note))
        return candidate if _is_sound(candidate) else None
    except (TypeError, ValueError):
        return None


def candidate_tag(service: Service) -> str:
    """The tag of the candidate that the service holds; empty when it holds none."""
    candidate = candidate_of(service)
    return candidate.tag if candidate else ""


def releases_of(service: Service) -> tuple[Release, ...]:
    notes = _read(service.annotations.get(RELEASES, ""))
    try:
        releases = tuple(Release(**_with_jobs(note)) for note in notes)
        return releases if all(_has_sound_texts(one) for one in releases) else ()
    except (TypeError, ValueError):
        return ()


def variables_of(service: Service) -> frozenset[str]:
    """Variables that came from pipeline.yaml: one that it no longer names is to be removed."""
    notes = _read(service.annotations.get(VARIABLES, ""))
    return frozenset(map(str, notes)) if isinstance(notes, list) else frozenset()


def note_variables(names: Iterable[str]) -> dict[str, str]:
    return {VARIABLES: _write(sorted(names))}


def note_candidate(candidate: Candidate) -> dict[str, str]:
    return {CANDIDATE: _write(asdict(candidate))}


def note_job(candidate: Candidate, job: JobRun) -> dict[str, str]:
    """One more job ran for the candidate; a verdict from before it counts no more."""
    ran = (*candidate.jobs, job)
    return note_candidate(replace(candidate, jobs=ran, verdict="", verified=""))


def note_verdict(candidate: Candidate, outcome: Outcome, at: str) -> dict[str, str]:
    return note_candidate(replace(candidate, verdict=outcome.value, verified=at))


def note_released(service: Service, candidate: Candidate, now: str) -> dict[str, str]:
    """The candidate becomes the newest release, and is no candidate any more.

    Releases newer than what served before it were rolled away from, and are forgotten.
    """
    release = Release(
        candidate.revision, candidate.image, candidate.verified, now, candidate.commit,
        candidate.jobs,
    )  # fmt: skip
    others = _kept_to(releases_of(service), candidate.before)
    return {CANDIDATE: "", RELEASES: _write([asdict(one) for one in [release, *others][:KEPT]])}


def rollback_targets(service: Service, releases: Sequence[Release]) -> Sequence[Release]:
    """The verified releases before the one that serves, the one to go back to first.

    While a candidate is on its way, those that served before it. Where something is asked for that
    did not come to serve, what serves is the one to go back to. A revision that was itself rolled
    away from is newer than what served then, so it is never among them.
    """
    live, asked = live_split(service), asked_split(service)
    candidate = candidate_of(service)
    if candidate is not None and candidate.revision in {*live, *asked}:
        return _kept_to(releases, candidate.before)
    kept = _kept_to(releases, live)
    is_left = bool(kept) and kept[0].revision in live and asked in ({}, live)
    return kept[1:] if is_left else kept


def rolled_away(service: Service) -> Sequence[Release]:
    """The verified releases newer than what serves, newest first: a rollback left them."""
    releases = releases_of(service)
    return releases[: len(releases) - len(_kept_to(releases, live_split(service)))]


def verified_at(service: Service, revision: str) -> str:
    """When this pipeline verified a revision, as far as its notes go; empty where they do not."""
    candidate = candidate_of(service)
    if candidate is not None and candidate.revision == revision and candidate.is_verified:
        return candidate.verified
    times = (one.verified for one in releases_of(service) if one.revision == revision)
    return next(times, "")


def not_restored(service: Service, revision: str, made: datetime) -> tuple[JobRun, ...]:
    """What going back to a revision does not restore: what jobs did that are not reversible.

    Those of other releases that ended after it was ``made``: its own it knows.
    """
    noted: tuple[Candidate | Release | None, ...] = (candidate_of(service), *releases_of(service))
    return tuple(
        job
        for one in noted
        if one is not None and one.revision != revision
        for job in one.jobs
        if not job.reversible and datetime.fromisoformat(job.ended) > made
    )


def _kept_to(releases: Sequence[Release], split: Split) -> list[Release]:
    """The releases from the newest in a split on; all of them when none is in it."""
    names = [release.revision for release in releases]
    newest = min((names.index(name) for name in split if name in names), default=0)
    return list(releases[newest:])


def _with_jobs(note: Any) -> dict[str, Any]:
    """A note with its jobs as values; notes from before there were jobs have none."""
    return {**note, "jobs": tuple(JobRun(**job) for job in note.get("jobs", ()))}


def _is_sound(candidate: Candidate) -> bool:
    """Whether the values are of their kinds; raises ValueError when ``created`` is no time."""
    return (
        isinstance(candidate.before, dict)
        and all(type(percent) is int for percent in candidate.before.values())
        and _has_sound_texts(candidate)
        and _is_time(candidate.created)
    )


def _has_sound_texts(noted: Candidate | Release) -> bool:
    values = {name: value for name, value in vars(noted).items() if name not in ("before", "jobs")}
    return _are_texts(values) and all(map(_is_sound_job, noted.jobs))


def _is_sound_job(job: JobRun) -> bool:
    texts = (job.name, job.execution, job.ended)
    sound = all(isinstance(text, str) for text in texts) and type(job.reversible) is bool
    return sound and _is_time(job.ended)


def _is_time(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


def _are_texts(values: Mapping[str, Any]) -> bool:
    return all(isinstance(value, str) for value in values.values())


def _read(text: str) -> Any:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("v") != VERSION:
        return None
    return document.get("note")


def _write(note: object) -> str:
    return json.dumps({"v": VERSION, "note": note}, separators=(",", ":"), sort_keys=True)
