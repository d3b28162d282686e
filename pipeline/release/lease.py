"""``cloud-run-pipeline/lease``: who is at work on the service, so that nobody else begins.

Only a courtesy between releases: what keeps a write from overwriting another is the etag.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from pipeline.model import Service
from pipeline.release.notes import PREFIX, is_sound, is_time, read, write

LEASE = f"{PREFIX}lease"

_CLOCKS = timedelta(minutes=15)  # by which two machines may disagree


@dataclass(frozen=True)
class Holder:
    """Who releases: ``id`` is the same in all stages of a run, ``who`` is for people to read."""

    id: str
    who: str


@dataclass(frozen=True)
class Lease:
    """Held ``since`` then, ``until`` then unless it is renewed. Times are RFC 3339."""

    id: str
    who: str
    since: str
    until: str


def lease_of(service: Service) -> Lease | None:
    note = read(service.annotations.get(LEASE, ""))
    try:
        lease = Lease(**note)
        sound = is_sound(lease) and is_time(lease.since) and is_time(lease.until)
    except (TypeError, ValueError):
        return None
    return lease if sound else None


def is_over(lease: Lease, now: datetime) -> bool:
    """Whether it ended. One that begins much later than now is of a clock that is wrong."""
    begins = datetime.fromisoformat(lease.since)
    return now >= datetime.fromisoformat(lease.until) or begins - now > _CLOCKS


def left_of(lease: Lease, now: datetime) -> float:
    """Seconds until it is over; negative when it is."""
    return (datetime.fromisoformat(lease.until) - now).total_seconds()


def note_lease(
    service: Service | None, holder: Holder, now: datetime, term: float
) -> dict[str, str]:
    """Held by ``holder`` for ``term`` seconds from now; one that it has already goes on."""
    held = lease_of(service) if service else None
    since = held.since if held and held.id == holder.id else _text(now)
    until = _text(now + timedelta(seconds=term))
    return {LEASE: write(asdict(Lease(holder.id, holder.who, since, until)))}


def note_no_lease() -> dict[str, str]:
    return {LEASE: ""}


def _text(time: datetime) -> str:
    return time.isoformat(timespec="seconds")
