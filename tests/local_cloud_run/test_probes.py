"""Startup probes against real sockets, and their limits."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator

import pytest

from pipeline.inspected import Address
from pipeline.local_cloud_run.containers.probes import attempts_in, limit_of, until_ready
from pipeline.local_cloud_run.values import Probe
from tests.local_cloud_run.plane import on_loop


@contextlib.asynccontextmanager
async def server(hangs_up_after: float | None) -> AsyncIterator[int]:
    """A port that takes connections, and hangs up on them as the engine's proxy would."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(hangs_up_after):
                await reader.read()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def closed_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@on_loop
async def test_the_containers_own_address_decides_at_once() -> None:
    async with server(None) as port:
        began = time.monotonic()
        assert await until_ready(Probe(), Address(closed_port(), "127.0.0.1", port), 5)
        assert time.monotonic() - began < 1
        refused = Address(port, "127.0.0.1", closed_port())
        assert not await until_ready(Probe(), refused, 0.3)


@on_loop
async def test_without_one_a_connection_must_stay_open() -> None:
    async with server(None) as port:
        assert await until_ready(Probe(), Address(port, "", 8080), 5)
    async with server(0.2) as port:
        assert not await until_ready(Probe(), Address(port, "", 8080), 1.5)
    assert not await until_ready(Probe(), Address(closed_port(), "", 8080), 0.3)


@on_loop
async def test_the_initial_delay_is_kept() -> None:
    async with server(None) as port:
        address = Address(port, "127.0.0.1", port)
        assert not await until_ready(Probe(initial_delay=5), address, 0.2)


@pytest.mark.parametrize(
    ("probe", "startup_limit", "seconds"),
    [
        (Probe(), None, 240),
        (Probe(), 5.0, 5),
        (Probe(initial_delay=2, period=10, failure_threshold=3), None, 32),
        (Probe(period=1, failure_threshold=2), 5.0, 2),
    ],
)
def test_the_limit(probe: Probe, startup_limit: float | None, seconds: float) -> None:
    assert limit_of(probe, startup_limit) == seconds


def test_attempts_are_counted_as_cloud_run_makes_them() -> None:
    probe = Probe(initial_delay=1, period=10, failure_threshold=3)
    assert [attempts_in(probe, seconds) for seconds in (0, 5, 12, 25, 99)] == [1, 1, 2, 3, 3]
    assert attempts_in(Probe(), 239) == 1
