"""Startup probes: does an instance listen, and does it answer (API facts §4.1)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import aiohttp
from yarl import URL

from pipeline.local_cloud_run.values import Probe

_OFTEN = 0.05  # seconds between two attempts

# The engine's proxy accepts for the container, then hangs up at once when nothing listens inside.
# Docker 20.10 was seen to take 0.2 ms on an idle machine and 4 ms on a busy one.
_SETTLED = 0.1  # seconds


def limit_of(probe: Probe, startup_limit: float | None) -> float:
    """Seconds from the start of the container until the probe has failed for good."""
    limit = probe.initial_delay + probe.period * probe.failure_threshold
    return limit if startup_limit is None else min(limit, startup_limit)


def attempts_in(probe: Probe, seconds: float) -> int:
    """How many attempts Cloud Run would have made by now; we make more, to know sooner."""
    periods = int(max(seconds - probe.initial_delay, 0) / max(probe.period, 1))
    return min(1 + periods, max(probe.failure_threshold, 1))


async def until_ready(probe: Probe, port: int, limit: float) -> bool:
    """Try often until the probe passes (True) or ``limit`` seconds are over (False)."""
    attempt = _http(probe, port) if probe.path else _tcp(port)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit):
            await asyncio.sleep(probe.initial_delay)
            while not await attempt():
                await asyncio.sleep(_OFTEN)
            return True
    return False


def _tcp(port: int) -> Callable[[], Awaitable[bool]]:
    async def attempt() -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        try:
            async with asyncio.timeout(_SETTLED):
                return bool(await reader.read(1))
        except TimeoutError:
            return True
        except OSError:
            return False
        finally:
            writer.close()

    return attempt


def _http(probe: Probe, port: int) -> Callable[[], Awaitable[bool]]:
    url = URL(f"http://127.0.0.1:{port}{probe.path}", encoded=True)
    timeout = aiohttp.ClientTimeout(total=probe.timeout)

    async def attempt() -> bool:
        try:
            async with aiohttp.request(
                "GET", url, headers=probe.headers, timeout=timeout, allow_redirects=False
            ) as answer:
                return 200 <= answer.status < 400
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False

    return attempt
