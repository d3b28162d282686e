"""What verify asks of a candidate that is healthy: who it is, how it is set, whom it lets in."""

from __future__ import annotations

import requests

from pipeline import errors
from tests.end_to_end.conftest import until


def test_the_service_itself_may_say_which_revision_answers(project):
    project.more = {"PIPELINE_HEALTH_REVISION": "revision"}

    said = project.passes("build", "deploy", "verify")

    (revision,) = project.split()
    assert f"{revision} answered, says revision" in said


def test_what_was_asked_for_is_read_back(project):
    project.more = {
        "PIPELINE_RUN_MEMORY": "640Mi", "PIPELINE_RUN_CPU": "2", "PIPELINE_RUN_TIMEOUT": "90s",
        "PIPELINE_RUN_CONCURRENCY": "7", "PIPELINE_RUN_PORT": "9000",
        "PIPELINE_RUN_MAX_INSTANCES": "3", "PIPELINE_RUN_ENV": "{LOG_LEVEL: debug}",
        "PIPELINE_RUN_SERVICE_ACCOUNT": "runner@my-project.iam.gserviceaccount.com",
    }  # fmt: skip

    assert "all 8 settings are as asked for" in project.passes("build", "deploy", "verify")


def test_a_setting_that_somebody_changed_is_named(project):
    project.passes("build", "deploy")
    project.more = {"PIPELINE_RUN_MEMORY": "1Gi", "PIPELINE_RUN_ENV": "{PASSWORD: hunter2}"}

    ran = project.run("verify")

    assert ran.code == errors.VerifyFailed.exit_code
    assert "run.memory is 512Mi, asked for 1Gi; run.env.PASSWORD is absent" in ran.output
    assert "hunter2" not in ran.output


def test_a_front_end_that_is_not_let_in_is_named(project):
    project.more = {"PIPELINE_CORS_ORIGINS": "['https://app.example.com']"}
    project.passes("build", "deploy")

    ran = project.run("verify")

    assert ran.code == errors.VerifyFailed.exit_code
    assert "cors: https://app.example.com is blocked: its preflight was answered 501" in ran.output


def test_errors_of_users_stop_the_shift(project):
    project.passes("build", "deploy", "verify", "shift")
    (first,) = project.split()
    project.in_one_run()
    project.more = {"PIPELINE_TRAFFIC_MAX_ERROR_RATE": "0%", "PIPELINE_TRAFFIC_WATCH": "60s"}
    project.passes("deploy", "verify")
    with project.start("shift") as shift:
        until(lambda: first not in project.split())
        until(lambda: asked_in_vain(project) or shift.poll() is not None, 40)
        said, _ = shift.communicate(timeout=20)

    assert shift.returncode == errors.ShiftFailed.exit_code, said
    assert "requests failed (100 %), more than 0 %" in said
    assert project.split() == {first: 100}


def asked_in_vain(project) -> bool:
    """Never enough: a request that the service has no answer for, 501."""
    requests.put(project.url(), timeout=5)
    return False
