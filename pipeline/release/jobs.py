"""Which jobs ran for a release, as the notes on the service have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.release.notes import is_sound, is_time


@dataclass(frozen=True)
class JobRun:
    """A job that succeeded for a candidate. ``ended`` is RFC 3339, by Google's clock.

    ``reversible``: the revision before can live with what it did.
    """

    name: str
    execution: str
    reversible: bool
    ended: str


def with_jobs(note: Any) -> dict[str, Any]:
    """A note with its jobs as values; notes from before there were jobs have none."""
    return {**note, "jobs": tuple(JobRun(**job) for job in note.get("jobs", ()))}


def are_sound(jobs: tuple[JobRun, ...]) -> bool:
    """Whether the values are of their kinds; raises ValueError when ``ended`` is no time."""
    return all(is_sound(job) and is_time(job.ended) for job in jobs)
