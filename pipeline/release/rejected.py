"""``cloud-run-pipeline/rejected``: images that failed under traffic, newest first, at most ten."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pipeline.model import Service, digest_of
from pipeline.release.notes import PREFIX, is_sound, is_time, read, write

REJECTED = f"{PREFIX}rejected"
KEPT = 10

_LONGEST = 300  # characters of a reason: all annotations together have 256 KiB


@dataclass(frozen=True)
class Rejected:
    """An image that was taken back: its digest, the revision that ran it, when (RFC 3339), why."""

    digest: str
    revision: str
    at: str
    why: str


def rejected_of(service: Service) -> tuple[Rejected, ...]:
    notes = read(service.annotations.get(REJECTED, ""))
    try:
        found = tuple(Rejected(**note) for note in notes)
        return found if all(is_sound(one) and is_time(one.at) for one in found) else ()
    except (TypeError, ValueError):
        return ()


def rejection_of(service: Service, image: str) -> Rejected | None:
    """Why an image, NAME@DIGEST, was rejected; None where it was not."""
    return next((one for one in rejected_of(service) if one.digest == digest_of(image)), None)


def note_rejected(service: Service, image: str, revision: str, at: str, why: str) -> dict[str, str]:
    new = Rejected(digest_of(image), revision, at, why[:_LONGEST])
    others = [one for one in rejected_of(service) if one.digest != new.digest]
    return {REJECTED: write([asdict(one) for one in [new, *others][:KEPT]])}


def note_accepted(service: Service, image: str) -> dict[str, str]:
    """Nothing where it was never rejected; else it is rejected no more: it has served well."""
    others = [one for one in rejected_of(service) if one.digest != digest_of(image)]
    if len(others) == len(rejected_of(service)):
        return {}
    return {REJECTED: write([asdict(one) for one in others]) if others else ""}
