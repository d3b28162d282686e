"""A server that is killed, and another one on the same folder: services go on as they were."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
from google.api_core import exceptions, operation
from google.cloud import run_v2

from pipeline.errors import StateUnusable
from pipeline.local_cloud_run.persistence.folder import opened
from pipeline.local_cloud_run.server import Options
from tests.local_cloud_run.conftest import PARENT, POLLING, CloudRun, running
from tests.local_cloud_run.images import engine, image
from tests.local_cloud_run.services import ALL_ROUND, JOB
from tests.local_cloud_run.test_ending import wait_for

MAIN = """
import sys
from pathlib import Path
from tests.local_cloud_run.images import engine
from pipeline.local_cloud_run.server import Options, run
held = dict(word.split("=") for word in sys.argv[2:])
options = Options(engine=engine(), state=Path(sys.argv[1]), secrets=held)
run(options, lambda addresses: print(addresses.rest, flush=True))
"""


@contextmanager
def killed_at_last(folder: Path, *secrets: str) -> Iterator[CloudRun]:
    arguments = (sys.executable, "-c", MAIN, str(folder), *secrets)
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield CloudRun(server.stdout.readline().strip())
        finally:
            server.kill()


def template(name: str = "", **variables: object) -> dict[str, object]:
    env = [{"name": key, **value} for key, value in variables.items()]
    return {"revision": name, "containers": [{"image": image("all-round", ALL_ROUND), "env": env}]}


def two(cloud_run: CloudRun) -> run_v2.Service:
    """A service with all its traffic on a first revision, and a second one under a tag."""
    cloud_run.create("kept", image("all-round", ALL_ROUND), template=template("kept-a"))
    service = run_v2.Service(
        name=f"{PARENT}/services/kept",
        template=template("kept-b"),
        traffic=[{"type_": 2, "revision": "kept-a", "percent": 100},
                 {"type_": 2, "revision": "kept-b", "tag": "new"}],
    )  # fmt: skip
    return cloud_run.update(service, "template", "traffic")


def slow_revision(cloud_run: CloudRun) -> operation.Operation:
    service = run_v2.Service(
        name=f"{PARENT}/services/kept",
        template=template("kept-c", START_SECONDS={"value": "1"}),
    )
    return cloud_run.services.update_service(service=service, update_mask={"paths": ["template"]})


def interrupted_run(cloud_run: CloudRun) -> str:
    """An execution that sleeps in its first attempt; its retry does not get far."""
    container = {"image": image("job", JOB), "args": ["sleep", "60"]}
    job = run_v2.Job(template={"template": {"containers": [container], "max_retries": 0}})
    made = cloud_run.jobs.create_job(parent=PARENT, job=job, job_id="kept")
    run = cloud_run.jobs.run_job(name=made.result(polling=POLLING, timeout=20).name)
    return run.metadata.name


def of_secret(cloud_run: CloudRun) -> run_v2.Service:
    value = {"value_source": {"secret_key_ref": {"secret": "word", "version": "1"}}}
    return cloud_run.create("secretive", "", template=template("secretive-a", WORD=value))


def seen(url: str) -> dict[str, object]:
    return requests.get(url, timeout=10).json()


def test_what_is_there_after_a_kill_9(tmp_path: Path) -> None:
    with killed_at_last(tmp_path, "word=xyzzy") as cloud_run:
        before, secretive = two(cloud_run), of_secret(cloud_run)
        tagged = next(one.uri for one in before.traffic_statuses if one.tag)
        execution, under_way = interrupted_run(cloud_run), slow_revision(cloud_run)
        kept = (tmp_path / "state.jsonl").read_text
        assert wait_for(lambda: '"kept-c"' in kept() and '"RUNNING"' in kept())
    assert "xyzzy" not in kept()
    with killed_at_last(tmp_path, "word=xyzzy") as cloud_run:
        assert seen(before.uri)["env"]["K_REVISION"] == "kept-a"
        assert seen(tagged)["env"]["K_REVISION"] == "kept-b"
        assert seen(secretive.uri)["env"]["WORD"] == "xyzzy"
        name = under_way.operation.name
        done = cloud_run.call("POST", f"/v2/{name}:wait", json={"timeout": "20s"}).json()
        assert done["response"]["latestReadyRevision"].endswith("/kept-c")
        service = cloud_run.get("kept")
        assert service.uri == before.uri
        assert service.traffic_statuses == before.traffic_statuses
        assert service.uid == before.uid
        ended = cloud_run.executions.get_execution(name=execution)
        assert (ended.failed_count, ended.reconciling) == (1, False)
    with killed_at_last(tmp_path) as cloud_run:
        assert requests.get(secretive.uri, timeout=10).status_code == 500
        assert seen(f"{before.uri}/")["env"]["K_REVISION"] == "kept-a"


def test_what_is_there_after_it_was_told_to_end(tmp_path: Path) -> None:
    options = Options(engine=engine(), state=tmp_path)
    with running(options) as address:
        before = two(CloudRun(address))
    with running(options) as address:
        now = CloudRun(address).get("kept")
        assert now.uri == before.uri
        assert now.traffic_statuses == before.traffic_statuses
        assert seen(now.uri)["env"]["K_REVISION"] == "kept-a"


def test_a_port_that_is_taken_meanwhile(tmp_path: Path) -> None:
    with killed_at_last(tmp_path) as cloud_run:
        before = cloud_run.create("kept", image("all-round", ALL_ROUND))
    port = int(before.uri.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)), killed_at_last(tmp_path) as cloud_run:
        now = cloud_run.get("kept")
        assert now.uri != before.uri
        assert seen(now.uri)["env"]["K_SERVICE"] == "kept"


@pytest.mark.parametrize("moment", [3, 25])
def test_a_kill_at_any_moment_leaves_a_state_that_can_be_read(tmp_path: Path, moment: int) -> None:
    with killed_at_last(tmp_path) as cloud_run:
        for number in range(moment):
            job = run_v2.Job(template={"template": {"containers": [{"image": f"none:{number}"}]}})
            cloud_run.jobs.create_job(parent=PARENT, job=job, job_id=f"job-{number}")
    with opened(tmp_path) as folder:
        kept = {key.job for key in folder.before.state.jobs}
    assert kept == {f"job-{number}" for number in range(len(kept))}  # some moment's, and whole


def lose(folder: Path) -> None:
    with running(Options(engine=engine(), state=folder)) as address:
        shutil.rmtree(folder)
        with suppress(requests.ConnectionError, exceptions.GoogleAPICallError):
            CloudRun(address).create("unkept", "none:1")


def test_a_state_that_cannot_be_kept_any_more_ends_the_server(tmp_path: Path) -> None:
    with pytest.raises(StateUnusable, match="No such file"):
        lose(tmp_path / "folder")
