"""Deploy: the new revision beside the old ones, with no traffic."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

from pipeline.adapters.cloud_run import Change
from pipeline.adapters.images import Images, by_id, is_loopback
from pipeline.adapters.template import Settings
from pipeline.commands import STAND_IN_LABEL
from pipeline.context import Context
from pipeline.errors import RegistryRefused
from pipeline.model import (
    Image,
    Service,
    Split,
    digest_of,
    live_split,
    release_names,
    show_split,
    tag_uri,
)
from pipeline.release.candidate import Candidate, note_candidate
from pipeline.release.variables import note_variables
from pipeline.stages.build import built_image
from pipeline.steps.again import is_there_already, must_not_be_paused, must_not_be_rejected
from pipeline.steps.explaining import explained
from pipeline.steps.jobs import jobs_of, run_job
from pipeline.steps.leasing import leased, must_be_free, until_verified
from pipeline.steps.secrets import secrets_must_resolve
from pipeline.steps.settings import settings_of, variable_names
from pipeline.steps.standing import dark, served, settled_if_any, taken_back, the_candidate
from pipeline.steps.undo import undone


def deploy(context: Context) -> None:
    """Create the candidate: a revision by digest, a tag of its own, and not one user request."""
    source, image = built_image(context)
    context.report.stage("deploy", f"{context.cloud_run.name}, with no traffic")
    service = settled_if_any(context)
    if service is not None:
        must_be_free(context, service)
        must_not_be_paused(service)
    secrets_must_resolve(context, service)
    reference = _publish(context, image)
    if service is not None:
        must_not_be_rejected(context, service, reference)
        if is_there_already(context, service, reference):
            _tell(context, service, the_candidate(service))
            return
    before = served(context, service) if service else {}
    candidate = _candidate(context, before, reference, source.version)
    for job in jobs_of(context.config, "before-deploy"):
        ran = run_job(context, service, candidate, job)
        candidate = replace(candidate, jobs=(*candidate.jobs, ran))
    settings = settings_of(context, service, candidate)
    with explained(context, candidate.revision):
        if service is None:
            created = _create(context, settings, candidate)
        else:
            created = _update(context, service, settings, candidate)
    _say_where(context, created, candidate)


def _publish(context: Context, image: Image) -> str:
    """The image by digest; pushed, unless the engine's own store stands in for the registry."""
    if context.builds_in_cloud:
        return image.digests[0]
    on_this_machine = is_loopback(image.reference)
    if context.google.emulator and not on_this_machine:
        return by_id(image)
    if image.labels.get(STAND_IN_LABEL) and not on_this_machine:
        raise RegistryRefused(
            "the image stands on a base image made from this machine, good for a rehearsal only",
            where=image.reference,
            remedy="with a registry in reach, remove the base image that the Dockerfile names "
            "and this image from the engine, and run `nox -s deploy` again",
        )
    with context.report.timed("pushed"):
        return Images(context.engine, context.world).push(image, context.report.progress)


def _candidate(context: Context, before: Split, reference: str, label: str) -> Candidate:
    revision, tag = release_names(context.config.service, label, context.world.token(4))
    return Candidate(
        revision=revision, tag=tag, image=reference, commit=label,
        created=context.now(),
        before=before, forced=context.options.force,
    )  # fmt: skip


def _notes(context: Context, service: Service | None, candidate: Candidate) -> dict[str, str]:
    return {
        **note_candidate(candidate),
        **note_variables(variable_names(context.config)),
        **leased(context, service, until_verified(context.config)),
    }


def _create(context: Context, settings: Settings, candidate: Candidate) -> Service:
    context.report.note("the first revision has all traffic from the start: kept private for now")
    with context.report.timed(f"{candidate.revision} is ready"):
        return context.cloud_run.create(settings, _notes(context, None, candidate))


def _update(
    context: Context, service: Service, settings: Settings, candidate: Candidate
) -> Service:
    change = Change(settings, dark(service, candidate), _notes(context, service, candidate))
    # Where nothing ever served there is nothing to go back to.
    safely = undone(context, live_split(service), taken_back(service, candidate))
    ready = context.report.timed(f"{candidate.revision} is ready")
    with safely if live_split(service) else nullcontext(), ready:
        return context.cloud_run.update(service, change)


def _say_where(context: Context, service: Service, candidate: Candidate) -> None:
    url = tag_uri(service, candidate.tag)
    if url:
        context.report.note(f"candidate at 0 %: {url}")
    context.report.note(f"serves now: {show_split(live_split(service))}")
    _tell(context, service, candidate)


def _tell(context: Context, service: Service, candidate: Candidate) -> None:
    context.report.result(
        revision=candidate.revision,
        digest=digest_of(candidate.image),
        url=tag_uri(service, candidate.tag) or service.uri,
    )
