"""What the API says no with, word for word where it was seen (API facts §1, §2, §3)."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.local_cloud_run import messages
from pipeline.local_cloud_run.values import (
    ExecutionKey,
    JobKey,
    RevisionKey,
    SecretRef,
    ServiceKey,
)

ALREADY_EXISTS = "Resource already exists."
TEMPLATE_EMPTY = "spec.template.spec: Revision template was empty"
_ID = (
    "only lowercase, digits, and hyphens; must begin with letter, and cannot end with hyphen; must "
    "be less than 50 characters."
)
SERVICE_ID = f"Violation in CreateServiceRequest.service_id: {_ID}"
JOB_ID = f"Violation in CreateJobRequest.job_id: {_ID}"
REVISION_PREFIX = (
    "The revision name must be prefixed by the name of the enclosing Service with a trailing -"
)
REVISION_NAME = (
    "only lowercase, digits, and hyphens; must begin with letter, and may not end with hyphen; "
    "must be less than 64 characters."
)
TASK_TEMPLATE_EMPTY = "spec.template.spec.template.spec: Task template was empty"
EXECUTION_CANCELLED = "The execution was cancelled."  # our own words
PROJECT_NUMBER = "123456789012"  # of every project
QUOTA_EXCEEDED = (
    "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per "
    "region' of service 'run.googleapis.com' for consumer "
    f"'project_number:{PROJECT_NUMBER}'."
)
NOT_IN_TIME = "Resource readiness deadline exceeded."
INTERRUPTED = "The local Cloud Run ended while the task ran."  # our own words
NOT_AUTHENTICATED = (
    "The request was not authenticated. Either allow public access or set the proper "
    "Authorization header."
)
POLICY_CHANGED = (
    "There were concurrent policy changes. Please retry the whole read-modify-write with "
    "exponential backoff."
)


def missing(kind: str, name: str, at: ServiceKey | RevisionKey | JobKey | ExecutionKey) -> str:
    return (
        f"Resource '{name}' of kind '{kind}' in region '{at.location}' in project '{at.project}' "
        "does not exist."
    )


def conflict(name: str, given: str, current: int) -> str:
    return (
        f"Conflict for resource '{name}': version '{given}' was specified but current version is "
        f"'{current}'."
    )


def revision_differs(revision: str) -> str:
    return f"Revision named '{revision}' with different configuration already exists"


def revision_gone(revision: str) -> str:
    return (
        f"Revision '{revision}' does not exist or is deleted. Update all traffic to route to "
        "currently available revisions."
    )


def revision_not_ready(revision: str, why: str) -> str:
    prefix = f"Revision '{revision}' is not ready and cannot serve traffic. "
    return why if why.startswith(prefix) else prefix + why


def image_missing(image: str) -> str:
    return messages.image_missing(image)


def secret_missing(project: str, ref: SecretRef) -> str:
    return f"Secret projects/{project}/secrets/{ref.secret}/versions/{ref.version} was not found"


def revision_serving(revision: str) -> str:
    return f'Revision "{revision}" cannot be directly deleted because it is actively serving.'


def revision_latest(revision: str) -> str:
    """Our own words: the real text for the latest created revision was never seen."""
    return (
        f'Revision "{revision}" cannot be directly deleted because it is the latest created '
        "revision."
    )


def percent_sum(total: int) -> str:
    """Knative's text; Cloud Run's own was never seen (API facts §17)."""
    return f"Traffic targets sum to {total}, want 100"


def duplicate_tag(tag: str) -> str:
    """Begins as Knative's text does; Cloud Run's own was never seen."""
    return f"spec.traffic.tag: Multiple definitions for tag '{tag}'"


def tag_too_long(tag: str, service: str) -> str:
    return (
        f"traffic tag '{tag}' and service name '{service}' together are too long. Combined traffic "
        "tag and service name cannot exceed 46 characters."
    )


def reserved_env(place: str, names: Iterable[str]) -> str:
    return (
        f"{place}: The following reserved env names were provided: "
        f"{', '.join(names)}. These values are automatically set by the system."
    )


def job_not_ready(job: str, why: str) -> str:
    """Our own words: what the real one says was never seen."""
    return f"Job '{job}' is not ready and cannot be run. {why}".rstrip()


def task_failed(task: str, why: str) -> str:
    return f"Task {task} failed with message: {why}"
