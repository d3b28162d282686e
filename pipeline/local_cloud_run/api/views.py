"""The state as v2 JSON, as GET returns it (API facts §1.3, §1.6, §1.7, §2).

``uri`` gives the address of a site. Enums are names, 64-bit integers strings, times RFC 3339.
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.local_cloud_run import messages
from pipeline.local_cloud_run.api.shapes import condition, timestamp
from pipeline.local_cloud_run.state.conditions import FAILED, SUCCEEDED, Condition, etag_of
from pipeline.local_cloud_run.state.job_resources import Job
from pipeline.local_cloud_run.state.resources import (
    Revision,
    Routed,
    Service,
)
from pipeline.local_cloud_run.state.traffic import LATEST, REVISION
from pipeline.local_cloud_run.values import Json, ServiceKey, Site

Uri = Callable[[Site], str]

_NOT_OF_REVISION = ("revision", "healthCheckDisabled")


def service_name(key: ServiceKey) -> str:
    return f"projects/{key.project}/locations/{key.location}/services/{key.service}"


def service(held: Service, uri: Uri) -> Json:
    """A Service. It has an address once a revision of it has been ready."""
    name = service_name(held.key)
    full = {"latestCreatedRevision": held.latest_created, "latestReadyRevision": held.latest_ready}
    address = uri(Site(held.key)) if held.observed else ""
    return {
        **held.spec,
        "name": name,
        "uid": held.uid,
        "generation": str(held.generation),
        "observedGeneration": str(held.observed_generation),
        "createTime": timestamp(held.created),
        "updateTime": timestamp(held.updated),
        "terminalCondition": condition("Ready", held.ready),
        "conditions": [
            condition("RoutesReady", held.routes),
            condition("ConfigurationsReady", held.configurations),
        ],
        **{field: f"{name}/revisions/{short}" for field, short in full.items() if short},
        "trafficStatuses": [_status(held.key, each, uri) for each in held.observed],
        **({"uri": address, "urls": [address]} if address else {}),
        "reconciling": held.reconciling,
        "etag": etag_of(held.version),
    }


def _status(key: ServiceKey, routed: Routed, uri: Uri) -> Json:
    """A TrafficTargetStatus; a LATEST entry names no revision, an untagged REVISION one no uri."""
    target = routed.target
    latest = target.revision is None
    shown: Json = {"type": LATEST if latest else REVISION}
    if not latest:
        shown["revision"] = routed.revision
    if target.percent:
        shown["percent"] = target.percent
    if target.tag:
        shown["tag"] = target.tag
    if latest or target.tag:
        shown["uri"] = uri(Site(key, target.tag or None))
    return shown


def revision(held: Revision, owner: Service | None) -> Json:
    """A Revision, its image pinned by digest once that is known; its service may be gone."""
    first, *others = held.template["containers"]
    container = {**first, "image": held.image} if held.image else first
    return {
        **{name: held.template[name] for name in held.template if name not in _NOT_OF_REVISION},
        "containers": [container, *others],
        "name": f"{service_name(held.key.of_service)}/revisions/{held.key.revision}",
        "service": held.key.service,
        "uid": held.uid,
        "generation": "1",
        "observedGeneration": "0" if held.pending else "1",
        "launchStage": owner.spec["launchStage"] if owner else "GA",
        "createTime": timestamp(held.created),
        "updateTime": timestamp(held.updated),
        "reconciling": held.pending,
        "conditions": [
            *(condition(kind, held.ready) for kind in ("Ready", "ContainerHealthy")),
            *([_active(held, routed=is_routed(held, owner))] if held.is_ready else []),
        ],
        "logUri": messages.logs_url(held.key),
        "etag": etag_of(held.version),
    }


def is_routed(held: Revision, owner: Service | None) -> bool:
    """Whether the traffic in force names a revision, by percent or by tag."""
    observed = owner.observed if owner else ()
    return any(each.revision == held.key.revision for each in observed)


def _active(held: Revision, *, routed: bool) -> Json:
    """Whether traffic can reach it. Severity INFO: a retired revision is no failure."""
    state, reason = (SUCCEEDED, "") if routed else (FAILED, "RETIRED")
    return {
        **condition("Active", Condition(state, held.updated, reason=reason)),
        "severity": "INFO",
    }


def policy(held: Service | Job) -> Json:
    """A google.iam.v1.Policy."""
    return {
        "version": 1,
        "etag": etag_of(held.policy_version).strip('"'),
        "bindings": list(held.policy),
    }
