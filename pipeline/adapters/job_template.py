"""A Cloud Run job that is made of what a revision is made of, with a command of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.adapters.messages import serving_container
from pipeline.adapters.template import Settings, new_service, write_template

if TYPE_CHECKING:
    from google.cloud import run_v2

    from pipeline.config.sections import Job

_LONGEST = 49  # characters; an execution's name has more
_DIGEST = 8
_LEAST_MEMORY = 512 << 20  # bytes: jobs run in the second generation's environment


def job_id(service: str, name: str) -> str:
    """The job's name on Cloud Run: ``SERVICE-NAME``, cut and told apart by a digest if too long."""
    whole = f"{service}-{name}"
    if len(whole) <= _LONGEST:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST]
    return f"{whole[: _LONGEST - _DIGEST - 1].rstrip('-')}-{digest}"


def job_message(
    service: run_v2.Service | None, settings: Settings, job: Job, labels: Mapping[str, str]
) -> run_v2.Job:
    """The job with the revision's image, variables and connections; tried once, in one task.

    What the configuration does not name is as on the service, if there is one. ``labels`` are the
    job's own; those of the settings are its executions'.
    """
    from google.cloud import run_v2

    template = _revision_template(service, settings)
    container = serving_container(template.containers)
    mounted = {mount.name for mount in container.volume_mounts}
    task = run_v2.TaskTemplate(
        containers=[_job_container(container, list(job.command))],
        volumes=[volume for volume in template.volumes if volume.name in mounted],
        max_retries=0,
        timeout=timedelta(seconds=round(job.timeout)),
        service_account=template.service_account,
        encryption_key=template.encryption_key,
        vpc_access=template.vpc_access,
    )
    execution = run_v2.ExecutionTemplate(
        labels=dict(settings.labels), task_count=1, parallelism=1, template=task
    )
    return run_v2.Job(labels=dict(labels), template=execution)


def _revision_template(
    service: run_v2.Service | None, settings: Settings
) -> run_v2.RevisionTemplate:
    from google.cloud import run_v2

    if service is None:
        return new_service(settings, {}).template
    template = run_v2.RevisionTemplate(service.template)
    write_template(template, settings)
    return template


def _job_container(container: run_v2.Container, command: list[str]) -> run_v2.Container:
    from google.cloud import run_v2

    limits = dict(container.resources.limits)
    return run_v2.Container(
        image=container.image,
        command=command,
        env=container.env,
        volume_mounts=container.volume_mounts,
        resources=run_v2.ResourceRequirements(limits=_enough(limits)),
        working_dir=container.working_dir,
    )


def _enough(limits: Mapping[str, str]) -> dict[str, str]:
    """The service's limits, or the least that every job may have: 1 CPU and 512 MiB."""
    cpu, memory = limits.get("cpu", ""), limits.get("memory", "")
    return {
        "cpu": "1" if not cpu or _is_fraction(cpu) else cpu,
        "memory": "512Mi" if not memory or _is_little(memory) else memory,
    }


def _is_fraction(cpu: str) -> bool:
    """Whether it is less than one CPU; ``1000m`` is one."""
    try:
        return float(cpu[:-1]) < 1000 if cpu.endswith("m") else float(cpu) < 1
    except ValueError:
        return False


def _is_little(memory: str) -> bool:
    from pipeline.config.faults import RuleError
    from pipeline.config.units import size

    try:
        return (int(memory) if memory.isdecimal() else size(memory)) < _LEAST_MEMORY
    except RuleError:
        return False
