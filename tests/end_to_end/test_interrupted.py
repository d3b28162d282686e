"""Ctrl-C and SIGTERM at any stage: containers gone, traffic as it was, and said plainly."""

from __future__ import annotations

import signal
import subprocess

import pytest
import requests

from pipeline import errors
from tests.end_to_end.conftest import until
from tests.local_cloud_run.images import engine


@pytest.fixture
def serving(project):
    project.source = "fails_when_deployed"
    project.passes("build", "deploy", "verify", "shift")
    (project.first,) = project.split()
    return project


def containers(project) -> list[str]:
    """Of smoke, for this project's service."""
    names = subprocess.run(
        [engine().path, "ps", "--all", "--format", "{{.Names}}",
         "--filter", f"name=smoke-{project.service}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return names.stdout.split()


def ended(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert "Traceback" not in output
    return process.returncode, output


@pytest.mark.parametrize(
    ("number", "error"),
    [(signal.SIGINT, errors.Interrupted), (signal.SIGTERM, errors.Terminated)],
)
def test_smoke_leaves_no_container(project, number, error):
    project.source = "never_listens"
    project.passes("build")
    process = project.start("smoke")
    until(lambda: containers(project))

    code, _ = ended(process, number)

    assert code == error.exit_code
    assert containers(project) == []


def test_smoke_leaves_no_container_when_it_is_killed(project):
    project.source = "never_listens"
    project.passes("build")
    process = project.start("smoke")
    until(lambda: containers(project))

    ended(process, signal.SIGKILL)

    until(lambda: not containers(project))


def test_deploy_undoes_the_tag_and_leaves_traffic(serving):
    serving.fault = "slow_start"
    process = serving.start("deploy")
    until(lambda: serving.observed().get("reconciling"))

    code, output = ended(process, signal.SIGINT)

    assert code == errors.Interrupted.exit_code
    assert f"traffic is as before the release: {serving.first} 100 %" in output
    until(lambda: not serving.observed().get("reconciling"))
    assert serving.split() == {serving.first: 100}
    assert not [target for target in serving.observed()["traffic"] if target.get("tag")]
    serving.fault = ""
    serving.passes("deploy", "verify", "shift")


def test_shift_restores_the_split_from_before(serving):
    serving.in_one_run()
    serving.passes("deploy", "verify")
    serving.more = {"PIPELINE_TRAFFIC_STEP_TIME": "1h"}
    process = serving.start("shift")
    until(lambda: len(serving.split()) == 2)

    code, output = ended(process, signal.SIGTERM)

    assert code == errors.Terminated.exit_code
    assert f"traffic is as before the release: {serving.first} 100 %" in output
    assert serving.split() == {serving.first: 100}


def test_a_service_that_turns_bad_during_the_shift_is_taken_back(serving):
    serving.in_one_run()
    serving.passes("deploy", "verify")
    serving.more = {"PIPELINE_TRAFFIC_STEP_TIME": "1h"}
    process = serving.start("shift")
    until(lambda: len(serving.split()) == 2)
    (second,) = serving.split().keys() - {serving.first}
    for _ in range(20):
        requests.get(f"{serving.url()}/turn-bad/{second}", timeout=5)

    output, _ = process.communicate(timeout=60)

    assert process.returncode == errors.ShiftFailed.exit_code, output
    assert serving.split() == {serving.first: 100}
    assert serving.run("shift").code == errors.NotVerified.exit_code
