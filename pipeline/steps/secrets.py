"""Before a deploy: every secret that the service names is there, and the service may read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pipeline.adapters.secrets import Binding, Held
from pipeline.config.texts import Secret
from pipeline.context import Context
from pipeline.errors import SecretMissing
from pipeline.model import Service

Policy = tuple[Binding, ...]

_READER = "roles/secretmanager.secretAccessor"
_READERS = (_READER, "roles/secretmanager.admin", "roles/owner")
_EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
_ONE_ACCOUNT = ("serviceAccount:", "user:", "deleted:")
"""What begins otherwise stands for many: nobody can tell whether an account is among them."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a secret, and the command that mends it."""

    what: str
    command: str


@dataclass(frozen=True)
class Looked:
    """What was found out of the secrets; ``unknown`` are the variables of those we may not see."""

    problems: tuple[Problem, ...]
    unknown: tuple[str, ...]


def secrets_must_resolve(context: Context, service: Service | None) -> None:
    """Stop before anything is created. What we may not see is said, and stops nothing."""
    wanted = context.config.run.secrets
    if wanted:
        looked = look_at_secrets(context, service)
        _must_be_none(looked.problems)
        _say(context, len(wanted), looked.unknown)


def look_at_secrets(context: Context, service: Service | None) -> Looked:
    """Whether each secret is there, and whether the service may read it."""
    wanted = context.config.run.secrets
    with context.report.waiting("for Secret Manager"):
        found = context.secrets.look(wanted.values())
        account = _account(context, service, found)
        policy_of = cache(context.secrets.project_policy)
        problems, unknown = [], []
        for name, secret in wanted.items():
            held, path = found[secret], context.secrets.path(secret)
            problem = absence(secret, path, held)
            readable = None if problem else _may_read(held, path, account, policy_of)
            if readable is False:
                problem = Problem(f"{account} may not read {path}", _grant(path, account))
            if problem:
                problems.append(Problem(f"{name}: {problem.what}", problem.command))
            elif readable is None or held.state is None:
                unknown.append(name)
    return Looked(tuple(problems), tuple(unknown))


def absence(secret: Secret, path: str, held: Held) -> Problem | None:
    """What of a version is missing; None if nothing is, or if that is not known."""
    name, flags = _command_words(path)
    create = f"gcloud secrets create {name} {flags} --data-file=FILE"
    add = f"gcloud secrets versions add {name} {flags} --data-file=FILE"
    enable = f"gcloud secrets versions enable {secret.version} --secret={name} {flags}"
    if held.exists is False:
        return Problem(f"the secret {path} does not exist", create)
    if held.state == "" and held.exists is None:
        return Problem(f"the secret {path}, or its version {secret.version}, is not there", create)
    if held.state == "":
        return Problem(f"the secret {path} has no version {secret.version}", add)
    if held.state == "DESTROYED":
        return Problem(f"version {secret.version} of {path} is destroyed", add)
    if held.state == "DISABLED":
        return Problem(f"version {secret.version} of {path} is disabled", enable)
    return None


def may_read(policy: Policy | None, account: str) -> bool | None:
    """Whether a policy lets an account read secrets.

    None where the policy or the account is not known, and where a group, a condition or a custom
    role might let it.
    """
    if policy is None:
        return None
    answers = {_lets(binding, f"serviceAccount:{account}") for binding in policy}
    if True in answers:
        return True
    return None if None in answers or not account else False


def _lets(binding: Binding, member: str) -> bool | None:
    """What one binding does for a member of it, or for somebody who may be one."""
    is_reader = binding.role in _READERS
    if not is_reader and binding.role.startswith("roles/"):
        return False
    if binding.members & {member, *_EVERYBODY}:
        return True if is_reader and not binding.conditional else None
    return False if all(one.startswith(_ONE_ACCOUNT) for one in binding.members) else None


def _may_read(
    held: Held, path: str, account: str, policy_of: Callable[[str], Policy | None]
) -> bool | None:
    """By the secret's policy, or else by that of its project, which holds for its secrets too."""
    on_secret = may_read(held.policy, account)
    if on_secret or not account:
        return on_secret
    on_project = may_read(policy_of(path.split("/")[1]), account)
    return None if on_secret is None and not on_project else on_project


def _account(context: Context, service: Service | None, found: Mapping[Secret, Held]) -> str:
    """Who the service runs as: as configured, as it is, or the project's default; if known."""
    known = context.config.run.service_account or (service.account if service else "")
    own = f"projects/{context.config.project}/"
    numbers = (
        held.project for secret, held in found.items()
        if held.project and context.secrets.path(secret).startswith(own)
    )  # fmt: skip
    default = next((f"{number}-compute@developer.gserviceaccount.com" for number in numbers), "")
    return known or default


def _command_words(path: str) -> tuple[str, str]:
    _, project, _, name = path.split("/")
    return name, f"--project={project}"


def _grant(path: str, account: str) -> str:
    name, flags = _command_words(path)
    member = f"--member=serviceAccount:{account}"
    return f"gcloud secrets add-iam-policy-binding {name} {flags} {member} --role={_READER}"


def _must_be_none(wrong: Sequence[Problem]) -> None:
    if wrong:
        raise SecretMissing(
            "; ".join(one.what for one in wrong),
            where="run.secrets in pipeline.yaml",
            remedy="; ".join(f"`{one.command}`" for one in wrong),
        )


def _say(context: Context, count: int, unknown: Sequence[str]) -> None:
    for name in unknown:
        context.report.note(f"{name}: whether the service may read its secret is not known")
    if len(unknown) < count:
        context.report.step(f"{count - len(unknown)} of {count} secrets can be read")
