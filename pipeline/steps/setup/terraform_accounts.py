"""The service accounts that a deploy needs, as Terraform names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.config import Config
from pipeline.steps.setup.hcl import Expression

_DEPLOYER = "cloud-run-deployer"
_RUNTIME = "-runtime"
_LONGEST = 30  # characters of an account's id; the fewest are 6


@dataclass(frozen=True)
class Account:
    """``name`` is Terraform's. What is not made is there: Google's own, or another project's."""

    name: str
    email: str
    is_made: bool

    @property
    def head(self) -> str:
        return f'{"resource" if self.is_made else "data"} "google_service_account" "{self.name}"'

    @property
    def member(self) -> Expression:
        return self.part("member")

    def part(self, attribute: str) -> Expression:
        origin = "" if self.is_made else "data."
        return Expression(f"{origin}google_service_account.{self.name}.{attribute}")


def accounts_of(config: Config) -> Mapping[str, Account]:
    """By what each does: runtime, deployer, and build where one is named; some may be the same."""
    domain = _domain(config.project)
    short = config.service[: _LONGEST - len(_RUNTIME)].rstrip("-")
    emails = {
        "runtime": config.run.service_account or f"{short}{_RUNTIME}{domain}",
        "deployer": f"{_DEPLOYER}{domain}",
    }
    if config.build.engine == "cloud-build" and config.build.service_account:
        emails["build"] = config.build.service_account
    named: dict[str, Account] = {}
    for name, email in emails.items():
        named.setdefault(email, Account(name, email, email.endswith(domain)))
    return {name: named[email] for name, email in emails.items()}


def _domain(project: str) -> str:
    """What stands behind an account's id; an organisation's own domain comes last in it."""
    domain, _, name = project.rpartition(":")
    return f"@{'.'.join(filter(None, (name, domain)))}.iam.gserviceaccount.com"
