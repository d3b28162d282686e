"""What a deploy says of secrets: certain where it can be, and never a guess."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.secrets import Binding, Held, Secrets
from pipeline.config.texts import Secret
from pipeline.errors import PermissionMissing, PipelineError, SecretMissing, ServiceMissing
from pipeline.model import Service
from pipeline.steps.secrets import Policy, absence, may_read, secrets_must_resolve
from tests.unit.in_memory import NOBODY, Cloud, a_context

ACCOUNT = "runner@my-project.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{ACCOUNT}"
READER = "roles/secretmanager.secretAccessor"
PATH = "projects/my-project/secrets/db"
LATEST = Secret("db", "latest")


def binding(role: str = READER, *members: str, conditional: bool = False) -> Binding:
    return Binding(role, frozenset(members), conditional)


@pytest.mark.parametrize(
    ("policy", "answer"),
    [
        ((binding(READER, MEMBER),), True),
        ((binding("roles/secretmanager.admin", "user:a@b.c", MEMBER),), True),
        ((binding(READER, "allAuthenticatedUsers"),), True),
        ((), False),
        ((binding("roles/secretmanager.viewer", MEMBER),), False),
        ((binding(READER, "serviceAccount:other@x.iam.gserviceaccount.com"),), False),
        ((binding(READER, MEMBER, conditional=True),), None),
        ((binding(READER, "group:all@example.com"),), None),
        ((binding("projects/my-project/roles/own", MEMBER),), None),
        ((binding("roles/viewer", "group:all@example.com"),), False),
        ((binding(READER, "group:all@example.com"), binding(READER, MEMBER)), True),
        (None, None),
    ],
)
def test_who_may_read(policy: Policy | None, answer: bool | None) -> None:
    assert may_read(policy, ACCOUNT) is answer


members = st.sampled_from([MEMBER, "user:a@b.c", "group:g@b.c", "allUsers", "domain:b.c"])
roles = st.sampled_from([READER, "roles/viewer", "roles/owner", "projects/p/roles/own"])
policies = st.lists(
    st.builds(Binding, roles, st.frozensets(members, max_size=3), st.booleans()), max_size=4
).map(tuple)


@given(policies, st.sampled_from(["", ACCOUNT]))
def test_it_is_certain_only_where_nothing_is_hidden(policy: Policy, account: str) -> None:
    answer = may_read(policy, account)

    if answer is False:
        assert account
        assert not any(MEMBER in one.members and one.role == READER for one in policy)
    if answer is True:
        assert any(not one.conditional for one in policy)


@pytest.mark.parametrize(
    ("held", "command"),
    [
        (Held(False, ""), "gcloud secrets create db --project=my-project --data-file=FILE"),
        (Held(None, ""), "gcloud secrets create db --project=my-project --data-file=FILE"),
        (Held(True, ""), "gcloud secrets versions add db --project=my-project --data-file=FILE"),
        (Held(True, "DESTROYED"), "gcloud secrets versions add db"),
        (Held(True, "DISABLED"), "gcloud secrets versions enable latest --secret=db"),
        (Held(True, "ENABLED"), ""),
        (Held(None, None), ""),
    ],
)
def test_what_is_missing_comes_with_its_command(held: Held, command: str) -> None:
    problem = absence(LATEST, PATH, held)

    assert (problem.command if problem else "").startswith(command)
    assert (problem is None) == (not command)


@dataclass
class FakeGoogle:
    """Answers by the end of a path; what it does not have is not there."""

    answers: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, api: str, path: str) -> object:
        self.asked.append(path)
        answer = next(
            (found for end, found in self.answers.items() if path.partition("?")[0].endswith(end)),
            ServiceMissing("not found", remedy=""),
        )
        if isinstance(answer, PipelineError):
            raise answer
        return answer

    def post(self, api: str, path: str, body: object) -> object:
        return self.get(api, path)


ENABLED = {"name": "projects/42/secrets/db/versions/3", "state": "ENABLED"}
DENIED = PermissionMissing("denied", remedy="")
GRANTED = {"bindings": [{"role": READER, "members": [MEMBER]}]}
BARE = {"etag": "ACAB"}


def checked(tmp_path: Path, answers: dict[str, object], service: Service | None = None) -> list:
    context = a_context(Cloud(), tmp_path)
    run = context.config.run.model_copy(update={"secrets": {"DATABASE_URL": LATEST}})
    context = replace(context, config=context.config.model_copy(update={"run": run}))
    google = FakeGoogle(answers)
    context.__dict__["secrets"] = Secrets(google, "my-project")  # type: ignore[arg-type]
    secrets_must_resolve(context, service)
    return google.asked


RUNS_AS = replace(NOBODY, account=ACCOUNT)


def test_without_secrets_nobody_is_asked(tmp_path: Path) -> None:
    context = a_context(Cloud(), tmp_path)
    context.__dict__["secrets"] = None

    secrets_must_resolve(context, None)


@pytest.mark.parametrize(
    "answers",
    [
        {"latest": ENABLED, "db:getIamPolicy": GRANTED},
        {"latest": ENABLED, "db:getIamPolicy": BARE, "my-project:getIamPolicy": GRANTED},
    ],
    ids=["on the secret", "on the project"],
)
def test_a_secret_that_may_be_read_is_passed(tmp_path: Path, answers: dict, capsys) -> None:
    checked(tmp_path, answers, RUNS_AS)

    assert "1 of 1 secrets can be read" in capsys.readouterr().out


@pytest.mark.parametrize(
    "answers",
    [
        {"latest": DENIED, "db:getIamPolicy": DENIED},
        {"latest": ENABLED, "db:getIamPolicy": DENIED, "my-project:getIamPolicy": DENIED},
        {"latest": ENABLED, "db:getIamPolicy": BARE, "my-project:getIamPolicy": DENIED},
        {"latest": ENABLED, "db:getIamPolicy": DENIED, "my-project:getIamPolicy": BARE},
        {"latest": DENIED, "db:getIamPolicy": GRANTED},
    ],
)
def test_what_may_not_be_seen_is_said_and_stops_nothing(
    tmp_path: Path, answers: dict, capsys
) -> None:
    checked(tmp_path, answers, RUNS_AS)

    assert "whether the service may read its secret is not known" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("service", "account"),
    [(RUNS_AS, ACCOUNT), (None, "42-compute@developer.gserviceaccount.com")],
    ids=["of the service", "default"],
)
def test_an_account_that_may_not_read_is_named_with_the_grant(
    tmp_path: Path, service: Service | None, account: str
) -> None:
    answers = {"latest": ENABLED, "db:getIamPolicy": BARE, "my-project:getIamPolicy": BARE}

    with pytest.raises(SecretMissing) as failure:
        checked(tmp_path, answers, service)

    assert failure.value.what == f"DATABASE_URL: {account} may not read {PATH}"
    assert failure.value.remedy == (
        "`gcloud secrets add-iam-policy-binding db --project=my-project "
        f"--member=serviceAccount:{account} --role={READER}`"
    )


@pytest.mark.parametrize("policy", [None, DENIED, GRANTED])
def test_a_secret_that_is_not_there_is_named(tmp_path: Path, policy: object) -> None:
    with pytest.raises(SecretMissing, match="DATABASE_URL: the secret projects/my-project"):
        checked(tmp_path, {"db:getIamPolicy": policy} if policy else {}, RUNS_AS)
