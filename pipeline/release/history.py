"""``cloud-run-pipeline/releases``: verified revisions that served, newest first, at most ten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pipeline.model import Service, Split, asked_split, digest_of, live_split
from pipeline.release.candidate import CANDIDATE, Candidate, candidate_of
from pipeline.release.jobs import JobRun, are_sound, with_jobs
from pipeline.release.notes import PREFIX, is_sound, read, write

RELEASES = f"{PREFIX}releases"
KEPT = 10


@dataclass(frozen=True)
class Release:
    """A verified revision that got all traffic, ``since`` then. Times are RFC 3339."""

    revision: str
    image: str
    verified: str
    since: str
    commit: str = ""
    jobs: tuple[JobRun, ...] = ()


def releases_of(service: Service) -> tuple[Release, ...]:
    notes = read(service.annotations.get(RELEASES, ""))
    try:
        releases = tuple(Release(**with_jobs(note)) for note in notes)
        return releases if all(is_sound(one) and are_sound(one.jobs) for one in releases) else ()
    except (TypeError, ValueError):
        return ()


def has_served(service: Service, image: str) -> bool:
    """Whether a release of this very image served, as far as the notes go."""
    return any(digest_of(one.image) == digest_of(image) for one in releases_of(service))


def note_released(service: Service, candidate: Candidate, now: str) -> dict[str, str]:
    """The candidate becomes the newest release, and is no candidate any more.

    Releases newer than what served before it were rolled away from, and are forgotten.
    """
    release = Release(
        candidate.revision, candidate.image, candidate.verified, now, candidate.commit,
        candidate.jobs,
    )  # fmt: skip
    others = _kept_to(releases_of(service), candidate.before)
    return {CANDIDATE: "", RELEASES: write([asdict(one) for one in [release, *others][:KEPT]])}


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
