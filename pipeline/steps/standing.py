"""What serves when a deploy begins: it is kept, and gone back to when the deploy fails."""

from __future__ import annotations

from pipeline.adapters.cloud_run import Change
from pipeline.context import Context
from pipeline.errors import ServiceBusy
from pipeline.model import Service, Target, asked_split, live_split, pinned, unsettled, without_tag
from pipeline.release import CANDIDATE, Candidate, candidate_of, candidate_tag, note_candidate
from pipeline.steps.undo import Mend


def served(context: Context, service: Service) -> dict[str, int]:
    """The split that users are served; empty while nobody was let in to a first release.

    A first revision that was never released serves alone and in private: the next one replaces it
    as a first one, for it may be sick and must not share the traffic of a sound one.
    """
    _must_be_settled(service)
    live, candidate = live_split(service), candidate_of(service)
    unreleased = candidate is not None and candidate.is_first and live == {candidate.revision: 100}
    if live and not unreleased:
        return live
    if not context.cloud_run.is_public(service):
        return {}
    if live:
        return live
    raise ServiceBusy(
        "nothing serves, and anybody may call it: they would meet a revision nobody verified",
        where=service.name,
        remedy="require authentication for it in the console, then run `nox -s deploy`",
    )


def _must_be_settled(service: Service) -> None:
    why = unsettled(service)
    if why:
        raise ServiceBusy(
            why,
            where=service.name,
            remedy="if a change is under way, wait for it; if a shift failed half-way, "
            "`nox -s rollback` brings what it asks for and what it serves together again",
        )


def dark(service: Service, candidate: Candidate) -> tuple[Target, ...]:
    """Traffic as it is, pinned by name, and the candidate at 0 % under its tag.

    The tag of a candidate that this one replaces goes. A first one gets all: there is nobody else.
    """
    if candidate.is_first:
        return (Target(None, 100),)
    others = without_tag(service.traffic, candidate_tag(service))
    return (*pinned(candidate.before, others), Target(candidate.revision, 0, candidate.tag))


def taken_back(service: Service, candidate: Candidate) -> Mend:
    """How to be rid of a candidate: traffic, and the candidate held before it, as they were."""
    note, held = note_candidate(candidate)[CANDIDATE], candidate_tag(service)

    def mend(seen: Service) -> Change | None:
        if seen.etag != service.etag and seen.annotations.get(CANDIDATE, "") != note:
            return None
        split = live_split(service) if candidate.is_first else asked_split(seen)
        others = without_tag(without_tag(seen.traffic, candidate.tag), held)
        back = [one for one in service.traffic if held and one.tag == held]
        traffic = pinned(split, [*others, *back])
        return Change(traffic=traffic, notes={CANDIDATE: service.annotations.get(CANDIDATE, "")})

    return mend
