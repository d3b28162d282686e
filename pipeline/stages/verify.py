"""Verify: judge the candidate by itself, before it gets traffic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from pipeline.adapters.cloud_run import Change
from pipeline.adapters.configured import asked_for
from pipeline.checks import exits, startup
from pipeline.checks.configuration import judge_configuration
from pipeline.checks.revision import judge_revision, judge_tag
from pipeline.context import Context
from pipeline.errors import VerifyFailed, VerifyInconclusive
from pipeline.model import Outcome, Service, Verdict, overall, pinned
from pipeline.release.candidate import Candidate, note_verdict
from pipeline.release.lease import note_no_lease
from pipeline.release.rollout import is_ours
from pipeline.steps.jobs import must_have_run
from pipeline.steps.leasing import GRACE, leased, let_go_when_it_fails, must_be_free
from pipeline.steps.probing import Prober
from pipeline.steps.reading import judged_log, told_by_log
from pipeline.steps.standing import candidate_url, settled, the_candidate

_MAY_BE_UNKNOWN = {startup.CHECK, exits.CHECK}


def verify(context: Context) -> None:
    """Judge the candidate and store the verdict on the service."""
    service = settled(context)
    candidate = the_candidate(service)
    context.report.stage("verify", candidate.revision)
    context.report.result(revision=candidate.revision)
    must_be_free(context, service)
    verdicts = []
    with let_go_when_it_fails(context):
        must_have_run(context.config, candidate)
        for verdict in _judged(context, service, candidate):
            context.report.verdict(verdict)
            verdicts.append(verdict)
        outcome = overall(one for one in verdicts if _counts(one))
        _store(context, service, candidate, outcome)
    with told_by_log(context, candidate):
        _must_pass(candidate, outcome, verdicts)
    context.report.step("verified; `nox -s shift` gives it traffic")


def _store(context: Context, service: Service, candidate: Candidate, outcome: Outcome) -> None:
    """Write the verdict; what is not fit for users loses what a broken-off shift gave it."""
    goes_on = outcome is Outcome.PASS and not context.options.hold
    lease = leased(context, service, GRACE) if goes_on else note_no_lease()
    traffic = None
    has_traffic = bool(candidate.asked and candidate.before)
    if outcome is not Outcome.PASS and has_traffic and is_ours(candidate, service):
        traffic = pinned(candidate.before, service.traffic)
        candidate = replace(candidate, asked={})
        context.report.warn("it had traffic from a shift that was broken off: taken back")
    notes = {**note_verdict(candidate, outcome, context.now()), **lease}
    context.cloud_run.update(service, Change(traffic=traffic, notes=notes))


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
