"""An image that comes again: rejected before, or the candidate already."""

from __future__ import annotations

from pipeline.adapters.configured import asked_for
from pipeline.checks.configuration import judge_configuration
from pipeline.checks.revision import judge_revision, judge_tag
from pipeline.context import Context
from pipeline.errors import ImageRejected
from pipeline.model import Outcome, Service, digest_of, live_split, overall, tag_uri
from pipeline.release.candidate import Candidate, candidate_of
from pipeline.release.rejected import rejection_of
from pipeline.release.rollout import share_of
from pipeline.release.variables import variables_of
from pipeline.steps.grip import paused
from pipeline.steps.settings import variable_names


def must_not_be_paused(service: Service) -> None:
    """Raises Paused: who paused a release does not want the next one to end it.

    One that is not verified has nothing that could go on.
    """
    candidate = candidate_of(service)
    if candidate is not None and candidate.paused and candidate.is_verified:
        paused(service, candidate)


def must_not_be_rejected(context: Context, service: Service, image: str) -> None:
    """Raises ImageRejected, unless a person gave a reason to deploy it all the same."""
    rejection = rejection_of(service, image)
    if rejection is None:
        return
    told = f"{rejection.revision} ran it and was taken back at {rejection.at}: {rejection.why}"
    if context.options.force:
        context.report.warn(f"{told}; deployed all the same: {context.options.force}")
        return
    raise ImageRejected(
        told,
        where=image,
        remedy="mend it and deploy that; or, where the cause was elsewhere: "
        '`nox -s deploy -- --force "REASON"`',
    )


def is_there_already(context: Context, service: Service, image: str) -> bool:
    """Whether the candidate is of this very image and configuration: then it is gone on with.

    So a run that follows one that was broken off makes no second revision.
    """
    candidate = candidate_of(service)
    if candidate is None or not _is_the_same(context, service, candidate, image):
        return False
    at = f"at {share_of(candidate, service)} %"
    context.report.step(f"{candidate.revision} is of this image already, {at}: gone on with")
    return True


def _lacks_jobs(context: Context, service: Service, candidate: Candidate) -> bool:
    """Jobs that come before traffic are no more to be run where it has some."""
    has_traffic = not candidate.is_first and share_of(candidate, service) > 0
    needed = [job.name for job in context.config.jobs if has_traffic or job.when == "before-deploy"]
    return bool(set(needed) - {one.name for one in candidate.jobs})


def _is_the_same(context: Context, service: Service, candidate: Candidate, image: str) -> bool:
    if digest_of(candidate.image) != digest_of(image) or candidate.verdict == Outcome.FAIL:
        return False
    if variables_of(service) != variable_names(context.config):
        return False
    if candidate.is_first and live_split(service) != {candidate.revision: 100}:
        return False
    if not candidate.is_first and not tag_uri(service, candidate.tag):
        return False
    if _lacks_jobs(context, service, candidate):
        return False
    revision = context.cloud_run.revision(candidate.revision)
    if revision is None or not revision.ready:
        return False
    found = {**service.configured, **revision.configured}
    return Outcome.PASS is overall(
        [
            judge_tag(service, candidate),
            judge_revision(revision, candidate),
            judge_configuration(asked_for(context.config), found),
        ]
    )
