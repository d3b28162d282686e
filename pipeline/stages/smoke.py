"""Smoke: run the image as Cloud Run would, before it is pushed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline import commands, inspected
from pipeline.commands import ContainerRun
from pipeline.context import Context
from pipeline.stages.build import built_image
from pipeline.steps.smoking.beside import standing, variables_of
from pipeline.steps.smoking.crashing import why_not
from pipeline.steps.smoking.ending import fits_into_memory, stops
from pipeline.steps.smoking.failing import mib
from pipeline.steps.smoking.healthy import is_healthy, stays_healthy, wrote_the_right_lines
from pipeline.steps.smoking.here import brought_here
from pipeline.steps.smoking.migrating import try_jobs
from pipeline.steps.smoking.runs import as_cloud_run_would
from pipeline.steps.smoking.starting import Start, a_start
from pipeline.steps.smoking.trials import trials


def smoke(context: Context) -> None:
    """It listens in time, is healthy and stays so, writes what it must, and stops when told."""
    _, built = built_image(context)
    context.report.stage("smoke", built.reference)
    image = brought_here(context, built) if context.builds_in_cloud else built
    if image is None:
        return
    with standing(context) as needed:
        run = as_cloud_run_would(context, image.id, variables_of(needed))
        try_jobs(context, run, needed)
        with _listening(context, run) as start:
            with context.report.waiting("until it is healthy"):
                cold = is_healthy(context, start)
            with trials(context, run, needed) as judge_trials:
                with context.report.waiting("while it must stay healthy"):
                    stays_healthy(context, start, cold)
                wrote_the_right_lines(context, start)
                with context.report.waiting("for its other starts"):
                    judge_trials()
            fits_into_memory(context, start)
            stops(context, start)


@contextmanager
def _listening(context: Context, run: ContainerRun) -> Iterator[Start]:
    """The container once it listens, or why it does not."""
    context.report.note(f"with PORT={run.port}, {run.cpu:g} CPU, {mib(run.memory)}")
    context.report.command(commands.run_container(context.engine, run))
    with context.report.waiting("until it listens"), a_start(context, run) as start:
        if start.address is None:
            raise why_not(context, start)
        _say_who(context, start)
        yield start


def _say_who(context: Context, start: Start) -> None:
    user = inspected.user(start.container.inspect())
    context.report.step(f"listens on $PORT after {start.seconds:.1f} s, as user {user}")
    if user == "root":
        context.report.note("Cloud Run allows root; a USER of its own can do less harm")
