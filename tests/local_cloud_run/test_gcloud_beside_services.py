"""The real gcloud for jobs, logs and builds (API facts §6, §7, §8, §13.3)."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

import pytest
import requests

from pipeline.adapters.world import real_world
from pipeline.local_cloud_run.server import Options
from tests.end_to_end.storage import a_storage
from tests.local_cloud_run.conftest import CloudRun, running
from tests.local_cloud_run.gcloud import INSTALLED, PROJECT, Gcloud
from tests.local_cloud_run.images import BASE, engine, image
from tests.local_cloud_run.services import ALL_ROUND, JOB

pytestmark = INSTALLED
COUNTS = "name,status.failedCount,status.cancelledCount"
DOCKER = "gcr.io/cloud-builders/docker"


def test_a_job_from_its_creation_to_its_end(gcloud: Gcloud) -> None:
    made = gcloud.ok(
        "run", "jobs", "create", "migrate", f"--image={image('job', JOB)}", "--tasks=2",
        "--command=python3", "--args=/main.py,exit,0", "--set-env-vars=A=1", "--max-retries=0",
        "--set-secrets=B=password:latest", "--task-timeout=5m", "--labels=team=shop",
    )  # fmt: skip
    assert "Job [migrate] has successfully been created." in made.errors
    done = gcloud.ok("run", "jobs", "execute", "migrate", "--wait", "--format=value(metadata.name)")
    (execution,) = done.lines
    assert f"Execution [{execution}] has successfully completed." in done.errors

    tasks = gcloud.ok("run", "jobs", "executions", "tasks", "list", f"--execution={execution}",
                      "--format=csv[no-heading](index,running_state,name,retries)")  # fmt: skip
    assert tasks.lines == [
        f"0,Succeeded,{execution}-task0,0",
        f"1,Succeeded,{execution}-task1,0",
    ]
    shown = gcloud.ok("run", "jobs", "describe", "migrate", "--format=export").output
    for line in ("team: shop", "taskCount: 2", "maxRetries: 0", "timeoutSeconds: '300'",
                 "name: password", "value: '1'"):  # fmt: skip
        assert line in shown
    said = gcloud.ok("logging", "read", f'labels."run.googleapis.com/execution_name"={execution} '
                     "jsonPayload.message:GIVEN", "--format=value(jsonPayload.env.A)")  # fmt: skip
    assert said.lines == ["1", "1"]


def test_an_execution_that_fails_and_one_that_is_cancelled(gcloud: Gcloud) -> None:
    gcloud.ok("run", "jobs", "deploy", "ends", f"--image={image('job', JOB)}",
              "--command=python3", "--args=/main.py,exit,0", "--max-retries=0")  # fmt: skip
    failed = gcloud("run", "jobs", "execute", "ends", "--args=/main.py,exit,3", "--wait")
    assert failed.code == 1
    assert "(gcloud.run.jobs.execute) The execution failed." in failed.errors

    begun = gcloud.ok("run", "jobs", "execute", "ends", "--args=/main.py,sleep,60",
                      "--format=value(metadata.name)")  # fmt: skip
    (execution,) = begun.lines
    called_off = gcloud.ok("run", "jobs", "executions", "cancel", execution)
    assert f"Cancelled execution [{execution}]." in called_off.errors

    listed = gcloud.ok("run", "jobs", "executions", "list", "--job=ends",
                       f"--format=csv[no-heading]({COUNTS})")  # fmt: skip
    assert listed.lines[0] == f"{execution},,1"
    assert listed.lines[1].endswith(",1,")
    gcloud.ok("run", "jobs", "executions", "delete", execution)
    gcloud.ok("run", "jobs", "delete", "ends")
    names = gcloud.ok("run", "jobs", "list", "--format=value(name)").lines
    assert "ends" not in names


def test_a_job_that_cannot_be(gcloud: Gcloud) -> None:
    refused = gcloud("run", "jobs", "create", "lost", "--image=nowhere/nothing")
    assert refused.code == 1
    assert "(gcloud.run.jobs.create) Image 'nowhere/nothing' not found." in refused.errors
    absent = gcloud("run", "jobs", "executions", "describe", "nobody")
    assert (absent.code, "Cannot find execution [nobody]" in absent.errors) == (1, True)


def test_logs(gcloud: Gcloud, cloud_run: CloudRun) -> None:
    uri = cloud_run.create("read-me", image("all-round", ALL_ROUND)).uri
    assert requests.get(f"{uri}/status?404", timeout=10).status_code == 404
    lines = gcloud.ok("run", "services", "logs", "read", "read-me").lines
    assert any(line.endswith(" listening") for line in lines)
    assert any(line.endswith(f" GET 404 {uri}/status?404") for line in lines)

    wanted = 'log_id("run.googleapis.com/requests") AND (severity>=WARNING OR "nothing") '
    read = gcloud.ok("logging", "read", f"{wanted} resource.labels.service_name=read-me",
                     "--order=asc", "--limit=1", "--freshness=1h",
                     "--format=value(httpRequest.status)")  # fmt: skip
    assert read.lines == ["404"]
    names = gcloud.ok("logging", "logs", "list", "--format=value(.)").output
    assert f"projects/{PROJECT}/logs/run.googleapis.com%2Fstdout" in names
    unclear = gcloud("logging", "read", "severity=")
    assert unclear.code == 1
    assert "INVALID_ARGUMENT: Unparseable filter" in unclear.errors


@pytest.fixture(scope="module")
def with_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gcloud, str]]:
    with a_storage("p_cloudbuild") as storage:
        world = real_world()
        world = type(world)(**{**vars(world), "environ": {"STORAGE_EMULATOR_HOST": storage}})
        with running(Options(engine=engine(), world=world)) as address:
            yield Gcloud(address, tmp_path_factory.mktemp("gcloud")), storage


def test_builds(with_storage: tuple[Gcloud, str]) -> None:
    gcloud, storage = with_storage
    good = build(gcloud, storage, f"FROM {BASE}\nCMD echo", "good")
    slow = build(gcloud, storage, f"FROM {BASE}\nRUN sleep 50", "slow")
    cancelled = gcloud.ok("builds", "cancel", slow, "--region=us-central1")
    assert f"/builds/{slow}]" in cancelled.errors
    region = "--region=us-central1"
    while gcloud.ok("builds", "list", "--ongoing", region, "--format=value(id)").lines:
        pass
    found = gcloud.ok("builds", "list", region, "--filter=tags=good AND createTime>2020-01-01",
                      "--format=value(id,status)")  # fmt: skip
    assert found.lines == [f"{good}\tSUCCESS"]
    shown = gcloud.ok("builds", "describe", slow, region, "--format=value(status,tags)")
    assert shown.lines == ["CANCELLED\tslow"]
    assert f'starting build "{good}"' in gcloud.ok("builds", "log", good, region).output
    absent = gcloud("builds", "describe", "nothing", region)
    assert (absent.code, "NOT_FOUND" in absent.errors) == (1, True)


def build(gcloud: Gcloud, storage: str, dockerfile: str, tag: str) -> str:
    """The id of a build that has begun."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as packed:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile)
        packed.addfile(entry, io.BytesIO(dockerfile.encode()))
    requests.post(
        f"{storage}/upload/storage/v1/b/p_cloudbuild/o", data=archive.getvalue(), timeout=5,
        params={"uploadType": "media", "name": f"{tag}.tar.gz"},
    ).raise_for_status()  # fmt: skip
    asked = {
        "source": {"storageSource": {"bucket": "p_cloudbuild", "object": f"{tag}.tar.gz"}},
        "steps": [{"name": DOCKER, "args": ["build", "-t", f"local-cloud-run-test/{tag}", "."]}],
        "tags": [tag],
        "options": {"logging": "CLOUD_LOGGING_ONLY"},
    }
    place = f"http://{gcloud.address}/v1/projects/p/locations/us-central1/builds"
    return requests.post(place, json=asked, timeout=10).json()["metadata"]["build"]["id"]
