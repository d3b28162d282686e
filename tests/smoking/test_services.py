"""What a service needs stands beside it; and smoke says what it needs to start."""

from __future__ import annotations

import socket

import pytest

from pipeline.errors import DependencyFailed, SmokeFailed
from tests.local_cloud_run.images import image
from tests.smoking.conftest import SERVER
from tests.smoking.postgresql import postgresql

# The first bytes of PostgreSQL's protocol: a start-up message, answered by R where it lets in.
STRICT = (
    SERVER
    + """\
import socket
from urllib.parse import urlsplit

url = urlsplit(os.environ["DATABASE_URL"])
try:
    database = socket.create_connection((url.hostname, url.port), timeout=2)
except OSError as error:
    print("postgresql:", error)
    sys.exit(3)
message = b"\\0\\3\\0\\0user\\0app\\0database\\0postgres\\0\\0"
database.sendall((len(message) + 4).to_bytes(4, "big") + message)
assert database.recv(1) == b"R"
print("Database connected")
serve()
"""
)
CACHE = """\
import socketserver


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"PONG")


print("the cache is up", flush=True)
socketserver.ThreadingTCPServer(("0.0.0.0", 6379), Handler).serve_forever()
"""
ASKS_CACHE = (
    SERVER
    + """\
import socket

HOST, PORT = os.environ["CACHE"].split(":")


def document():
    try:
        with socket.create_connection((HOST, int(PORT)), timeout=1) as cache:
            alive = cache.recv(4) == b"PONG"
    except OSError:
        alive = False
    return b'{"status": "healthy", "services": {"cache": %s}}' % (b"true" if alive else b"false")


print("up")
serve()
"""
)


def needs(name: str, **entry: object) -> dict[str, object]:
    return {"services": [{"name": name, **entry}]}


def database(address: str) -> dict[str, object]:
    url = {"DATABASE_URL": "postgresql://app@{host}:{port}/postgres"}
    return needs("postgres", address=address, provides=url)


def test_a_service_that_needs_a_real_postgresql_to_start(service):
    with postgresql() as address:
        ran = service.smoke(STRICT, smoke=database(address))

    assert ran.code == 0, ran.output
    assert "✓ postgres listens at " in ran.output
    assert "! it needs postgres to start: without it, exit code 3 after " in ran.output
    assert "on Cloud Run no instance starts while postgres is away" in ran.output


def test_an_image_beside_it(service):
    cache = needs(
        "cache", image=image("cache", CACHE), port=6379, provides={"CACHE": "{host}:{port}"}
    )

    ran = service.smoke(ASKS_CACHE, smoke=cache)

    assert ran.code == 0, ran.output
    assert "✓ cache listens at " in ran.output
    assert "✓ it starts without cache" in ran.output
    assert service.left_over() == ""


def test_an_engine_whose_bridge_is_elsewhere(service, monkeypatch):
    monkeypatch.setattr("pipeline.inspected.gateway", lambda network: "203.0.113.1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        ran = service.smoke(STRICT, smoke=database(f"127.0.0.1:{server.getsockname()[1]}"))

    assert "! the engine's bridge is not on this machine: the service finds postgres at host.d" in (
        ran.output
    )


def test_one_that_provides_nothing(service):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        ran = service.smoke(SERVER + "print('up')\nserve()", smoke=needs("x", address=address))

    assert ran.code == 0, ran.output
    assert "x provides no address: a start without it is not tried" in ran.output


def test_without_it_the_same_service_is_not_healthy(service):
    ran = service.smoke(
        ASKS_CACHE, smoke={"env": {"CACHE": "127.0.0.1:1"}}, startup={"listen_within": "1s"}
    )

    assert ran.code == SmokeFailed.exit_code
    assert "services.cache is false" in ran.output


@pytest.mark.parametrize(
    ("program", "said", "line"),
    [
        ("print('no licence')\nraise SystemExit(2)", "cache ended before it listened: exit code 2",
         "no licence"),
    ],
)  # fmt: skip
def test_an_image_that_does_not_come_up(service, program, said, line):
    ran = service.smoke(ASKS_CACHE, smoke=needs("cache", image=image("bad", program), port=6379))

    assert ran.code == DependencyFailed.exit_code
    assert said in ran.output
    assert f"│ {line}" in ran.output
    assert service.left_over() == ""


def test_an_image_that_is_nowhere(service):
    ran = service.smoke(
        ASKS_CACHE, smoke=needs("cache", image="127.0.0.1:1/no/such:image", port=6379)
    )

    assert ran.code == DependencyFailed.exit_code
    assert "the image of cache is neither here nor in its registry" in ran.output


def test_an_address_where_nothing_answers(service, monkeypatch):
    monkeypatch.setattr("pipeline.steps.smoking.beside._TO_ANSWER", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]

    ran = service.smoke(STRICT, smoke=database(f"127.0.0.1:{free}"))

    assert ran.code == DependencyFailed.exit_code
    assert f"nothing answers at 127.0.0.1:{free}" in ran.output


def test_a_refused_connection_leads_to_smoke_services(service):
    url = "postgresql://app@127.0.0.1:5432/app"

    ran = service.smoke(STRICT, run={"env": {"DATABASE_URL": url}})

    assert ran.code == SmokeFailed.exit_code
    assert "it could not reach PostgreSQL: name what it needs in smoke.services" in ran.output


JOB = """\
import os, socket, sys

host, port = os.environ["CACHE"].split(":")
with socket.create_connection((host, int(port)), timeout=2) as cache:
    assert cache.recv(4) == b"PONG"
print("task", os.environ["CLOUD_RUN_TASK_INDEX"], "of", os.environ["CLOUD_RUN_JOB"], flush=True)
assert "PORT" not in os.environ
sys.exit(int(sys.argv[1]))
"""


def jobs(code: int) -> list[dict[str, object]]:
    return [{"name": "migrate", "command": ["python3", "job.py", str(code)]}]


@pytest.fixture
def cache() -> dict[str, object]:
    return needs(
        "cache", image=image("cache", CACHE), port=6379, provides={"CACHE": "{host}:{port}"}
    )


def test_the_jobs_of_the_release_are_tried_against_it(service, cache):
    service.files["job.py"] = JOB

    ran = service.smoke(ASKS_CACHE, smoke=cache, jobs=jobs(0))

    assert ran.code == 0, ran.output
    assert ran.output.index("✓ job migrate succeeds") < ran.output.index("✓ listens on $PORT")


def test_a_job_that_fails_here_is_never_pushed(service, cache):
    service.files["job.py"] = JOB

    ran = service.smoke(ASKS_CACHE, smoke=cache, jobs=jobs(4))

    assert ran.code == SmokeFailed.exit_code
    assert "job migrate failed here: exit code 4" in ran.output
    assert "task 0 of migrate" in ran.output


def test_no_job_is_tried_where_what_it_changes_would_stay(service):
    service.files["job.py"] = JOB
    with postgresql() as address:
        ran = service.smoke(STRICT, smoke=database(address), jobs=jobs(4))

    assert ran.code == 0, ran.output
    assert "jobs are not tried here: what they change in postgres would stay" in ran.output
