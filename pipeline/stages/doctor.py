"""Doctor: what is missing to deploy for real. It changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.checks.readiness import failed
from pipeline.context import Context
from pipeline.errors import KeyFileRefused, NoCredentials, NotReady
from pipeline.model import Outcome, Verdict
from pipeline.steps.setup.checkout import main_branch
from pipeline.steps.setup.federation import github_repository
from pipeline.steps.setup.readiness import look_over
from pipeline.steps.setup.terraform import GitHub, resources


def doctor(context: Context) -> None:
    """Ask everything that can be asked; raises NotReady when something is missing."""
    config = context.config
    context.report.stage("doctor", f"{config.service} in {config.project}, {config.region}")
    verdicts: list[Verdict] = []
    try:
        for verdict in look_over(context):
            context.report.verdict(verdict)
            verdicts.append(verdict)
    except (NoCredentials, KeyFileRefused) as error:
        context.report.verdict(failed("credentials", error.what, *filter(None, [error.where])))
        raise NotReady(
            "there are no credentials to ask the rest with",
            where=config.project,
            remedy=error.remedy,
        ) from error
    _must_be_ready(context, verdicts)


def terraform(context: Context) -> None:
    """Print the same as resources, and ask nothing of Google."""
    folder = context.config.folder
    github = GitHub(github_repository(context.world, folder), main_branch(context.world, folder))
    context.report.raw(resources(context.config, github).rstrip("\n"))


def _must_be_ready(context: Context, verdicts: Sequence[Verdict]) -> None:
    missing = [one.check for one in verdicts if one.outcome is Outcome.FAIL]
    unknown = [one.check for one in verdicts if one.outcome is Outcome.INCONCLUSIVE]
    if unknown:
        context.report.note(f"not known: {', '.join(unknown)}")
    if missing:
        raise NotReady(
            f"{len(missing)} of {len(verdicts)} are missing: {', '.join(dict.fromkeys(missing))}",
            where=context.config.project,
            remedy="run the commands above; MEMBER is who deploys, and grants may take minutes",
        )
    context.report.step("nothing that is known is missing" if unknown else "nothing is missing")
