"""What the service needs, beside it: containers of their own, or addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline import commands, inspected
from pipeline.adapters.container import Container, container
from pipeline.adapters.images import Images
from pipeline.adapters.relay import relay
from pipeline.context import Context
from pipeline.errors import DependencyFailed
from pipeline.inspected import Address
from pipeline.steps.smoking.failing import how
from pipeline.steps.smoking.hearing import heard
from pipeline.steps.smoking.runs import beside
from pipeline.steps.smoking.starting import until_it_listens

if TYPE_CHECKING:
    from pipeline.config.sections import Dependency

_TO_COME_UP = 60.0  # seconds that an image may take until it listens
_TO_ANSWER = 10.0  # seconds that an address may take
_EVERY = 0.1  # seconds between looks
_NOWHERE = ("127.0.0.1", 1)  # in the service's own container; nothing listens there


@dataclass(frozen=True)
class Needed:
    """Something the service needs, and where its container finds it."""

    what: Dependency
    host: str
    port: int

    @property
    def variables(self) -> dict[str, str]:
        return _filled(self.what, self.host, self.port)

    @property
    def elsewhere(self) -> dict[str, str]:
        """The same variables, leading to where nobody listens."""
        return _filled(self.what, *_NOWHERE)


def variables_of(needed: Sequence[Needed]) -> Mapping[str, str]:
    return {name: value for each in needed for name, value in each.variables.items()}


@contextmanager
def standing(context: Context) -> Iterator[tuple[Needed, ...]]:
    """Everything that ``smoke.services`` names, up and reachable."""
    with ExitStack() as stack:
        found = []
        for what in context.config.smoke.services:
            with context.report.waiting(f"until {what.name} listens"):
                needed = _image(context, what, stack) or _address(context, what, stack)
            context.report.step(f"{what.name} listens at {needed.host}:{needed.port}")
            found.append(needed)
        yield tuple(found)


def _filled(what: Dependency, host: str, port: int) -> dict[str, str]:
    return {
        name: value.replace("{host}", host).replace("{port}", str(port))
        for name, value in what.provides.items()
    }


def _image(context: Context, what: Dependency, stack: ExitStack) -> Needed | None:
    if what.image is None or what.port is None:
        return None
    images = Images(context.engine, context.world)
    image = images.find(what.image) or images.pull(what.image)
    if image is None:
        raise DependencyFailed(
            f"the image of {what.name} is neither here nor in its registry",
            where=what.image,
            remedy=f"correct its name in smoke.services; or get it: {context.engine.name} pull "
            f"{what.image}",
        )
    run = beside(context, image.id, what.port, what.env)
    running = stack.enter_context(container(context.engine, context.world, run))
    start = until_it_listens(running, _TO_COME_UP)
    if start.ended is not None:
        raise _down(running, what, f"ended before it listened: {how(start.ended, run)}")
    if start.address is None:
        said = heard(running.listeners(), what.port)
        raise _down(
            running, what,
            f"did not listen on port {what.port} within {_TO_COME_UP:g} s: {said}",
        )  # fmt: skip
    if not start.address.ip:
        raise _down(running, what, "has no address that other containers reach")
    return Needed(what, start.address.ip, what.port)


def _down(running: Container, what: Dependency, fault: str) -> DependencyFailed:
    running.process.wait(1.0)
    return DependencyFailed(
        f"{what.name} {fault}",
        where=f"smoke.services, {what.name}: {what.image}",
        remedy="mend its entry, port and env; or run it yourself and give its address",
        lines=tuple(running.lines),
    )


def _address(context: Context, what: Dependency, stack: ExitStack) -> Needed:
    host, _, digits = (what.address or "").rpartition(":")
    port, world = int(digits), context.world
    deadline = world.monotonic() + _TO_ANSWER
    while not world.listens(Address(0, host, port)):
        if world.monotonic() > deadline:
            raise DependencyFailed(
                f"nothing answers at {what.address}",
                where=f"smoke.services, {what.name}",
                remedy=f"start {what.name}, or correct its address",
            )
        world.sleep(_EVERY)
    if not (host == "localhost" or host.startswith("127.")):
        return Needed(what, host, port)
    return _through_the_bridge(context, what, (host, port), stack)


def _through_the_bridge(
    context: Context, what: Dependency, to: tuple[str, int], stack: ExitStack
) -> Needed:
    """This machine's loopback, where no container gets to, by a relay on the engine's bridge."""
    network = context.world.run(commands.inspect_bridge(context.engine))
    gateway = inspected.gateway(inspected.first(network.output)) if network.ok else ""
    try:
        if gateway:
            return Needed(what, gateway, stack.enter_context(relay(gateway, to)))
    except OSError:
        pass  # the engine's bridge is in another machine, or a network of its own
    host = f"host.{'docker' if context.engine.name == 'docker' else 'containers'}.internal"
    context.report.warn(
        f"the engine's bridge is not on this machine: the service finds {what.name} at {host}, "
        "if the engine knows that name"
    )
    return Needed(what, host, to[1])
