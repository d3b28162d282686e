"""The same API over gRPC, on a loopback port without TLS (API facts §14).

No page in a browser can reach it: gRPC is HTTP/2, which browsers speak under TLS only. So there is
no host name to look at, as there is for REST.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import grpc
from multidict import MultiDict

from pipeline.errors import PortTaken
from pipeline.local_cloud_run.api.grpc.rules import RULES, request_type
from pipeline.local_cloud_run.api.grpc.transcoding import HttpCall, fields, http_call, message
from pipeline.local_cloud_run.api.grpc.types import message_class
from pipeline.local_cloud_run.api.listener import LARGEST_BODY, Api
from pipeline.local_cloud_run.state.rpc import ApiError, Code, invalid, not_emulated
from pipeline.local_cloud_run.values import Json

_OPTIONS = (
    ("grpc.so_reuseport", 0),  # or two servers could share a port
    ("grpc.max_receive_message_length", LARGEST_BODY),
)
_STATUS = {status.value[0]: status for status in grpc.StatusCode}
_LONGEST_MESSAGE = 1024  # bytes; clients take 8 KiB of headers, where each byte may become three


@asynccontextmanager
async def serving(api: Api, address: str, last_answers: float) -> AsyncIterator[str]:
    """Serve at ``address``, HOST:PORT; yields it, with the port it got for port 0.

    At the end, calls in flight have ``last_answers`` seconds. Raises PortTaken.
    """
    server = grpc.aio.server(options=_OPTIONS)
    server.add_generic_rpc_handlers((_Handlers(api),))
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise PortTaken(
            f"The local Cloud Run cannot listen for gRPC: {error}",
            where=address,
            remedy="choose another port with --grpc-port; 0 takes a free one",
        ) from error
    await server.start()
    try:
        yield f"{address.rpartition(':')[0]}:{port}"
    finally:
        await server.stop(last_answers)


class _Handlers:
    """A grpc.GenericRpcHandler for whatever method is called: a refusal, too, has our words."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def service(self, details: Any) -> Any:
        rpc = details.method.removeprefix("/")
        if rpc in RULES:
            return grpc.unary_unary_rpc_method_handler(partial(self._serve, rpc))
        return grpc.stream_stream_rpc_method_handler(partial(_refuse, rpc))

    async def _serve(self, rpc: str, raw: bytes, context: Any) -> bytes:
        try:
            return await _answer(self._api, rpc, raw, context.time_remaining())
        except ApiError as error:
            refusal = error
        except Exception:
            logging.getLogger(__name__).exception("gRPC %s", rpc)
            refusal = ApiError(Code.INTERNAL, f"The local Cloud Run failed to answer {rpc}.")
        await context.abort(_STATUS[refusal.code], _cut(refusal.message))
        raise refusal  # never reached: abort raises


async def _refuse(rpc: str, _requests: Any, context: Any) -> None:
    """Of an RPC that is not emulated, it is not known what streams; this fits all."""
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, _cut(not_emulated(f"the RPC {rpc}").message))


async def _answer(api: Api, rpc: str, raw: bytes, remaining: float | None) -> bytes:
    """Answer SERVICE/METHOD; ``remaining`` is seconds to its deadline, if it has one."""
    rules = RULES[rpc]
    asked = fields(raw, message_class(request_type(rpc)))
    calls = [call for rule in rules if (call := http_call(rule, asked, remaining))]
    if not calls:
        raise invalid(f"Invalid resource field value in the request of {rpc}.")
    found, kind = await _first(api, calls), message_class(rules[0].answer)
    # A thousand log entries take a while, and requests go through the same loop.
    return await asyncio.to_thread(lambda: message(found, kind).SerializeToString())


async def _first(api: Api, calls: list[HttpCall]) -> Json:
    """The answer of the first call that finds what it asks for, or the refusal of the first."""
    refusals: list[ApiError] = []
    for call in calls:
        try:
            return await api.answer(call.verb, call.path, MultiDict(call.query), call.body)
        except ApiError as error:
            refusals.append(error)
            if error.code is not Code.NOT_FOUND:
                break
    raise refusals[0]


def _cut(text: str) -> str:
    return text.encode(errors="replace")[:_LONGEST_MESSAGE].decode(errors="ignore")
