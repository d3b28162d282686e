"""Services, revisions, routes and configurations as v1 JSON (API facts §1, §2, §13.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pipeline.local_cloud_run import messages
from pipeline.local_cloud_run.api.knative.objects import Identity, condition, head
from pipeline.local_cloud_run.api.knative.spelling import RUN, SERVING
from pipeline.local_cloud_run.api.knative.template import API_VERSION, spec_to_v1, template_to_v1
from pipeline.local_cloud_run.api.views import Uri, is_routed
from pipeline.local_cloud_run.state.conditions import FAILED, SUCCEEDED, Condition
from pipeline.local_cloud_run.state.resources import Revision, Routed, Service
from pipeline.local_cloud_run.values import Json, ServiceKey, Site


def identity(of: Service, kind: str = "Service") -> Identity:
    """The route and the configuration of a service are called as it is."""
    key = of.key
    place = f"{kind.lower()}s"
    return Identity(API_VERSION, kind, place, key.project, key.location, key.service, of.uid)


def revision_identity(of: Revision) -> Identity:
    key = of.key
    name = key.revision
    return Identity(API_VERSION, "Revision", "revisions", key.project, key.location, name, of.uid)


def service(held: Service, uri: Uri, operation: str = "") -> Json:
    """``operation`` is the name of the one that made it what it is, where that is known."""
    annotations, spec = spec_to_v1(held.spec)
    address = _address(held, uri)
    own = {
        f"{RUN}ingress-status": annotations.get(f"{RUN}ingress", ""),
        f"{RUN}operation-id": operation.rpartition("/")[2],
        f"{RUN}urls": json.dumps([address]) if address else "",
    }
    annotations |= {name: value for name, value in own.items() if value}
    return {
        **_head(held, "Service", annotations, held.spec.get("labels", {})),
        "spec": spec,
        "status": {
            "observedGeneration": held.generation,
            "conditions": [
                condition("Ready", held.ready),
                condition("ConfigurationsReady", held.configurations),
                condition("RoutesReady", held.routes),
            ],
            **_names(held),
            **_routing(held, uri),
        },
    }


def route(held: Service, uri: Uri) -> Json:
    return {
        **_head(held, "Route"),
        "spec": {"traffic": spec_to_v1(held.spec)[1]["traffic"]},
        "status": {
            "observedGeneration": held.generation,
            "conditions": [condition("Ready", held.routes)],
            **_routing(held, uri),
        },
    }


def configuration(held: Service) -> Json:
    return {
        **_head(held, "Configuration"),
        "spec": {"template": template_to_v1(held.spec["template"])},
        "status": {
            "observedGeneration": held.generation,
            "conditions": [condition("Ready", held.configurations)],
            **_names(held),
        },
    }


def revision(held: Revision, owner: Service) -> Json:
    template = template_to_v1(held.template)
    return {
        **head(
            revision_identity(held),
            held.created,
            held.version,
            labels=revision_labels(held, owner),
            annotations=template["metadata"].get("annotations", {}),
        ),
        "spec": template["spec"],
        "status": {
            "observedGeneration": 0 if held.pending else 1,
            "conditions": _revision_conditions(held, owner),
            "logUrl": messages.logs_url(held.key),
            **({"imageDigest": held.image} if held.image else {}),
        },
    }


def revision_labels(held: Revision, owner: Service) -> dict[str, str]:
    """What a label selector sees."""
    template = template_to_v1(held.template)["metadata"]
    return {
        **template.get("labels", {}),
        f"{SERVING}configuration": held.key.service,
        f"{SERVING}configurationGeneration": str(held.generation),
        f"{SERVING}service": held.key.service,
        f"{SERVING}serviceUid": owner.uid,
    }


def _head(
    held: Service,
    kind: str,
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Json:
    return head(
        identity(held, kind),
        held.created,
        held.version,
        generation=held.generation,
        labels={f"{SERVING}service": held.key.service} if labels is None else labels,
        annotations=annotations or {},
    )


def _names(held: Service) -> Json:
    names = {
        "latestCreatedRevisionName": held.latest_created,
        "latestReadyRevisionName": held.latest_ready,
    }
    return {field: name for field, name in names.items() if name}


def _address(held: Service, uri: Uri) -> str:
    return uri(Site(held.key)) if held.observed else ""


def _routing(held: Service, uri: Uri) -> Json:
    """The traffic in force; the address is there once a revision has been ready."""
    address = _address(held, uri)
    shown: Json = {"url": address, "address": {"url": address}} if address else {}
    if held.observed:
        shown["traffic"] = [_routed(held.key, each, uri) for each in held.observed]
    return shown


def _routed(key: ServiceKey, routed: Routed, uri: Uri) -> Json:
    target = routed.target
    return {
        "revisionName": routed.revision,
        **({"percent": target.percent} if target.percent else {}),
        **({"latestRevision": True} if target.revision is None else {}),
        **({"tag": target.tag, "url": uri(Site(key, target.tag))} if target.tag else {}),
    }


def _revision_conditions(held: Revision, owner: Service) -> list[Json]:
    """Severity Info: a retired revision is no failure."""
    shown = [condition(kind, held.ready) for kind in ("Ready", "ContainerHealthy")]
    if held.is_ready:
        routed = is_routed(held, owner)
        active = Condition(
            SUCCEEDED if routed else FAILED, held.updated, reason="" if routed else "RETIRED"
        )
        shown.append({**condition("Active", active), "severity": "Info"})
    return shown
