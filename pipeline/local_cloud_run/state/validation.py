"""What Cloud Run refuses before anything happens, in its own words (§1.2, §1.4, §3, §16)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from pipeline.local_cloud_run.state import texts
from pipeline.local_cloud_run.state.defaults import cpus, seconds, size
from pipeline.local_cloud_run.state.resources import Target
from pipeline.local_cloud_run.state.rpc import ApiError, Code, invalid, not_emulated
from pipeline.local_cloud_run.state.traffic import targets
from pipeline.local_cloud_run.values import Json

RESERVED_ENV = ("PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION")
RESERVED_NAMESPACES = (
    "run.googleapis.com",
    "cloud.googleapis.com",
    "serving.knative.dev",
    "autoscaling.knative.dev",
)
_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?", re.ASCII)
_NOT_EMULATED = {
    "buildConfig": "builds from source",
    "iapEnabled": "Identity-Aware Proxy",
    "multiRegionSettings": "services in several regions",
}


def service_id(name: str) -> None:
    if not is_id(name):
        raise invalid(texts.SERVICE_ID)


def is_id(name: str) -> bool:
    """Whether a service or a job can be called so."""
    return len(name) <= 49 and _NAME.fullmatch(name) is not None


def revision_name(service: str, name: str) -> None:
    if not name.startswith(f"{service}-"):
        raise invalid(texts.REVISION_PREFIX)
    if len(name) > 63 or not _NAME.fullmatch(name):
        raise invalid(texts.REVISION_NAME)


def specification(service: str, spec: Json) -> None:
    """Everything but the revisions that traffic names; ``spec`` has its defaults."""
    for field, what in _NOT_EMULATED.items():
        if spec.get(field):
            raise not_emulated(what)
    for holder in (spec, spec["template"]):
        metadata(holder)
    if len(spec.get("description", "")) > 512:
        raise invalid("description: must not be longer than 512 characters.")
    _template(spec["template"])
    _traffic(service, targets(spec))


def traffic_names(spec: Json, known: Collection[str]) -> None:
    """Every revision that traffic names must exist, or be made by this very request."""
    for target in targets(spec):
        if target.revision is not None and target.revision not in known:
            raise ApiError(Code.FAILED_PRECONDITION, texts.revision_gone(target.revision))


def metadata(holder: Json) -> None:
    for field in ("labels", "annotations"):
        for name in holder.get(field, ()):
            namespace = name.rpartition("/")[0]
            if any(
                namespace == reserved or namespace.endswith(f".{reserved}")
                for reserved in RESERVED_NAMESPACES
            ):
                raise invalid(f"{field}: '{name}' is in a namespace that the system reserves.")


def _template(template: Json) -> None:
    containers = template["containers"]
    if not containers or not containers[0].get("image"):
        raise invalid(texts.TEMPLATE_EMPTY)
    if len(containers) > 1:
        raise not_emulated("more than one container in an instance")
    environment(containers[0].get("env", ()), RESERVED_ENV, "spec.template.spec.containers[0].env")
    _ports(containers[0])
    _limits(template, containers[0])
    _probe(containers[0]["startupProbe"], containers[0]["ports"][0]["containerPort"])


def environment(env: Collection[Json], reserved: Collection[str], place: str) -> None:
    """``place`` is the v1 path of the variables, which the API cites."""
    names = [each.get("name", "") for each in env]
    taken = [name for name in names if name in reserved]
    if taken:
        raise invalid(texts.reserved_env(place, taken))
    if len(names) > 1000:
        raise invalid(f"{place}: must not have more than 1000 entries.")
    for each in env:
        if not re.fullmatch(r"[^=\0]+", each.get("name", "")) or "\0" in each.get("value", ""):
            raise invalid(f"{place}: a name or value is not usable.")
        if len(each.get("value", "")) > 32768:
            raise invalid(f"{place}: the value of {each['name']} is longer than 32768 characters.")


def _ports(container: Json) -> None:
    place = "spec.template.spec.containers[0].ports"
    if len(container["ports"]) > 1:
        raise invalid(f"{place}: must not have more than one entry.")
    port = container["ports"][0]
    if port["name"] == "h2c":
        raise not_emulated("HTTP/2 to the container (a port named h2c)")
    if port["name"] != "http1":
        raise invalid(f"{place}: the name must be http1 or h2c.")
    if not 0 < port["containerPort"] < 65536:
        raise invalid(f"{place}: must be between 1 and 65535.")


def _limits(template: Json, container: Json) -> None:
    cpus(container["resources"]["limits"]["cpu"])
    size(container["resources"]["limits"]["memory"])
    if not 0 < seconds(template["timeout"]) <= 3600:
        raise invalid("spec.template.spec.timeoutSeconds: must be between 1 and 3600.")
    if not 0 < template["maxInstanceRequestConcurrency"] <= 1000:
        raise invalid("spec.template.spec.containerConcurrency: must be between 1 and 1000.")
    scaling = template["scaling"]
    if not 0 <= scaling.get("minInstanceCount", 0) <= scaling["maxInstanceCount"]:
        raise invalid("template.scaling: min_instance_count must not exceed max_instance_count.")


def _probe(probe: Json, port: int) -> None:
    place = "spec.template.spec.containers[0].startupProbe"
    if "grpc" in probe:
        raise not_emulated("gRPC startup probes")
    aim = probe.get("httpGet") or probe["tcpSocket"]
    if aim["port"] != port:
        raise not_emulated("a startup probe of another port than the container's own")
    if not aim.get("path", "/").startswith("/"):
        raise invalid(f"{place}.httpGet.path: must begin with a slash.")
    if not 0 < probe["timeoutSeconds"] <= probe["periodSeconds"] <= 240:
        raise invalid(f"{place}: needs 1 <= timeout <= period <= 240 seconds.")
    if not 0 <= probe.get("initialDelaySeconds", 0) <= 240 or probe["failureThreshold"] < 1:
        raise invalid(f"{place}: needs an initial delay of 0 to 240 seconds and a threshold.")


def _traffic(service: str, asked: tuple[Target, ...]) -> None:
    for target in asked:
        if target.revision == "":
            raise invalid("spec.traffic: a target of type REVISION needs the name of a revision.")
        if not 0 <= target.percent <= 100:
            raise invalid("spec.traffic.percent: must be between 0 and 100.")
    total = sum(target.percent for target in asked)
    if total != 100:
        raise invalid(texts.percent_sum(total))
    for tag, times in Counter(target.tag for target in asked if target.tag).items():
        if times > 1:
            raise invalid(texts.duplicate_tag(tag))
        if len(tag) + len(service) > 46:
            raise invalid(texts.tag_too_long(tag, service))
        if not _NAME.fullmatch(tag):
            raise invalid(
                f"spec.traffic.tag: '{tag}' must have lower-case letters, digits and hyphens only, "
                "begin with a letter and not end with a hyphen."
            )
