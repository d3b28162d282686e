"""Writing what pipeline.yaml names onto a service; whatever it does not name is left as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.adapters.messages import serving_container

if TYPE_CHECKING:
    from google.cloud import run_v2

    from pipeline.config import Config
    from pipeline.config.run import Vpc
    from pipeline.config.texts import Secret

_SQL = "cloudsql"


@dataclass(frozen=True)
class Settings:
    """A revision to make: its name, its image by digest, its labels, and the configuration."""

    revision: str
    image: str
    config: Config
    labels: Mapping[str, str]
    dropped: frozenset[str] = frozenset()  # variables that the configuration named before
    complete: bool = False  # write the defaults too, as a new service needs

    def has(self, path: str) -> bool:
        """Whether to write this key, such as ``run.memory``, or anything below it."""
        names = self.config.named
        return self.complete or any(name == path or name.startswith(f"{path}.") for name in names)


def new_service(settings: Settings, notes: Mapping[str, str]) -> run_v2.Service:
    """A first service, with every setting of the configuration, defaults included."""
    from google.cloud import run_v2

    service = run_v2.Service(annotations=dict(notes))
    write_settings(service, replace(settings, complete=True))
    return service


def write_settings(service: run_v2.Service, settings: Settings) -> list[str]:
    """Write what the configuration names; returns the field mask's paths."""
    from google.cloud import run_v2

    run, paths = settings.config.run, ["template"]
    write_template(service.template, settings)
    if settings.has("run.min_instances"):
        # Of the service, not of the revision: a tagged candidate must not cost money.
        service.scaling.min_instance_count = run.min_instances
        service.template.scaling.min_instance_count = 0
        paths.append("scaling")
    if settings.has("run.ingress"):
        service.ingress = getattr(run_v2.IngressTraffic, _INGRESS[run.ingress])
        paths.append("ingress")
    return paths


_INGRESS = {
    "all": "INGRESS_TRAFFIC_ALL",
    "internal": "INGRESS_TRAFFIC_INTERNAL_ONLY",
    "internal-and-cloud-load-balancing": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
}


def write_template(template: run_v2.RevisionTemplate, settings: Settings) -> None:
    """A revision's template, which a job takes over too."""
    from google.cloud import run_v2

    run = settings.config.run
    template.revision = settings.revision
    template.labels = {**template.labels, **settings.labels}
    if not template.containers:
        template.containers = [run_v2.Container()]
    _write_container(serving_container(template.containers), settings)
    if settings.has("run.concurrency"):
        template.max_instance_request_concurrency = run.concurrency
    if settings.has("run.timeout"):
        template.timeout = timedelta(seconds=round(run.timeout))  # type: ignore[assignment]
    if settings.has("run.max_instances"):
        template.scaling.max_instance_count = run.max_instances
    if run.service_account:
        template.service_account = run.service_account
    if run.cloud_sql:
        _mount_cloud_sql(template, list(run.cloud_sql))
    if run.vpc:
        template.vpc_access = _vpc(run.vpc)


def _write_container(container: run_v2.Container, settings: Settings) -> None:
    from google.cloud import run_v2

    from pipeline.config.units import size_text

    run = settings.config.run
    container.image = settings.image
    if settings.has("run.port"):
        kind = container.ports[0].name if container.ports else ""  # such as h2c
        container.ports = [run_v2.ContainerPort(name=kind, container_port=run.port)]
    limits = dict(container.resources.limits)
    if settings.has("run.cpu"):
        limits["cpu"] = f"{run.cpu:g}"
    if settings.has("run.memory"):
        limits["memory"] = size_text(run.memory)
    if limits != dict(container.resources.limits):
        if not container.resources.limits:
            # Sending any resources turns CPU throttling off unless asked for (API facts §4.2).
            container.resources.cpu_idle = True
        container.resources.limits = limits
    kept = {one.name: one for one in container.env if one.name not in settings.dropped}
    kept |= {name: run_v2.EnvVar(name=name, value=value) for name, value in run.env.items()}
    kept |= {name: _secret(name, secret) for name, secret in run.secrets.items()}
    container.env = list(kept.values())


def _secret(name: str, secret: Secret) -> run_v2.EnvVar:
    from google.cloud import run_v2

    reference = run_v2.SecretKeySelector(secret=secret.secret, version=secret.version)
    return run_v2.EnvVar(name=name, value_source=run_v2.EnvVarSource(secret_key_ref=reference))


def _mount_cloud_sql(template: run_v2.RevisionTemplate, instances: list[str]) -> None:
    from google.cloud import run_v2

    sql = run_v2.Volume(name=_SQL, cloud_sql_instance=run_v2.CloudSqlInstance(instances=instances))
    template.volumes = [*(one for one in template.volumes if one.name != _SQL), sql]
    container = serving_container(template.containers)
    others = [one for one in container.volume_mounts if one.name != _SQL]
    container.volume_mounts = [*others, run_v2.VolumeMount(name=_SQL, mount_path="/cloudsql")]


def _vpc(vpc: Vpc) -> run_v2.VpcAccess:
    from google.cloud import run_v2

    access = run_v2.VpcAccess(connector=vpc.connector or "")
    if vpc.network or vpc.subnet:
        network = run_v2.VpcAccess.NetworkInterface(
            network=vpc.network or "", subnetwork=vpc.subnet or ""
        )
        access.network_interfaces = [network]
    if vpc.egress:
        access.egress = getattr(run_v2.VpcAccess.VpcEgress, vpc.egress.upper().replace("-", "_"))
    return access
