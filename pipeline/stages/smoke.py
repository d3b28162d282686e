"""Smoke: run the image as Cloud Run would, before it is pushed."""

from __future__ import annotations

import signal

from pipeline import commands
from pipeline.adapters.container import Container, Ended, container
from pipeline.adapters.engine import must_answer
from pipeline.checks.health import judge_answer
from pipeline.checks.lines import judge_lines
from pipeline.commands import ContainerRun
from pipeline.context import Context
from pipeline.errors import EngineFailed, PipelineError, SmokeFailed, WrongArchitecture
from pipeline.inspected import Address
from pipeline.model import Outcome, concluded
from pipeline.stages.build import built_image

GRACE = 10
"""Seconds between SIGTERM and SIGKILL (API facts §4.2)."""

_EVERY = 0.05  # seconds between looks
_SELDOM = 1.0  # seconds between requests in the end: each may leave a line in its log
_TO_START = 60.0  # seconds the engine may take before the container runs
_ENGINE_ITSELF = 125  # exit code of `docker run` when not the container failed


def smoke(context: Context) -> None:
    """It listens in time, is healthy, writes what it must, and stops when told."""
    _, image = built_image(context)
    run = _as_cloud_run_would(context, image.id)
    context.report.stage("smoke", f"{image.reference} with {_limits(run)}")
    context.report.command(commands.run_container(context.engine, run))
    with container(context.engine, context.world, run) as running:
        with context.report.waiting("until it listens"):
            address = _listens(context, running)
        with context.report.waiting("until it is healthy"):
            _is_healthy(context, running, address)
        _wrote_the_right_lines(context, running)
        _stops(context, running)


def _as_cloud_run_would(context: Context, image: str) -> ContainerRun:
    config, token = context.config, context.world.token(6)
    contract = commands.contract_env(config.service, f"{config.service}-smoke", config.run.port)
    return ContainerRun(
        image=image, name=f"smoke-{config.service}-{token}", owner=f"smoke-{token}",
        port=config.run.port, env={**config.run.env, **config.smoke.env, **contract},
        cpu=config.run.cpu, memory=config.run.memory, platform=config.platform,
    )  # fmt: skip


def _limits(run: ContainerRun) -> str:
    return f"PORT={run.port}, {run.cpu:g} CPU, {run.memory >> 20} MiB"


def _listens(context: Context, running: Container) -> Address:
    """Wait until it listens; the time allowed counts from when the container runs."""
    world, allowed = context.world, context.config.startup.listen_within
    address = _address(context, running)
    began = world.monotonic()
    while not world.listens(address):
        ended = running.ended()
        if ended is not None:
            raise _failed(running, f"it ended before it listened: {_how(ended, running.run)}")
        if world.monotonic() - began > allowed:
            raise _failed(
                running,
                f"it did not listen on port {running.run.port} within {allowed:g} s",
                "listen on 0.0.0.0 (not 127.0.0.1) and on the port in $PORT",
            )
        world.sleep(_EVERY)
    context.report.step(f"listens on $PORT after {world.monotonic() - began:.1f} s")
    return address


def _address(context: Context, running: Container) -> Address:
    deadline = context.world.monotonic() + _TO_START
    while context.world.monotonic() < deadline:
        address = running.address()
        if address is not None:
            return address
        ended = running.ended()
        if ended is not None:
            raise _did_not_run(running, ended)
        context.world.sleep(_EVERY)
    raise _failed(running, f"the engine did not start it within {_TO_START:g} s")


def _is_healthy(context: Context, running: Container, address: Address) -> None:
    health, allowed = context.config.health, context.config.startup.listen_within
    url = f"http://127.0.0.1:{address.host_port}{health.path}"
    deadline, pause = context.world.monotonic() + allowed, _EVERY
    while True:
        verdict = judge_answer(context.world.get(url, {}, allowed), health.expect)
        if verdict.outcome is Outcome.PASS:
            context.report.verdict(verdict)
            return
        ended = running.ended()
        if ended is not None:
            raise _failed(running, f"it ended when asked: {_how(ended, running.run)}")
        if context.world.monotonic() > deadline:
            context.report.verdict(verdict)
            raise _failed(
                running,
                f"{health.path} is not healthy: {verdict.evidence}",
                f"mend it; or say in {context.config.file.name} what it needs here (smoke.env), "
                "or what healthy means (health.expect)",
            )
        context.world.sleep(pause)
        pause = min(pause * 2, _SELDOM)


def _wrote_the_right_lines(context: Context, running: Container) -> None:
    startup, world = context.config.startup, context.world
    deadline = world.monotonic() + startup.listen_within
    while True:
        verdict = judge_lines(running.lines, startup.required_logs, startup.forbidden_logs)
        if verdict.outcome is not Outcome.INCONCLUSIVE:
            break
        if world.monotonic() > deadline:
            verdict = concluded(verdict)
            break
        world.sleep(_EVERY)
    context.report.verdict(verdict)
    if verdict.outcome is Outcome.FAIL:
        raise _failed(running, f"its output is not right: {verdict.evidence}")


def _stops(context: Context, running: Container) -> None:
    stopped = running.stop(GRACE)
    if stopped.killed:
        raise _failed(
            running,
            f"it did not stop within {GRACE} s of SIGTERM and was killed",
            "handle SIGTERM; in a shell start the server with exec, so that it gets the signal",
        )
    if stopped.handled:
        context.report.step(f"stops {stopped.seconds:.1f} s after SIGTERM")
    else:
        context.report.warn("it does not handle SIGTERM: requests in flight are cut off")


def _failed(running: Container, what: str, remedy: str = "") -> PipelineError:
    running.process.wait(1.0)  # a crash is followed by its last lines
    lines = tuple(running.lines)
    must_answer(running.world, running.engine, lines)
    if any("exec format error" in line for line in lines):
        return WrongArchitecture(
            f"its program is not for {running.run.platform}",
            where=f"image {running.run.image[:19]}",
            remedy="look for --platform in FROM, and for programs copied from another machine",
            lines=lines,
        )
    return SmokeFailed(
        what,
        where=f"image {running.run.image[:19]}",
        remedy=remedy or "mend what its output says above; nothing was pushed or deployed",
        lines=lines or ("(it wrote nothing at all)",),
    )


def _did_not_run(running: Container, ended: Ended) -> PipelineError:
    if ended.code == _ENGINE_ITSELF:
        return EngineFailed(
            "the engine could not run the container",
            where=running.engine.path,
            remedy="mend what it says above; scripts/engine starts an engine that stopped",
            lines=tuple(running.lines),
        )
    return _failed(running, f"it did not run: {_how(ended, running.run)}")


def _how(ended: Ended, run: ContainerRun) -> str:
    if ended.out_of_memory:
        return f"out of memory, with a limit of {run.memory >> 20} MiB"
    if ended.code > 128:
        try:
            return f"killed by {signal.Signals(ended.code - 128).name}"
        except ValueError:
            pass
    return f"exit code {ended.code}"
