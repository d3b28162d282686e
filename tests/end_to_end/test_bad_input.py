"""What a user can get wrong or meet: one clear error, the remedy, its own exit code."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from pipeline import errors
from pipeline.commands import SOURCE_LABEL
from tests.end_to_end.conftest import ROOT
from tests.local_cloud_run.images import engine


def told(ran, error: type[errors.PipelineError], *texts: str) -> None:
    assert ran.code == error.exit_code, ran.output
    assert f"✗ {error.title}: " in ran.output
    assert "remedy  " in ran.output
    assert "Traceback" not in ran.output
    for text in texts:
        assert text in ran.output


def without_emulator(project) -> None:
    del project.environ["CLOUD_RUN_EMULATOR_HOST"]


def test_no_configuration(project):
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "lint"], cwd=project.folder, env=project.environ,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == errors.ConfigError.exit_code
    assert "pipeline.yaml" in done.stdout


def test_a_broken_configuration(project):
    path = project.write()
    path.write_text(path.read_text().replace("region:", "reigon:"))
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "deploy", "--config", str(path)],
        env=project.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == errors.ConfigError.exit_code
    assert "pipeline.yaml:3:1" in done.stdout
    assert "region" in done.stdout


@pytest.mark.parametrize("stage", ["lint", "build"])
def test_no_source(project, stage):
    project.source = "nobody"

    told(project.run(stage), errors.SourceMissing, "does not exist")


@pytest.mark.parametrize("stage", ["lint", "build"])
def test_no_dockerfile(project, stage):
    project.source = "agents_api/app"

    told(project.run(stage), errors.SourceMissing, "there is no Dockerfile")


def _own_source(project, tmp_path: Path, dockerfile: str) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "Dockerfile").write_text(dockerfile)
    project.source = str(folder)


def test_a_dockerfile_with_an_error(project, tmp_path):
    _own_source(project, tmp_path, "FROM python:3.11-slim\nRUN cd relative\nWORKDIR app\n")

    told(project.run("lint"), errors.LintFoundErrors, "DL3000", "Dockerfile:3:1")


def test_findings_as_json_leave_standard_output_to_the_machine(project, tmp_path):
    _own_source(project, tmp_path, "FROM python:3.11-slim\nWORKDIR app\n")

    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "lint", "--format", "json",
         "--config", str(project.write())],
        env=project.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == errors.LintFoundErrors.exit_code
    findings = [(one["rule"], one["severity"], one["line"]) for one in json.loads(done.stdout)]
    assert ("DL3000", "error", 2) in findings


def test_a_form_that_hadolint_cannot_read_is_said_and_our_rules_go_on(project, tmp_path):
    _own_source(project, tmp_path, "FROM python:3.11-slim\nEXPOSE ${PORT:-8080}\nFRUM x\n")

    told(project.run("lint"), errors.LintFoundErrors, "DL1000", "error[parse]", "Dockerfile:3:1")


def test_without_hadolint_it_is_not_linted(project, tmp_path, monkeypatch):
    _own_source(project, tmp_path, "FROM python:3.11-slim\n")
    monkeypatch.setattr("pipeline.steps.hadolint._program", lambda: str(tmp_path / "nowhere"))

    told(project.run("lint"), errors.NotLinted, "hadolint ended with exit code 127")


def test_a_build_that_fails_shows_the_step(project, tmp_path):
    _own_source(project, tmp_path, 'FROM python:3.11-slim\nRUN echo "no such luck" && exit 3\n')

    told(project.run("build"), errors.BuildFailed, "no such luck")


def _load_foreign_image(tmp_path: Path, name: str) -> None:
    """An empty image for another architecture, as another machine would build it, loaded."""
    labels = {SOURCE_LABEL: name.rpartition("src-")[2]}
    config = {"architecture": "arm64", "os": "linux", "config": {"Labels": labels},
              "rootfs": {"type": "layers", "diff_ids": []}}  # fmt: skip
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": []}]
    archive = tmp_path / "image.tar"
    with tarfile.open(archive, "w") as tar:
        for member, document in (("config.json", config), ("manifest.json", manifest)):
            (tmp_path / member).write_text(json.dumps(document))
            tar.add(tmp_path / member, member)
    subprocess.run(
        [engine().path, "load", "--input", str(archive)], check=True, capture_output=True
    )


def test_an_image_for_another_architecture(project, tmp_path):
    _own_source(project, tmp_path, f"FROM python:3.11-slim\nENV TIME={time.time_ns()}\n")
    reference = re.search(r"\S+:src-\w+", project.passes("build"))
    _load_foreign_image(tmp_path, reference[0])

    told(project.run("build"), errors.WrongArchitecture, "linux/arm64")


def test_a_program_for_another_architecture(project, tmp_path):
    """The engine labels an image as asked, whatever is in it; running it tells."""
    _own_source(
        project, tmp_path,
        'FROM python:3.11-slim\nCOPY program /program\nENTRYPOINT ["/program"]\n',
    )  # fmt: skip
    program = Path(project.source) / "program"
    # The head of a 64-bit ELF file for aarch64 (machine 183).
    program.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00" + bytes(100))
    program.chmod(0o755)
    project.passes("build")

    told(project.run("smoke"), errors.WrongArchitecture, "linux/amd64")


@pytest.mark.parametrize("stage", ["smoke", "deploy"])
def test_source_that_was_not_built(project, tmp_path, stage):
    _own_source(project, tmp_path, f"FROM python:3.11-slim\nENV TIME={time.time_ns()}\n")

    told(project.run(stage), errors.ImageNotBuilt, "nox -s build")


def test_no_engine_on_this_machine(project):
    project.environ["PATH"] = str(Path(sys.executable).parent)

    told(project.run("build"), errors.EngineMissing, "scripts/engine")


def test_an_engine_that_does_not_answer(project, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")

    told(project.run("build"), errors.EngineMissing, "nothing answers")


def test_no_credentials(project, tmp_path):
    without_emulator(project)
    project.environ |= {"HOME": str(tmp_path), "NO_GCE_CHECK": "true"}
    with project.start("status") as process:
        output, _ = process.communicate(timeout=60)

    assert process.returncode == errors.NoCredentials.exit_code, output
    assert "gcloud auth application-default login" in output


def test_no_network(project):
    project.environ["CLOUD_RUN_EMULATOR_HOST"] = "127.0.0.1:1"

    told(project.run("status"), errors.ApiUnreachable, "Connection refused")


def test_no_such_service(project):
    told(project.run("status"), errors.ServiceMissing, "does not exist")


@pytest.mark.parametrize("stage", ["verify", "shift"])
def test_no_candidate(project, stage):
    project.passes("build", "deploy", "verify", "shift")

    told(project.run(stage), errors.NoCandidate, "nox -s deploy")


def test_a_registry_that_refuses(project):
    project.image = "127.0.0.1:1/test/hello"
    project.passes("build")

    told(project.run("deploy"), errors.RegistryRefused, "127.0.0.1:1")


def test_a_stand_in_is_never_pushed_to_a_real_registry(project):
    image = subprocess.run(
        ["docker", "image", "inspect", "python:3.11-slim"], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    if "cloud-run-pipeline.stand-in" not in image.stdout:
        pytest.skip("the base image here is the real one")
    project.passes("build")
    without_emulator(project)
    project.environ |= {"NO_GCE_CHECK": "true"}

    ran = project.run("deploy")

    assert ran.code in (errors.RegistryRefused.exit_code, errors.NoCredentials.exit_code)


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", "local", "--port", str(taken.getsockname()[1])],
            capture_output=True, text=True, check=False, cwd=ROOT, timeout=30,
        )  # fmt: skip

    assert done.returncode == errors.PortTaken.exit_code
    assert "another program listens there" in done.stdout
    assert "choose another" in done.stdout
    assert "inside the container" not in done.stdout  # a known failure, and not this one


@pytest.mark.parametrize("arguments", [["frobnicate"], ["lint", "--frob"], []])
def test_a_command_that_is_not_understood(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments], capture_output=True, text=True,
        check=False, cwd=ROOT, env=os.environ,
    )  # fmt: skip

    assert done.returncode == errors.UsageError.exit_code
    assert "--help" in done.stderr


def test_nothing_is_left_in_the_users_folder(project):
    project.passes("build", "deploy", "verify", "shift")

    assert [path.name for path in project.folder.iterdir()] == ["pipeline.yaml"]
    assert shutil.which("docker")
