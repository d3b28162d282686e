"""The front end: every request to a public address, from authorisation to its log entry."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from pipeline.local_cloud_run import messages
from pipeline.local_cloud_run.containers.fleet import Instance, NotServedError
from pipeline.local_cloud_run.containers.instances import Instances
from pipeline.local_cloud_run.front_end import websockets
from pipeline.local_cloud_run.front_end.headers import (
    Trace,
    end_to_end,
    is_reserved,
    to_instance,
    trace_of,
)
from pipeline.local_cloud_run.front_end.visits import CLIENT_LEFT, Visit, path_of
from pipeline.local_cloud_run.values import LogEntry, Refusal, RevisionKey, Site

_REFUSED_METHODS = ("CONNECT", "TRACE")
_LONGEST_HEADER = 64 * 1024  # bytes
_BUFFER = 256 * 1024  # bytes of one body held on its way

# Servers hang up on idle connections after two seconds or more. We let go before they do.
_KEEP_ALIVE = 1.0  # seconds


class Proxy:
    """Sends requests to instances, streaming both ways. ``roll`` gives a number in [0, 1)."""

    def __init__(
        self,
        instances: Instances,
        resolve: Callable[[Site, float], RevisionKey | Refusal],
        authorise: Callable[[Site, Mapping[str, str]], Refusal | None],
        log: Callable[[LogEntry], None],
        now: Callable[[], datetime],
        roll: Callable[[], float],
    ) -> None:
        self._instances = instances
        self._resolve = resolve
        self._authorise = authorise
        self._log = log
        self._now = now
        self._roll = roll
        self._session: aiohttp.ClientSession | None = None

    async def handle(self, site: Site, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request and log it."""
        clock = asyncio.get_running_loop().time
        fresh = Trace(secrets.token_hex(16), secrets.token_hex(8))
        trace = trace_of(request.headers, fresh)
        visit = Visit(request, RevisionKey(*site.key, ""), trace, self._now(), clock())
        try:
            return await self._answer(site, visit)
        finally:
            if visit.logged:
                self._log(visit.entry(clock()))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _answer(self, site: Site, visit: Visit) -> web.StreamResponse:
        request = visit.request
        if is_reserved(request.path):
            return visit.refuse(Refusal(404, messages.NOT_FOUND, logged=False))
        if request.method in _REFUSED_METHODS:
            return visit.refuse(Refusal(405, messages.METHOD_REFUSED))
        refusal = self._authorise(site, request.headers)
        target = refusal or self._resolve(site, self._roll())
        if isinstance(target, Refusal):
            return visit.refuse(target)
        visit.key = target
        try:
            async with self._instances.lease(target) as instance:
                visit.instance = instance.id
                return await self._within_timeout(instance, visit)
        except NotServedError as error:
            return visit.refuse(error.refusal)

    async def _within_timeout(self, instance: Instance, visit: Visit) -> web.StreamResponse:
        """Have the instance answer; say so when it takes too long or breaks off."""
        try:
            async with asyncio.timeout(instance.spec.request_timeout):
                return await self._forward(instance, visit)
        except TimeoutError:
            return _broken(visit, Refusal(504, messages.UPSTREAM_TIMEOUT))
        except (aiohttp.ClientError, OSError, ValueError):
            return _broken(visit, Refusal(503, messages.UPSTREAM_FAILED))

    async def _forward(self, instance: Instance, visit: Visit) -> web.StreamResponse:
        request = visit.request
        url = URL(f"{instance.url}{path_of(request)}", encoded=True)
        headers = CIMultiDict(
            to_instance(request.headers.items(), request.remote or "", visit.trace)
        )
        if websockets.is_upgrade(request.headers):
            return await websockets.relay(self._client(), url, headers, visit)
        await _invite_body(request)
        body = request.content if request.body_exists else None
        async with self._client().request(
            request.method, url, headers=headers, data=body, allow_redirects=False
        ) as upstream:
            return await _relay(upstream, visit)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = _new_session()
        return self._session


async def _invite_body(request: web.BaseRequest) -> None:
    """A client that asked for it waits for our word before it sends a body."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun


async def _relay(upstream: aiohttp.ClientResponse, visit: Visit) -> web.StreamResponse:
    """Stream the container's answer to the client. Raises ValueError for one nobody asked for."""
    if upstream.status == 101:
        raise ValueError("the container switched protocols, unasked")
    response = web.StreamResponse(
        status=upstream.status,
        reason=upstream.reason,
        headers=CIMultiDict(end_to_end(upstream.headers.items())),
    )
    visit.begin(upstream.status)
    await response.prepare(visit.request)
    async for chunk in upstream.content.iter_any():
        await response.write(chunk)
        visit.size += len(chunk)
    await response.write_eof()
    return response


def _broken(visit: Visit, refusal: Refusal) -> web.StreamResponse:
    """Answer with the refusal, or hang up when an answer has begun: it must not look complete."""
    transport = visit.request.transport
    if transport is None or transport.is_closing():  # it is the client who broke off
        return web.Response(status=CLIENT_LEFT)
    if visit.begun:
        transport.abort()
    return visit.refuse(refusal)


def _new_session() -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE),
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        auto_decompress=False,
        read_bufsize=_BUFFER,
        max_line_size=_LONGEST_HEADER,
        max_field_size=_LONGEST_HEADER,
    )
    session._retry_connection = False  # else aiohttp sends a GET again that killed its instance
    return session
