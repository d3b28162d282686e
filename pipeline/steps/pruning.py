"""Pruning: old candidates' tags go with the last write of a release, old revisions after it."""

from __future__ import annotations

from pipeline.checks.revision import RELEASE_LABEL
from pipeline.context import Context
from pipeline.errors import ApiRefused, PipelineError
from pipeline.model import Service, Target, without_tag
from pipeline.release.candidate import Candidate
from pipeline.release.pruning import TAG, is_made_by, is_old_tag, spare

_MOST = 5
"""Revisions deleted at a time: each is a write, and the quota may be 30 a minute."""


def old_tags(context: Context, service: Service, candidate: Candidate) -> tuple[Target, ...]:
    """The traffic without the candidate's tag, and without those of candidates before it."""
    targets = without_tag(service.traffic, candidate.tag)
    if not any((one.tag or "").startswith(TAG) for one in targets):
        return targets
    try:
        made_by = {
            one.name: one.labels.get(RELEASE_LABEL, "") for one in context.cloud_run.revisions()
        }
    except PipelineError as error:
        context.report.warn(f"tags of old candidates stay: {error.what}")
        return targets
    return tuple(one for one in targets if not is_old_tag(one, candidate.tag, made_by))


def prune(context: Context, service: Service) -> None:
    """Delete old revisions of this pipeline that nobody needs; the release is done in any case."""
    try:
        held = context.cloud_run.revisions()
        ours = [one for one in held if is_made_by(one.name, one.labels.get(RELEASE_LABEL, ""))]
        for name in spare(service, ours, context.config.traffic.keep)[:_MOST]:
            _delete(context, name)
    except PipelineError as error:
        context.report.warn(f"old revisions stay: {error.what}")


def _delete(context: Context, name: str) -> None:
    try:
        context.cloud_run.delete_revision(name)
    except ApiRefused as error:
        context.report.warn(f"{name} stays: {error.what}")
    else:
        context.report.note(f"deleted {name}, which nobody needs any more")
