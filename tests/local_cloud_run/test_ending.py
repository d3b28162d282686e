"""However the server ends, its containers are gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from google.cloud import run_v2

from pipeline.adapters.world import real_world
from pipeline.commands import Command
from tests.local_cloud_run.conftest import PARENT, POLLING, CloudRun
from tests.local_cloud_run.images import engine, image
from tests.local_cloud_run.services import ALL_ROUND

MAIN = """
from tests.local_cloud_run.images import engine
from pipeline.local_cloud_run.server import Options, run
run(Options(engine=engine()), lambda address: print(address, flush=True))
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
