"""What the local Cloud Run's front end costs, beside HAProxy, nginx and none at all.

    python tests/benchmarks/proxy.py

One container is asked by four ways in turns, by one client on this machine: by its own published
port, through HAProxy and nginx (one thread each, where they are installed), and by its public
address. With one request at a time and with many, for two bytes and for a megabyte. All of them
share the machine's cores, so the figures compare the ways; none is a limit.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.local_cloud_run.conftest import CloudRun  # noqa: E402 - after the path
from tests.local_cloud_run.images import engine, image  # noqa: E402

ANNOUNCED = "export CLOUD_RUN_EMULATOR_HOST="
AT_ONCE = (1, 32)  # requests in flight
BODIES = {"/": 2, "/big": 2**20}  # bytes by path
TURNS = 5
TURN = 1.0  # seconds
LIMIT = 2**21  # bytes that the client takes before it reads

SERVICE = """
import asyncio, os, signal

def answer_of(size):
    return b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (size, bytes(size))

SMALL, BIG = answer_of(2), answer_of(2**20)

async def answer(reader, writer):
    while asked := await reader.readuntil(b"\\r\\n\\r\\n"):
        writer.write(BIG if asked.startswith(b"GET /big") else SMALL)

async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, os._exit, 0)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    await (await asyncio.start_server(answer, "0.0.0.0", int(os.environ["PORT"]))).serve_forever()

asyncio.run(main())
"""

HAPROXY = """
global
    nbthread 1
defaults
    mode http
    option forwardfor
    http-reuse always
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend front
    bind 127.0.0.1:{port}
    default_backend back
backend back
    server one {backend}
"""

NGINX = """
daemon off;
master_process off;
pid nginx.pid;
events {{ worker_connections 512; }}
http {{
    access_log off;
    keepalive_requests 1000000;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    upstream back {{ server {backend}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://back;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
"""


@dataclass
class Measured:
    """The latencies of every request, in seconds, and how long it all took."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def show(self, name: str, direct: Measured) -> None:
        middle, slowest = self.centile(50), self.centile(99)
        rate, added = len(self.latencies) / self.seconds, middle - direct.centile(50)
        print(f"{name:16} {rate:8.0f} /s   p50 {middle:7.2f} ms   p99 {slowest:7.2f} ms   "
              f"added {added:6.2f} ms")  # fmt: skip

    def centile(self, of_100: int) -> float:
        """Milliseconds."""
        return 1000 * statistics.quantiles(self.latencies, n=100)[of_100 - 1]


async def measure(address: str, path: str, at_once: int, into: Measured) -> None:
    """Ask for ``TURN`` seconds, each connection as soon as it was answered."""
    began = time.monotonic()
    request = f"GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(*address.split(":"), limit=LIMIT)
        while (sent := time.monotonic()) < began + TURN:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            length = re.search(rb"(?i)\ncontent-length: (\d+)", head)
            await reader.readexactly(int(length[1]))
            into.latencies.append(time.monotonic() - sent)
        writer.close()

    await asyncio.gather(*(ask() for _ in range(at_once)))
    into.seconds += time.monotonic() - began


async def compare(ways: dict[str, str]) -> None:
    for path, size in BODIES.items():
        for at_once in AT_ONCE:
            found = {name: Measured() for name in ways}
            for _ in range(TURNS):
                for name, address in ways.items():
                    await measure(address, path, at_once, found[name])
            print(f"{size} bytes, {at_once} at once, {TURNS} turns of {TURN:g} s each")
            for name, measured in found.items():
                measured.show(name, found["direct"])


@contextmanager
def other(program: str, settings: str, options: tuple[str, ...], backend: str) -> Iterator[str]:
    """Another proxy of the same backend; its address."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        file = Path(folder, "settings")
        file.write_text(settings.format(port=port, backend=backend))
        process = subprocess.Popen([program, *options, str(file)], cwd=folder)
        try:
            until_listens(port)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def until_listens(port: int) -> None:
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


def published() -> str:
    """The container's own address on loopback, as the engine gives it."""
    ask = (engine().path, "ps", "--filter", "name=^benchmark-", "--format", "{{.Ports}}")
    ports = subprocess.run(ask, check=True, capture_output=True, text=True).stdout
    return ports.partition("->")[0].strip()


def main() -> None:
    local = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "local", "--port", "0"], stdout=subprocess.PIPE,
        text=True, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        address = next(line for line in local.stdout if line.startswith(ANNOUNCED))
        cloud_run = CloudRun(address.removeprefix(ANNOUNCED).strip())
        service = cloud_run.create("benchmark", image("benchmark", SERVICE))
        ways = {"direct": published()}
        with ExitStack() as others:
            for name, settings, options in (("haproxy", HAPROXY, ("-db", "-f")),
                                            ("nginx", NGINX, ("-p", ".", "-c"))):  # fmt: skip
                if program := shutil.which(name):
                    proxy = other(program, settings, options, ways["direct"])
                    ways[name] = others.enter_context(proxy)
            asyncio.run(compare({**ways, "local Cloud Run": service.uri.removeprefix("http://")}))
    finally:
        local.terminate()
        local.wait(30)


if __name__ == "__main__":
    main()
