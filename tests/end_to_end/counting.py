"""A proxy between the pipeline and Cloud Run's API: it counts the calls, and may break one off."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_READ_BY_POST = (":list", ":generateIdToken", ":testIamPermissions", ":wait")
_ANSWER = 60.0  # seconds
_PLACE = re.compile(r"^/v\d/(projects/[^/]+/(locations/[^/]+|serviceAccounts)/)?")


@dataclass(frozen=True)
class Call:
    """The ``number``-th call, the ``nth`` of the reads or of the writes. ``at`` is monotonic."""

    number: int
    nth: int
    method: str
    path: str
    body: bytes
    at: float

    @property
    def is_write(self) -> bool:
        return _is_write(self.method, self.path)

    @property
    def name(self) -> str:
        """Such as ``PATCH services/hello``."""
        path = urlsplit(self.path).path
        return f"{self.method} {_PLACE.sub('', path)}"


Hook = Callable[[Call, bool], bool]
"""Told of each call before it is passed on and, with True, when it was answered. True hangs up."""


@dataclass
class Counting:
    """``calls`` so far, and the ``hook`` that hears of each."""

    upstream: str
    address: str = ""
    calls: list[Call] = field(default_factory=list)
    hook: Hook = lambda call, answered: False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def writes(self) -> list[Call]:
        return [call for call in self.calls if call.is_write]

    def note(self, method: str, path: str, body: bytes) -> Call:
        with self._lock:
            nth = 1 + sum(one.is_write == _is_write(method, path) for one in self.calls)
            call = Call(len(self.calls) + 1, nth, method, path, body, time.monotonic())
            self.calls.append(call)
        return call

    def forget(self) -> None:
        """Count anew from here, and hang up no more."""
        self.calls, self.hook = [], lambda call, answered: False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._proxied()

    def do_POST(self) -> None:
        self._proxied()

    def do_PATCH(self) -> None:
        self._proxied()

    def do_DELETE(self) -> None:
        self._proxied()

    def _proxied(self) -> None:
        counting: Counting = self.server.counting
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        call = counting.note(self.command, self.path, body)
        if counting.hook(call, False):
            self.close_connection = True
            return
        answer, content = self._passed_on(counting.upstream, body)
        if counting.hook(call, True):
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _passed_on(self, upstream: str, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(upstream, timeout=_ANSWER)
        try:
            connection.request(self.command, self.path, body or None, dict(self.headers))
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def log_message(self, *_: object) -> None:
        """The calls are noted already."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, counting: Counting) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.counting = counting

    def handle_error(self, *_: object) -> None:
        """Whoever was killed has left, and says so by a broken connection."""


@contextmanager
def counting(upstream: str) -> Iterator[Counting]:
    """A proxy to the API at HOST:PORT, until it is left."""
    made = Counting(upstream)
    with _Server(made) as server:
        made.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


def _is_write(method: str, path: str) -> bool:
    return method != "GET" and not (method == "POST" and path.endswith(_READ_BY_POST))
