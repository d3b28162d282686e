"""Startup probes: does an instance listen, and does it answer (API facts §4.1)."""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp
from yarl import URL

from pipeline.inspected import Address
from pipeline.local_cloud_run.values import Probe

_OFTEN = 0.05  # seconds between two attempts

# The engine's proxy accepts for the container and hangs up later when nothing listens inside:
# Docker 20.10 was seen to take 0.1 ms on an idle machine and 62 ms on a busy one.
_HANGS_UP_WITHIN = 1.0  # seconds
_DIRECT = 0.25  # seconds


def limit_of(probe: Probe, startup_limit: float | None) -> float:
    """Seconds from the start of the container until the probe has failed for good."""
    limit = probe.initial_delay + probe.period * probe.failure_threshold
    return limit if startup_limit is None else min(limit, startup_limit)


def attempts_in(probe: Probe, seconds: float) -> int:
    """How many attempts Cloud Run would have made by now; we make more, to know sooner."""
    periods = int(max(seconds - probe.initial_delay, 0) / max(probe.period, 1))
    return min(1 + periods, max(probe.failure_threshold, 1))


async def until_ready(probe: Probe, address: Address, limit: float) -> bool:
    """Try often until the probe passes (True) or ``limit`` seconds are over (False)."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit):
            await asyncio.sleep(probe.initial_delay)
            while not await _passes(probe, address):
                await asyncio.sleep(_OFTEN)
            return True
    return False


async def _passes(probe: Probe, address: Address) -> bool:
    if probe.path:
        return await _answers(probe, address.host_port)
    listens = await _listens(address)
    return await _holds(address.host_port) if listens is None else listens


async def _listens(address: Address) -> bool | None:
    """Whether the container's own address takes a connection; None where it is out of reach.

    Only this tells exactly. An engine in a virtual machine or without root gives no such address.
    """
    if not address.ip:
        return None
    try:
        async with asyncio.timeout(_DIRECT):
            _, writer = await asyncio.open_connection(address.ip, address.port)
    except ConnectionRefusedError:
        return False
    except OSError:  # TimeoutError is one
        return None
    writer.close()
    return True


async def _holds(port: int) -> bool:
    """Whether a connection through the engine's proxy stays open."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        async with asyncio.timeout(_HANGS_UP_WITHIN):
            return bool(await reader.read(1))
    except TimeoutError:
        return True
    except OSError:
        return False
    finally:
        writer.close()


async def _answers(probe: Probe, port: int) -> bool:
    url = URL(f"http://127.0.0.1:{port}{probe.path}", encoded=True)
    timeout = aiohttp.ClientTimeout(total=probe.timeout)
    try:
        async with aiohttp.request(
            "GET", url, headers=probe.headers, timeout=timeout, allow_redirects=False
        ) as answer:
            return 200 <= answer.status < 400
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return False
