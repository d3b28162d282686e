"""A headless Chromium, driven over the DevTools protocol on a pair of pipes."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

Json = dict[str, object]

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-sandbox",  # it may be root in a container, and shows only our own page
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-proxy-server",
    "--lang=en-GB",
)
_ON_3_AND_4 = 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1'  # where it reads and writes
_PATIENCE = 30.0  # seconds


class Browser:
    """One page. ``events`` keeps what the browser told unasked, in order."""

    def __init__(self, sending: int, receiving: int) -> None:
        self._sending, self._receiving = sending, receiving
        self._buffer = b""
        self._count = 0
        self._session: str | None = None
        self.events: list[Json] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: object) -> Json:
        self._count += 1
        session = {"sessionId": self._session} if self._session else {}
        said = {"id": self._count, "method": method, "params": params, **session}
        os.write(self._sending, json.dumps(said).encode() + b"\0")
        while (answer := self._receive()).get("id") != self._count:
            self.events.append(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def open(self, url: str) -> None:
        self.send("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def value(self, script: str) -> object:
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, script: str) -> object:
        """The value of a script once it is truthy."""
        ends = time.monotonic() + _PATIENCE
        while not (found := self.value(script)):
            assert time.monotonic() < ends, f"never so: {script}\n{self.text()}"
            select.select([], [], [], 0.05)
        return found

    def text(self, selector: str = "body") -> str:
        """As a person sees it."""
        return str(self.value(f"document.querySelector({selector!r})?.innerText"))

    def resize(self, width: int, height: int = 900) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip

    def prefer(self, **features: str) -> None:
        """Media features, such as ``prefers_color_scheme="dark"``."""
        named = [{"name": name.replace("_", "-"), "value": features[name]} for name in features]
        self.send("Emulation.setEmulatedMedia", features=named)

    def screenshot(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self.send("Page.captureScreenshot")["data"]))

    def _receive(self) -> Json:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._receiving], [], [], _PATIENCE)
            assert ready, "the browser does not answer"
            piece = os.read(self._receiving, 1 << 20)
            assert piece, "the browser has gone"
            self._buffer += piece
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


@contextmanager
def browser(home: Path) -> Iterator[Browser]:
    """A browser with a profile of its own in ``home``; skips where none is installed."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip("no Chromium here: scripts/test-programs installs one")
    command = ["sh", "-c", _ON_3_AND_4, "sh", program, *_FLAGS, f"--user-data-dir={home}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Browser(process.stdin.fileno(), process.stdout.fileno())
        finally:
            process.terminate()
