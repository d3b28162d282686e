"""The pipeline as a person runs it, against a local Cloud Run in a process of its own."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import requests

from pipeline.__main__ import main
from pipeline.adapters.world import real_world

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ROOT / "tests" / "services"

_SETTINGS = """\
service: {service}
project: my-project
region: us-central1
image: {image}
source: {source}
run:
  allow_unauthenticated: true
  env: {env}
smoke:
  env: {smoke_env}
health:
  settle: 500ms
startup:
  listen_within: 5s
  required_logs: [Application startup complete]
traffic:
  steps: [50, 100]
  step_time: 0s
  watch: 1s
"""


@dataclass(frozen=True)
class Ran:
    """A finished command: its exit code, and all it printed."""

    code: int
    output: str


@dataclass
class Project:
    """A folder with a pipeline.yaml, and the environment to run stages in."""

    folder: Path
    environ: dict[str, str]
    service: str = "hello"
    image: str = "us-central1-docker.pkg.dev/my-project/services/test"
    fault: str = ""
    source: str = "hello"
    more: dict[str, str] = field(default_factory=dict)

    def in_one_run(self) -> None:
        """Let all that follows be one run, in whatever process: it shares the lease."""
        self.environ["CLOUD_RUN_PIPELINE_RUN"] = self.service

    def write(self) -> Path:
        path = self.folder / "pipeline.yaml"
        faulty = f'{{FAULT: "{self.fault}"}}'
        path.write_text(
            _SETTINGS.format(
                service=self.service, image=self.image, source=SERVICES / self.source,
                env=faulty if self.fault else "{}",
                smoke_env='{FAULT: ""}' if self.fault else "{}",
            )
        )  # fmt: skip
        return path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline", *arguments, "--config", str(self.write())],
            env={**self.environ, **self.more}, cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *arguments: str) -> Ran:
        """The same in this process, which has Google's client imported already."""
        output = io.StringIO()
        world = replace(real_world(), environ={**self.environ, **self.more}, cwd=self.folder)
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            code = main([*arguments, "--config", str(self.write())], world)
        return Ran(code, output.getvalue())

    def passes(self, *stages: str) -> str:
        """Run stages one after the other; each must pass."""
        outputs = []
        for stage in stages:
            ran = self.run(*stage.split())
            assert ran.code == 0, ran.output
            outputs.append(ran.output)
        return "".join(outputs)

    def nox(self, *arguments: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "nox", "--noxfile", str(ROOT / "noxfile.py"), *arguments,
             "--", "--config", str(self.write())],
            env={**self.environ, **self.more}, cwd=ROOT, text=True, timeout=170,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout)

    @property
    def api(self) -> str:
        host = self.environ["CLOUD_RUN_EMULATOR_HOST"]
        return f"http://{host}/v2/projects/my-project/locations/us-central1"

    def observed(self) -> dict:
        return requests.get(f"{self.api}/services/{self.service}", timeout=10).json()

    def split(self) -> dict[str, int]:
        """What serves, by revision; a target for the latest names none."""
        observed = self.observed()
        latest = observed.get("latestReadyRevision", "").rsplit("/", 1)[-1]
        return {
            status.get("revision", latest): status["percent"]
            for status in observed.get("trafficStatuses", [])
            if status.get("percent")
        }

    def url(self) -> str:
        observed = self.observed()
        return (observed.get("urls") or [observed["uri"]])[0]


@contextlib.contextmanager
def a_local_cloud_run(*options: str) -> Iterator[str]:
    """HOST:PORT of a local Cloud Run, until it is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "local", "--port", "0", "--startup-limit", "8",
         *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    announced = "export CLOUD_RUN_EMULATOR_HOST="
    seen = []
    for line in process.stdout:
        seen.append(line)
        if line.startswith(announced):
            break
    else:
        pytest.fail("".join(seen))
    try:
        yield line.removeprefix(announced).strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def local_cloud_run() -> Iterator[str]:
    """One for each file of tests."""
    with a_local_cloud_run() as address:
        yield address


@pytest.fixture
def project(tmp_path: Path, local_cloud_run: str, request: pytest.FixtureRequest) -> Project:
    """A project of its own service, so that tests share a local Cloud Run without meeting."""
    name = "".join(part for part in request.node.name if part.isalnum()).lower()
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIPELINE_", "GITHUB_"))
    }
    environ |= {"CLOUD_RUN_EMULATOR_HOST": local_cloud_run, "PYTHONPATH": str(ROOT)}
    return Project(tmp_path, environ, service=f"t-{name[-20:]}-{os.getpid() % 1000}")


def until(what, seconds: float = 20.0):
    """The first true answer of ``what``, asked again until the time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = what()
        if answer:
            return answer
        time.sleep(0.05)
    pytest.fail("it did not happen in time")
