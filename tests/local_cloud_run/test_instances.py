"""Instances with real containers: starts, every way to fail, scaling, and the end."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from pipeline import commands
from pipeline.adapters.world import real_world
from pipeline.errors import EngineFailed
from pipeline.local_cloud_run.containers.fleet import NotServedError
from pipeline.local_cloud_run.values import InstanceSpec, Probe
from tests.local_cloud_run import services
from tests.local_cloud_run.images import engine, image
from tests.local_cloud_run.plane import Plane, on_loop, plane, spec, until
from tests.local_cloud_run.registry import registry

GENERIC = (
    "The user-provided container failed to start and listen on the port defined provided by the "
    "PORT=8080 environment variable within the allocated timeout. This can happen when the "
    "container port is misconfigured or if the timeout is too short. The health check timeout can "
    "be extended. Logs for this revision might contain more information.\n\nLogs URL: "
)
PROBE_FAILED = (
    'Default STARTUP TCP probe failed 1 time consecutively for container "s-1" on port 8080. '
    "The instance was not started. Connection failed with status "
)


async def failed_start(
    faulty: InstanceSpec, startup_limit: float | None = None
) -> tuple[Plane, str, float]:
    """Deploy what must fail: the plane with its logs, the message, and the seconds it took."""
    async with plane(startup_limit=startup_limit) as it:
        began = time.monotonic()
        failure = await it.instances.deploy(faulty)
        took = time.monotonic() - began
        assert failure is not None
        assert (failure.code, failure.reason) == (9, "HEALTH_CHECK_CONTAINER_ERROR")
    return it, failure.message, took


def containers(owner: str) -> str:
    ps = (engine().path, "ps", "--all", "--quiet", "--filter")
    return subprocess.run(
        [*ps, f"label={commands.OWNER_LABEL}={owner}"], capture_output=True, text=True
    ).stdout


@on_loop
async def test_a_good_revision_is_ready_and_the_logs_say_so() -> None:
    async with plane() as it:
        assert await it.instances.deploy(spec("all-round", services.ALL_ROUND)) is None
    start, ready = it.texts("varlog/system")
    assert start.startswith("Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started")
    assert ready == (
        'Default STARTUP TCP probe succeeded after 1 attempt for container "s-1" on port 8080.'
    )


@on_loop
async def test_a_crash_at_start_fails_at_once_and_shows_its_last_words() -> None:
    it, message, took = await failed_start(spec("crashes", services.CRASHES))
    assert message.startswith(GENERIC)
    assert took < 10  # the limit is 240 s
    assert it.texts("stdout") == ["about to fail"]
    assert it.texts("stderr") == ["no DATABASE_URL"]
    assert it.texts("varlog/system")[1:] == [
        "Container called exit(1).",
        PROBE_FAILED + "CANCELLED",
    ]


@pytest.mark.parametrize("fault", ["NEVER_LISTENS", "OTHER_PORT", "LOOPBACK_ONLY"])
@on_loop
async def test_what_does_not_listen_on_its_port_fails_when_time_is_up(fault: str) -> None:
    name = fault.lower().replace("_", "-")
    it, message, took = await failed_start(spec(name, getattr(services, fault)), startup_limit=1.5)
    assert message.startswith(GENERIC)
    assert 1.5 <= took < 6
    assert it.texts("varlog/system")[-1] == PROBE_FAILED + "DEADLINE_EXCEEDED"
    assert not containers(it.owner)


@on_loop
async def test_a_slow_start_within_the_limit_is_ready() -> None:
    slow = spec("all-round", services.ALL_ROUND, env={"START_SECONDS": "1.5"})
    async with plane(startup_limit=30) as it:
        began = time.monotonic()
        assert await it.instances.deploy(slow) is None
        assert time.monotonic() - began > 1.5


@on_loop
async def test_out_of_memory_is_told_apart() -> None:
    it, message, _ = await failed_start(
        spec("too-big", services.TOO_BIG, memory=64 * 1024**2), startup_limit=60
    )
    assert message.startswith(GENERIC)
    assert (
        "Memory limit of 64 MiB exceeded with 64 MiB used. Consider increasing the memory limit, "
        "see https://cloud.google.com/run/docs/configuring/memory-limits"
    ) in it.texts("varlog/system")


@on_loop
async def test_a_binary_that_this_machine_cannot_run_is_not_loaded() -> None:
    dockerfile = 'FROM scratch\nCOPY main.py /app\nCMD ["/app"]\n'
    foreign = image("foreign", "\x7fELF for nobody", dockerfile)
    it, message, took = await failed_start(
        replace(spec("crashes", services.CRASHES), image=foreign)
    )
    assert message.startswith(GENERIC)
    assert took < 10
    said = it.texts("varlog/system")[1]
    assert said.startswith("terminated: Application failed to start: failed to load /app: ")


@on_loop
async def test_an_image_of_another_architecture_is_an_exec_format_error() -> None:
    dockerfile = 'FROM scratch\nCOPY main.py /app\nCMD ["/app"]\n'
    tag = image("arm64", "nothing to run", dockerfile, "linux/arm64")
    it, message, _ = await failed_start(replace(spec("crashes", services.CRASHES), image=tag))
    assert message.startswith(GENERIC)
    assert it.texts("varlog/system") == [
        "terminated: Application failed to start: failed to load /app: exec format error"
    ]


@on_loop
async def test_a_command_that_is_not_there_says_which() -> None:
    it, _, _ = await failed_start(spec("crashes", services.CRASHES, command=("/no/such",)))
    assert (
        "terminated: Application failed to start: failed to load /no/such: "
        "no such file or directory"
    ) in it.texts("varlog/system")


@on_loop
async def test_a_missing_image_is_not_found() -> None:
    async with plane() as it:
        assert await it.instances.resolve_image("example.com/no/such:tag") is None
        assert await it.instances.resolve_image("--help") is None
        missing = replace(spec("crashes", services.CRASHES), image="example.com/no/such:tag")
        failure = await it.instances.deploy(missing)
    assert failure is not None
    assert (failure.code, failure.reason) == (5, "CONTAINER_MISSING")
    assert failure.message == "Image 'example.com/no/such:tag' not found."


@on_loop
async def test_an_image_is_pinned_to_its_digest_and_found_by_it() -> None:
    tag = image("all-round", services.ALL_ROUND)
    async with plane() as it:
        pinned = await it.instances.resolve_image(tag)
        assert pinned is not None
        name, digest = pinned.split("@")
        assert name == tag.rpartition(":")[0]
        assert await it.instances.resolve_image(pinned) == pinned
        assert await it.instances.resolve_image(f"{name}@sha256:{'0' * 64}") is None
        assert len(digest) == len("sha256:") + 64


def test_an_engine_that_does_not_answer_is_not_a_missing_image(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    absent = spec("crashes", services.CRASHES)

    async def scenario() -> None:
        async with plane() as it:
            with pytest.raises(EngineFailed, match="does not answer") as failed:
                await it.instances.resolve_image("app:1")
            assert "scripts/engine" in failed.value.remedy
            failure = await it.instances.deploy(absent)
            assert failure is not None
            assert (failure.code, failure.reason) == (13, "INTERNAL")

    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    monkeypatch.setenv("CONTAINER_HOST", "unix:///nowhere.sock")
    asyncio.run(scenario())


@pytest.mark.skipif(not shutil.which("docker-registry"), reason="docker-registry is not installed")
@on_loop
async def test_an_image_is_pulled_from_a_registry_on_loopback() -> None:
    with registry() as host:
        tag = f"{host}/crashes:1"
        for step in (["tag", image("crashes", services.CRASHES), tag], ["push", tag], ["rmi", tag]):
            subprocess.run([engine().path, *step], check=True, capture_output=True)
        async with plane() as it:
            pinned = await it.instances.resolve_image(tag)
            assert pinned is not None
            assert await it.instances.resolve_image(pinned) == pinned
            failure = await it.instances.deploy(
                replace(spec("crashes", services.CRASHES), image=pinned)
            )
        assert failure is not None
        assert it.texts("stderr") == ["no DATABASE_URL"]
        subprocess.run([engine().path, "rmi", tag, pinned], check=False, capture_output=True)
    assert pinned.startswith(f"{host}/crashes@sha256:")


@on_loop
async def test_more_cpu_than_this_machine_has_is_no_reason_to_fail() -> None:
    async with plane() as it:
        assert await it.instances.deploy(spec("all-round", services.ALL_ROUND, cpu=999)) is None


@on_loop
async def test_an_http_probe_waits_for_a_good_status() -> None:
    good = Probe(path="/status?204", port=8080, timeout=1, period=1, failure_threshold=5,
                 default=False)  # fmt: skip
    bad = replace(good, path="/status?503", failure_threshold=1)
    async with plane() as it:
        ready = spec("all-round", services.ALL_ROUND, probe=good)
        assert await it.instances.deploy(ready) is None
        failure = await it.instances.deploy(spec("all-round", services.ALL_ROUND, probe=bad))
    assert failure is not None
    assert failure.message.startswith(
        "The user-provided container failed the configured startup probe checks. Logs for this "
        "revision might contain more information."
    )
    assert it.texts("varlog/system")[-1] == (
        'STARTUP HTTP probe failed 1 time consecutively for container "s-1" on port 8080 path '
        '"/status?503". The instance was not started. Connection failed with status '
        "DEADLINE_EXCEEDED."
    )


@on_loop
async def test_the_container_has_what_cloud_run_sets_and_what_the_service_asks_for() -> None:
    asked = spec("all-round", services.ALL_ROUND, env={"MODE": "a\nb", "PORT": "1"}, port=9000)
    asked = replace(asked, probe=Probe(port=9000))
    async with plane() as it:
        assert await it.instances.deploy(asked) is None
        async with it.instances.lease(asked.key) as instance:
            seen = subprocess.run(
                [engine().path, "exec", instance.id, "python3", "-c",
                 "import json, os; print(json.dumps(dict(os.environ)))"],
                capture_output=True, text=True,
            ).stdout  # fmt: skip
    for part in ('"MODE": "a\\nb"', '"PORT": "9000"', '"K_SERVICE": "s"', '"K_CONFIGURATION": "s"'):
        assert part in seen
    assert f'"K_REVISION": "{asked.key.revision}"' in seen


@on_loop
async def test_instances_grow_with_the_requests_up_to_the_maximum() -> None:
    narrow = spec("all-round", services.ALL_ROUND, concurrency=2, max_instances=2)
    async with plane() as it:
        await it.serve(narrow)
        leases = [it.instances.lease(narrow.key) for _ in range(4)]
        held = [await lease.__aenter__() for lease in leases]
        assert sorted(instance.in_flight for instance in set(held)) == [2, 2]
        late = asyncio.create_task(it.instances.lease(narrow.key).__aenter__())
        await asyncio.wait({late}, timeout=0.2)
        assert not late.done()
        await leases[0].__aexit__(None, None, None)
        assert await late is held[0]
    assert sum("AUTOSCALING" in text for text in it.texts("varlog/system")) == 1


@on_loop
async def test_idle_instances_stop_and_the_next_request_starts_one() -> None:
    short = spec("all-round", services.ALL_ROUND)
    async with plane(idle_after=0.3) as it:
        await it.serve(short)
        await until(lambda: "SIGTERM seen" in it.texts("stdout"))
        async with it.instances.lease(short.key) as instance:
            assert instance.in_flight == 1
    assert "AUTOSCALING" in it.texts("varlog/system")[2]


@on_loop
async def test_the_minimum_stays_when_idle() -> None:
    kept = spec("all-round", services.ALL_ROUND, min_instances=2)
    async with plane(idle_after=0.2) as it:
        await it.serve(kept)
        await until(lambda: it.texts("stdout").count("listening") == 2)
        await until(lambda: len(it.texts("varlog/system")) == 4)
        await asyncio.sleep(0.5)  # longer than idle_after: nothing may happen
        assert "SIGTERM seen" not in it.texts("stdout")
    assert any("MANUAL_OR_CUSTOMER_MIN_INSTANCE" in text for text in it.texts("varlog/system"))


@on_loop
async def test_a_revision_that_cannot_start_again_refuses_requests() -> None:
    own = f"{services.ALL_ROUND}\n# {secrets.token_hex(8)}"
    once = spec("vanishes", own)
    async with plane(idle_after=0.1) as it:
        await it.serve(once)
        await until(lambda: not containers(it.owner))
        subprocess.run([engine().path, "rmi", "--force", once.image], capture_output=True)
        with pytest.raises(NotServedError) as refused:
            await it.instances.lease(once.key).__aenter__()
    assert refused.value.refusal.status == 500
    assert refused.value.refusal.message == (
        "The request failed because the instance could not start successfully."
    )


@on_loop
async def test_an_instance_that_exits_is_dropped_and_replaced_on_demand() -> None:
    fragile = spec("all-round", services.ALL_ROUND)
    async with plane() as it:
        await it.serve(fragile)
        async with it.instances.lease(fragile.key) as first:
            subprocess.run([engine().path, "kill", first.id], capture_output=True)
            await until(lambda: "Container called exit(137)." in it.texts("varlog/system"))
        async with it.instances.lease(fragile.key) as second:
            assert second.id != first.id


@on_loop
async def test_a_retired_revision_finishes_its_requests_then_stops() -> None:
    old = spec("all-round", services.ALL_ROUND)
    async with plane() as it:
        await it.serve(old)
        async with it.instances.lease(old.key):
            it.instances.retire(old.key)
            with pytest.raises(NotServedError):
                await it.instances.lease(old.key).__aenter__()
            assert "SIGTERM seen" not in it.texts("stdout")
        await until(lambda: "SIGTERM seen" in it.texts("stdout"))


@on_loop
async def test_close_stops_all_in_parallel_and_kills_what_ignores_sigterm() -> None:
    stubborn = [spec("ignores-sigterm", services.IGNORES_SIGTERM) for _ in range(2)]
    async with plane() as it:
        for one in [*stubborn, spec("all-round", services.ALL_ROUND)]:
            assert await it.instances.deploy(one) is None
        began = time.monotonic()
        await it.instances.close()
        assert 9 < time.monotonic() - began < 15
        assert not containers(it.owner)
    assert "SIGTERM seen" in it.texts("stdout")


@on_loop
async def test_close_during_a_start_leaves_nothing() -> None:
    async with plane() as it:
        start = asyncio.create_task(it.instances.deploy(spec("never", services.NEVER_LISTENS)))
        await until(lambda: bool(it.texts("varlog/system")))
        await it.instances.close()
        assert await start is not None
        assert not containers(it.owner)


OWNER_PROCESS = """
import asyncio, sys
from pipeline import commands
from pipeline.adapters import processes
from tests.local_cloud_run import images, plane, services

async def main():
    async with plane.plane() as it:
        processes.guard(commands.remove_owned(images.engine(), it.owner))
        await it.serve(plane.spec("all-round", services.ALL_ROUND))
        print(it.owner, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def test_kill_9_of_the_owner_leaves_no_container() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER_PROCESS], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        owner = process.stdout.readline().strip()
        assert containers(owner)
        os.kill(process.pid, signal.SIGKILL)
    clock = real_world()
    deadline = clock.monotonic() + 15
    while containers(owner):
        assert clock.monotonic() < deadline
        clock.sleep(0.05)
