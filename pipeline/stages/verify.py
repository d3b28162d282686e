"""Verify: judge the candidate by itself, before it gets traffic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pipeline.adapters.cloud_run import Change
from pipeline.checks.revision import judge_revision
from pipeline.context import Context
from pipeline.errors import NoCandidate, VerifyFailed, VerifyInconclusive
from pipeline.model import Outcome, Service, Verdict, live_split, overall, show_split, tag_uri
from pipeline.release import Candidate, candidate_of, note_verdict
from pipeline.steps.probing import Prober


def verify(context: Context) -> None:
    """Judge the candidate and store the verdict on the service."""
    service = context.cloud_run.get()
    candidate = the_candidate(service)
    context.report.stage("verify", candidate.revision)
    verdicts = []
    for verdict in _judged(context, service, candidate):
        context.report.verdict(verdict)
        verdicts.append(verdict)
    outcome = overall(verdicts)
    notes = note_verdict(candidate, outcome, context.now())
    context.cloud_run.update(service, Change(notes=notes))
    _must_pass(candidate, outcome, verdicts)
    context.report.step("verified; `nox -s shift` gives it traffic")


def the_candidate(service: Service) -> Candidate:
    candidate = candidate_of(service)
    if candidate is None:
        raise NoCandidate(
            f"no release is under way; it serves {show_split(live_split(service))}",
            where=service.name,
            remedy="run `nox -s deploy`",
        )
    return candidate


def candidate_url(service: Service, candidate: Candidate) -> str:
    """Where only the candidate answers: its tag's URL, or the service's own on a first deploy."""
    if candidate.is_first:
        return service.uri
    url = tag_uri(service, candidate.tag)
    if url:
        return url
    raise NoCandidate(
        f"the candidate's tag {candidate.tag} has no URL: it was removed, or never became ready",
        where=service.name,
        remedy="run `nox -s deploy` for a new candidate",
    )


def _judged(context: Context, service: Service, candidate: Candidate) -> Iterator[Verdict]:
    """Each check in turn; the later ones mean nothing once one has failed."""
    since = datetime.fromisoformat(candidate.created)
    revision = judge_revision(context.cloud_run.revision(candidate.revision), candidate)
    yield revision
    if revision.outcome is not Outcome.PASS:
        return
    prober = Prober.of(context, service)
    url = candidate_url(service, candidate)
    health, trace = prober.health(url, within=context.config.startup.listen_within)
    yield health
    yield prober.identity(trace, candidate.revision, since)
    if health.outcome is Outcome.PASS:
        yield prober.lines(candidate.revision, since)


def _must_pass(candidate: Candidate, outcome: Outcome, verdicts: list[Verdict]) -> None:
    if outcome is Outcome.PASS:
        return
    stopped = next(one for one in verdicts if one.outcome is outcome)
    kind = VerifyFailed if outcome is Outcome.FAIL else VerifyInconclusive
    where = "it is still private" if candidate.is_first else "it has no traffic"
    raise kind(
        f"{stopped.check}: {stopped.evidence}",
        where=f"revision {candidate.revision}; {where}",
        remedy="mend it and `nox -s deploy` again"
        if outcome is Outcome.FAIL
        else "`nox -s verify` judges it again",
        lines=stopped.lines,
    )
