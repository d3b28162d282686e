"""The engine goes away in the middle of the work: said as such, with nothing half done."""

from __future__ import annotations

import contextlib
import selectors
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from pipeline import errors
from tests.end_to_end.conftest import until
from tests.local_cloud_run.images import engine

REAL = "/var/run/docker.sock"


class Mortal:
    """The real engine behind a socket that can be cut."""

    def __init__(self, path: Path) -> None:
        self.host = f"unix://{path}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(REAL)
                self._open += [client, engine]
                threading.Thread(target=_relay, args=(client, engine), daemon=True).start()

    def die(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def _relay(*ends: socket.socket) -> None:
    with selectors.DefaultSelector() as selector, contextlib.suppress(OSError, ValueError):
        selector.register(ends[0], selectors.EVENT_READ, ends[1])
        selector.register(ends[1], selectors.EVENT_READ, ends[0])
        while True:
            for key, _ in selector.select():
                data = key.fileobj.recv(65536)
                if not data:
                    key.data.shutdown(socket.SHUT_WR)
                    selector.unregister(key.fileobj)
                else:
                    key.data.sendall(data)


@pytest.fixture
def mortal(tmp_path: Path, project) -> Mortal:
    if not Path(REAL).is_socket():
        pytest.skip("the engine here is not docker behind its usual socket")
    mortal = Mortal(tmp_path / "docker.sock")
    project.more = {"DOCKER_HOST": mortal.host}
    return mortal


def test_during_a_build(project, mortal, tmp_path):
    source = tmp_path / "own"
    source.mkdir()
    started = f"started-{time.time_ns()}"
    (source / "Dockerfile").write_text(f"FROM python:3.11-slim\nRUN echo {started} && sleep 60\n")
    project.source = str(source)
    process = project.start("build")
    until(lambda: _is_running(f"echo {started} && sleep 60"))

    mortal.die()
    output, _ = process.communicate(timeout=60)

    assert process.returncode == errors.EngineFailed.exit_code, output
    assert "stopped answering" in output
    assert "scripts/engine" in output
    assert "Traceback" not in output


def test_during_smoke(project, mortal):
    project.source = "never_listens"
    project.passes("build")
    process = project.start("smoke")
    names = until(lambda: _containers(f"smoke-{project.service}"))

    mortal.die()
    output, _ = process.communicate(timeout=60)

    # The engine lives on behind the socket that was cut, and so does the container.
    subprocess.run([engine().path, "rm", "--force", *names], check=True, capture_output=True)
    assert process.returncode == errors.EngineFailed.exit_code, output
    assert "scripts/engine" in output
    assert "Traceback" not in output


def _containers(name: str) -> list[str]:
    listed = subprocess.run(
        [engine().path, "ps", "--quiet", "--filter", f"name={name}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return listed.stdout.split()


def _is_running(words: str) -> bool:
    """Whether a process with these words in its command line runs, in a container or not."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if words in path.read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                return True
    return False
