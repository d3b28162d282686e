"""Public addresses: one loopback port for each service and each tag, so that URLs work anywhere."""

from __future__ import annotations

import asyncio
import socket
from asyncio import Server, Task
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from pipeline.local_cloud_run.values import Site

_HOST = "127.0.0.1"
_BACKLOG = 512
_LAST_ANSWERS = 10.0  # seconds for requests in flight when an address goes
_AT_ONCE = 0.05  # seconds; to aiohttp, zero means for ever
_LONGEST_HEADER = 64 * 1024  # bytes


@dataclass(frozen=True)
class _Listener:
    port: int
    server: web.Server
    opening: Task[Server]


class Sites:
    """Listeners on loopback. All methods belong to one event loop.

    ``before`` are ports that sites had: each is taken again by who had it, if it is still free.
    """

    def __init__(
        self,
        handle: Callable[[Site, web.BaseRequest], Awaitable[web.StreamResponse]],
        before: Mapping[Site, int] | None = None,
    ) -> None:
        self._handle = handle
        self._before = dict(before or {})
        self._listeners: dict[Site, _Listener] = {}

    def uri(self, site: Site) -> str:
        """``http://127.0.0.1:PORT``. Bound on first use, the same until the site is dropped."""
        if site not in self._listeners:
            self._listeners[site] = self._listen(site)
        return f"http://{_HOST}:{self._listeners[site].port}"

    def ports(self) -> dict[Site, int]:
        """The ports of all sites there are."""
        return {site: listener.port for site, listener in self._listeners.items()}

    async def drop(self, site: Site) -> None:
        """Take no more connections; requests in flight get 10 s."""
        listener = self._listeners.pop(site, None)
        if listener is not None:
            await _close(listener, _LAST_ANSWERS)

    async def close(self) -> None:
        """Hang up on everybody, in parallel. The ports stay known: they may be kept after this."""
        closing = [_close(listener, _AT_ONCE) for listener in self._listeners.values()]
        await asyncio.gather(*closing)

    def _listen(self, site: Site) -> _Listener:
        """Clients can connect as soon as this returns; they wait in the backlog for the loop."""
        bound = _bind(self._before.pop(site, 0))

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            return await self._handle(site, request)

        server = web.Server(
            answer,
            handler_cancellation=True,
            access_log=None,
            auto_decompress=False,  # a body is the container's to read
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
        )
        loop = asyncio.get_running_loop()
        opening = loop.create_task(loop.create_server(server, sock=bound, backlog=_BACKLOG))
        return _Listener(bound.getsockname()[1], server, opening)


def _bind(port: int) -> socket.socket:
    try:
        return socket.create_server((_HOST, port), backlog=_BACKLOG)
    except OSError:
        if not port:
            raise
        return _bind(0)


async def _close(listener: _Listener, seconds: float) -> None:
    (await listener.opening).close()
    listener.server.pre_shutdown()  # idle connections go first
    await listener.server.shutdown(seconds)
