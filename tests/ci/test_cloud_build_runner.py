"""The runner reads a build as Cloud Build does: substitutions, order, volumes, what is refused."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.ci.act import ROOT
from tests.ci.cloud import BASE
from tests.ci.cloud_build import Build, RefusedError, read
from tests.ci.cloud_build_steps import Ended, Machine, clean, run

FILE = (ROOT / "cloudbuild.yaml").read_text()
BUILT_IN = {"PROJECT_ID": "my-project", "BUILD_ID": "b-1"}


def document(*steps: dict, **more) -> str:
    return yaml.safe_dump({"steps": [{"name": BASE, **step} for step in steps], **more})


def reading(text: str, **given: str) -> Build:
    return read(text, given, BUILT_IN)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path / f"b-{uuid.uuid4().hex[:8]}", secrets={"TOKEN": "hunter2"})
    machine.folder.mkdir()
    yield machine
    clean(machine)


def ran(machine: Machine, text: str, **given: str) -> Ended:
    return run(reading(text, **given), machine)


def test_ours_runs_as_an_account_of_its_own_and_logs_to_cloud_logging_only() -> None:
    build = reading(FILE)

    assert build.account == (
        "projects/my-project/serviceAccounts/cloud-run-deployer@my-project.iam.gserviceaccount.com"
    )
    assert yaml.safe_load(FILE)["options"]["logging"] == "CLOUD_LOGGING_ONLY"
    assert 0 < build.timeout <= 3600


def test_all_steps_of_ours_are_one_release() -> None:
    steps = reading(FILE).steps

    assert len(steps) > 1
    assert all("BUILD_ID=b-1" in step.env for step in steps)


def test_ours_shifts_in_a_step_of_its_own_what_the_one_before_has_verified() -> None:
    steps = reading(FILE).steps

    assert [step.after for step in steps] == [set(range(at)) for at in range(len(steps))]
    assert [re.findall(r"nox -s (.*)", step.script) for step in steps] == [
        ['build -- --config "$CONFIG"'],
        ['deploy -- --hold --config "$CONFIG"'],
        ['shift -- --config "$CONFIG"'],
    ]
    assert all(step.script.startswith("#!/bin/sh\nset -eu\n") for step in steps)


def test_no_step_of_ours_takes_a_secret_as_an_argument() -> None:
    assert not any(step.args for step in reading(FILE).steps)


def test_ours_can_be_told_the_account_and_the_configuration() -> None:
    build = reading(FILE, _DEPLOYER="other", _CONFIG="a/pipeline.yaml")

    assert build.account.endswith("/other@my-project.iam.gserviceaccount.com")
    assert all("CONFIG=a/pipeline.yaml" in step.env for step in build.steps)


def test_a_substitution_that_is_missing_is_refused() -> None:
    text = FILE.replace("  _CONFIG: pipeline.yaml\n", "")

    assert text != FILE
    with pytest.raises(RefusedError, match="'_CONFIG' is not matched"):
        reading(text)


def test_substitutions_are_replaced_where_cloud_build_replaces_them() -> None:
    args = ["$_A", "${_A}b", "$$_A", "$${_A}", "$PROJECT_ID", "$SHORT_SHA", "a$", "$lower"]
    (step,) = reading(document({"args": args}, substitutions={"_A": "x"})).steps

    assert step.args == ("x", "xb", "$_A", "${_A}", "my-project", "", "a$", "$lower")


def test_a_script_is_left_as_it_is_and_mapped_when_asked_to() -> None:
    step = {"script": "echo $_A"}
    plain = document(step, {"args": ["$_A"]}, substitutions={"_A": "x"})
    mapped = document(step, substitutions={"_A": "x"}, options={"automapSubstitutions": True})

    assert reading(plain).steps[0].script == "echo $_A"
    assert reading(plain).steps[0].env == ()
    assert "_A=x" in reading(mapped).steps[0].env


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (document({"args": ["$_NONE"]}), "_NONE"),
        (document({"args": ["$NONE"]}), "valid built-in"),
        (document({"script": "true", "args": ["a"]}), "neither args nor an entrypoint"),
        (document({"secretEnv": ["TOKEN"]}), "no secret of this build"),
        (document({"id": "a"}, {"id": "a"}), "two steps"),
        (document({"id": "a", "waitFor": ["b"]}, {"id": "b"}), "no step before it"),
        (document({"volumes": [{"name": "v", "path": "/v"}]}), "one step only"),
        (document({}, serviceAccount="a"), "where the log goes"),
    ],
)
def test_what_cloud_build_refuses_is_refused(text: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        reading(text)


def test_a_substitution_that_nothing_uses_is_refused_unless_that_is_allowed() -> None:
    with pytest.raises(RefusedError, match="'_OTHER' is not matched in the template"):
        reading(document({}), _OTHER="x")
    assert reading(document({}, options={"substitutionOption": "ALLOW_LOOSE"}), _OTHER="x").steps


def test_a_step_waits_for_all_before_it_or_for_those_it_names() -> None:
    steps = ({"id": "a"}, {"id": "b", "waitFor": ["-"]}, {"id": "c", "waitFor": ["a"]}, {"id": "d"})

    assert [set(step.after) for step in reading(document(*steps)).steps] == [
        set(), set(), {0}, {0, 1, 2}
    ]  # fmt: skip


def test_steps_share_the_workspace_their_home_and_volumes(machine: Machine) -> None:
    volumes = [{"name": "v", "path": "/v"}]
    write = "mkdir sub && echo w >sub/w && echo h >~/h && echo v >/v/v"
    ended = ran(
        machine,
        document(
            {"script": write, "volumes": volumes},
            {
                "entrypoint": "sh",
                "args": ["-c", "cat w ~/h /v/v"],
                "dir": "sub",
                "volumes": volumes,
            },
        ),
    )

    assert ended.status == "SUCCESS", ended.log
    assert ended.log[1] == "w\nh\nv\n"


def test_variables_and_secrets_reach_a_step_and_the_shebang_is_obeyed(machine: Machine) -> None:
    secret = {"secretManager": [{"versionName": "projects/p/secrets/t/versions/1", "env": "TOKEN"}]}
    script = '#!/usr/bin/env python3\nimport os\nprint(os.environ["A"], os.environ["TOKEN"])'
    step = {"script": script, "env": ["A=$BUILD_ID"], "secretEnv": ["TOKEN"]}

    ended = ran(machine, document(step, availableSecrets=secret))

    assert ended.log == {0: "b-1 hunter2\n"}


def test_steps_that_wait_for_nobody_run_side_by_side(machine: Machine) -> None:
    """Each ends only when it sees the other."""
    meet = "touch {0}; until [ -e {1} ]; do sleep 0.05; done"
    steps = [
        {"script": meet.format(*names), "waitFor": ["-"], "timeout": "20s"}
        for names in (("a", "b"), ("b", "a"))
    ]

    ended = ran(machine, document(*steps, {"script": "ls"}))

    assert ended.status == "SUCCESS", ended.log
    assert ended.log[2] == "a\nb\n"


def test_the_first_failure_ends_the_build_and_what_is_under_way(machine: Machine) -> None:
    ended = ran(
        machine,
        document({"script": "exit 3", "waitFor": ["-"]}, {"script": "sleep 100", "waitFor": ["-"]},
                 {"script": "true"}),
    )  # fmt: skip

    assert ended.status == "FAILURE"
    assert ended.started == [0, 1]


def test_a_build_that_takes_too_long_is_ended(machine: Machine) -> None:
    ended = ran(machine, document({"script": "sleep 100"}, timeout="1s"))

    assert ended.status == "TIMEOUT"
