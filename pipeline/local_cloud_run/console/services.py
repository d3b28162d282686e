"""Services and revisions as the page shows them: what was asked, what is in force, who is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from pipeline.local_cloud_run.api.shapes import timestamp
from pipeline.local_cloud_run.console.tally import Answers
from pipeline.local_cloud_run.state.conditions import FAILED, RECONCILING, Condition
from pipeline.local_cloud_run.state.resources import Operation, Revision, Service, State
from pipeline.local_cloud_run.state.traffic import targets
from pipeline.local_cloud_run.values import Census, JobKey, Json, RevisionKey, Site
from pipeline.report.harmless import harmless
from pipeline.report.masking import NO_SECRETS, Secrets

NEWEST = 10
_DIGEST = len("0123456789ab")


@dataclass(frozen=True)
class Seen:
    """Everything that the view needs beside the state. ``uri`` is the address of a site."""

    uri: Callable[[Site], str]
    census: Mapping[RevisionKey, Census] = field(default_factory=dict)
    answers: Answers = field(default_factory=dict)
    secrets: Secrets = NO_SECRETS


def services(state: State, seen: Seen) -> list[Json]:
    return [_service(state.services[key], seen) for key in sorted(state.services)]


def operations(state: State) -> list[Json]:
    """Those under way, the oldest first."""
    return [_operation(name, held) for name, held in state.operations.items() if not held.done]


def _operation(name: str, held: Operation) -> Json:
    of_job = isinstance(held.key, JobKey)
    return {
        "name": name.rpartition("/")[2],
        "kind": "job" if of_job else "service",
        "of": held.key.job if isinstance(held.key, JobKey) else held.key.service,
        "about": held.revision or held.execution,
    }


def _service(held: Service, seen: Seen) -> Json:
    asked, in_force = _asked(held), _in_force(held)
    shown = [
        revision
        for place, revision in enumerate(reversed(list(held.revisions.values())))
        if place < NEWEST or _matters(held, revision, asked, seen)
    ]
    return {
        "key": "/".join(held.key),
        "name": held.key.service,
        "place": f"{held.key.project} / {held.key.location}",
        "uri": seen.uri(Site(held.key)) if held.observed else "",
        **_condition(_own(held), seen),
        "asked": asked,
        "in_force": in_force,
        "refused": _counts(seen.answers.get(RevisionKey(*held.key, ""), {})),
        "revisions": [_revision(held, revision, seen) for revision in shown],
        "older": len(held.revisions) - len(shown),
    }


def _own(held: Service) -> Condition:
    """Its condition, without what the newest revision says already."""
    newest = held.revisions.get(held.latest_created)
    said = newest is not None and newest.failure and newest.ready.message in held.ready.message
    return replace(held.ready, message="") if said else held.ready


def _asked(held: Service) -> dict[str, int]:
    """Percent by revision; LATEST counts for the one it leads to."""
    shares: Counter[str] = Counter()
    for target in targets(held.spec):
        shares[target.revision or held.latest_ready or held.latest_created] += target.percent
    return dict(+shares)


def _in_force(held: Service) -> dict[str, int]:
    shares: Counter[str] = Counter()
    for routed in held.observed:
        shares[routed.revision] += routed.target.percent
    return dict(+shares)


def _matters(held: Service, revision: Revision, asked: Mapping[str, int], seen: Seen) -> bool:
    """An old revision that is asked for, that requests can reach, or that still runs."""
    name = revision.key.revision
    reachable = name in asked or any(routed.revision == name for routed in held.observed)
    census = seen.census.get(revision.key)
    return reachable or bool(census and (census.running or census.starting))


def _revision(owner: Service, held: Revision, seen: Seen) -> Json:
    name, digest = held.image.partition("@sha256:")[::2]
    census = seen.census.get(held.key, Census())
    return {
        "name": held.key.revision,
        **_condition(held.ready, seen),
        "image": harmless(name or str(held.template["containers"][0].get("image", ""))),
        "digest": digest[:_DIGEST],
        "created": timestamp(held.created),
        "newest": held.key.revision == owner.latest_created,
        "tags": [
            {"tag": each.target.tag, "uri": seen.uri(Site(owner.key, each.target.tag))}
            for each in owner.observed
            if each.target.tag and each.revision == held.key.revision
        ],
        "instances": list(census.running.values()),
        "starting": census.starting,
        "waiting": census.waiting,
        "answers": _counts(seen.answers.get(held.key, {})),
    }


def _condition(ready: Condition, seen: Seen) -> Json:
    """Why it failed, without the addresses of Google's own console that follow."""
    states = {RECONCILING: "working", FAILED: "failed"}
    why = ready.message.partition("\n\n")[0] if ready.state == FAILED else ""
    return {"state": states.get(ready.state, "ready"), "why": harmless(why, seen.secrets)}


def _counts(answers: Mapping[int, int]) -> list[list[int]]:
    """Pairs of a status and how often."""
    return [[status, answers[status]] for status in sorted(answers)]
