"""Relaying a WebSocket, message by message."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

import aiohttp
from aiohttp import WSCloseCode, WSMsgType, web
from multidict import CIMultiDict
from yarl import URL

from pipeline.local_cloud_run.front_end.visits import Visit
from pipeline.local_cloud_run.values import Refusal

_LONGEST_MESSAGE = 32 * 1024 * 1024  # bytes
_HANDSHAKE = ("Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Extensions")

# Codes that stand for a missing close frame may not be sent themselves (RFC 6455 §7.4.1).
_SENDABLE = {
    1005: WSCloseCode.OK,
    1006: WSCloseCode.INTERNAL_ERROR,
    1015: WSCloseCode.INTERNAL_ERROR,
}

_Socket = aiohttp.ClientWebSocketResponse | web.WebSocketResponse


def is_upgrade(headers: Mapping[str, str]) -> bool:
    return headers.get("Upgrade", "").lower() == "websocket"


async def relay(
    session: aiohttp.ClientSession, url: URL, headers: CIMultiDict[str], visit: Visit
) -> web.StreamResponse:
    """Connect to the container first, then accept with the subprotocol it chose.

    A container that refuses the handshake has its status passed on. Raises ClientError when it
    neither refuses nor accepts.
    """
    offered = headers.popall("Sec-WebSocket-Protocol", [])
    protocols = [name.strip() for line in offered for name in line.split(",")]
    for name in _HANDSHAKE:
        headers.popall(name, None)
    try:
        upstream = await session.ws_connect(
            url,
            headers=headers,
            protocols=protocols,
            autoclose=False,
            autoping=False,
            max_msg_size=_LONGEST_MESSAGE,
        )
    except aiohttp.WSServerHandshakeError as error:
        if error.status == 101:
            raise
        return visit.refuse(Refusal(error.status, error.message))
    async with upstream:
        accepted = [upstream.protocol] if upstream.protocol else []
        client = web.WebSocketResponse(
            protocols=accepted,
            autoclose=False,
            autoping=False,
            max_msg_size=_LONGEST_MESSAGE,
            compress=False,
        )
        await client.prepare(visit.request)
        visit.begin(101)
        code = await _first(_copy(client, upstream), _copy(upstream, client))
        for socket in (upstream, client):
            await socket.close(code=code)
    return client


async def _first(*directions: Coroutine[Any, Any, int]) -> int:
    """Both directions until one is through; its close code."""
    tasks = [asyncio.create_task(direction) for direction in directions]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return done.pop().result()


async def _copy(source: _Socket, sink: _Socket) -> int:
    """Pass messages on until the source closes; the code to close the sink with."""
    async for message in source:
        if message.type is WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await sink.send_bytes(message.data)
        elif message.type is WSMsgType.PING:
            await sink.ping(message.data)
        elif message.type is WSMsgType.PONG:
            await sink.pong(message.data)
    code = source.close_code or WSCloseCode.OK
    return _SENDABLE.get(code, code)
