"""What the local Cloud Run does under load, at a cold start, and with many services.

    python tests/benchmarks/local_cloud_run.py

Three measurements on this machine: shifts of traffic while 32 requests are in flight all the time;
a request that must wait for its instance, beside ``docker run`` of the same image until that
answers, in turns; and 100 services with five revisions each, made over the API. The last has no
containers: five hundred would measure the engine.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import aiohttp  # noqa: E402 - after the path
import requests  # noqa: E402

from pipeline.local_cloud_run.containers.instances import Instances  # noqa: E402
from pipeline.local_cloud_run.server import Options, run  # noqa: E402
from tests.benchmarks.proxy import SERVICE  # noqa: E402
from tests.local_cloud_run.conftest import PARENT, CloudRun  # noqa: E402
from tests.local_cloud_run.images import engine, image  # noqa: E402

IN_FLIGHT = 32
SHIFTS = 200
TURNS = 7
SERVICES, REVISIONS = 100, 5
LISTS = 30
LATEST, BY_NAME = (f"TRAFFIC_TARGET_ALLOCATION_TYPE_{kind}" for kind in ("LATEST", "REVISION"))


def child(idle_after: float, containers: str) -> None:
    """A local Cloud Run in this process, whose instances are soon idle or never there."""
    if containers == "none":
        Instances.resolve_image = found
        Instances.deploy = nothing
    run(Options(engine=engine(), idle_after=idle_after), lambda at: print(at.rest, flush=True))


async def found(_self: Instances, image: str) -> str:
    return f"{image}@sha256:{'0' * 64}"


async def nothing(*_: object) -> None:
    return None


@contextmanager
def serving(idle_after: float = 900.0, containers: str = "real") -> Iterator[tuple[CloudRun, int]]:
    """A local Cloud Run in a process of its own, and the id of that."""
    command = (sys.executable, __file__, "child", str(idle_after), containers)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield CloudRun(process.stdout.readline().strip()), process.pid
    finally:
        process.terminate()
        process.wait(60)


def shifting() -> None:
    """Move all traffic between two revisions again and again; every answer must be a 200."""
    with serving() as (cloud_run, _):
        service = cloud_run.create("shifted", image("benchmark", SERVICE))
        one = service.latest_ready_revision.rpartition("/")[2]
        service.template.labels["second"] = "true"
        two = cloud_run.update(service).latest_ready_revision.rpartition("/")[2]
        answers = asyncio.run(shifted(cloud_run, service.uri, one, two))
    failed = answers.total() - answers["200"]
    print(f"{SHIFTS} shifts, {IN_FLIGHT} in flight: {answers.total()} requests, {failed} failed")


async def shifted(cloud_run: CloudRun, uri: str, one: str, two: str) -> Counter[str]:
    answers: Counter[str] = Counter()
    over = asyncio.Event()

    async def ask(client: aiohttp.ClientSession) -> None:
        while not over.is_set():
            try:
                async with client.get(uri) as answer:
                    await answer.read()
                    answers[str(answer.status)] += 1
            except aiohttp.ClientError as error:
                answers[type(error).__name__] += 1

    async with aiohttp.ClientSession() as client:
        asking = [asyncio.create_task(ask(client)) for _ in range(IN_FLIGHT)]
        for turn in range(1, SHIFTS + 1):
            percent = turn * 30 % 101
            await asyncio.to_thread(split, cloud_run, {one: 100 - percent, two: percent})
        over.set()
        await asyncio.gather(*asking)
    return answers


def split(cloud_run: CloudRun, percents: dict[str, int]) -> None:
    service = cloud_run.get("shifted")
    service.traffic = [
        {"type_": BY_NAME, "revision": name, "percent": percent, "tag": f"t{percent}-{at}"}
        for at, (name, percent) in enumerate(percents.items())
    ]
    cloud_run.update(service, "traffic")


def cold_starts() -> None:
    """In turns: a request to a service without an instance, and a container without Cloud Run."""
    tag = image("benchmark", SERVICE)
    with serving(idle_after=0.5) as (cloud_run, _):
        uri = cloud_run.create("cold", tag).uri
        through, bare = [], []
        for _ in range(TURNS):
            until(lambda: not docker("ps", "--quiet", "--filter", "name=^cold-"))
            through.append(seconds(lambda: requests.get(uri, timeout=30).raise_for_status()))
            bare.append(bare_start(tag))
    show("cold start, local Cloud Run", through)
    show("cold start, docker run", bare)
    show("difference", [a - b for a, b in zip(through, bare, strict=True)])


def bare_start(tag: str) -> float:
    """Seconds from ``docker run`` to the first answer."""
    began = time.monotonic()
    container = docker("run", "--detach", "--env=PORT=8080", "--publish=127.0.0.1::8080", tag)
    try:
        port = docker("port", container, "8080")
        until(lambda: answers(f"http://{port}"))
        return time.monotonic() - began
    finally:
        docker("rm", "--force", container)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def many() -> None:
    with serving(containers="none") as (cloud_run, process):
        base = f"http://{cloud_run.address}/v2/{PARENT}/services"
        before = memory(process)
        took = seconds(lambda: fill(base))
        first, *others = (seconds(lambda: listed(base)) for _ in range(1 + LISTS))
        of_all = [
            seconds(lambda: listed(f"{base}/-/revisions?pageSize=1000")) for _ in range(LISTS)
        ]
        print(f"{SERVICES} services with {REVISIONS} revisions each, made in {took:.1f} s; "
              f"memory {before:.0f} MB before, {memory(process):.0f} MB after")  # fmt: skip
    show("first list of services", [first])
    show("list of services", others)
    show("list of all revisions", of_all)


def listed(url: str) -> None:
    requests.get(url, timeout=30).raise_for_status()


def fill(base: str) -> None:
    """Make them over the API, each with what services usually have."""
    session = requests.Session()
    for number in range(SERVICES):
        name = f"service-{number:03d}"
        for revision in range(REVISIONS):
            body = {"template": template(revision), "traffic": [{"type": LATEST, "percent": 100}]}
            if revision:
                asked = session.patch(f"{base}/{name}", json=body, timeout=30)
            else:
                asked = session.post(f"{base}?serviceId={name}", json=body, timeout=30)
            asked.raise_for_status()


def template(revision: int) -> dict[str, object]:
    env = [{"name": f"VARIABLE_{number}", "value": "x" * 40} for number in range(10)]
    labels = {"revision": str(revision), "team": "one"}
    return {"containers": [{"image": "app:1", "env": env}], "labels": labels}


def memory(process: int) -> float:
    """Resident memory of a process in MB."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def docker(*arguments: str) -> str:
    done = subprocess.run((engine().path, *arguments), capture_output=True, text=True, check=True)
    return done.stdout.strip()


def until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.01)


def seconds(call: Callable[[], object]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


def show(name: str, values: list[float]) -> None:
    """Median, least and most, in milliseconds."""
    middle, least, most = (
        1000 * one for one in (statistics.median(values), min(values), max(values))
    )
    print(f"{name:28} {middle:7.1f} ms  ({least:.1f} to {most:.1f}, {len(values)} times)")


def main() -> None:
    many()
    cold_starts()
    shifting()


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(float(sys.argv[2]), sys.argv[3])
    else:
        main()
