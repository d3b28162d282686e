"""What the local Cloud Run's front end costs: requests a second and latency, beside none at all.

    python tests/benchmarks/proxy.py

One container is asked by its public address and by its own published port, in turns, by the same
client on this machine, with one request at a time and with many. The client, the front end and the
container share the machine's cores, so the figures compare the two ways; neither is a limit.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import aiohttp  # noqa: E402 - after the path

from tests.local_cloud_run.conftest import CloudRun  # noqa: E402
from tests.local_cloud_run.images import engine, image  # noqa: E402

ANNOUNCED = "export CLOUD_RUN_EMULATOR_HOST="
AT_ONCE = (1, 32)  # requests in flight
TURNS = 5
TURN = 1.0  # seconds

SERVICE = """
import asyncio, os, signal

async def answer(reader, writer):
    while await reader.readuntil(b"\\r\\n\\r\\n"):
        writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")

async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, os._exit, 0)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    await (await asyncio.start_server(answer, "0.0.0.0", int(os.environ["PORT"]))).serve_forever()

asyncio.run(main())
"""


@dataclass
class Measured:
    """The latencies of every request, in seconds, and how long it all took."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def show(self, name: str) -> None:
        centiles = [1000 * each for each in statistics.quantiles(self.latencies, n=100)]
        rate = len(self.latencies) / self.seconds
        print(f"{name:24} {rate:8.0f} /s   p50 {centiles[49]:7.2f} ms   p99 {centiles[98]:7.2f} ms")


async def measure(url: str, at_once: int, into: Measured) -> None:
    """Ask for ``TURN`` seconds, each connection as soon as it was answered."""
    began = time.monotonic()

    async def ask(client: aiohttp.ClientSession) -> None:
        while (sent := time.monotonic()) < began + TURN:
            async with client.get(url) as answer:
                assert await answer.read() == b"ok"
            into.latencies.append(time.monotonic() - sent)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        await asyncio.gather(*(ask(client) for _ in range(at_once)))
    into.seconds += time.monotonic() - began


async def compare(urls: dict[str, str]) -> None:
    for at_once in AT_ONCE:
        found = {name: Measured() for name in urls}
        for _ in range(TURNS):
            for name, url in urls.items():
                await measure(url, at_once, found[name])
        print(f"{at_once} at once, {TURNS} turns of {TURN:g} s each")
        for name, measured in found.items():
            measured.show(name)


def published() -> str:
    """The container's own address on loopback, as the engine gives it."""
    ask = (engine().path, "ps", "--filter", "name=^benchmark-", "--format", "{{.Ports}}")
    ports = subprocess.run(ask, check=True, capture_output=True, text=True).stdout
    return f"http://{ports.partition('->')[0].strip()}"


def main() -> None:
    local = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "local", "--port", "0"], stdout=subprocess.PIPE,
        text=True, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        address = next(line for line in local.stdout if line.startswith(ANNOUNCED))
        cloud_run = CloudRun(address.removeprefix(ANNOUNCED).strip())
        service = cloud_run.create("benchmark", image("benchmark", SERVICE))
        asyncio.run(compare({"direct": published(), "local Cloud Run": service.uri}))
    finally:
        local.terminate()
        local.wait(30)


if __name__ == "__main__":
    main()
