"""The sample in its container: on SQLite by default, and on a PostgreSQL that goes and comes back.

PostgreSQL is reached as Cloud Run reaches Cloud SQL: through a socket in a mounted folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.engine import find_engine
from pipeline.adapters.world import real_world
from pipeline.commands import OWNER_LABEL, Engine
from tests.postgresql import PASSWORD, Cluster, a_cluster

SAMPLE = Path(__file__).parent / "agents_api"
IMAGE = "cloud-run-pipeline-tests/agents_api"
URL = f"postgresql://app:{PASSWORD}@/postgres?host=/cloudsql"
SQLITE_COLUMNS = """
import sqlite3
sql = "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.sql <> ''"
print(*sorted("|".join(row) for row in sqlite3.connect("/tmp/agents.db").execute(sql)), sep="\\n")
"""
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


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with a_cluster() as cluster:
        yield cluster


def migrate(engine: Engine, cluster: Cluster) -> str:
    """What the job ``migrate`` does, and its output."""
    argv = [engine.path, "run", "--rm", "--label", f"{OWNER_LABEL}=tests", "--pull", "never"]
    argv += ["--volume", f"{cluster.socket}:/cloudsql", "--env", f"DATABASE_URL={URL}"]
    return run(*argv, IMAGE, "alembic", "upgrade", "head")


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
    migrate(engine, cluster)
    with serving(engine, "--volume", f"{cluster.socket}:/cloudsql", DATABASE_URL=URL) as service:
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
    migrate(engine, cluster)
    cluster.stop()
    with serving(engine, "--volume", f"{cluster.socket}:/cloudsql", DATABASE_URL=URL) as service:
        eventually(service.health, lambda answer: answer[0] == 503)
        cluster.start()
        eventually(service.health, lambda answer: answer[0] == 200)
        assert service.ask("/agents") == (200, [])


def test_is_unhealthy_until_the_schema_is_there(engine: Engine, cluster: Cluster) -> None:
    with serving(engine, "--volume", f"{cluster.socket}:/cloudsql", DATABASE_URL=URL) as service:
        eventually(service.health, lambda answer: answer[0] == 503)
        assert "BACKGROUND_TASK_FAILURE aggregator: UndefinedTable" in service.output()
        migrate(engine, cluster)
        eventually(service.health, lambda answer: answer[0] == 200)


def test_migrates_once_and_never_repeats_the_password(engine: Engine, cluster: Cluster) -> None:
    first, second = migrate(engine, cluster), migrate(engine, cluster)

    assert "Running upgrade  -> 0001" in first
    assert "Running upgrade" not in second
    assert "Migrated PostgreSQL /cloudsql" in second
    assert PASSWORD not in first + second


def test_sqlite_has_the_schema_that_the_migrations_make(engine: Engine, cluster: Cluster) -> None:
    with serving(engine) as service:
        eventually(service.health, lambda answer: answer[0] == 200)
        sqlite = run(engine.path, "exec", service.name, "python", "-c", SQLITE_COLUMNS).splitlines()
    migrate(engine, cluster)
    tables = "FROM information_schema.columns WHERE table_schema = 'public'"
    made = cluster.ask(f"SELECT table_name, column_name {tables} ORDER BY 1, 2")

    assert sqlite == [row for row in made if not row.startswith("alembic_version")]


def test_has_nothing_to_migrate_where_no_database_is_configured(engine: Engine) -> None:
    argv = [engine.path, "run", "--rm", "--label", f"{OWNER_LABEL}=tests", "--pull", "never"]

    assert "Nothing to migrate" in run(*argv, IMAGE, "alembic", "upgrade", "head")


def test_never_repeats_a_database_url_it_cannot_read(engine: Engine) -> None:
    with serving(engine, DATABASE_URL=f"mysql://app:{PASSWORD}@db/agents") as service:
        run(engine.path, "wait", service.name)
        assert "DATABASE_URL is not a postgresql:// address" in service.output()
        assert PASSWORD not in service.output()
