"""build.engine: cloud-build. No engine on the person's machine: a local Cloud Build has one."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from tests.end_to_end.conftest import SERVICES, Project, a_local_cloud_run, until
from tests.end_to_end.storage import a_storage, objects
from tests.local_cloud_run.images import engine
from tests.local_cloud_run.registry import registry

BUCKET = "my-project_cloudbuild"
BUILDS = "projects/my-project/locations/us-central1/builds"


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    with a_storage(BUCKET) as url:
        yield url


@pytest.fixture(scope="module")
def local_cloud_run(storage: str) -> Iterator[str]:
    """One that knows where sources are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", storage)
        with a_local_cloud_run() as address:
            yield address


@pytest.fixture
def cloud(project: Project, storage: str, tmp_path: Path) -> Iterator[Project]:
    """A project with a source of its own, on a machine without an engine."""
    source = tmp_path / "source"
    shutil.copytree(SERVICES / "hello", source)
    (source / "note.txt").write_text(project.service)
    project.source = str(source)
    project.image = f"us-central1-docker.pkg.dev/my-project/{project.service}/test"
    project.more = {
        "PIPELINE_BUILD_ENGINE": "cloud-build", "STORAGE_EMULATOR_HOST": storage,
        "PATH": "/nowhere",
    }  # fmt: skip
    yield project
    images = {image for build in builds(project) for image in build["images"]}
    subprocess.run((engine().path, "rmi", "--force", "", *images), capture_output=True)


def builds(project: Project) -> list[dict]:
    host = project.environ["CLOUD_RUN_EMULATOR_HOST"]
    found = requests.get(f"http://{host}/v1/{BUILDS}", timeout=5).json()["builds"]
    name = project.image
    return [one for one in found if any(image.startswith(name) for image in one["images"])]


def test_built_smoked_and_deployed_without_an_engine(cloud: Project, storage: str) -> None:
    with registry() as address:
        cloud.image = f"{address}/test/hello"
        said = cloud.passes("build", "smoke", "deploy", "verify", "shift")

        (build,) = builds(cloud)
        digest = build["results"]["images"][0]["digest"]
        image = cloud.observed()["template"]["containers"][0]["image"]
        assert image == f"{cloud.image}@{digest}"
        manifest = requests.get(
            f"http://{address}/v2/test/hello/manifests/{digest}", timeout=5,
            headers={"Accept": "application/vnd.docker.distribution.manifest.v2+json"},
        )  # fmt: skip
        assert manifest.headers["Docker-Content-Digest"] == digest
        assert requests.get(cloud.url(), timeout=5).status_code == 200
    assert "the image is not tried before it is deployed" in said
    source = build["source"]["storageSource"]
    assert source["generation"] == objects(storage, BUCKET)[source["object"]]
    assert build["options"]["logging"] == "CLOUD_LOGGING_ONLY"


def test_the_same_source_is_uploaded_and_built_once(cloud: Project, storage: str) -> None:
    before = objects(storage, BUCKET)
    cloud.passes("build")
    again = cloud.passes("build")

    assert len(builds(cloud)) == 1
    assert len(objects(storage, BUCKET).keys() - before.keys()) == 1
    assert "already built for this source" in again

    Path(cloud.source, "server.py").touch()
    assert "already built for this source" in cloud.passes("build")


def test_a_build_that_fails_says_what_the_step_wrote(cloud: Project) -> None:
    dockerfile = Path(cloud.source, "Dockerfile")
    dockerfile.write_text(f"{dockerfile.read_text()}\nRUN echo what went wrong && exit 3\n")

    ran = cloud.run("build")

    assert ran.code == 7, ran.output
    assert "a step failed: build step 0 " in ran.output
    assert re.search(r"│ .*what went wrong", ran.output)


def test_an_image_that_the_registry_does_not_take_is_10(cloud: Project) -> None:
    cloud.image = "127.0.0.1:1/test/hello"

    ran = cloud.run("build")

    assert ran.code == 10, ran.output
    assert "was not accepted" in ran.output


def test_a_credential_is_not_uploaded(cloud: Project, storage: str) -> None:
    before = objects(storage, BUCKET)
    Path(cloud.source, ".env").write_text("DATABASE_PASSWORD=hunter2hunter2\n")

    ran = cloud.run("build")

    assert ran.code == 37, ran.output
    assert ".env: variables that may be secret, such as DATABASE_PASSWORD" in ran.output
    assert "add to .gcloudignore or .dockerignore: .env" in ran.output
    assert "hunter2" not in ran.output
    assert objects(storage, BUCKET) == before
    Path(cloud.source, ".gcloudignore").write_text(".env\n")
    assert cloud.run("build").code == 0


@pytest.mark.parametrize(
    ("variable", "value", "bucket"),
    [
        ("PIPELINE_BUILD_BUCKET", "not-there", "not-there"),
        ("PIPELINE_PROJECT", "other-project", "other-project_cloudbuild"),
    ],
)
def test_a_bucket_that_is_not_there_is_37(
    variable: str, value: str, bucket: str, cloud: Project
) -> None:
    cloud.more[variable] = value

    ran = cloud.run("build")

    assert ran.code == 37, ran.output
    assert f"gcloud storage buckets create gs://{bucket}" in ran.output


def test_an_argument_that_looks_like_a_secret_is_warned_of(cloud: Project) -> None:
    cloud.more["PIPELINE_BUILD_ARGS"] = '{API_TOKEN: "not-for-everybody"}'

    said = cloud.passes("build")
    assert "build.args has what looks like a secret" in said
    assert "not-for-everybody" not in said


def slow(cloud: Project) -> None:
    """Never in the engine's cache: an earlier run may have been left to its end."""
    dockerfile = Path(cloud.source, "Dockerfile")
    dockerfile.write_text(f"{dockerfile.read_text()}\nRUN sleep 100 || {uuid4()}\n")


def statuses(cloud: Project) -> list[str]:
    return [one["status"] for one in builds(cloud)]


@contextmanager
def building(cloud: Project) -> Iterator[subprocess.Popen[str]]:
    """A build in a process of its own; stopped, if nobody has."""
    process = cloud.start("build")
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


def stopped(process: subprocess.Popen[str], by: signal.Signals) -> str:
    """What it says when it is stopped, and before."""
    process.send_signal(by)
    return process.communicate(timeout=30)[0]


def test_ctrl_c_cancels_the_build(cloud: Project) -> None:
    slow(cloud)
    with building(cloud) as process:
        until(lambda: statuses(cloud) == ["WORKING"])
        output = stopped(process, signal.SIGINT)

    assert process.returncode == 130, output
    assert "is cancelled" in output
    assert statuses(cloud) == ["CANCELLED"]


def test_a_build_that_is_under_way_is_followed_and_is_not_ours_to_cancel(cloud: Project) -> None:
    slow(cloud)
    with building(cloud) as first:
        until(lambda: statuses(cloud) == ["WORKING"])
        with building(cloud) as second:
            for line in second.stdout:
                if "is followed" in line:
                    break
            rest = stopped(second, signal.SIGINT)
        assert second.returncode == 130, rest
        assert statuses(cloud) == ["WORKING"]
        output = stopped(first, signal.SIGTERM)

    assert first.returncode == 143, output
    assert statuses(cloud) == ["CANCELLED"]


def test_an_image_that_is_gone_from_the_registry_is_built_anew(cloud: Project) -> None:
    with registry() as address:
        cloud.image = f"{address}/test/hello"
        cloud.passes("build")
    with registry(address) as same:
        assert same == address
        said = cloud.passes("build")

    assert "the registry no longer has the image" in said
    assert len(builds(cloud)) == 2


def test_with_an_engine_here_the_image_is_tried_here(cloud: Project) -> None:
    del cloud.more["PATH"]
    with registry() as address:
        cloud.image = f"{address}/test/hello"
        said = cloud.passes("build", "smoke")

    assert "listens on $PORT" in said
