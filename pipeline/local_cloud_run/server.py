"""The local Cloud Run as one server on loopback: parts wired together, started and stopped."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import SystemRandom, token_bytes

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from pipeline.adapters.world import World, real_world
from pipeline.commands import Engine, remove_owned
from pipeline.errors import PortTaken, StateUnusable
from pipeline.local_cloud_run.api import iam
from pipeline.local_cloud_run.api.grpc.server import serving as serving_grpc
from pipeline.local_cloud_run.api.listener import Api
from pipeline.local_cloud_run.api.logs import LogStore
from pipeline.local_cloud_run.cloud_build.builds import Builds
from pipeline.local_cloud_run.cloud_build.workspace import storage_url
from pipeline.local_cloud_run.console.pages import Console
from pipeline.local_cloud_run.containers.instances import Instances
from pipeline.local_cloud_run.containers.tasks import Tasks
from pipeline.local_cloud_run.control import ControlPlane
from pipeline.local_cloud_run.faults.faults import Faults
from pipeline.local_cloud_run.faults.plan import Plan
from pipeline.local_cloud_run.front_end.proxy import Proxy
from pipeline.local_cloud_run.front_end.sites import Sites
from pipeline.local_cloud_run.persistence.document import Kept
from pipeline.local_cloud_run.persistence.folder import Folder, opened
from pipeline.local_cloud_run.persistence.keeping import keeping
from pipeline.local_cloud_run.state.events import Restarted
from pipeline.local_cloud_run.state.traffic import route
from pipeline.local_cloud_run.values import Addresses, Refusal, RevisionKey, Site

_HOST = "127.0.0.1"
_LAST_ANSWERS = 0.5  # seconds for calls in flight when the server stops


@dataclass(frozen=True, kw_only=True)
class Options:
    """Port 0 takes a free one. Times are in seconds; ``startup_limit`` None leaves Cloud Run's.

    ``secrets`` maps secret ids to values, for variables that name a secret. ``state`` is the folder
    where the state is kept.
    """

    engine: Engine
    port: int = 0
    grpc_port: int = 0
    startup_limit: float | None = None
    idle_after: float = 900.0
    secrets: Mapping[str, str] = field(default_factory=dict)
    faults: Plan = field(default_factory=Plan)
    state: Path | None = None
    world: World = field(default_factory=real_world)


def run(
    options: Options,
    ready: Callable[[Addresses], None],
    meanwhile: Callable[[Addresses], Coroutine[None, None, None]] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then stop cleanly. Raises PortTaken.

    With ``meanwhile``, such as a shell on the same terminal: until that is over, or SIGTERM.
    """

    async def until_over() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        under_way: list[asyncio.Task[None]] = []

        def begin(addresses: Addresses) -> None:
            ready(addresses)
            if meanwhile:
                under_way.append(loop.create_task(meanwhile(addresses)))
                under_way[0].add_done_callback(lambda _: stop.set())

        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.add_signal_handler(signal.SIGINT, (lambda: None) if meanwhile else stop.set)
        await serve(options, ready=begin, stop=stop)

    gc.collect()
    gc.freeze()  # a full collection need not go through Google's clients while requests wait
    asyncio.run(until_over())


async def serve(
    options: Options, *, ready: Callable[[Addresses], None], stop: asyncio.Event
) -> None:
    """Serve on loopback until ``stop``; ``ready`` is told where.

    Containers get SIGTERM and 10 s at the end. If this process is killed, a guard removes them.
    Raises PortTaken, StateTaken and StateUnusable.
    """
    logging.getLogger("aiohttp.server").addFilter(_is_our_fault)
    with ExitStack() as held, _bind(options.port, "--port") as listener:
        _bind(options.grpc_port, "--grpc-port").close()  # gRPC takes no socket, and says less
        owner = f"local-{options.world.token(8)}"
        folder = held.enter_context(opened(options.state)) if options.state else None
        call_off = options.world.guard(remove_owned(options.engine, owner))
        try:
            async with (
                _parts(options, owner, folder, stop) as (api, console),
                serving_grpc(api, f"{_HOST}:{options.grpc_port}", _LAST_ANSWERS) as grpc_address,
            ):
                runner = web.AppRunner(
                    api.application(*console.routes()),
                    access_log=None,
                    shutdown_timeout=_LAST_ANSWERS,
                )
                await runner.setup()
                await web.SockSite(runner, listener).start()
                ready(Addresses(f"{_HOST}:{listener.getsockname()[1]}", grpc_address))
                await stop.wait()
                await runner.cleanup()
        except StateUnusable:
            call_off()  # all is closed by then
            raise
        call_off()


@asynccontextmanager
async def _parts(
    options: Options, owner: str, folder: Folder | None, stop: asyncio.Event
) -> AsyncIterator[tuple[Api, Console]]:
    """The parts, each given what it needs of the others; closed from the outside in."""
    world = options.world
    since = world.now()
    faults, before = Faults(options.faults), folder.before if folder else Kept()
    store, tokens = LogStore(world.now, lag=faults.log_lag), iam.Tokens(token_bytes(32))
    instances = Instances(
        options.engine, owner, store.add, world.now,
        startup_limit=options.startup_limit, idle_after=options.idle_after,
        before_start=faults.before_start,
    )  # fmt: skip

    def resolve(site: Site, roll: float) -> RevisionKey | Refusal:
        return route(control.state, site, roll)

    def authorise(site: Site, headers: Mapping[str, str]) -> Refusal | None:
        service = control.state.services.get(site.key)
        if service is None:
            return None
        return iam.authorise(service, control.uri(Site(site.key)), headers, tokens, world.now())

    tasks = Tasks(options.engine, owner, store.add, world.now)
    proxy = Proxy(instances, resolve, authorise, store.add, world.now, SystemRandom().random)
    sites = Sites(proxy.handle, before.ports)
    builds = Builds(options.engine, storage_url(world.environ), store.add, world.now)
    async with keeping(folder, lambda: Kept(control.state, control.ports()), stop.set) as noted:
        control = ControlPlane(
            instances, tasks, sites, store.add, world.now, world.token, options.secrets,
            before.state, faults, noted,
        )  # fmt: skip
        try:
            control.ports()
            control.submit(Restarted())
            yield (
                Api(control, builds, store, tokens, world.now, since),
                Console(control, store, world.now, since),
            )
        finally:
            await builds.close()
            await control.close()
            await sites.close()
            await tasks.close()  # first: the instances end by removing what is left of this owner
            faults.set(Plan())  # no start is held up any longer
            await instances.close()
            await proxy.close()


def _is_our_fault(record: logging.LogRecord) -> bool:
    """What a client sent that is no HTTP has its 400, and needs no traceback here."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, (HttpProcessingError, web.RequestPayloadError))


def _bind(port: int, option: str) -> socket.socket:
    try:
        return socket.create_server((_HOST, port))
    except OSError as error:
        is_taken = error.errno == errno.EADDRINUSE
        why = "another program listens there" if is_taken else os.strerror(error.errno or 0)
        raise PortTaken(
            f"the local Cloud Run cannot listen on port {port}: {why}",
            where=f"{_HOST}:{port}",
            remedy=f"stop the program that uses the port, or choose another one with {option}; "
            "0 takes a free one",
        ) from error
