"""However the server ends, its containers are gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from google.api_core import operation
from google.cloud import run_v2

from pipeline.adapters.world import real_world
from pipeline.commands import Command
from tests.local_cloud_run.conftest import PARENT, POLLING, CloudRun
from tests.local_cloud_run.images import engine, image
from tests.local_cloud_run.services import ALL_ROUND, NEVER_LISTENS

MAIN = """
from tests.local_cloud_run.images import engine
from pipeline.local_cloud_run.server import Options, run
run(Options(engine=engine()), lambda addresses: print(addresses.rest, flush=True))
"""


def containers(service: str) -> list[str]:
    wanted = ("ps", "--all", "--quiet", "--filter", f"name=^{service}-")
    return real_world().run(Command((engine().path, *wanted))).output.split()


@contextmanager
def process() -> Iterator[tuple[subprocess.Popen[str], CloudRun]]:
    arguments = (sys.executable, "-c", MAIN)
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server, CloudRun(server.stdout.readline().strip())
        finally:
            server.kill()


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether a condition comes true in time; asking the engine takes long enough for a pause."""
    world = real_world()
    deadline = world.monotonic() + seconds
    while not condition():
        if world.monotonic() > deadline:
            return False
    return True


def gone(service: str) -> bool:
    return wait_for(lambda: not containers(service))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    name = f"ends-{os.getpid()}-{number.name.lower()}"
    with process() as (server, cloud_run):
        cloud_run.create(name, image("all-round", ALL_ROUND))
        assert containers(name)
        server.send_signal(number)
        assert server.wait(20) == 0
        assert not containers(name)


def test_kill_9_leaves_no_container() -> None:
    name = f"killed-{os.getpid()}"
    with process() as (server, cloud_run):
        cloud_run.create(name, image("all-round", ALL_ROUND))
        assert containers(name)
        server.kill()
        server.wait(5)
    assert gone(name)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_job_that_runs_ends_with_it(number: signal.Signals) -> None:
    name = f"job-ends-{os.getpid()}-{number.name.lower()}"
    with process() as (server, cloud_run):
        task = {"containers": [{"image": image("never-listens", NEVER_LISTENS)}]}
        job = run_v2.Job(template={"template": task})
        asked = cloud_run.jobs.create_job(parent=PARENT, job=job, job_id=name)
        cloud_run.jobs.run_job(name=asked.result(polling=POLLING).name)
        assert wait_for(lambda: bool(containers(name)))
        server.send_signal(number)
        server.wait(20)
        assert number is signal.SIGKILL or not containers(name)
    assert gone(name)


def listening(process: int) -> set[str]:
    """The addresses a process listens on, as /proc writes them: hexadecimal, last byte first."""
    proc = Path(f"/proc/{process}")
    mine = {os.readlink(link) for link in (proc / "fd").iterdir() if link.is_symlink()}
    tables = [(proc / "net" / family).read_text() for family in ("tcp", "tcp6", "udp", "udp6")]
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    return {
        row[1].split(":")[0]
        for row in rows
        if f"socket:[{row[9]}]" in mine and row[3] in ("0A", "07")
    }


LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}
"""127.0.0.1, and the same as gRPC has it where there is IPv6: ::ffff:127.0.0.1."""


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="needs Linux")
def test_nothing_listens_beyond_loopback() -> None:
    name = f"loopback-{os.getpid()}"
    with process() as (server, cloud_run):
        cloud_run.create(name, image("all-round", ALL_ROUND))
        assert {"0100007F"} <= listening(server.pid) <= LOOPBACK
        published = real_world().run(Command((engine().path, "port", *containers(name)))).output
        assert [line.split()[-1].split(":")[0] for line in published.splitlines()] == ["127.0.0.1"]
        server.terminate()
        server.wait(20)


def test_a_service_made_again_while_its_first_revision_starts_serves(
    cloud_run: CloudRun, name: str
) -> None:
    def asked(seconds: str) -> run_v2.Service:
        env = [{"name": "START_SECONDS", "value": seconds}]
        container = {"image": image("all-round", ALL_ROUND), "env": env}
        template = {"revision": f"{name}-a", "containers": [container]}
        return run_v2.Service(template=template, invoker_iam_disabled=True)

    def create(seconds: str) -> operation.Operation:
        return cloud_run.services.create_service(
            parent=PARENT, service=asked(seconds), service_id=name
        )

    create("2")
    assert wait_for(lambda: bool(containers(name)))
    cloud_run.services.delete_service(name=f"{PARENT}/services/{name}").result(polling=POLLING)
    made = create("0").result(polling=POLLING, timeout=30)
    assert wait_for(lambda: len(containers(name)) == 1)  # the slow one is ready by now, and gone
    assert requests.get(made.uri, timeout=10).status_code == 200


def test_a_service_deleted_while_it_starts_leaves_no_container(
    cloud_run: CloudRun, name: str
) -> None:
    variable = {"name": "START_SECONDS", "value": "1"}
    container = {"image": image("all-round", ALL_ROUND), "env": [variable]}
    service = run_v2.Service(template={"containers": [container]})
    cloud_run.services.create_service(parent=PARENT, service=service, service_id=name)
    appeared = wait_for(lambda: bool(containers(name)))
    cloud_run.services.delete_service(name=f"{PARENT}/services/{name}").result(polling=POLLING)
    assert appeared
    assert gone(name)
