"""What a release leaves behind: tags of old candidates, and revisions that nobody needs any more.

Pure. What this pipeline made is known by its label; whatever else is there is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeline.model import Revision, Service, Target
from pipeline.release.candidate import candidate_of
from pipeline.release.history import releases_of, rollback_targets

TAG = "c-"
"""How the tag of a candidate begins."""


def is_old_tag(target: Target, tag: str, made_by: Mapping[str, str]) -> bool:
    """Whether a target is the tag of a candidate other than the one of ``tag``, and no more.

    ``made_by`` is the tag of the release that made a revision, by the revision's name. One that
    somebody moved to another revision is theirs.
    """
    if not target.tag or not target.tag.startswith(TAG) or target.tag == tag:
        return False
    return not target.percent and made_by.get(target.revision or "") == target.tag


def is_made_by(revision: str, tag: str) -> bool:
    """Whether the release of that tag made a revision: both have its token in their names.

    Another tool that changes a service hands the label on to a revision of its own name.
    """
    return tag.startswith(TAG) and revision.endswith(f"-{tag.removeprefix(TAG)}")


def spare(service: Service, ours: Sequence[Revision], keep: int) -> Sequence[str]:
    """The revisions of this pipeline that nobody needs any more, oldest first.

    The newest ``keep`` stay, and so does each that gets traffic or is asked to, has a tag, is part
    of a release under way, or that a rollback may go to.
    """
    newest = sorted(ours, key=lambda one: one.created, reverse=True)
    needed = {*_addressed(service), *_of_release(service), *_ways_back(service, ours)}
    return [one.name for one in reversed(newest[keep:]) if one.name not in needed]


def _addressed(service: Service) -> Iterator[str]:
    """What targets name; the latest ones too, for a target may lead to the latest."""
    yield from (service.latest_created, service.latest_ready, service.template_revision)
    yield from (target.revision or "" for target in (*service.traffic, *service.serving))


def _of_release(service: Service) -> Iterator[str]:
    candidate = candidate_of(service)
    if candidate is not None:
        yield from (candidate.revision, *candidate.before)


def _ways_back(service: Service, ours: Sequence[Revision]) -> Iterator[str]:
    """The release that is newest by our notes, and the first that a rollback finds ready."""
    releases, ready = releases_of(service), {one.name for one in ours if one.ready}
    yield from (release.revision for release in releases[:1])
    back = (one.revision for one in rollback_targets(service, releases) if one.revision in ready)
    yield from [name for name in [next(back, "")] if name]
