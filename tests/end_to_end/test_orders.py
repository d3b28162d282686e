"""Orders to a shift under way, from another process; and signals in the middle of one."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time

import pytest
import requests

from pipeline import errors
from tests.end_to_end import warm
from tests.end_to_end.conftest import SERVICES, until
from tests.end_to_end.counting import counting

_RESTORED = 10.0  # seconds that an interrupt may take
_AT_ONCE = 2.0  # seconds that a second one may take


@pytest.fixture
def serving(project):
    """A service with a first revision, and a second one that is verified."""
    project.source, project.environ = "steady", warm.on_its_own(project.environ)
    project.more = {"PIPELINE_HEALTH_SETTLE": "0s", "PIPELINE_HEALTH_PROBES": "1"}
    project.passes("build", "deploy", "verify", "shift")
    (project.first,) = project.split()
    return project


def at_half(project, step_time: str) -> warm.Run:
    """A shift that has just given 50 %, which it watches for so long."""
    project.more["PIPELINE_TRAFFIC_STEP_TIME"] = step_time
    run = warm.start(project, "shift")
    until(lambda: len(project.split()) == 2)
    (project.second,) = project.split().keys() - {project.first}
    return run


@pytest.fixture
def verified(serving):
    """The same with a candidate that only has to be shifted."""
    serving.passes("deploy --hold", "verify --hold")
    return serving


@pytest.fixture
def shifting(verified):
    """A shift that stands at 50 % for as long as the test likes."""
    run = at_half(verified, "1h")
    yield run
    run.process.kill()
    run.process.join()


def test_a_paused_shift_stays_where_it_is_until_it_is_resumed(verified):
    serving, shifting = verified, at_half(verified, "3s")
    serving.passes("shift --pause")

    ran = shifting.ended()

    assert ran.code == errors.Paused.exit_code, ran.output
    assert f"process {os.getpid()} paused it at 20" in ran.output
    half = {serving.first: 50, serving.second: 50}
    assert serving.split() == half
    assert serving.run("shift").code == errors.Paused.exit_code
    assert serving.split() == half
    assert "shift -- --resume" in serving.passes("status")

    serving.more["PIPELINE_TRAFFIC_STEP_TIME"] = "0s"
    serving.passes("shift --resume")
    assert serving.split() == {serving.second: 100}


def test_an_aborted_shift_ends_and_traffic_is_as_before(serving, shifting):
    serving.passes("shift --abort")
    assert serving.split() == {serving.first: 100}

    ran = shifting.ended()

    assert ran.code == errors.ChangedMeanwhile.exit_code, ran.output
    assert "aborted" in ran.output
    assert serving.split() == {serving.first: 100}
    assert serving.run("shift").code == errors.NoCandidate.exit_code


def test_a_shift_to_a_quarter_holds_there_and_a_later_one_finishes(serving):
    serving.passes("deploy", "verify", "shift --to 25")
    (second,) = serving.split().keys() - {serving.first}
    assert serving.split() == {serving.first: 75, second: 25}

    serving.passes("shift")

    assert serving.split() == {second: 100}


def test_a_second_release_is_refused_while_the_first_is_at_work(serving, shifting):
    serving.more["PIPELINE_JOBS"] = "[{name: migrate, command: ['true']}]"
    for stage in warm.RELEASE:
        ran = serving.run(stage)
        assert ran.code == errors.ServiceBusy.exit_code, ran.output
        assert f"process {shifting.pid}, since 20" in ran.output
    assert serving.split() == {serving.first: 50, serving.second: 50}
    assert shifting.process.is_alive()


def test_a_rollback_ends_the_release_under_way(serving, shifting):
    said = serving.passes("rollback")

    assert f"process {shifting.pid}" in said
    assert shifting.ended().code == errors.ChangedMeanwhile.exit_code
    assert serving.split() == {serving.first: 100}


def test_an_image_that_failed_under_traffic_is_deployed_again_only_by_force(serving, tmp_path):
    shutil.copytree(SERVICES / "steady", tmp_path / "another")
    (tmp_path / "another/change.txt").write_text("another image\n")
    serving.source = str(tmp_path / "another")
    serving.passes("build", "deploy --hold", "verify --hold")
    shifting = at_half(serving, "1h")
    for _ in range(20):
        requests.get(f"{serving.url()}/turn-bad/{serving.second}", timeout=5)
    ran = shifting.ended()
    assert ran.code == errors.ShiftFailed.exit_code, ran.output
    assert serving.split() == {serving.first: 100}

    refused = serving.run("deploy")

    assert refused.code == errors.ImageRejected.exit_code, refused.output
    assert serving.second in refused.output
    serving.more["PIPELINE_TRAFFIC_STEP_TIME"] = "0s"
    assert "the test did it" in serving.run("deploy", "--force", "the test did it").output
    serving.passes("verify", "shift")
    (third,) = serving.split()
    assert third not in {serving.first, serving.second}
    serving.passes("deploy", "verify", "shift")


@pytest.mark.parametrize(
    ("number", "error"),
    [(signal.SIGINT, errors.Interrupted), (signal.SIGTERM, errors.Terminated)],
)
def test_an_interrupt_in_the_middle_of_a_watch_restores_traffic(serving, shifting, number, error):
    sent = time.monotonic()
    shifting.send(number)
    until(lambda: serving.split() == {serving.first: 100}, _RESTORED)

    ran = shifting.ended()

    assert time.monotonic() - sent < _RESTORED
    assert ran.code == error.exit_code
    assert f"traffic is as before the release: {serving.first} 100 %" in ran.output


def test_a_second_interrupt_leaves_at_once_and_says_what_it_left(verified, local_cloud_run):
    asked, over = threading.Event(), threading.Event()

    def held(call, answered):
        """The write of the undo, and nothing else."""
        if call.is_write and call.nth == 2:
            asked.set()
            over.wait(60)
        return over.is_set()

    with counting(local_cloud_run) as proxy:
        proxy.hook = held
        verified.more["CLOUD_RUN_EMULATOR_HOST"] = proxy.address
        run = at_half(verified, "1h")
        run.send(signal.SIGINT)
        assert asked.wait(_RESTORED)
        again = time.monotonic()
        run.send(signal.SIGINT)
        ran = run.ended()
        took = time.monotonic() - again
        over.set()

    assert took < _AT_ONCE
    assert ran.code == errors.Interrupted.exit_code
    assert f"before the release it served {verified.first} 100 %" in ran.output
    assert f"nox -s rollback -- --to {verified.first}" in ran.output
    assert verified.split() == {verified.first: 50, verified.second: 50}
