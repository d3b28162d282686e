"""What stands: the service when a stage begins, its candidate, and what a deploy puts beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pipeline.adapters.cloud_run import Change
from pipeline.adapters.operations import OPERATION
from pipeline.context import Context
from pipeline.errors import NoCandidate, ServiceBusy
from pipeline.model import (
    Service,
    Target,
    asked_split,
    live_split,
    pinned,
    show_split,
    tag_uri,
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
from pipeline.release.lease import LEASE
from pipeline.release.rollout import is_ours
from pipeline.steps.undo import Mend, was_answered

Found = TypeVar("Found", Service, Service | None)

_LOOKS = 2.0  # seconds between two looks at a service that is reconciling


def settled(context: Context) -> Service:
    """The service once no change is under way any more. Raises ServiceMissing and ServiceBusy."""
    return _settled(context, context.cloud_run.get)


def settled_if_any(context: Context) -> Service | None:
    """The same, or None where there is no service of that name."""
    return _settled(context, context.cloud_run.find)


def _settled(context: Context, read: Callable[[], Found]) -> Found:
    """A change that somebody began, or a run that was killed, is waited for.

    What a release of ours asks for and does not serve is put right by the next write; of anybody
    else's it is told.
    """
    world, service = context.world, read()
    deadline = world.monotonic() + OPERATION
    with context.report.waiting("until the change that is under way has ended"):
        while service is not None and service.reconciling and world.monotonic() < deadline:
            world.sleep(_LOOKS)
            service = read()
    if service is not None:
        _must_be_settled(service)
    return service


def _must_be_settled(service: Service) -> None:
    why, candidate = unsettled(service), candidate_of(service)
    is_ours_to_mend = candidate is not None and is_ours(candidate, service)
    if why and (service.reconciling or not is_ours_to_mend):
        raise ServiceBusy(
            why,
            where=service.name,
            remedy="if a change is under way, wait for it; else `nox -s rollback` brings what it "
            "asks for and what it serves together again",
        )


def the_candidate(service: Service) -> Candidate:
    candidate = candidate_of(service)
    if candidate is None:
        raise NoCandidate(
            f"no release is under way; it serves {show_split(live_split(service))}",
            where=service.name,
            remedy="run `nox -s deploy`",
        )
    return candidate


def candidate_url(service: Service, candidate: Candidate) -> str:
    """Where only the candidate answers: its tag's URL, or the service's own on a first deploy."""
    if candidate.is_first:
        return service.uri
    url = tag_uri(service, candidate.tag)
    if url:
        return url
    raise NoCandidate(
        f"the candidate's tag {candidate.tag} has no URL: it was removed, or never became ready",
        where=service.name,
        remedy="run `nox -s deploy` for a new candidate",
    )


def served(context: Context, service: Service) -> dict[str, int]:
    """The split that a release goes back to; empty while nobody was let in to a first one.

    A release that was broken off half-way is undone by the next: its candidate's share goes back.
    A first revision that was never released serves alone and in private. Unless it was verified,
    the next one replaces it as a first one: it may be sick, and must not share traffic with it.
    """
    live, candidate = live_split(service), candidate_of(service)
    if candidate is not None and not candidate.is_first and is_ours(candidate, service):
        if candidate.asked:
            context.report.warn(
                f"the release of {candidate.revision} was broken off at {show_split(live)}: "
                f"this one takes it back to {show_split(candidate.before)}"
            )
        return dict(candidate.before)
    unfit = (
        candidate is not None
        and candidate.is_first
        and not candidate.is_verified
        and live == {candidate.revision: 100}
    )
    if live and not unfit:
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


def dark(service: Service, candidate: Candidate) -> tuple[Target, ...]:
    """Traffic pinned by name, and the candidate at 0 % under its tag.

    The tag of a candidate that this one replaces goes. A first one gets all: there is nobody else.
    """
    others = without_tag(service.traffic, candidate_tag(service))
    if candidate.is_first:
        return (Target(None, 100), *pinned({}, others))
    return (*pinned(candidate.before, others), Target(candidate.revision, 0, candidate.tag))


def taken_back(service: Service, candidate: Candidate) -> Mend:
    """How to be rid of a candidate: traffic, and the candidate held before it, as they were."""
    note, held = note_candidate(candidate)[CANDIDATE], candidate_tag(service)

    def mend(seen: Service, first: BaseException) -> Change | str:
        if seen.etag == service.etag and was_answered(first):
            return "nothing was changed"
        if seen.etag != service.etag and seen.annotations.get(CANDIDATE, "") != note:
            return "somebody else changed it meanwhile, so it is left alone"
        split = live_split(service) if candidate.is_first else asked_split(seen)
        others = without_tag(without_tag(seen.traffic, candidate.tag), held)
        back = [one for one in service.traffic if held and one.tag == held]
        notes = {CANDIDATE: service.annotations.get(CANDIDATE, ""), LEASE: ""}
        return Change(traffic=pinned(split, [*others, *back]), notes=notes)

    return mend
