"""The sample in its container: on SQLite by default, and on a PostgreSQL that goes and comes back.

PostgreSQL is reached as Cloud Run reaches Cloud SQL: through a socket in a mounted folder.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.engine import find_engine
from pipeline.adapters.world import real_world
from pipeline.commands import OWNER_LABEL, Engine

SAMPLE = Path(__file__).parent / "agents_api"
IMAGE = "cloud-run-pipeline-tests/agents_api"
PASSWORD = "correct-horse"
Answer = tuple[int, Any]


@dataclass(frozen=True)
class Service:
    engine: Engine
    name: str
    url: str

    def ask(self, path: str, body: object = None, **headers: str) -> Answer:
        """Status and JSON document; status 0 while nothing answers."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **headers}
        request = urllib.request.Request(self.url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except OSError:
            return 0, {}

    def health(self) -> Answer:
        return self.ask("/health")

    def preflight(self, origin: str) -> Any:
        """The origin that the service allows, or None."""
        request = urllib.request.Request(self.url + "/agents", method="OPTIONS")
        request.add_header("Origin", origin)
        request.add_header("Access-Control-Request-Method", "POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.headers["access-control-allow-origin"]
        except urllib.error.HTTPError as error:
            with error:
                return error.headers["access-control-allow-origin"]

    def output(self) -> str:
        return run(self.engine.path, "logs", self.name)


def run(*argv: str, **options: Any) -> str:
    done = subprocess.run(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    assert done.returncode == 0, f"{argv} exited {done.returncode}:\n{done.stdout}"
    return str(done.stdout).strip()


def eventually(ask: Callable[[], Any], wanted: Callable[[Any], bool], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not wanted(answer := ask()):
        assert time.monotonic() < deadline, f"still {answer} after {seconds} s"
        time.sleep(0.05)
    return answer


@contextmanager
def serving(engine: Engine, *options: str, **env: str) -> Iterator[Service]:
    argv = [engine.path, "run", "--detach", "--label", f"{OWNER_LABEL}=tests"]
    argv += ["--publish", "127.0.0.1::8080", "--pull", "never", *options]
    for name, value in {"PORT": "8080", "K_REVISION": "agents-00001-abc", **env}.items():
        argv += ["--env", f"{name}={value}"]
    name = run(*argv, IMAGE)
    try:
        address = run(engine.path, "port", name, "8080").splitlines()[0]
        yield Service(engine, name, f"http://{address}")
    finally:
        run(engine.path, "rm", "--force", "--volumes", name)


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = find_engine(real_world())
    environment = {**os.environ, "DOCKER_BUILDKIT": "1" if engine.buildkit else "0"}
    run(engine.path, "build", "--quiet", "--tag", IMAGE, str(SAMPLE), env=environment)
    return engine


@pytest.fixture(scope="module")
def service(engine: Engine) -> Iterator[Service]:
    with serving(engine, CORS_ORIGINS="https://a.example,https://b.example") as service:
        eventually(service.health, lambda answer: answer[0] == 200)
        yield service


class Cluster:
    """A throwaway PostgreSQL that listens on a socket in ``socket`` and nowhere else."""

    def __init__(self, programs: Path, home: Path) -> None:
        self.programs = programs
        self.data = home / "data"
        self.socket = home / "socket"
        self.socket.mkdir(mode=0o755)
        # PostgreSQL refuses to run as root.
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        for folder in (home, self.socket):
            shutil.chown(folder, self.user)
        secret = home / "password"
        secret.write_text(PASSWORD)
        options = ("--username", "app", "--pwfile", str(secret), "--auth", "scram-sha-256")
        self._run("initdb", *options, "--no-sync", "--no-locale", "--encoding", "UTF8")

    def start(self) -> None:
        settings = f"-c listen_addresses='' -c unix_socket_directories={self.socket} -c fsync=off"
        self._run("pg_ctl", "start", "--wait", "--log", f"{self.data}/log", "--options", settings)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode", "immediate")

    def _run(self, program: str, *arguments: str) -> None:
        # A file, since the server would keep a pipe open after pg_ctl has ended.
        with tempfile.TemporaryFile() as output:
            code = subprocess.call(
                (self.programs / program, "--pgdata", self.data, *arguments),
                user=self.user if os.getuid() == 0 else None,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
            )  # fmt: skip
            output.seek(0)
            assert code == 0, f"{program} failed: {output.read().decode()}"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("needs Debian's package postgresql")
    with ExitStack() as stack:
        # The name of a socket is short: pytest's own folders are too deep.
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp", prefix="pg-")))
        home.chmod(0o755)
        cluster = Cluster(programs[-1].parent, home)
        cluster.start()
        stack.callback(cluster.stop)
        yield cluster


def test_is_healthy_on_sqlite_where_no_database_is_configured(service: Service) -> None:
    assert service.health() == (
        200,
        {
            "status": "healthy",
            "revision": "agents-00001-abc",
            "services": {"database": True, "worker": True},
        },
    )
    assert service.ask("/") == (200, {"service": "agents_api", "revision": "agents-00001-abc"})


def test_says_in_order_how_it_starts(service: Service) -> None:
    lines = service.output()
    marks = [
        "Starting agents_api",
        "Database connected: SQLite",
        "Background worker started",
        "INFO: Application startup complete",
    ]
    assert sorted(marks, key=lines.index) == marks


def test_worker_counts_the_events_of_an_agent(service: Service) -> None:
    status, agent = service.ask("/agents", {"name": "Ada"})
    assert status == 201
    assert service.ask(f"/agents/{agent['id']}/events", {"kind": "started"})[0] == 201
    assert agent in service.ask("/agents")[1]
    counted = {"name": "Ada", "events": 1}
    eventually(lambda: service.ask("/summary")[1], lambda rows: counted in rows)


def test_refuses_what_it_does_not_know(service: Service) -> None:
    assert service.ask("/agents/nobody/events", {"kind": "x"}) == (
        404,
        {"detail": "no agent nobody"},
    )
    assert service.ask("/agents", {"name": ""})[0] == 422


def test_lets_in_the_configured_origins_only(service: Service) -> None:
    assert service.preflight("https://b.example") == "https://b.example"
    assert service.preflight("https://evil.example") is None


def test_runs_as_a_user_of_its_own_and_ends_on_sigterm(engine: Engine) -> None:
    with serving(engine) as service:
        eventually(service.health, lambda answer: answer[0] == 200)
        assert run(engine.path, "exec", service.name, "id", "-u") == "999"
        run(engine.path, "stop", "--time", "10", service.name)
        state = run(engine.path, "inspect", "--format", "{{.State.ExitCode}}", service.name)
        assert state == "0"
        assert "Stopped agents_api" in service.output()


def test_health_tells_of_a_database_that_dies_and_comes_back(
    engine: Engine, cluster: Cluster
) -> None:
    url = f"postgresql://app:{PASSWORD}@/postgres?host=/cloudsql"
    with serving(engine, "--volume", f"{cluster.socket}:/cloudsql", DATABASE_URL=url) as service:
        eventually(service.health, lambda answer: answer[0] == 200)
        assert "Database connected: PostgreSQL /cloudsql" in service.output()

        cluster.stop()
        dead = {"database": False, "worker": False}
        status, document = eventually(service.health, lambda answer: answer[1]["services"] == dead)
        assert (status, document["status"]) == (503, "unhealthy")
        assert service.ask("/agents", {"name": "Ada"})[0] == 503
        assert "BACKGROUND_TASK_FAILURE aggregator: OperationalError" in service.output()

        cluster.start()
        eventually(service.health, lambda answer: answer[0] == 200)
        assert service.ask("/agents", {"name": "Ada"})[0] == 201
        assert PASSWORD not in service.output()


def test_starts_unhealthy_without_its_database_and_recovers(
    engine: Engine, cluster: Cluster
) -> None:
    cluster.stop()
    url = f"postgresql://app:{PASSWORD}@/postgres?host=/cloudsql"
    with serving(engine, "--volume", f"{cluster.socket}:/cloudsql", DATABASE_URL=url) as service:
        eventually(service.health, lambda answer: answer[0] == 503)
        cluster.start()
        eventually(service.health, lambda answer: answer[0] == 200)
        assert service.ask("/agents") == (200, [])


def test_never_repeats_a_database_url_it_cannot_read(engine: Engine) -> None:
    with serving(engine, DATABASE_URL=f"mysql://app:{PASSWORD}@db/agents") as service:
        run(engine.path, "wait", service.name)
        assert "DATABASE_URL is not a postgresql:// address" in service.output()
        assert PASSWORD not in service.output()
