"""What doctor makes of Google's answers: what is missing comes with the command that brings it."""

from __future__ import annotations

import pytest

from pipeline.checks.readiness import (
    judge_account,
    judge_apis,
    judge_bucket,
    judge_federated,
    judge_project,
    judge_provider,
    judge_repository,
    judge_roles,
    unknown,
)
from pipeline.checks.roles import ACTS_AS, needed_apis, project_roles
from pipeline.model import Outcome

POOL = "projects/1/locations/global/workloadIdentityPools/github"
PROVIDER = f"{POOL}/providers/main"
GITHUB = {
    "state": "ACTIVE",
    "oidc": {"issuerUri": "https://token.actions.githubusercontent.com"},
    "attributeCondition": "assertion.repository == 'o/r'",
}
EMAIL = "deployer@my-project.iam.gserviceaccount.com"


def test_the_apis_that_are_missing_are_enabled_by_one_command() -> None:
    verdict = judge_apis(("run.googleapis.com", "b.googleapis.com", "c.googleapis.com"),
                         frozenset({"run.googleapis.com"}), "p")  # fmt: skip

    assert verdict.outcome is Outcome.FAIL
    assert verdict.lines == (
        "gcloud services enable b.googleapis.com c.googleapis.com --project=p",
    )


def test_a_role_is_granted_where_any_of_its_permissions_lacks() -> None:
    roles = list(project_roles(jobs=True, opens=True, cloud_build=True))
    every = {name for role in roles for name in role.permissions}
    grant = "gcloud projects add-iam-policy-binding p"

    assert judge_roles("roles", roles, frozenset(every), grant, "").outcome is Outcome.PASS
    lacking = frozenset(every - {"run.jobs.run", "run.services.setIamPolicy"})
    verdict = judge_roles("roles", roles, lacking, grant, "user:a@b.c")
    assert verdict.evidence == "the caller lacks run.jobs.run, run.services.setIamPolicy"
    assert verdict.lines == (
        f"{grant} --member=user:a@b.c --role=roles/run.developer",
        f"{grant} --member=user:a@b.c --role=roles/run.admin",
    )
    nobody = judge_roles("act as", [ACTS_AS], frozenset(), "grant", "")
    assert nobody.lines == ("grant --member=MEMBER --role=roles/iam.serviceAccountUser",)


def test_only_what_is_used_is_asked_for() -> None:
    least = list(project_roles(jobs=False, opens=False, cloud_build=False))

    assert [role.name for role in least] == ["roles/run.developer", "roles/logging.viewer"]
    assert "secretmanager.googleapis.com" not in needed_apis(
        secrets=False, cloud_build=False, registry=True
    )


@pytest.mark.parametrize(
    ("found", "outcome", "said"),
    [
        (None, Outcome.FAIL, "there is no"),
        ({"format": "DOCKER"}, Outcome.PASS, "repositories/r"),
        ({"format": "NPM"}, Outcome.FAIL, "is for NPM"),
    ],
)
def test_a_repository(found: dict[str, str] | None, outcome: Outcome, said: str) -> None:
    verdict = judge_repository(found, "projects/p/locations/l/repositories/r")

    assert verdict.outcome is outcome
    assert said in verdict.evidence
    assert bool(verdict.lines) == (found is None)


@pytest.mark.parametrize(
    ("found", "outcome", "command"),
    [
        ({"email": EMAIL}, Outcome.PASS, ""),
        ({"disabled": True}, Outcome.FAIL, f"gcloud iam service-accounts enable {EMAIL}"),
        (None, Outcome.FAIL, "gcloud iam service-accounts create deployer --project=my-project"),
    ],
)
def test_an_account(found: dict[str, object] | None, outcome: Outcome, command: str) -> None:
    verdict = judge_account("account", found, EMAIL)

    assert verdict.outcome is outcome
    assert "".join(verdict.lines).startswith(command)


def test_an_account_of_googles_own_is_not_made_by_hand() -> None:
    assert not judge_account("account", None, "1-compute@developer.gserviceaccount.com").lines


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (GITHUB, PROVIDER),
        (None, "there is no"),
        ({**GITHUB, "state": "DELETED"}, "there is no"),
        ({**GITHUB, "disabled": True}, "is disabled"),
        ({**GITHUB, "oidc": {"issuerUri": "https://gitlab.com"}}, "is for https://gitlab.com"),
        ({**GITHUB, "attributeCondition": ""}, "all of GitHub may come"),
        ({**GITHUB, "attributeCondition": "attribute.aud == 'x'"}, "all of GitHub may come"),
    ],
)
def test_a_provider(found: dict[str, object] | None, said: str) -> None:
    verdict = judge_provider(found, PROVIDER)

    assert verdict.outcome is (Outcome.PASS if found == GITHUB else Outcome.FAIL)
    assert said in verdict.evidence


@pytest.mark.parametrize(
    ("condition", "passes"),
    [
        ("attribute.repository == 'o/r'", True),
        ("attribute.repo == 'o/r'", False),
        ("attribute.origin == 'o/r'", True),
        ("assertion.repository_owner_id == '1' && assertion.ref == 'refs/heads/main'", True),
        ("assertion.sub.startsWith('repo:o/r:')", True),
        ("google.subject.startsWith('repo:o/r:')", True),
        ("assertion.repository_visibility == 'private'", False),
    ],
)
def test_a_condition_may_name_the_repository_by_its_attribute(condition: str, passes: bool) -> None:
    mapping = {
        "google.subject": "assertion.sub", "attribute.repository": "assertion.repository",
        "attribute.origin": "assertion.repository",
    }  # fmt: skip
    found = {**GITHUB, "attributeCondition": condition, "attributeMapping": mapping}

    assert (judge_provider(found, PROVIDER).outcome is Outcome.PASS) == passes


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        ({"lifecycleState": "ACTIVE"}, Outcome.PASS),
        ({"lifecycleState": "DELETE_REQUESTED"}, Outcome.FAIL),
        (None, Outcome.FAIL),
        ({}, Outcome.INCONCLUSIVE),
        ({"lifecycleState": 7}, Outcome.INCONCLUSIVE),
    ],
)
def test_a_project(found: dict[str, object] | None, outcome: Outcome) -> None:
    assert judge_project(found, "my-project").outcome is outcome


def test_an_account_that_is_not_there_lets_nobody_in() -> None:
    verdict = judge_federated(None, EMAIL, POOL, "o/r")

    assert verdict.check == "federated account"
    assert verdict.lines == ("gcloud iam service-accounts create deployer --project=my-project",)


@pytest.mark.parametrize(
    ("member", "outcome"),
    [
        (f"principalSet://iam.googleapis.com/{POOL}/attribute.repository/o/r", Outcome.PASS),
        (f"principalSet://iam.googleapis.com/{POOL}/*", Outcome.INCONCLUSIVE),
        ("user:a@b.c", Outcome.FAIL),
    ],
)
def test_whether_a_repository_may_stand_for_an_account(member: str, outcome: Outcome) -> None:
    policy = {"bindings": [{"role": "roles/iam.workloadIdentityUser", "members": [member]}]}
    verdict = judge_federated(policy, EMAIL, POOL, "o/r")

    assert verdict.outcome is outcome
    assert bool(verdict.lines) == (outcome is Outcome.FAIL)


def test_a_bucket_must_be_the_projects_own() -> None:
    assert judge_bucket("b", "--project=p", ours=True).outcome is Outcome.PASS
    assert judge_bucket("b", "--project=p", ours=False).lines == (
        "gcloud storage buckets create gs://b --project=p",
    )


def test_what_is_not_known_is_said_in_a_line() -> None:
    assert unknown("x", "because\nof\nmuch").evidence == "not known: because"
    assert unknown("x", "").outcome is Outcome.INCONCLUSIVE
