"""Jobs before traffic and before the deploy, and a rollback behind one."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.end_to_end.conftest import Project, until

GOOD = "print('migrating'); print('done')"
BAD = "import sys; print('migrating'); sys.exit('column nope does not exist')"


@dataclass
class WithJobs(Project):
    """A project whose jobs are Python programs, each ``{name, command, …}``."""

    jobs: tuple[dict[str, object], ...] = ()

    def write(self) -> Path:
        path = super().write()
        path.write_text(f"{path.read_text()}jobs: {json.dumps(self.jobs)}\n")
        return path

    def executions(self, job: str) -> list[dict]:
        """Newest first; of a job that there is."""
        address = f"{self.api}/jobs/{self.service}-{job}/executions"
        return requests.get(address, timeout=10).json()["executions"]


def a_job(name: str, program: str, **more: object) -> dict[str, object]:
    return {"name": name, "command": ["python3", "-c", program], **more}


@pytest.fixture
def project(project: Project) -> WithJobs:
    return WithJobs(**vars(project))


def test_without_jobs_the_stage_says_nothing_and_asks_nobody(project):
    project.more = {"CLOUD_RUN_EMULATOR_HOST": "127.0.0.1:1"}

    assert project.passes("jobs") == ""


def test_a_job_runs_with_this_very_image_before_the_candidate_is_judged(project):
    program = "import os; print('version', os.environ['VERSION'], os.environ['CLOUD_RUN_JOB'])"
    project.jobs = (a_job("migrate", program), a_job("index", GOOD))
    project.passes("build", "deploy")

    ran = project.run("verify")
    assert ran.code == 30
    assert "migrate has not run for" in ran.output

    said = project.passes("jobs", "verify", "shift")
    assert f"version 1 {project.service}-migrate" in said
    assert said.index("migrate succeeded") < said.index("index succeeded") < said.index("verify ")
    (execution,) = project.executions("migrate")
    container = execution["template"]["containers"][0]
    assert container["image"] == project.observed()["template"]["containers"][0]["image"]
    assert (execution["taskCount"], execution["template"].get("maxRetries", 0)) == (1, 0)


def test_a_job_that_fails_stops_the_release_and_the_old_revision_serves_on(project):
    project.passes("build", "deploy", "verify", "shift")
    before = project.split()
    project.jobs = (a_job("index", GOOD), a_job("migrate", BAD))
    project.passes("deploy")

    ran = project.run("jobs")

    assert ran.code == 30
    assert "│ column nope does not exist" in ran.output
    assert ran.output.count("column nope does not exist") < 3
    assert "migrate failed: Task" in ran.output
    assert project.split() == before
    assert project.run("verify").code == 30


def test_what_has_succeeded_for_a_candidate_does_not_run_again(project):
    project.jobs = (a_job("first", GOOD), a_job("second", BAD))
    project.passes("build", "deploy")
    assert project.run("jobs").code == 30

    project.jobs = (a_job("first", BAD), a_job("second", GOOD))
    said = project.passes("jobs", "jobs")

    assert "first has run already" in said
    assert len(project.executions("first")) == 1
    assert len(project.executions("second")) == 2


def test_an_execution_that_goes_on_after_an_interrupt_is_waited_for_and_not_run_twice(project):
    project.jobs = (a_job("migrate", "import time; print('begun'); time.sleep(8)"),)
    project.in_one_run()
    project.passes("build", "deploy")
    running = project.start("jobs")
    until(lambda: "execution" in running.stdout.readline())
    running.terminate()
    said, _ = running.communicate(timeout=30)
    assert running.returncode == 143
    assert "goes on; end it with gcloud run jobs executions cancel" in said

    said = project.passes("jobs")

    assert "migrate succeeded" in said
    assert len(project.executions("migrate")) == 1


def test_a_job_that_takes_too_long_is_stopped(project):
    project.jobs = (a_job("migrate", "import time; time.sleep(600)", timeout="2s"),)
    project.passes("build", "deploy")
    began = time.monotonic()

    assert project.run("jobs").code == 30
    assert time.monotonic() - began < 60


def test_a_job_before_the_deploy_runs_before_there_is_a_revision(project):
    project.jobs = (a_job("migrate", BAD, when="before-deploy"),)
    project.passes("build")
    ran = project.run("deploy")
    assert ran.code == 30
    assert "column nope does not exist" in ran.output
    assert project.run("status").code == 14

    project.jobs = (a_job("migrate", GOOD, when="before-deploy"),)
    said = project.passes("deploy", "jobs", "verify", "shift")
    assert said.index("migrate succeeded") < said.index("is ready")


def test_a_rollback_says_what_it_does_not_restore(project):
    project.passes("build", "deploy", "verify", "shift")
    project.jobs = (a_job("migrate", GOOD), a_job("index", GOOD, reversible=True))
    project.passes("deploy", "jobs", "verify", "shift")

    beforehand = project.passes("status")
    said = project.passes("rollback")

    for told in (beforehand, said):
        assert "migrate changed what rolling back does not restore" in told
        assert "index changed" not in told


def test_a_job_of_somebody_else_is_left_alone(project):
    project.jobs = (a_job("migrate", GOOD),)
    project.passes("build", "deploy")
    template = {"template": {"containers": [{"image": project.image}]}}
    address = f"{project.api}/jobs?jobId={project.service}-migrate"
    requests.post(address, json={"template": template}, timeout=10).raise_for_status()

    ran = project.run("jobs")

    assert ran.code == 3
    assert "was not made by this pipeline" in ran.output
