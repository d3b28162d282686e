"""Containers and volumes, v1 to v2 and back; revisions and tasks have the same ones.

What v1 says in annotations of the template around them is read and written here too: secrets of
other projects, Cloud SQL, the order of start, base images, sources.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.local_cloud_run.api.knative import by_container, secrets, volumes
from pipeline.local_cloud_run.api.knative.fields import (
    IGNORED,
    NUMBER,
    REFUSED,
    TEXT,
    TEXTS,
    Kind,
)
from pipeline.local_cloud_run.api.knative.spelling import RUN
from pipeline.local_cloud_run.values import Json

_PROBE: Mapping[str, Kind] = {
    **dict.fromkeys(
        ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold"), NUMBER
    ),
    "httpGet": {
        "path": TEXT, "port": NUMBER, "httpHeaders": [{"name": TEXT, "value": TEXT}],
        "host": REFUSED, "scheme": REFUSED,
    },
    "tcpSocket": {"port": NUMBER, "host": REFUSED},
    "grpc": {"port": NUMBER, "service": TEXT},
    "exec": REFUSED,
    "successThreshold": REFUSED,
}  # fmt: skip
_ENV: Mapping[str, Kind] = {
    "name": TEXT,
    "value": TEXT,
    "valueFrom": {
        "secretKeyRef": {
            "name": TEXT, "key": TEXT, "localObjectReference": REFUSED, "optional": REFUSED
        },
        "configMapKeyRef": REFUSED,
    },
}  # fmt: skip
CONTAINER: Mapping[str, Kind] = {
    **dict.fromkeys(("name", "image", "workingDir"), TEXT),
    **dict.fromkeys(("command", "args"), (TEXT,)),
    "env": [_ENV],
    "ports": [{"name": TEXT, "containerPort": NUMBER, "protocol": IGNORED}],
    "resources": {"limits": TEXTS, "requests": REFUSED},
    "volumeMounts": [{"name": TEXT, "mountPath": TEXT, "subPath": TEXT, "readOnly": IGNORED}],
    **dict.fromkeys(("livenessProbe", "startupProbe", "readinessProbe"), _PROBE),
    **dict.fromkeys(
        ("imagePullPolicy", "terminationMessagePath", "terminationMessagePolicy"), IGNORED
    ),
    **dict.fromkeys(("envFrom", "securityContext"), REFUSED),
}
FIELDS: Mapping[str, Kind] = {"containers": [CONTAINER], "volumes": [volumes.FIELDS]}
"""Of the spec of a revision or of a task."""

_CLOUD_SQL = f"{RUN}cloudsql-instances"
ANNOTATIONS = (secrets.ANNOTATION, _CLOUD_SQL, *by_container.ANNOTATIONS)

_SOCKETS = {"name": "cloudsql", "mountPath": "/cloudsql"}
_SAME = (
    "name", "image", "command", "args", "workingDir", "ports", "resources", "volumeMounts",
    "livenessProbe", "startupProbe", "readinessProbe",
)  # fmt: skip


def to_v2(spec: Json, annotations: Mapping[str, str]) -> Json:
    """``containers`` and ``volumes`` of v2 for those of a checked v1 spec.

    Raises INVALID_ARGUMENT.
    """
    names = secrets.read(annotations.get(secrets.ANNOTATION, ""))
    shown: Json = {
        "containers": [_container_to_v2(each, names) for each in spec.get("containers", ())],
        "volumes": [volumes.to_v2(each, names) for each in spec.get("volumes", ())],
    }
    by_container.read(annotations, shown["containers"])
    if annotations.get(_CLOUD_SQL):
        _connect(shown, annotations[_CLOUD_SQL].split(","))
    return shown


def to_v1(template: Json) -> tuple[Json, dict[str, str]]:
    """``containers`` and ``volumes`` of v1 for those of a v2 template, and their annotations."""
    names: dict[str, str] = {}
    containers = template.get("containers", [])
    held = template.get("volumes", [])
    plain = [volumes.to_v1(each, names) for each in held if "cloudSqlInstance" not in each]
    shown = {
        "containers": [_container_to_v1(each, names) for each in containers],
        **({"volumes": plain} if plain else {}),
    }
    instances = [
        one for each in held for one in each.get("cloudSqlInstance", {}).get("instances", ())
    ]
    return shown, {
        **by_container.write(containers),
        **({_CLOUD_SQL: ",".join(instances)} if instances else {}),
        **secrets.write(names),
    }


def _container_to_v2(container: Json, names: Mapping[str, str]) -> Json:
    shown = {name: container[name] for name in _SAME if name in container}
    return {**shown, "env": [_variable_to_v2(each, names) for each in container.get("env", ())]}


def _variable_to_v2(variable: Json, names: Mapping[str, str]) -> Json:
    source = variable.get("valueFrom", {}).get("secretKeyRef")
    if source is None:
        return {name: variable[name] for name in ("name", "value") if name in variable}
    name = source.get("name", "")
    ref = {"secret": names.get(name, name), "version": source.get("key", "")}
    return {"name": variable.get("name", ""), "valueSource": {"secretKeyRef": ref}}


def _container_to_v1(container: Json, names: dict[str, str]) -> Json:
    limits = container.get("resources", {}).get("limits")
    mounts = [each for each in container.get("volumeMounts", ()) if each != _SOCKETS]
    shown = {
        **{name: container[name] for name in _SAME if name in container},
        "env": [_variable_to_v1(each, names) for each in container.get("env", ())],
        "resources": {"limits": limits} if limits else None,
        "volumeMounts": mounts,
    }
    return {name: value for name, value in shown.items() if value}


def _variable_to_v1(variable: Json, names: dict[str, str]) -> Json:
    if "valueSource" not in variable:
        return variable
    ref = variable["valueSource"].get("secretKeyRef", {})
    source = {"name": secrets.short(ref.get("secret", ""), names), "key": ref.get("version", "")}
    return {"name": variable.get("name", ""), "valueFrom": {"secretKeyRef": source}}


def _connect(shown: Json, instances: list[str]) -> None:
    """Add the volume of Cloud SQL's sockets, mounted where nothing else is said."""
    mounts = [each for one in shown["containers"] for each in one.get("volumeMounts", ())]
    known = {each.get("name") for each in shown["volumes"]}
    name = next((each.get("name") for each in mounts if each.get("name") not in known), "")
    shown["volumes"].append(
        {"name": name or _SOCKETS["name"], "cloudSqlInstance": {"instances": instances}}
    )
    for container in () if name else shown["containers"]:
        container["volumeMounts"] = [*container.get("volumeMounts", ()), _SOCKETS]
