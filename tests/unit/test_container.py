"""A container is gone afterwards, whatever the engine was doing; and only its end is its end."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.adapters.container import container
from pipeline.adapters.processes import Finished
from pipeline.adapters.world import World, real_world
from pipeline.commands import Command, ContainerRun, Engine
from pipeline.errors import EngineFailed

ENGINE = Engine("/bin/docker", "docker")
RUN = ContainerRun(image="sha256:0", name="smoke-1", owner="smoke", port=8080, env={})


class Docker:
    """An engine that still makes the container for ``slow`` looks, and one that may not stop it."""

    def __init__(self, slow: int = 0, code: int | None = 0) -> None:
        self.slow, self.code = slow, code
        self.there, self.called_off = True, False
        self.lines: list[str] = []

    def run(self, command: Command) -> Finished:
        code, output = 0, ""
        if "inspect" in command.argv:
            self.slow -= 1
            code = 0 if self.there and self.slow < 0 else 1
            output = json.dumps([{"State": {"ExitCode": self.code}}]) if code == 0 else ""
        elif "rm" in command.argv and self.slow < 0:
            self.there = False
        return Finished(command.argv, code, output, "")

    def wait(self, seconds: float) -> int | None:
        return self.code

    def kill(self) -> None: ...

    def call_off(self) -> None:
        self.called_off = True

    @property
    def world(self) -> World:
        return replace(
            real_world(), run=self.run, start=lambda command: self, sleep=lambda seconds: None,
            guard=lambda command: self.call_off,
        )  # fmt: skip


@pytest.mark.parametrize("slow", [0, 1, 2])
def test_a_container_that_is_still_being_made_when_it_is_to_go_is_gone(slow: int) -> None:
    docker = Docker(slow)

    with pytest.raises(KeyboardInterrupt), container(ENGINE, docker.world, RUN):
        raise KeyboardInterrupt
    assert not docker.there
    assert docker.called_off


def test_an_interrupted_removal_is_left_to_the_guard() -> None:
    docker = Docker()

    def interrupted(command: Command) -> Finished:
        raise KeyboardInterrupt

    world = replace(docker.world, run=interrupted)
    with pytest.raises(KeyboardInterrupt), container(ENGINE, world, RUN):
        pass
    assert not docker.called_off


@pytest.mark.parametrize(("code", "killed"), [(0, False), (137, True)])
def test_how_it_stopped_is_asked_once_it_has(code: int, killed: bool) -> None:
    with container(ENGINE, Docker(code=code).world, RUN) as running:
        assert running.stop(10).killed is killed


def test_an_engine_that_does_not_stop_it_is_no_pass() -> None:
    stops = pytest.raises(EngineFailed, match="the engine did not stop the container")
    with container(ENGINE, Docker(code=None).world, RUN) as running, stops:
        running.stop(10)
