"""A write and what is read afterwards: was it applied, may it be sent again, has it settled?

Pure. An answer that does not come says nothing of the write: only the service tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.adapters.template import Settings
from pipeline.model import Service, Target, asked_split, live_split


@dataclass(frozen=True)
class Change:
    """What an update writes; None leaves a part as it is."""

    settings: Settings | None = None
    traffic: Sequence[Target] | None = None
    notes: Mapping[str, str] | None = None  # annotations to set; an empty value removes one

    @property
    def revision(self) -> str:
        """The revision that it makes; empty when it makes none."""
        return self.settings.revision if self.settings else ""


class Found(StrEnum):
    """What a look at the service says of a write."""

    APPLIED = "applied"
    NOT_APPLIED = "not applied"  # and nobody touched what it is about: it may be sent again
    CHANGED = "changed"  # somebody else wrote what it is about


class Standing(StrEnum):
    """How far Cloud Run has come with a write that was applied."""

    UNDER_WAY = "under way"
    SETTLED = "settled"
    FAILED = "failed"


def found(seen: Service | None, now: Service | None, change: Change, *, lost: bool) -> Found:
    """What became of a write onto a service as it was ``seen``, from what it is ``now``.

    ``lost``: an answer to it was lost. Without that a write that was refused is not applied, and
    who asked for the very same was somebody else; but no one else knows a new revision's name.

    Not applied, it may still be on its way. Sent again it has the etag of ``now``: of the two, the
    one that comes second is refused.
    """
    if now is not None and (lost or change.settings) and is_there(now, change):
        return Found.APPLIED
    if seen is None or now is None:
        return Found.NOT_APPLIED if seen is now else Found.CHANGED
    return Found.NOT_APPLIED if _is_untouched(seen, now, change) else Found.CHANGED


def is_there(now: Service, change: Change) -> bool:
    """Whether the service asks for all that a change wants."""
    made = (now.latest_created, now.template_revision)
    return (
        (change.settings is None or change.revision in made)
        and (change.traffic is None or _same(change.traffic, now.traffic))
        and all(
            now.annotations.get(key, "") == value for key, value in (change.notes or {}).items()
        )
    )


def standing(now: Service, change: Change) -> Standing:
    """Whether what a change asked for has come to be, as its operation would say (§1.6, §1.8).

    A split that Cloud Run did not take over without saying why counts as settled: the service
    shows it.
    """
    if now.reconciling or (change.settings and now.latest_created != change.revision):
        return Standing.UNDER_WAY
    if change.settings and now.latest_ready != change.revision:
        return Standing.UNDER_WAY if now.ready else Standing.FAILED
    is_about_traffic = change.settings is not None or change.traffic is not None
    if is_about_traffic and not now.ready and asked_split(now) != live_split(now):
        return Standing.FAILED
    return Standing.SETTLED


def _is_untouched(seen: Service, now: Service, change: Change) -> bool:
    """Whether nobody changed what a change is about; new settings are about everything."""
    same = now.traffic == seen.traffic and now.annotations == seen.annotations
    return same and (change.settings is None or now.generation == seen.generation)


def _same(some: Sequence[Target], others: Sequence[Target]) -> bool:
    """The same percentages and tags, however they are divided into targets."""
    return _percents(some) == _percents(others) and _tags(some) == _tags(others)


def _percents(targets: Sequence[Target]) -> Counter[str | None]:
    percents: Counter[str | None] = Counter()
    for target in targets:
        percents[target.revision] += target.percent
    return +percents


def _tags(targets: Sequence[Target]) -> set[tuple[str, str | None]]:
    return {(target.tag, target.revision) for target in targets if target.tag}
