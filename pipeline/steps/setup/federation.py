"""How GitHub's runs come in, as the workflows say it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.adapters.project import Project
from pipeline.adapters.world import World
from pipeline.checks.readiness import judge_federated, judge_provider, unknown
from pipeline.commands import Command
from pipeline.model import Verdict

PROVIDER, ACCOUNT = "WORKLOAD_IDENTITY_PROVIDER", "SERVICE_ACCOUNT"
"""The variables of the GitHub environment; given to doctor in its own, they are looked at."""

_NAMED = re.compile(r"workload_identity_provider:[ \t]*['\"]?(\S+)")
_FULL = re.compile(
    r"projects/\d{1,20}/locations/global/workloadIdentityPools/[\w-]+/providers/[\w-]+"
)
_EMAIL = re.compile(r"service_account:[ \t]*['\"]?([\w.-]+@[\w.-]+\.gserviceaccount\.com)")
_GITHUB = re.compile(r"github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?\s*$")
_LARGEST = 200_000  # bytes


@dataclass(frozen=True)
class Federation:
    """``provider`` and ``account`` are empty where only GitHub knows them; ``why`` says so."""

    provider: str
    account: str
    why: str = ""


def federation(root: Path, environ: Mapping[str, str]) -> Federation | None:
    """What the workflows name; None where they name no provider."""
    text = "\n".join(_texts(root))
    if not _NAMED.search(text):
        return None
    given = environ.get(PROVIDER, "").strip()
    provider = _FULL.search(text) or _FULL.fullmatch(given)
    account = _EMAIL.search(text)
    why = f"the workflows take it from GitHub: set {PROVIDER} and {ACCOUNT} here as there"
    if given:
        why = f"{PROVIDER} is none: projects/NUMBER/locations/global/workloadIdentityPools/…/…"
    return Federation(
        provider[0] if provider else "",
        account[1] if account else environ.get(ACCOUNT, "").strip(),
        why,
    )


def github_repository(world: World, folder: Path) -> str:
    """OWNER/NAME of the origin, where that is on GitHub."""
    command = Command(("git", "-C", str(folder), "remote", "get-url", "origin"))
    found = _GITHUB.search(world.run(command).output)
    return found[1] if found else ""


def judged(project: Project, found: Federation, repository: str) -> Iterator[Verdict]:
    if not found.provider:
        yield unknown("federation", found.why)
        return
    yield judge_provider(project.provider(found.provider), found.provider)
    if found.account and repository:
        pool = found.provider.partition("/providers/")[0]
        policy = project.policy_of_account(found.account)
        yield judge_federated(policy, found.account, pool, repository)


def _texts(root: Path) -> Iterator[str]:
    for path in sorted((root / ".github" / "workflows").glob("*.y*ml")):
        with suppress(OSError):
            if path.is_file() and path.stat().st_size <= _LARGEST:
                yield path.read_text("utf-8", "replace")
