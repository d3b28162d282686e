"""The specification of a service and of its revisions, v1 to v2 and back (API facts §13.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.local_cloud_run.api import protos
from pipeline.local_cloud_run.api.knative import containers, spelling, tables
from pipeline.local_cloud_run.api.knative.fields import (
    FLAG,
    IGNORED,
    METADATA,
    NUMBER,
    REFUSED,
    TEXT,
    TEXTS,
    Kind,
    resource,
)
from pipeline.local_cloud_run.api.knative.spelling import RUN
from pipeline.local_cloud_run.state.defaults import DEFAULT_PROBE, seconds
from pipeline.local_cloud_run.state.rpc import invalid
from pipeline.local_cloud_run.state.traffic import LATEST, REVISION
from pipeline.local_cloud_run.values import Json

API_VERSION = "serving.knative.dev/v1"
_ACCELERATOR = f"{RUN}accelerator"
_THROTTLING, _BOOST = f"{RUN}cpu-throttling", f"{RUN}startup-cpu-boost"
_SPEC = {
    "maxInstanceRequestConcurrency": "containerConcurrency",
    "serviceAccount": "serviceAccountName",
}

REVISION_SPEC: Mapping[str, Kind] = {
    **containers.FIELDS,
    **dict.fromkeys(("containerConcurrency", "timeoutSeconds"), NUMBER),
    "serviceAccountName": TEXT,
    "nodeSelector": TEXTS,
    "runtimeClassName": IGNORED,
    **dict.fromkeys(("enableServiceLinks", "imagePullSecrets"), REFUSED),
}
_TARGET: Mapping[str, Kind] = {
    **dict.fromkeys(("revisionName", "tag"), TEXT),
    "percent": NUMBER,
    "latestRevision": FLAG,
    "url": IGNORED,
    "configurationName": REFUSED,
}
_SERVICE: Mapping[str, Kind] = {
    "apiVersion": TEXT,
    "kind": TEXT,
    "metadata": METADATA,
    "spec": {
        "template": {"metadata": METADATA, "spec": REVISION_SPEC},
        "traffic": [_TARGET],
    },
    "status": IGNORED,
}
_SET_BY_PLATFORM = (
    f"{RUN}ingress-status", f"{RUN}operation-id", f"{RUN}urls", "serving.knative.dev/creator",
    "serving.knative.dev/lastModifier",
)  # fmt: skip
_KNOWN_OF_SERVICE = (*(row.name for row in tables.SERVICE), *_SET_BY_PLATFORM)
_KNOWN_OF_TEMPLATE = (
    *(row.name for row in (*tables.TEMPLATE, *tables.CLIENT)), *containers.ANNOTATIONS,
    _THROTTLING, _BOOST,
)  # fmt: skip


def service_to_v2(body: Any) -> tuple[str, str, Json]:
    """The name, the resource version or "", and the v2 specification of a v1 Service.

    Raises INVALID_ARGUMENT.
    """
    sent = resource(body, _SERVICE, API_VERSION, "Service")
    metadata, spec = sent.get("metadata", {}), sent.get("spec", {})
    said = metadata.get("annotations", {})
    spelling.refuse_unknown(metadata, _KNOWN_OF_SERVICE, "metadata")
    shown = {
        **spelling.users(metadata),
        "template": template_to_v2(spec.get("template", {})),
        "traffic": [
            _target_to_v2(each, f"spec.traffic[{index}]")
            for index, each in enumerate(spec.get("traffic", ()))
        ],
    }
    spelling.read(tables.SERVICE, said, shown)
    return metadata.get("name", ""), metadata.get("resourceVersion", ""), protos.service(shown)


def template_to_v2(template: Json) -> Json:
    """A v2 RevisionTemplate, not yet canonical, of a checked v1 one. Raises INVALID_ARGUMENT."""
    metadata, spec = template.get("metadata", {}), template.get("spec", {})
    said = metadata.get("annotations", {})
    spelling.refuse_unknown(metadata, _KNOWN_OF_TEMPLATE, "spec.template.metadata")
    shown = {
        "revision": metadata.get("name", ""),
        **spelling.users(metadata),
        **containers.to_v2(spec, said),
        **{v2: spec[v1] for v2, v1 in _SPEC.items() if v1 in spec},
    }
    if "timeoutSeconds" in spec:
        shown["timeout"] = f"{spec['timeoutSeconds']}s"
    if _ACCELERATOR in spec.get("nodeSelector", {}):
        shown["nodeSelector"] = {"accelerator": spec["nodeSelector"][_ACCELERATOR]}
    spelling.read(tables.TEMPLATE, said, shown)
    for container in shown["containers"]:
        container["resources"] = {
            **container.get("resources", {}),
            "cpuIdle": said.get(_THROTTLING, "true").lower() != "false",
            "startupCpuBoost": said.get(_BOOST, "").lower() == "true",
        }
    return shown


def spec_to_v1(spec: Json) -> tuple[dict[str, str], Json]:
    """The annotations and the ``spec`` of a v1 Service for a v2 one as the state holds it."""
    shown = {
        "template": template_to_v1(spec["template"]),
        "traffic": [_target_to_v1(each) for each in spec.get("traffic", ())],
    }
    return {**spec.get("annotations", {}), **spelling.write(tables.SERVICE, spec)}, shown


def template_to_v1(template: Json) -> Json:
    """A v1 RevisionTemplate: ``metadata`` and ``spec``."""
    spec, said = containers.to_v1(template)
    spec |= {v1: template[v2] for v2, v1 in _SPEC.items() if v2 in template}
    if "timeout" in template:
        spec["timeoutSeconds"] = int(seconds(template["timeout"]))
    accelerator = template.get("nodeSelector", {}).get("accelerator")
    if accelerator:
        spec["nodeSelector"] = {_ACCELERATOR: accelerator}
    first: Json = next(iter(template.get("containers", ())), {})
    resources = first.get("resources", {})
    metadata = {
        "name": template.get("revision", ""),
        "labels": {**template.get("labels", {}), **_probe_type(first)},
        "annotations": {
            **template.get("annotations", {}),
            **spelling.write(tables.TEMPLATE, template),
            **said,
            **({} if resources.get("cpuIdle") else {_THROTTLING: "false"}),
            **({_BOOST: "true"} if resources.get("startupCpuBoost") else {}),
        },
    }
    return {"metadata": {name: held for name, held in metadata.items() if held}, "spec": spec}


def _probe_type(container: Json) -> dict[str, str]:
    """A label says that the startup probe is Cloud Run's own."""
    probe = container.get("startupProbe", {})
    return {spelling.PROBE_TYPE: "Default"} if probe.items() >= DEFAULT_PROBE.items() else {}


def _target_to_v2(target: Json, place: str) -> Json:
    latest = target.get("latestRevision", False)
    if latest and target.get("revisionName"):
        raise invalid(f"{place}.revisionName: must be empty where latestRevision is true.")
    return {
        "type": LATEST if latest else REVISION,
        "revision": target.get("revisionName", ""),
        "percent": target.get("percent", 0),
        "tag": target.get("tag", ""),
    }


def _target_to_v1(target: Json) -> Json:
    latest = target.get("type") == LATEST
    aim = {"latestRevision": True} if latest else {"revisionName": target.get("revision", "")}
    return {**{name: target[name] for name in ("percent", "tag") if name in target}, **aim}
