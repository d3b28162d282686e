"""Jobs: create, update, delete, and whether what they need is there (API facts §6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pipeline.local_cloud_run.state import audit, job_defaults, job_validation, secrets, texts
from pipeline.local_cloud_run.state.conditions import (
    FAILED,
    RECONCILING,
    SUCCEEDED,
    Condition,
    microseconds,
)
from pipeline.local_cloud_run.state.effects import CheckJob, StopExecution
from pipeline.local_cloud_run.state.events import CreateJob, DeleteJob, JobChecked, UpdateJob
from pipeline.local_cloud_run.state.job_resources import Job
from pipeline.local_cloud_run.state.lookup import (
    check_etag,
    ended,
    get_job,
    identifier,
    note,
    operation_name,
    put_job,
    without,
)
from pipeline.local_cloud_run.state.resources import Operation, State, Step
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.values import Json, StartFailure


def create(state: State, event: CreateJob, now: datetime) -> Step:
    job_validation.job_id(event.key.job)
    if event.key in state.jobs:
        raise ApiError(Code.ALREADY_EXISTS, texts.ALREADY_EXISTS)
    uid, fresh = identifier(event.nonce, "job"), Condition(RECONCILING, now)
    job = Job(event.key, uid, {}, now, now, microseconds(now) - 1, fresh)
    return _accept(state, job, event.spec, event, now)


def update(state: State, event: UpdateJob, now: datetime) -> Step:
    if event.allow_missing and event.key not in state.jobs:
        asked = CreateJob(event.key, event.spec, event.nonce, event.validate_only)
        return create(state, asked, now)
    job = get_job(state, event.key)
    check_etag(event.key.job, event.etag, job.version)
    return _accept(state, job, event.spec, event, now)


def delete(state: State, event: DeleteJob, now: datetime) -> Step:
    """Its executions go with it; those that run are stopped."""
    job = get_job(state, event.key)
    check_etag(event.key.job, event.etag, job.version)
    operation = Operation(
        operation_name(event.key, event.nonce),
        event.key,
        done=True,
        result=replace(job, updated=now),
    )
    if event.validate_only:
        return Step(state, operation=operation)
    gone = StartFailure(texts.missing("JOB", event.key.job, event.key), "", Code.NOT_FOUND)
    state = ended(state, lambda each: each.key == event.key, error=gone)
    after = replace(state, jobs=without(state.jobs, event.key))
    stops = tuple(StopExecution(each.key) for each in job.executions.values() if each.reconciling)
    return Step(note(after, operation), stops, operation)


def checked(state: State, event: JobChecked, now: datetime) -> Step:
    """The job is ready, or will not be before it is updated."""
    job = state.jobs.get(event.key)
    if job is None or job.generation != event.generation or not job.reconciling:
        return Step(state)
    failure = event.failure
    if failure:
        job = replace(job, ready=Condition(FAILED, now, failure.message, failure.reason))
    else:
        job = replace(
            job,
            ready=Condition(SUCCEEDED, now),
            image=event.image,
            observed_generation=job.generation,
        )
    state = put_job(state, job, now)
    job = state.jobs[event.key]
    state = ended(
        state,
        lambda each: each.key == event.key and not each.execution,
        result=None if failure else job,
        error=failure,
    )
    return Step(state, (audit.job_ready(job, now),))


def _accept(
    state: State, before: Job, asked: Json, event: CreateJob | UpdateJob, now: datetime
) -> Step:
    """Validate a wanted specification, then store it and have what it needs looked for."""
    spec = job_defaults.with_defaults(asked)
    job_validation.specification(spec)
    generation = before.generation + 1
    job = replace(
        before, spec=spec, generation=generation, updated=now, ready=Condition(RECONCILING, now)
    )
    operation = Operation(operation_name(event.key, event.nonce), event.key, generation)
    if event.validate_only:
        return Step(state, operation=replace(operation, done=True, result=job))
    return Step(note(put_job(state, job, now), operation), (check(job),), operation)


def check(job: Job) -> CheckJob:
    """How it is seen whether what a job needs is there."""
    container = job.spec["template"]["template"]["containers"][0]
    return CheckJob(job.key, job.generation, container["image"], secrets.of_container(container))
