"""What nobody may take out of the workflows of a release, and act does not notice.

Who starts them, who is asked, what waits for what, and whose code runs.
"""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
import yaml

from tests.ci.act import ROOT

STARTED_BY = {
    "deploy.yml": {"push": {"branches": ["main"]}, "workflow_dispatch": None},
    "pull-request.yml": {"pull_request": None},
    "reusable.yml": {"workflow_call": ...},
    "rollback.yml": {"workflow_dispatch": ..., "workflow_call": ...},
}
RELEASING = [("reusable.yml", "candidate"), ("reusable.yml", "shift"), ("rollback.yml", "rollback")]


def workflow(name: str) -> dict[Any, Any]:
    return yaml.safe_load((ROOT / ".github/workflows" / name).read_text())


def job(name: str, of: str) -> dict[str, Any]:
    return workflow(name)["jobs"][of]


@pytest.mark.parametrize("name", STARTED_BY)
def test_a_workflow_is_started_by_nothing_else(name: str) -> None:
    """Above all not by pull_request_target, which hands a fork's code the credentials."""
    started = workflow(name)[True]  # YAML 1.1 reads `on` so

    wanted = STARTED_BY[name]
    assert started.keys() == wanted.keys()
    assert all(wanted[event] in (..., started[event]) for event in started)


def test_all_workflows_are_known_here() -> None:
    assert {one.name for one in (ROOT / ".github/workflows").iterdir()} == STARTED_BY.keys()


def test_traffic_waits_for_the_approval_of_a_candidate_and_shifts_that_one() -> None:
    candidate, shift = job("reusable.yml", "candidate"), job("reusable.yml", "shift")

    assert "--hold" in candidate["steps"][-1]["run"]
    assert "environment" not in candidate
    assert (shift["needs"], shift["environment"]) == ("candidate", "${{ inputs.environment }}")
    assert '--candidate "$CANDIDATE"' in shift["steps"][-1]["run"]
    assert shift["steps"][-1]["env"]["CANDIDATE"] == "${{ needs.candidate.outputs.revision }}"
    assert not any("if" in one or "continue-on-error" in one for one in (candidate, shift))


def test_a_rollback_asks_for_approval_and_has_a_queue_of_its_own() -> None:
    release, rollback = (
        workflow(name)["concurrency"]["group"] for name in ("reusable.yml", "rollback.yml")
    )

    asked = "${{ inputs.environment || 'production' }}"
    assert job("rollback.yml", "rollback")["environment"] == asked
    assert (release, rollback) == ("release-${{ inputs.config }}", "rollback-${{ inputs.config }}")


@pytest.mark.parametrize(("name", "of"), RELEASING)
def test_the_pipeline_that_runs_is_that_of_the_workflow(name: str, of: str) -> None:
    """Checked out before there are credentials, which the last step is given."""
    service, pipeline, auth, *_, last = job(name, of)["steps"]

    assert service["with"] == {"path": "service", "persist-credentials": False}
    assert pipeline["with"] == {
        "repository": "${{ job.workflow_repository }}", "ref": "${{ job.workflow_sha }}",
        "path": "cloud-run-pipeline", "persist-credentials": False,
    }  # fmt: skip
    assert "google-github-actions/auth@" in auth["uses"]
    assert last["run"].startswith("../cloud-run-pipeline/scripts/nox -s ")
    assert last["working-directory"] == "service"


@pytest.mark.parametrize(("name", "of"), RELEASING)
def test_who_calls_may_say_as_whom_and_where(name: str, of: str) -> None:
    auth = next(one for one in job(name, of)["steps"] if "/auth@" in one.get("uses", ""))
    called = workflow(name)[True]["workflow_call"]["inputs"]

    assert called.keys() >= {"environment", "workload_identity_provider", "service_account"}

    assert auth["with"] == {
        one: f"${{{{ inputs.{one} || vars.{one.upper()} }}}}"
        for one in ("workload_identity_provider", "service_account")
    }


def test_a_pull_request_is_tried_tested_and_checked() -> None:
    jobs = workflow("pull-request.yml")["jobs"]

    assert {name: one["steps"][-1]["run"] for name, one in jobs.items()} == {
        "stages": "./scripts/nox -s smoke", "rehearse": "./scripts/nox -s rehearse",
        "tests": ".ci/run", "check": "./scripts/nox -s check",
    }  # fmt: skip


def test_a_registry_that_is_not_set_is_told_before_the_image_is_built() -> None:
    """Without a host, gcloud sets up those of old, and says that all is well."""
    step = next(one for one in job("reusable.yml", "candidate")["steps"] if "gcloud" in str(one))
    ran = subprocess.run(
        ("bash", "-ec", step["run"].replace("gcloud", "true")), env={"REGISTRY": ""},
        capture_output=True, text=True,
    )  # fmt: skip

    assert ran.returncode
    assert "REGISTRY: is not set, the host of image in pipeline.yaml" in ran.stderr


@pytest.mark.parametrize("name", STARTED_BY)
def test_a_job_runs_on_a_machine_of_github(name: str) -> None:
    jobs = workflow(name)["jobs"].values()

    assert {one["runs-on"] for one in jobs if "uses" not in one} <= {"ubuntu-24.04"}
