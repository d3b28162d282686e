"""Cloud Build v1 through Google's own client: a build from its start to each of its ends."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.api_core.operation import Operation
from google.auth.credentials import AnonymousCredentials
from google.cloud.devtools import cloudbuild_v1

from pipeline.adapters.world import real_world
from pipeline.local_cloud_run.cloud_build.workspace import NotFetchedError, _unpack
from pipeline.local_cloud_run.server import Options
from tests.end_to_end.storage import a_storage
from tests.local_cloud_run.conftest import PARENT, POLLING, CloudRun, running
from tests.local_cloud_run.images import BASE, engine

BUCKET = "p_cloudbuild"
DOCKER = "gcr.io/cloud-builders/docker"
Status = cloudbuild_v1.Build.Status


class Cloud:
    """A local Cloud Run with storage, and the client of Cloud Build for it."""

    def __init__(self, address: str, storage: str) -> None:
        options = ClientOptions(api_endpoint=f"http://{address}")
        self.client = cloudbuild_v1.CloudBuildClient(
            credentials=AnonymousCredentials(), transport="rest", client_options=options
        )
        self.storage, self.run = storage, CloudRun(address)

    def store(self, files: dict[str, str]) -> cloudbuild_v1.Source:
        """A content that begins with an arrow is a link; a name, in PAX's words, any bytes."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as packed:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.pax_headers = {"path": name}
                entry.size = len(content.encode())
                if content.startswith("-> "):
                    entry.type, entry.linkname = tarfile.SYMTYPE, content[3:]
                packed.addfile(entry, io.BytesIO(content.encode()))
        name = f"{uuid4()}.tar.gz"
        stored = requests.post(
            f"{self.storage}/upload/storage/v1/b/{BUCKET}/o", data=archive.getvalue(), timeout=5,
            params={"uploadType": "media", "name": name},
            headers={"Content-Type": "application/gzip"},
        ).json()  # fmt: skip
        held = cloudbuild_v1.StorageSource(
            bucket=BUCKET, object_=name, generation=int(stored["generation"])
        )
        return cloudbuild_v1.Source(storage_source=held)

    def create(self, *args: str, files: dict[str, str] | None = None, **more: object) -> Operation:
        step = cloudbuild_v1.BuildStep(name=DOCKER, args=args)
        source = self.store(files) if files else None
        build = cloudbuild_v1.Build(**{"steps": [step], "source": source, **more})
        return self.client.create_build(
            request=cloudbuild_v1.CreateBuildRequest(parent=PARENT, build=build)
        )

    def ended(self, operation: Operation) -> cloudbuild_v1.Build:
        with suppress(exceptions.GoogleAPICallError):
            operation.result(timeout=60, polling=POLLING)
        name = f"{PARENT}/builds/{operation.metadata.build.id}"
        return self.client.get_build(request=cloudbuild_v1.GetBuildRequest(name=name))

    def list(self, wanted: str) -> list[str]:
        request = cloudbuild_v1.ListBuildsRequest(parent=PARENT, filter=wanted)
        return [one.id for one in self.client.list_builds(request=request)]

    def log(self, build: str) -> list[str]:
        wanted = f'resource.type="build" AND resource.labels.build_id="{build}"'
        return [one["textPayload"] for one in self.run.entries(wanted)]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with a_storage(BUCKET) as storage:
        world = real_world()
        environ = {**os.environ, "STORAGE_EMULATOR_HOST": storage}
        world.__dict__["environ"] = environ
        with running(Options(engine=engine(), world=world)) as address:
            yield Cloud(address, storage)


def dockerfile(*lines: str) -> dict[str, str]:
    return {"Dockerfile": "\n".join((f"FROM {BASE}", *lines, ""))}


@pytest.fixture
def image() -> Iterator[str]:
    reference = f"local-cloud-run-test/build:{uuid4()}"
    yield reference
    subprocess.run((engine().path, "rmi", "-f", reference), capture_output=True)


def test_a_build_from_its_source_to_the_digest(cloud: Cloud, image: str) -> None:
    files = dockerfile("ARG PRICE", f"RUN echo it costs $PRICE {uuid4()}", "COPY a /a")
    operation = cloud.create(
        "build", "-t", image, "--build-arg=PRICE=$$5", "--label", "of=$PROJECT_ID $_WHO", ".",
        files={**files, "a": "x"}, images=[image], tags=["src-1", "once-2"],
        substitutions={"_WHO": "me"},
    )  # fmt: skip
    build = operation.result(timeout=60, polling=POLLING)

    assert build.status == Status.SUCCESS
    assert [one.name for one in build.results.images] == [image]
    assert build.results.images[0].digest.startswith("sha256:")
    log = cloud.log(build.id)
    assert log[0] == f'starting build "{build.id}"'
    assert log[-1] == "DONE"
    assert any("it costs $5" in line for line in log)
    shown = subprocess.run(
        (engine().path, "inspect", "-f", '{{index .Config.Labels "of"}}', image),
        capture_output=True, text=True,
    )  # fmt: skip
    assert shown.stdout.strip() == "p me"
    assert cloud.list('tags="once-2"') == [build.id]
    assert cloud.list('tags="src-1" AND status="SUCCESS"') == [build.id]
    assert cloud.list('tags="src-1" AND status="FAILURE"') == []
    assert cloud.list('tags="src"') == []


@pytest.mark.parametrize("files", [{"a\0b": "x"}, {"a" * 300: "x"}])
def test_a_source_that_cannot_be_unpacked_ends_the_build(
    files: dict[str, str], cloud: Cloud, image: str
) -> None:
    build = cloud.ended(cloud.create("build", "-t", image, ".", files=files))

    assert build.status == Status.FAILURE
    assert build.failure_info.type_.name == "FETCH_SOURCE_FAILED"
    assert "the source cannot be unpacked" in build.status_detail


def test_a_step_that_fails_says_which(cloud: Cloud, image: str) -> None:
    files = dockerfile("RUN echo wrong && exit 3")
    build = cloud.ended(cloud.create("build", "-t", image, ".", files=files))

    assert build.status == Status.FAILURE
    assert build.failure_info.type_.name == "USER_BUILD_STEP"
    assert "failed: step exited with non-zero status" in build.status_detail
    assert any(line.endswith("wrong") for line in cloud.log(build.id))


def test_a_build_that_takes_too_long_is_ended(cloud: Cloud, image: str) -> None:
    files = dockerfile(f"RUN sleep 50 || {uuid4()}")
    asked = cloud.create("build", "-t", image, ".", files=files, timeout=timedelta(seconds=2))

    assert cloud.ended(asked).status == Status.TIMEOUT


def test_a_build_that_is_cancelled_stays_so(cloud: Cloud, image: str) -> None:
    asked = cloud.create("build", "-t", image, ".", files=dockerfile(f"RUN sleep 50 || {uuid4()}"))
    name = f"{PARENT}/builds/{asked.metadata.build.id}"
    request = cloudbuild_v1.CancelBuildRequest(name=name)

    assert cloud.client.cancel_build(request=request).status == Status.CANCELLED
    assert cloud.client.cancel_build(request=request).status == Status.CANCELLED
    assert cloud.ended(asked).status == Status.CANCELLED
    assert asked.operation.error.code == 1


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"images": ["local-cloud-run-test/never:built"]}, "PUSH_IMAGE_NOT_FOUND"),
        ({"source": cloudbuild_v1.Source(
            storage_source=cloudbuild_v1.StorageSource(bucket=BUCKET, object_="absent.tar.gz")
        )}, "FETCH_SOURCE_FAILED"),
    ],
)  # fmt: skip
def test_what_failed_is_named(more: dict, kind: str, cloud: Cloud, image: str) -> None:
    asked = cloud.create("build", "-t", image, ".", files=dockerfile(), **more)
    build = cloud.ended(asked)

    assert build.status == Status.FAILURE
    assert build.failure_info.type_.name == kind


@pytest.mark.parametrize("place", ["/etc", "..", "link"])
def test_a_step_sees_nothing_outside_its_workspace(place: str, cloud: Cloud, image: str) -> None:
    files = {**dockerfile(), "link": "-> /etc"}
    build = cloud.ended(cloud.create("build", "-t", image, place, files=files))

    assert build.status == Status.FAILURE
    assert build.status_detail == f"{place} leads out of the workspace"


@pytest.mark.parametrize(
    "words",
    [
        ["run", "-v", "/:/host", "alpine"],
        ["build", "--secret", "id=a,src=/etc/shadow", "-t", "a", "."],
        ["build", "--output=/etc", "-t", "a", "."],
        ["push", "--all-tags"],
        [],
    ],
)
def test_other_commands_are_not_emulated(words: list[str], cloud: Cloud) -> None:
    with pytest.raises(exceptions.MethodNotImplemented, match="does not emulate docker"):
        cloud.create(*words)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"steps": []}, "no steps"),
        ({"tags": ["a b"]}, "does not match"),
        ({"service_account": "projects/p/serviceAccounts/a"}, "if 'build.service_account' is"),
    ],
)
def test_what_is_not_taken_is_said_at_once(more: dict, said: str, cloud: Cloud) -> None:
    with pytest.raises(exceptions.BadRequest, match=said):
        cloud.create("build", "-t", "a", ".", **more)


def test_a_substitution_that_is_missing_is_refused(cloud: Cloud) -> None:
    with pytest.raises(exceptions.BadRequest, match='"_NOWHERE" is not a valid built-in'):
        cloud.create("build", "-t", "$_NOWHERE", ".")


def test_a_build_that_is_not_there_is_404(cloud: Cloud) -> None:
    with pytest.raises(exceptions.NotFound):
        cloud.client.get_build(
            request=cloudbuild_v1.GetBuildRequest(name=f"{PARENT}/builds/absent")
        )
    assert cloud.run.call("GET", f"/v1/{PARENT}/operations/%ff").status_code == 404


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out"])
def test_an_archive_cannot_write_outside(name: str, tmp_path: Path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as packed:
        packed.addfile(tarfile.TarInfo(name))
    archive.seek(0)

    with pytest.raises(NotFetchedError, match="leads out"):
        _unpack(archive, tmp_path)


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as packed:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        packed.addfile(link)
        packed.addfile(tarfile.TarInfo("link/file"))
    archive.seek(0)

    with pytest.raises(OSError, match="exists"):
        _unpack(archive, inside)
    assert not list(outside.iterdir())
