"""Jobs: what must run with the new image before the candidate gets traffic."""

from __future__ import annotations

from pipeline.adapters.cloud_run import Change
from pipeline.context import Context
from pipeline.release.candidate import note_job
from pipeline.steps.jobs import jobs_of, run_job
from pipeline.steps.leasing import leased, let_go_when_it_fails, must_be_free, until_verified
from pipeline.steps.standing import settled, the_candidate


def jobs(context: Context) -> None:
    """Run each in order and note it on the service; one that has run for it is not run again."""
    wanted = jobs_of(context.config, "before-traffic")
    if not wanted:
        return
    service = settled(context)
    candidate = the_candidate(service)
    context.report.stage("jobs", f"before {candidate.revision} gets traffic")
    must_be_free(context, service)
    with let_go_when_it_fails(context):
        for job in wanted:
            ran = {one.name: one for one in candidate.jobs}
            if job.name in ran:
                context.report.step(f"{job.name} has run already: {ran[job.name].execution}")
                continue
            run = run_job(context, service, candidate, job)
            lease = leased(context, service, until_verified(context.config))
            notes = {**note_job(candidate, run), **lease}
            service = context.cloud_run.update(service, Change(notes=notes))
            candidate = the_candidate(service)
