"""More starts of the same image, each with one thing changed, beside the one that is watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from pipeline.adapters.container import Container, container
from pipeline.commands import ContainerRun
from pipeline.context import Context
from pipeline.steps.smoking.beside import Needed
from pipeline.steps.smoking.exits import brief
from pipeline.steps.smoking.hearing import takes_all
from pipeline.steps.smoking.importing import importing, judge_imports
from pipeline.steps.smoking.runs import another, with_env
from pipeline.steps.smoking.starting import until_it_listens

_EVERY = 0.05  # seconds between looks
_PORTS = range(20000, 30000)


@dataclass(frozen=True)
class _Trial:
    """A container to run, and what to make of it ``until`` a moment on the clock."""

    run: ContainerRun
    judge: Callable[[Container, float], None]


@contextmanager
def trials(
    context: Context, run: ContainerRun, needed: Sequence[Needed]
) -> Iterator[Callable[[], None]]:
    """Begin all of them at once; the result judges them, when there is time for it."""
    planned = [*_imports(context, run), _other_port(context, run)]
    for each in needed:
        if each.variables == each.elsewhere:
            name = each.what.name
            context.report.note(f"{name} provides no address: a start without it is not tried")
        else:
            planned.append(_without(context, run, each))
    with ExitStack() as stack:
        until = context.world.monotonic() + context.config.startup.listen_within
        begun = [
            (one, stack.enter_context(container(context.engine, context.world, one.run)))
            for one in planned
        ]

        def judge() -> None:
            for one, running in begun:
                one.judge(running, until)

        yield judge


def _imports(context: Context, run: ContainerRun) -> Iterator[_Trial]:
    if context.config.startup.imports:
        yield _Trial(importing(context, run), lambda running, _: judge_imports(context, running))


def _other_port(context: Context, run: ContainerRun) -> _Trial:
    chance = int(context.world.hex_token(4), 16)
    port = next(port for port in _PORTS[chance % len(_PORTS) :] if port != run.port)
    other = another(context, run, port=port, env={**run.env, "PORT": str(port)})
    return _Trial(other, lambda running, until: _judge_port(context, running, until))


def _judge_port(context: Context, running: Container, until: float) -> None:
    """Does it listen where PORT says, or where it always does?"""
    world, usual, address = context.world, context.config.run.port, None
    while True:
        address = address or running.address()
        if address and world.listens(address):
            context.report.step(f"listens on another port too when PORT says so ({address.port})")
            return
        if address and takes_all(running.listeners(), usual):
            context.report.warn(
                f"it listens on {usual} whatever PORT says: it works as long as run.port is {usual}"
            )
            return
        ended = running.ended()
        if ended or world.monotonic() > until:
            how = f"{brief(ended.code)}" if ended else "it does not listen in time"
            context.report.warn(f"with PORT={running.run.port}: {how}")
            return
        world.sleep(_EVERY)


def _without(context: Context, run: ContainerRun, needed: Needed) -> _Trial:
    alone = with_env(context, run, needed.elsewhere)
    return _Trial(alone, lambda running, until: _judge_without(context, running, needed, until))


def _judge_without(context: Context, running: Container, needed: Needed, until: float) -> None:
    name, world = needed.what.name, context.world
    start = until_it_listens(running, max(until - world.monotonic(), 0.0))
    if start.address:
        context.report.step(f"it starts without {name}")
        return
    fate = f"it does not listen within {context.config.startup.listen_within:g} s"
    if start.ended:
        fate = f"{brief(start.ended.code)} after {start.seconds:.1f} s"
    context.report.warn(
        f"it needs {name} to start: without it, {fate}; on Cloud Run no instance starts while "
        f"{name} is away"
    )
