"""Jobs: what must run with the new image before a revision is made, or gets traffic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pipeline.adapters.jobs import Execution
from pipeline.checks.revision import RELEASE_LABEL
from pipeline.config import Config
from pipeline.config.sections import Job
from pipeline.context import Context
from pipeline.errors import ApiUnreachable, JobFailed, ServiceBusy
from pipeline.model import Service
from pipeline.release.candidate import Candidate
from pipeline.release.jobs import JobRun
from pipeline.steps.following import cancel_command, follow
from pipeline.steps.settings import settings_of

_PAUSES = (1.0, 4.0, 10.0, 15.0)  # seconds before each look for an execution nobody answered for


def jobs_of(config: Config, when: Literal["before-traffic", "before-deploy"]) -> Sequence[Job]:
    return tuple(job for job in config.jobs if job.when == when)


def must_have_run(config: Config, candidate: Candidate) -> None:
    """A candidate is not to be judged before every configured job has succeeded for it."""
    ran = {job.name for job in candidate.jobs}
    for job in config.jobs:
        if job.name not in ran:
            stage = "deploy" if job.when == "before-deploy" else "jobs"
            raise JobFailed(
                f"{job.name} has not run for {candidate.revision}",
                where=f"jobs in {config.file.name}",
                remedy=f"run `nox -s {stage}`",
            )


def run_job(context: Context, service: Service | None, candidate: Candidate, job: Job) -> JobRun:
    """Run a job for a candidate and wait until it has succeeded. Raises JobFailed.

    One that is running or has succeeded for this candidate already is taken for this run: a run
    that broke off, or whose answer was lost, does not make a job run twice.
    """
    executions = context.jobs.executions(job)
    _must_be_alone(context, job, candidate, executions)
    begun = next((one for one in _ours(executions, candidate) if _is_good(one)), None)
    if begun is None:
        context.jobs.prepare(service, settings_of(context, service, candidate), job)
        name = _begin(context, candidate, job, {one.name for one in executions})
    else:
        name = begun.name
    context.report.doing(f"{job.name}: execution {name}")
    try:
        with context.report.waiting(f"until {job.name} has ended"):
            execution, lines = follow(context, job, name)
    except KeyboardInterrupt:
        context.report.warn(f"{name} goes on; end it with {cancel_command(context, name)}")
        raise
    return _result(context, job, execution, lines)


def _result(context: Context, job: Job, execution: Execution, lines: Sequence[str]) -> JobRun:
    ended = execution.ended or execution.created
    if not execution.succeeded:
        context.report.shown(lines)
        raise JobFailed(
            f"{job.name} failed: {execution.message or 'Cloud Run does not say why'}",
            where=f"execution {execution.name}; the new revision gets no traffic",
            remedy="mend what its output says, then `nox -s deploy` again",
            lines=lines,
        )
    took = (ended - execution.created).total_seconds()
    context.report.step(f"{job.name} succeeded in {took:.1f} s")
    return JobRun(job.name, execution.name, job.reversible, ended.isoformat())


def _is_good(execution: Execution) -> bool:
    """It has succeeded, or still may."""
    return execution.ended is None or execution.succeeded


def _ours(executions: Sequence[Execution], candidate: Candidate) -> Sequence[Execution]:
    """Those for this candidate: the tag, which no other has, is a label of each."""
    return [one for one in executions if one.labels.get(RELEASE_LABEL) == candidate.tag]


def _must_be_alone(
    context: Context, job: Job, candidate: Candidate, executions: Sequence[Execution]
) -> None:
    """Two migrations at a time are worse than none."""
    for one in executions:
        if one.ended is None and one.labels.get(RELEASE_LABEL) != candidate.tag:
            raise ServiceBusy(
                f"{job.name} is still running for another release",
                where=f"execution {one.name}",
                remedy=f"wait for it, or end it: `{cancel_command(context, one.name)}`",
            )


def _begin(context: Context, candidate: Candidate, job: Job, known: set[str]) -> str:
    """Ask the job to run, once; the execution's name.

    When the answer is lost it may run all the same. So it is not asked again: the execution that
    was not ``known`` before and has this candidate's label is looked for.
    """
    try:
        return context.jobs.run(job)
    except ApiUnreachable as lost:
        for pause in _PAUSES:
            context.world.sleep(pause)
            for one in _ours(_seen(context, job), candidate):
                if one.name not in known:
                    return one.name
        lost.remedy = f"run it again: {job.name} is looked for, and not run twice; {lost.remedy}"
        raise


def _seen(context: Context, job: Job) -> Sequence[Execution]:
    try:
        return context.jobs.executions(job)
    except ApiUnreachable:
        return ()
