"""Verify: judge the candidate by itself, before it gets traffic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pipeline.adapters.cloud_run import Change
from pipeline.adapters.configured import asked_for
from pipeline.checks import exits, startup
from pipeline.checks.configuration import judge_configuration
from pipeline.checks.revision import judge_revision, judge_tag
from pipeline.context import Context
from pipeline.errors import NoCandidate, VerifyFailed, VerifyInconclusive
from pipeline.model import Outcome, Service, Verdict, live_split, overall, show_split, tag_uri
from pipeline.release.candidate import Candidate, candidate_of, note_verdict
from pipeline.steps.jobs import must_have_run
from pipeline.steps.probing import Prober
from pipeline.steps.reading import judged_log, told_by_log

_MAY_BE_UNKNOWN = {startup.CHECK, exits.CHECK}


def verify(context: Context) -> None:
    """Judge the candidate and store the verdict on the service."""
    service = context.cloud_run.get()
    candidate = the_candidate(service)
    context.report.stage("verify", candidate.revision)
    must_have_run(context.config, candidate)
    verdicts = []
    for verdict in _judged(context, service, candidate):
        context.report.verdict(verdict)
        verdicts.append(verdict)
    outcome = overall(one for one in verdicts if _counts(one))
    notes = note_verdict(candidate, outcome, context.now())
    context.cloud_run.update(service, Change(notes=notes))
    with told_by_log(context, candidate):
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
    """Each check in turn; the later ones are skipped where they mean nothing."""
    moved = judge_tag(service, candidate)
    if moved.outcome is not Outcome.PASS:
        yield moved
        return
    since = datetime.fromisoformat(candidate.created)
    revision = context.cloud_run.revision(candidate.revision)
    proof = judge_revision(revision, candidate)
    yield proof
    if revision is None or proof.outcome is not Outcome.PASS:
        return
    found = {**service.configured, **revision.configured}
    yield judge_configuration(asked_for(context.config), found)
    prober, url = Prober.of(context, service), candidate_url(service, candidate)
    health, asked = prober.health(url, within=context.config.startup.listen_within)
    yield health
    identity = prober.identity(asked, candidate.revision, since)
    yield identity
    if {health.outcome, identity.outcome} != {Outcome.PASS}:
        return
    if context.config.cors.origins:
        yield prober.cors(url)
    yield from judged_log(context, asked, candidate.revision, since)


def _counts(verdict: Verdict) -> bool:
    """Whether a verdict is heeded: a log that does not say how it started holds nobody up."""
    return verdict.outcome is not Outcome.INCONCLUSIVE or verdict.check not in _MAY_BE_UNKNOWN


def _must_pass(candidate: Candidate, outcome: Outcome, verdicts: list[Verdict]) -> None:
    if outcome is Outcome.PASS:
        return
    stopped = next(one for one in verdicts if one.outcome is outcome and _counts(one))
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
