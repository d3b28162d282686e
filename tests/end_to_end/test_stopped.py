"""A bad release is stopped at the stage that can see it, with its reason, and traffic as it was."""

from __future__ import annotations

import pytest
import requests

from pipeline import errors
from tests.end_to_end.conftest import until


@pytest.fixture
def serving(project):
    """A project whose service serves a good revision."""
    project.source = "fails_when_deployed"
    project.passes("build", "deploy", "verify", "shift")
    (project.first,) = project.split()
    return project


def unharmed(project) -> bool:
    healthy = requests.get(f"{project.url()}/health", timeout=5).status_code == 200
    return healthy and project.split() == {project.first: 100}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("never_listens", "it did not listen on port 8080 within 5 s"),
        ("loopback_only", "it did not listen on port 8080 within 5 s"),
        ("crashes_on_start", "it ended before it listened: exit code 1"),
        ("dead_database", "services.database is false, expected true"),
        ("ignores_sigterm", "it did not stop within 10 s of SIGTERM"),
    ],
)
def test_smoke_stops_what_cannot_run(project, source, said):
    project.source = source
    project.passes("build")

    ran = project.run("smoke")

    assert ran.code == errors.SmokeFailed.exit_code
    assert said in ran.output


def test_the_whole_output_of_a_crashed_container_is_shown(project):
    project.source = "crashes_on_start"
    project.passes("build")

    ran = project.run("smoke")

    for line in ("Starting crashes_on_start", "ModuleNotFoundError: No module named 'copy_that'"):
        assert line in ran.output


def test_a_json_line_is_read_by_smoke_as_by_verify(project):
    project.source = "fails_when_deployed"
    project.more = {"PIPELINE_SMOKE_ENV": "{FAULT: bad_json_line}"}
    project.passes("build")

    ran = project.run("smoke")

    assert ran.code == errors.SmokeFailed.exit_code
    assert "1 line that must not be there" in ran.output


@pytest.mark.parametrize(
    ("fault", "line"), [("crash", "DATABASE_URL is not set"), ("never_listens", "Starting with")]
)
def test_a_revision_that_does_not_start_leaves_traffic_and_no_tag_and_shows_its_log(
    serving, fault, line
):
    serving.fault = fault

    ran = serving.run("deploy")

    assert ran.code == errors.RevisionFailed.exit_code
    assert "failed to start and listen on the port" in ran.output
    assert line in ran.output
    assert f"traffic is as before the release: {serving.first} 100 %" in ran.output
    assert unharmed(serving)
    assert not [target for target in serving.observed()["traffic"] if target.get("tag")]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("dead_database", "services.database is false, expected true"),
        ("unavailable", "it answered 503"),
        ("bad_line", "BinaryNotFoundError: the query engine is not there"),
        ("bad_json_line", "  │ flags are off\n  │ exc_info: Traceback (most recent call last):"),
    ],
)
def test_verify_stops_a_revision_that_started_but_is_not_sound(serving, fault, said):
    serving.fault = fault
    serving.passes("deploy")

    ran = serving.run("verify")

    assert ran.code == errors.VerifyFailed.exit_code
    assert said in ran.output
    assert unharmed(serving)


def test_shift_refuses_a_candidate_that_was_not_verified(serving):
    serving.passes("deploy")

    ran = serving.run("shift")

    assert ran.code == errors.NotVerified.exit_code
    assert "nobody judged it" in ran.output
    assert unharmed(serving)


def test_shift_refuses_a_candidate_that_failed_verification(serving):
    serving.fault = "dead_database"
    serving.passes("deploy")
    serving.run("verify")

    ran = serving.run("shift")

    assert ran.code == errors.NotVerified.exit_code
    assert unharmed(serving)


def test_the_first_failure_of_a_nox_run_stops_it(serving):
    serving.fault = "dead_database"

    ran = serving.nox("-s", "deploy")

    assert ran.code != 0
    assert "* verify: aborted" in ran.output
    assert "Running session shift" not in ran.output
    assert unharmed(serving)


def test_a_bad_first_release_stays_private(project):
    project.source, project.fault = "fails_when_deployed", "dead_database"
    project.passes("build", "deploy")

    assert project.run("verify").code == errors.VerifyFailed.exit_code
    assert requests.get(project.url(), timeout=5).status_code == 403


def test_a_first_release_that_did_not_start_is_followed_by_one_that_does(project):
    project.source, project.fault = "fails_when_deployed", "crash"
    project.passes("build")
    assert project.run("deploy").code == errors.RevisionFailed.exit_code

    project.fault = ""
    project.passes("deploy", "verify", "shift")

    assert requests.get(f"{project.url()}/health", timeout=5).status_code == 200


def test_deploy_refuses_a_service_that_asks_for_one_split_and_serves_another(serving):
    serving.fault = "crash"
    serving.run("deploy")
    failed = serving.observed()["latestCreatedRevision"].rsplit("/", 1)[-1]
    target = {"type": 2, "revision": failed, "percent": 100}
    address = f"{serving.api}/services/{serving.service}?updateMask=traffic"
    requests.patch(address, json={"traffic": [target]}, timeout=10)
    until(lambda: not serving.observed().get("reconciling"))

    ran = serving.run("deploy")

    assert ran.code == errors.ServiceBusy.exit_code
    assert f"asks for {failed} 100 % but serves {serving.first} 100 %" in ran.output
    assert unharmed(serving)


def test_rollback_with_nothing_to_go_back_to_says_so(serving):
    ran = serving.run("rollback")

    assert ran.code == errors.NothingToRollBackTo.exit_code
    assert "--to REVISION" in ran.output
    assert unharmed(serving)


def test_rollback_to_a_revision_that_does_not_exist_says_so(serving):
    ran = serving.run("rollback", "--to", "nobody")

    assert ran.code == errors.NothingToRollBackTo.exit_code
    assert "nobody does not exist" in ran.output
    assert unharmed(serving)
