"""The defaults Cloud Run fills in, and a template as something that can be started (§4.2)."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from pipeline.local_cloud_run.state.rpc import invalid
from pipeline.local_cloud_run.state.traffic import LATEST
from pipeline.local_cloud_run.values import InstanceSpec, Json, Probe, RevisionKey

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
DEFAULT_PROBE = {"timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1}
_MAX_INSTANCES = 100


def with_defaults(spec: Json) -> Json:
    """The specification as GET returns it. Applying it twice changes nothing."""
    return {
        "ingress": "INGRESS_TRAFFIC_ALL",
        "launchStage": "GA",
        **spec,
        "template": _template(spec.get("template", {})),
        "traffic": spec.get("traffic") or [{"type": LATEST, "percent": 100}],
    }


def _template(template: Json) -> Json:
    containers = [_container(each) for each in template.get("containers", ())]
    limits = containers[0]["resources"]["limits"] if containers else {"cpu": "1"}
    scaling = {"maxInstanceCount": _MAX_INSTANCES, **template.get("scaling", {})}
    return {
        "timeout": "300s",
        "maxInstanceRequestConcurrency": 80 if cpus(limits["cpu"]) >= 1 else 1,
        **template,
        "scaling": scaling,
        "containers": containers,
    }


def _container(container: Json) -> Json:
    first, *others = container.get("ports") or [{}]
    port = {"name": "http1", "containerPort": 8080, **first}
    resources = container.get("resources", {"cpuIdle": True, "startupCpuBoost": True})
    limits = {"cpu": "1000m", "memory": "512Mi", **resources.get("limits", {})}
    return {
        **container,
        "ports": [port, *others],
        "resources": {**resources, "limits": limits},
        "startupProbe": _probe(container.get("startupProbe"), port["containerPort"]),
    }


def _probe(probe: Json | None, port: int) -> Json:
    if not probe:
        return {**DEFAULT_PROBE, "tcpSocket": {"port": port}}
    full = {"timeoutSeconds": 1, "periodSeconds": 10, "failureThreshold": 3, **probe}
    if "httpGet" in probe:
        return {**full, "httpGet": {"path": "/", "port": port, **probe["httpGet"]}}
    if "grpc" in probe:
        return full
    return {**full, "tcpSocket": {"port": port, **probe.get("tcpSocket", {})}}


def cpus(text: str) -> float:
    """CPUs of a limit such as ``1``, ``0.5`` or ``1000m``. Raises INVALID_ARGUMENT."""
    number, thousandth = (text[:-1], True) if text.endswith("m") else (text, False)
    try:
        value = Decimal(number) / (1000 if thousandth else 1)
    except InvalidOperation:
        value = Decimal(0)
    if not (value.is_finite() and value > 0):
        raise invalid(
            f"spec.template.spec.containers[0].resources.limits.cpu: Invalid cpu '{text}'."
        )
    return float(value)


def size(text: str) -> int:
    """Bytes of a limit such as ``512Mi`` or ``1G``. Raises INVALID_ARGUMENT."""
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)(|k|M|G|Ki|Mi|Gi)", text, re.ASCII)
    value = int(Decimal(match[1]) * _UNITS[match[2]]) if match else 0
    if value <= 0:
        raise invalid(
            f"spec.template.spec.containers[0].resources.limits.memory: Invalid memory '{text}'."
        )
    return value


def seconds(duration: str) -> float:
    """Seconds of a JSON duration such as ``300s``."""
    return float(duration.removesuffix("s"))


def plain_env(container: Json) -> dict[str, str]:
    """The variables whose values are given, not filled from secrets."""
    return {
        each["name"]: each.get("value", "")
        for each in container.get("env", ())
        if "valueSource" not in each
    }


def instance_spec(key: RevisionKey, template: Json, service_scaling: Json) -> InstanceSpec:
    """What the instances of a revision need; ``template`` has its defaults."""
    container = template["containers"][0]
    limits, scaling = container["resources"]["limits"], template["scaling"]
    ceiling = service_scaling.get("maxInstanceCount") or scaling["maxInstanceCount"]
    return InstanceSpec(
        key,
        image=container["image"],
        container=container.get("name") or f"{key.service}-1",
        port=container["ports"][0]["containerPort"],
        env=plain_env(container),
        command=tuple(container.get("command", ())),
        args=tuple(container.get("args", ())),
        cpu=cpus(limits["cpu"]),
        memory=size(limits["memory"]),
        concurrency=template["maxInstanceRequestConcurrency"],
        min_instances=scaling.get("minInstanceCount", 0),
        max_instances=min(scaling["maxInstanceCount"], ceiling),
        request_timeout=seconds(template["timeout"]),
        probe=_startup_probe(container["startupProbe"]),
    )


def _startup_probe(probe: Json) -> Probe:
    http = probe.get("httpGet")
    aim = http or probe["tcpSocket"]
    return Probe(
        path=http["path"] if http else None,
        port=aim["port"],
        initial_delay=probe.get("initialDelaySeconds", 0),
        timeout=probe["timeoutSeconds"],
        period=probe["periodSeconds"],
        failure_threshold=probe["failureThreshold"],
        default=not http and probe.items() >= DEFAULT_PROBE.items(),
        headers={
            each.get("name", ""): each.get("value", "") for each in aim.get("httpHeaders", ())
        },
    )
