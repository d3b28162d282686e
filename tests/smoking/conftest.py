"""Smoke as a person runs it, on tiny services in real containers."""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.__main__ import main
from pipeline.adapters.world import real_world
from pipeline.commands import Command
from tests.local_cloud_run.images import engine

DOCKERFILE = """\
FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1
WORKDIR /app
COPY . .
USER 999
CMD ["python3", "main.py"]
"""

SERVER = """\
import http.server, os, signal, sys

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = document()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def document():
    return b'{"status": "healthy", "services": {"server": true}}'


def serve(host="0.0.0.0", port=int(os.environ.get("PORT", "0"))):
    http.server.ThreadingHTTPServer((host, port), Handler).serve_forever()


"""
"""A healthy service but for the call of ``serve``, which each test makes after its fault."""


@dataclass(frozen=True)
class Ran:
    """A finished command: its exit code, and all it printed."""

    code: int
    output: str


@dataclass
class Service:
    """A service to try: its program, its Dockerfile, and what pipeline.yaml says of it."""

    folder: Path
    name: str
    dockerfile: str = DOCKERFILE
    files: dict[str, str] = field(default_factory=dict)

    def smoke(self, program: str, **settings: Any) -> Ran:
        source = self.folder / "source"
        source.mkdir(exist_ok=True)
        for name, text in {"Dockerfile": self.dockerfile, "main.py": program, **self.files}.items():
            (source / name).write_text(text)
        # Kept short where a test does not ask for more: each waits for what never comes.
        document = {
            "service": self.name, "project": "my-project", "region": "us-central1",
            "image": "us-central1-docker.pkg.dev/my-project/services/tiny", "source": str(source),
            **settings,
            "startup": {"listen_within": "3s", **settings.get("startup", {})},
            "health": {"settle": "300ms", "probes": 3, **settings.get("health", {})},
        }  # fmt: skip
        (self.folder / "pipeline.yaml").write_text(yaml.safe_dump(document))
        built = self._run("build")
        assert built.code == 0, built.output
        return self._run("smoke")

    def left_over(self) -> str:
        """The names of this service's containers that are still there, a line each."""
        mine = f"name=smoke-{self.name}-"
        listed = ("ps", "--all", "--filter", mine, "--format", "{{.Names}}")
        return real_world().run(Command((engine().path, *listed))).output

    def _run(self, stage: str) -> Ran:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("PIPELINE_")}
        environ["CLOUD_RUN_EMULATOR_HOST"] = "127.0.0.1:1"
        world = replace(real_world(), environ=environ, cwd=self.folder)
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            code = main([stage, "--config", str(self.folder / "pipeline.yaml")], world)
        return Ran(code, output.getvalue())


@pytest.fixture
def service(tmp_path: Path, worker_id: str) -> Service:
    """Named after the worker, so that it counts no container of another worker's test."""
    return Service(tmp_path, f"tiny-{worker_id}")
