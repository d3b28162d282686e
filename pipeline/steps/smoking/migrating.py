"""The jobs of the release, such as a migration, tried against what stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.adapters.container import container
from pipeline.commands import ContainerRun
from pipeline.context import Context
from pipeline.steps.smoking.beside import Needed
from pipeline.steps.smoking.failing import failed, how
from pipeline.steps.smoking.runs import another

if TYPE_CHECKING:
    from pipeline.config.sections import Job

_SERVICES_OWN = ("PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION")  # a job has none of them


def try_jobs(context: Context, run: ContainerRun, needed: Sequence[Needed]) -> None:
    """Run them in order. What a job changes at an address would stay: there none is run."""
    jobs, kept = context.config.jobs, [one.what.name for one in needed if not one.what.image]
    if not jobs or not needed:
        return
    if kept:
        context.report.note(f"jobs are not tried here: what they change in {kept[0]} would stay")
        return
    for job in jobs:
        with context.report.waiting(f"until {job.name} ends"):
            _try(context, run, job)
        context.report.step(f"job {job.name} succeeds")


def _try(context: Context, run: ContainerRun, job: Job) -> None:
    env = {name: value for name, value in run.env.items() if name not in _SERVICES_OWN}
    own = {
        "CLOUD_RUN_JOB": job.name, "CLOUD_RUN_EXECUTION": f"{job.name}-smoke",
        "CLOUD_RUN_TASK_INDEX": "0", "CLOUD_RUN_TASK_ATTEMPT": "0", "CLOUD_RUN_TASK_COUNT": "1",
    }  # fmt: skip
    task = another(context, run, port=None, command=job.command, env={**env, **own})
    with container(context.engine, context.world, task) as running:
        running.process.wait(job.timeout)
        ended = running.ended()
        if ended is None:
            what = f"job {job.name} did not end within {job.timeout:g} s"
            raise failed(context, running, what, "raise its timeout, or find what it waits for")
        if ended.code:
            raise failed(context, running, f"job {job.name} failed here: {how(ended, task)}")
