"""Is what a deploy needs there? Each verdict has the commands that bring what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.answers import objects, part, texts
from pipeline.checks.roles import FEDERATED, Role
from pipeline.model import Outcome, Verdict

MEMBER = "MEMBER"
"""Stands in a command for a caller whose name is not known."""

_GITHUB = "https://token.actions.githubusercontent.com"
_NAMED = re.compile(r"\b(?:attribute\.\w+|google\.subject)\b")
_OF_REPOSITORY = re.compile(r"\bassertion\.(?:repository(?:_owner)?(?:_id)?|sub)\b")


def passed(check: str, evidence: str) -> Verdict:
    return Verdict(check, Outcome.PASS, evidence)


def failed(check: str, evidence: str, *commands: str) -> Verdict:
    return Verdict(check, Outcome.FAIL, evidence, lines=commands)


def unknown(check: str, why: str) -> Verdict:
    first = why.strip().partition("\n")[0][:300]
    return Verdict(check, Outcome.INCONCLUSIVE, f"not known: {first}", 0)


def judge_project(found: Mapping[str, Any] | None, name: str) -> Verdict:
    if found is None:
        return failed("project", f"there is no {name}", f"gcloud projects create {name}")
    state = found.get("lifecycleState")
    if state in ("DELETE_REQUESTED", "DELETE_IN_PROGRESS"):
        command = f"gcloud projects undelete {name}"
        return failed("project", f"{name} is being deleted", command)
    if state != "ACTIVE":
        return unknown("project", f"the answer does not say whether {name} is active")
    return passed("project", name)


def judge_apis(needed: Sequence[str], enabled: frozenset[str], project: str) -> Verdict:
    missing = [name for name in needed if name not in enabled]
    if missing:
        command = f"gcloud services enable {' '.join(missing)} --project={project}"
        return failed("APIs", f"{', '.join(missing)} not enabled", command)
    return passed("APIs", f"all {len(needed)} are enabled")


def judge_roles(
    check: str, roles: Iterable[Role], granted: frozenset[str], grant: str, member: str
) -> Verdict:
    """``grant`` is the command that binds a role, without member and role."""
    needed = list(roles)
    lacking = [role for role in needed if not granted.issuperset(role.permissions)]
    if not lacking:
        return passed(check, ", ".join(role.name for role in needed))
    missing = (name for role in lacking for name in role.permissions if name not in granted)
    commands = (f"{grant} --member={member or MEMBER} --role={role.name}" for role in lacking)
    return failed(check, f"the caller lacks {', '.join(missing)}", *commands)


def judge_repository(found: Mapping[str, Any] | None, name: str) -> Verdict:
    """``name`` is projects/P/locations/L/repositories/R; ``found`` is None where it is not."""
    _, project, _, location, _, repository = name.split("/")
    if found is None:
        return failed(
            "registry",
            f"there is no {name}",
            f"gcloud artifacts repositories create {repository} --repository-format=docker "
            f"--location={location} --project={project}",
        )
    kind = str(found.get("format", "DOCKER"))
    if kind != "DOCKER":
        return failed("registry", f"{name} is for {kind[:40]}, not for images")
    return passed("registry", name)


def judge_account(check: str, found: Mapping[str, Any] | None, email: str) -> Verdict:
    name, _, domain = email.partition("@")
    project = domain.partition(".")[0]
    if found is None:
        create = (f"gcloud iam service-accounts create {name} --project={project}",)
        ours = domain.endswith(".iam.gserviceaccount.com")
        return failed(check, f"there is no {email}", *(create if ours else ()))
    if found.get("disabled"):
        command = f"gcloud iam service-accounts enable {email} --project={project}"
        return failed(check, f"{email} is disabled", command)
    return passed(check, email)


def judge_provider(found: Mapping[str, Any] | None, name: str) -> Verdict:
    """The way in for GitHub's tokens, and whether it lets in more than it should."""
    check = "federation"
    if found is None or found.get("state", "ACTIVE") != "ACTIVE":
        command = "python -m pipeline doctor --terraform  # prints it, with its condition"
        return failed(check, f"there is no {name}", command)
    if found.get("disabled"):
        return failed(check, f"{name} is disabled")
    issuer = str(part(found, "oidc").get("issuerUri", ""))
    if issuer.rstrip("/") != _GITHUB:
        return failed(check, f"{name} is for {issuer[:100] or 'no issuer'}, not for {_GITHUB}")
    if not _OF_REPOSITORY.search(_condition(found)):
        return failed(check, f"{name} has no condition on the repository: all of GitHub may come")
    return passed(check, name)


def _condition(found: Mapping[str, Any]) -> str:
    """A provider's condition, with what stands behind the attributes that it names."""
    condition, mapping = str(found.get("attributeCondition", "")), part(found, "attributeMapping")
    return " ".join([condition, *(str(mapping.get(one, "")) for one in _NAMED.findall(condition))])


def judge_federated(
    policy: Mapping[str, Any] | None, email: str, pool: str, repository: str
) -> Verdict:
    """Whether a repository's runs may stand for an account; ``pool`` is the pool's full name.

    ``policy`` is the account's; None where there is no such account.
    """
    check = "federated account"
    if policy is None:
        return judge_account(check, None, email)
    members = {
        member
        for binding in objects(policy.get("bindings"))
        if binding.get("role") == FEDERATED
        for member in texts(binding.get("members"))
    }
    wanted = f"principalSet://iam.googleapis.com/{pool}/attribute.repository/{repository}"
    ours = f"//iam.googleapis.com/{pool}/"
    if wanted in members:
        return passed(check, f"{repository} may stand for {email}")
    if any(ours in member for member in members):
        return unknown(check, f"{email} is open to others of the pool; whether to {repository} too")
    return failed(
        check,
        f"{repository} may not stand for {email}",
        f"gcloud iam service-accounts add-iam-policy-binding {email} --member={wanted} "
        f"--role={FEDERATED}",
    )


def judge_bucket(name: str, place: str, *, ours: bool) -> Verdict:
    """Whether the project has it; ``place`` are the options that say where it is made."""
    if not ours:
        return failed(
            "bucket",
            f"the project has no gs://{name}",
            f"gcloud storage buckets create gs://{name} {place}",
        )
    return passed("bucket", f"gs://{name}")
