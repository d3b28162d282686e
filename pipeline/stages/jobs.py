"""Jobs: what must run with the new image before the candidate gets traffic."""

from __future__ import annotations

from pipeline.adapters.cloud_run import Change
from pipeline.context import Context
from pipeline.release.candidate import note_job
from pipeline.stages.verify import the_candidate
from pipeline.steps.jobs import jobs_of, run_job


def jobs(context: Context) -> None:
    """Run each in order and note it on the service; one that has run for it is not run again."""
    wanted = jobs_of(context.config, "before-traffic")
    if not wanted:
        return
    service = context.cloud_run.get()
    candidate = the_candidate(service)
    context.report.stage("jobs", f"before {candidate.revision} gets traffic")
    for job in wanted:
        ran = {one.name: one for one in candidate.jobs}
        if job.name in ran:
            context.report.step(f"{job.name} has run already: {ran[job.name].execution}")
            continue
        run = run_job(context, service, candidate, job)
        service = context.cloud_run.update(service, Change(notes=note_job(candidate, run)))
        candidate = the_candidate(service)
