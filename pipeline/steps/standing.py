"""What stands: what serves when a deploy begins, and whether what a shift asked for still does."""

from __future__ import annotations

from pipeline.adapters.cloud_run import Change
from pipeline.context import Context
from pipeline.errors import ApiRefused, ApiUnreachable, ChangedMeanwhile, ServiceBusy
from pipeline.model import (
    Service,
    Target,
    Verdict,
    asked_split,
    live_split,
    pinned,
    show_split,
    tagged,
    unsettled,
    without_tag,
)
from pipeline.release.candidate import (
    CANDIDATE,
    Candidate,
    candidate_of,
    candidate_tag,
    note_candidate,
)
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
    others = without_tag(service.traffic, candidate_tag(service))
    if candidate.is_first:
        return (Target(None, 100), *pinned({}, others))
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


def must_be_ours(context: Context, ours: Service, tag: str, verdict: Verdict) -> None:
    """Before a failure is believed: is the service still as this run asked for it?

    Raises ChangedMeanwhile where somebody moved traffic or the candidate's tag. A service that
    cannot be read is taken to be ours.
    """
    try:
        now = context.cloud_run.get()
    except (ApiRefused, ApiUnreachable):
        return
    found = _others_change(ours, now, tag)
    if found:
        raise ChangedMeanwhile(
            f"{found}; so this says nothing of the candidate: {verdict.check}: {verdict.evidence}",
            where=ours.name,
            remedy="see what serves: `nox -s status`; then `nox -s deploy` for a new candidate",
        )


def _others_change(ours: Service, now: Service, tag: str) -> str:
    """What somebody else did to traffic or to the candidate's tag; empty if nobody did."""
    asked = asked_split(now)
    if asked != asked_split(ours):
        return f"it asks for {show_split(asked)} by now, not for {show_split(asked_split(ours))}"
    before, after = (tagged(one.traffic, tag, one.latest_ready) for one in (ours, now))
    if before == after:
        return ""
    return f"the tag {tag} points at {after} by now" if after else f"the tag {tag} is gone"
