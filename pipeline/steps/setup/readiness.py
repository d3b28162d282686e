"""What Google Cloud lacks for a deploy: one verdict after the other, each from a read."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.adapters.project import kind
from pipeline.adapters.storage import default_bucket
from pipeline.checks import readiness, roles
from pipeline.checks.readiness import failed, passed, unknown
from pipeline.checks.roles import Role
from pipeline.context import Context
from pipeline.errors import ApiUnreachable, ConfigError
from pipeline.model import Verdict
from pipeline.steps.secrets import look_at_secrets
from pipeline.steps.setup import federation
from pipeline.steps.setup.checkout import root_of
from pipeline.steps.setup.subject import UNSEEN, Subject


def look_over(context: Context) -> Iterator[Verdict]:
    """Every question in the order in which a person would set things up.

    Raises NoCredentials and KeyFileRefused; what else is refused is a verdict: not known.
    """
    subject = Subject(context)
    for check, ask in _QUESTIONS.items():
        try:
            yield from ask(subject)
        except UNSEEN as error:
            yield unknown(check, error.what)


def _credentials(subject: Subject) -> Iterator[Verdict]:
    """Good where Google answers, even if it refuses."""
    answered = subject.answered
    who = f", {subject.member}" if subject.member else ""
    whose = f"{kind(subject.context.google)}{who}"
    if isinstance(answered, ApiUnreachable):
        yield unknown("credentials", f"whether Google takes them ({whose}): {answered.what}")
    else:
        yield passed("credentials", whose)


def _project(subject: Subject) -> Iterator[Verdict]:
    yield readiness.judge_project(subject.described, subject.context.config.project)


def _apis(subject: Subject) -> Iterator[Verdict]:
    config = subject.context.config
    needed = roles.needed_apis(
        secrets=bool(config.run.secrets),
        cloud_build=subject.context.builds_in_cloud,
        registry=subject.registry is not None,
    )
    yield readiness.judge_apis(needed, subject.there.enabled(needed), config.project)


def _roles(subject: Subject) -> Iterator[Verdict]:
    """On the project, or on the service itself once it is there."""
    config = subject.context.config
    opens = config.run.allow_unauthenticated and not subject.is_public
    needed = list(
        roles.project_roles(
            jobs=bool(config.jobs), opens=opens, cloud_build=subject.context.builds_in_cloud
        )
    )
    wanted = [name for role in needed for name in role.permissions]
    granted = subject.there.granted(wanted)
    if subject.service is not None and not granted.issuperset(wanted):
        on_it = [name for name in wanted if name.startswith("run.services.")]
        own = subject.there.granted_on_service(subject.context.cloud_run.name, on_it)
        granted |= own | {"run.services.create"}
    # Where the policy has a condition, gcloud asks which, unless it is told.
    grant = f"gcloud projects add-iam-policy-binding {config.project} --condition=None"
    yield readiness.judge_roles("roles", needed, granted, grant, subject.member)


def _registry(subject: Subject) -> Iterator[Verdict]:
    registry = subject.registry
    if registry is None:
        image = subject.context.config.image
        yield unknown("registry", f"{image} is not in Artifact Registry")
        return
    found = subject.there.repository(registry.name)
    yield readiness.judge_repository(found, registry.name)
    if found is not None:
        grant = (
            f"gcloud artifacts repositories add-iam-policy-binding {registry.repository} "
            f"--location={registry.location} --project={registry.project}"
        )
        granted = subject.there.granted_on_repository(registry.name, roles.PUSHES.permissions)
        yield readiness.judge_roles("push", [roles.PUSHES], granted, grant, subject.member)


def _account(subject: Subject) -> Iterator[Verdict]:
    yield from _acting(subject, "runtime account", subject.runs_as)


def _acting(subject: Subject, check: str, email: str) -> Iterator[Verdict]:
    """Whether an account is there, and whether the caller may act as it."""
    if not email:
        yield unknown(check, "which one it is")
        return
    found = subject.there.account(email)
    yield readiness.judge_account(check, found, email)
    if found is not None:
        yield _on_account(subject, f"{check}, act as", email, roles.ACTS_AS)


def _on_account(subject: Subject, check: str, email: str, role: Role) -> Verdict:
    grant = f"gcloud iam service-accounts add-iam-policy-binding {email}"
    granted = subject.there.granted_on_account(email, role.permissions)
    return readiness.judge_roles(check, [role], granted, grant, subject.member)


def _id_tokens(subject: Subject) -> Iterator[Verdict]:
    """A service that is private, as a new one is at first, is verified with an ID token."""
    kind, _, email = subject.member.partition(":")
    if subject.is_public or subject.context.google.emulator:
        return
    if kind == "serviceAccount":
        yield _on_account(subject, "ID tokens", email, roles.ID_TOKENS)
    elif kind == "user":
        yield failed(
            "ID tokens",
            "the service is private, or new, and a user's credentials make no ID tokens",
            "gcloud auth application-default login --impersonate-service-account=ACCOUNT",
        )
    else:
        yield unknown("ID tokens", "the credentials do not say whose they are")


def _secrets(subject: Subject) -> Iterator[Verdict]:
    wanted = subject.context.config.run.secrets
    looked = look_at_secrets(subject.context, subject.service) if wanted else None
    if looked is None:
        return
    for problem in looked.problems:
        yield failed("secrets", problem.what, problem.command)
    if looked.unknown:
        names = ", ".join(looked.unknown)
        yield unknown("secrets", f"whether the service may read {names}")
    elif not looked.problems:
        yield passed("secrets", f"all {len(wanted)} can be read")


def _federation(subject: Subject) -> Iterator[Verdict]:
    world, folder = subject.context.world, subject.context.config.folder
    found = federation.federation(root_of(folder), world.environ)
    if found is not None:
        repository = federation.github_repository(world, folder)
        yield from federation.judged(subject.there, found, repository)


def _cloud_build(subject: Subject) -> Iterator[Verdict]:
    if not subject.context.builds_in_cloud:
        return
    config = subject.context.config
    name = config.build.bucket or default_bucket(config.project)
    try:
        is_ours = subject.context.storage.is_in(config.project, name)
    except ConfigError as error:  # a local Cloud Run may have no storage beside it
        yield unknown("bucket", error.what)
        return
    place = f"--location={config.region} --project={config.project}"
    yield readiness.judge_bucket(name, place, ours=is_ours)
    if is_ours and not subject.context.google.emulator:
        granted = subject.there.granted_on_bucket(name, roles.UPLOADS.permissions)
        grant = f"gcloud storage buckets add-iam-policy-binding gs://{name}"
        yield readiness.judge_roles("upload", [roles.UPLOADS], granted, grant, subject.member)
    if config.build.service_account:
        yield from _acting(subject, "build account", config.build.service_account)


_QUESTIONS = {
    "credentials": _credentials, "project": _project, "APIs": _apis, "roles": _roles,
    "registry": _registry, "runtime account": _account, "ID tokens": _id_tokens,
    "secrets": _secrets, "federation": _federation, "Cloud Build": _cloud_build,
}  # fmt: skip
