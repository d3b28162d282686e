"""A real registry on loopback: Debian's docker-registry."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_CONFIG = """\
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@contextlib.contextmanager
def registry(address: str = "127.0.0.1:0") -> Iterator[str]:
    """``127.0.0.1:PORT`` of an empty registry that lasts as long as the block."""
    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))) as bound:
        port = bound.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yml"
        config.write_text(_CONFIG.format(folder=folder, port=port))
        command = ["docker-registry", "serve", str(config)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with process:
            try:
                _wait_for(port)
                yield f"127.0.0.1:{port}"
            finally:
                process.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
