"""Is this the revision that this run made?"""

from __future__ import annotations

from pipeline.model import Outcome, Revision, Service, Verdict, digest_of, tagged
from pipeline.release.candidate import Candidate

CHECK = "revision"

RELEASE_LABEL = "cloud-run-pipeline-release"
"""Label of a revision: the tag of the release that made it."""


def judge_tag(service: Service, candidate: Candidate) -> Verdict:
    """What its tag's URL answers is the candidate's, as long as nobody moved the tag.

    A tag that is gone has no URL, so nothing is asked there.
    """
    at = tagged(service.traffic, candidate.tag, service.latest_ready)
    if at in ("", candidate.revision):
        return Verdict(CHECK, Outcome.PASS, "its tag is where it was")
    evidence = f"the tag {candidate.tag} points at {at}, not at the candidate"
    return Verdict(CHECK, Outcome.FAIL, evidence)


def judge_revision(revision: Revision | None, candidate: Candidate) -> Verdict:
    """It exists, is ready, carries the very image that was built, and this release made it.

    The label proves the last, not the clock: machines disagree about the time.
    """
    if revision is None:
        return Verdict(CHECK, Outcome.FAIL, f"{candidate.revision} does not exist", 0)
    if not revision.ready:
        why = revision.message.splitlines()[0] if revision.message else "no reason given"
        return Verdict(CHECK, Outcome.FAIL, f"{revision.name} is not ready: {why}")
    if digest_of(revision.image) != digest_of(candidate.image):
        return Verdict(
            CHECK, Outcome.FAIL, f"it runs {revision.image}, not {candidate.image} that was built"
        )
    if revision.labels.get(RELEASE_LABEL) != candidate.tag:
        return Verdict(CHECK, Outcome.FAIL, f"{revision.name} was not made by this release")
    return Verdict(CHECK, Outcome.PASS, f"new, ready, {digest_of(revision.image)[:19]}")
