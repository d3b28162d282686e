"""What is really set on a service and a revision, by the keys of pipeline.yaml.

Google may spell a value in another way than it was given (``1000m`` for ``1``, a path for a name),
so both sides are brought to one spelling before they are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.model import Configured

if TYPE_CHECKING:
    from google.cloud import run_v2

    from pipeline.config import Config
    from pipeline.config.run import Run, Vpc


def asked_for(config: Config) -> Configured:
    """What pipeline.yaml writes onto a service; what it does not name it leaves as it is."""
    from pipeline.config.units import duration_text, size_text

    run = config.run
    values = {
        "run.cpu": f"{run.cpu:g}",
        "run.memory": size_text(run.memory),
        "run.concurrency": f"{run.concurrency}",
        "run.timeout": duration_text(round(run.timeout)),
        "run.port": f"{run.port}",
        "run.min_instances": f"{run.min_instances}",
        "run.max_instances": f"{run.max_instances}",
        "run.ingress": run.ingress,
    }
    named = {key: value for key, value in values.items() if key in config.named}
    return {**named, **_given(run)}


def _given(run: Run) -> Configured:
    """What is written wherever there is a value, whoever named it."""
    return {
        **({"run.service_account": run.service_account} if run.service_account else {}),
        **({"run.cloud_sql": _several(run.cloud_sql)} if run.cloud_sql else {}),
        **(_asked_vpc(run.vpc) if run.vpc else {}),
        **{f"run.env.{name}": value for name, value in run.env.items()},
        **{
            f"run.secrets.{name}": _secret(one.secret, one.version)
            for name, one in run.secrets.items()
        },
    }


def configured_service(message: run_v2.Service) -> Configured:
    ingress = message.ingress.name.removeprefix("INGRESS_TRAFFIC_")
    return {
        "run.min_instances": f"{message.scaling.min_instance_count}",
        "run.ingress": _INGRESS.get(ingress, ingress),
    }


_INGRESS = {
    "ALL": "all",
    "INTERNAL_ONLY": "internal",
    "INTERNAL_LOAD_BALANCER": "internal-and-cloud-load-balancing",
}


def configured_revision(message: run_v2.Revision, container: run_v2.Container) -> Configured:
    """``container`` is the one that requests go to."""
    from pipeline.config.units import duration_text

    limits = container.resources.limits
    instances = [name for one in message.volumes for name in one.cloud_sql_instance.instances]
    timeout: timedelta = message.timeout  # type: ignore[assignment]
    return {
        "run.cpu": _cpus(limits.get("cpu", "")),
        "run.memory": _memory(limits.get("memory", "")),
        "run.concurrency": f"{message.max_instance_request_concurrency}",
        "run.timeout": duration_text(timeout.total_seconds()),
        "run.port": f"{container.ports[0].container_port if container.ports else 0}",
        "run.max_instances": f"{message.scaling.max_instance_count}",
        "run.service_account": message.service_account,
        "run.cloud_sql": _several(instances),
        **_vpc(message.vpc_access),
        **dict(_variable(one) for one in container.env),
    }


def _variable(variable: run_v2.EnvVar) -> tuple[str, str]:
    secret = variable.value_source.secret_key_ref
    if secret.secret:
        return f"run.secrets.{variable.name}", _secret(secret.secret, secret.version)
    return f"run.env.{variable.name}", variable.value


def _cpus(text: str) -> str:
    try:
        return f"{float(text[:-1]) / 1000:g}" if text.endswith("m") else f"{float(text):g}"
    except ValueError:
        return text


def _memory(text: str) -> str:
    from pipeline.config.faults import RuleError
    from pipeline.config.units import size, size_text

    try:
        return size_text(int(text) if text.isdecimal() else size(text))
    except RuleError:
        return text


def _secret(name: str, version: str) -> str:
    return f"{_short(name)}:{version or 'latest'}"


def _several(names: Sequence[str]) -> str:
    return ", ".join(sorted(names))


def _asked_vpc(vpc: Vpc) -> Configured:
    parts = {"connector": vpc.connector, "network": vpc.network, "subnet": vpc.subnet}
    named = {f"run.vpc.{part}": _short(name) for part, name in parts.items() if name}
    return {**named, "run.vpc.egress": vpc.egress}


def _vpc(access: run_v2.VpcAccess) -> Configured:
    direct = access.network_interfaces[0] if access.network_interfaces else None
    return {
        "run.vpc.connector": _short(access.connector),
        "run.vpc.network": _short(direct.network) if direct else "",
        "run.vpc.subnet": _short(direct.subnetwork) if direct else "",
        "run.vpc.egress": access.egress.name.lower().replace("_", "-"),
    }


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]
