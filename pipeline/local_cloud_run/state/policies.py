"""Who may do what with a service or a job: its IAM policy (API facts §5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from pipeline.local_cloud_run.state import texts
from pipeline.local_cloud_run.state.conditions import version_of
from pipeline.local_cloud_run.state.events import SetPolicy
from pipeline.local_cloud_run.state.job_resources import Job
from pipeline.local_cloud_run.state.lookup import get_job, get_service
from pipeline.local_cloud_run.state.resources import Service, State, Step
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.values import JobKey

Held = TypeVar("Held", Service, Job)


def set_policy(state: State, event: SetPolicy) -> Step:
    if isinstance(event.key, JobKey):
        job = _changed(get_job(state, event.key), event)
        return Step(replace(state, jobs={**state.jobs, event.key: job}))
    service = _changed(get_service(state, event.key), event)
    return Step(replace(state, services={**state.services, event.key: service}))


def _changed(held: Held, event: SetPolicy) -> Held:
    if event.etag and version_of(event.etag) != str(held.policy_version):
        raise ApiError(Code.ABORTED, texts.POLICY_CHANGED)
    return replace(held, policy=event.bindings, policy_version=held.policy_version + 1)
