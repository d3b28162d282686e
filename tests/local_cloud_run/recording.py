"""What gcloud sends and takes, recorded: ``python -m tests.local_cloud_run.recording [STORY]``.

What differs from run to run is a word in braces: ``{uid-1}`` is the same everywhere, and ``{time}``
is any. A replay learns from the answers what the words stand for, and sends it with the next calls.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tests.local_cloud_run.gcloud import Gcloud

Json = dict[str, object]
FOLDER = Path(__file__).parent / "recorded"
KINDS = {
    "time": r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d+Z",
    "uid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "digest": r"sha256:[0-9a-f]{64}",
    "url": r"http://127\.0\.0\.1:\d+",
    "revision": r"[a-z]+-\d{5}-[a-z0-9]{3}",
    "execution": r"[a-z]+-[0-9a-f]{5}(?![0-9a-f]|-(?!task))",
    "took": r"\d+\.\d\ds",
    "version": r"MT[A-Za-z0-9]{18,22}={0,2}",
}
_ANY = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in KINDS.items()))
_IMAGE = re.compile(r"local-cloud-run-test/([a-z-]+):[0-9a-f]{12}")


@dataclass
class Words:
    """Words for what the server made up; what the client chose stays as it is."""

    known: dict[str, str] = field(default_factory=dict)
    chosen: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    def of_request(self, text: str) -> str:
        text = _IMAGE.sub(r"{image-\1}", text)
        self.chosen |= {found[0] for found in _ANY.finditer(text) if found[0] not in self.known}
        return _ANY.sub(lambda found: self.known.get(found[0], found[0]), text)

    def of_response(self, text: str) -> str:
        return _ANY.sub(self._word, _IMAGE.sub(r"{image-\1}", text))

    def _word(self, found: re.Match[str]) -> str:
        kind = str(found.lastgroup)
        if kind == "time" or found[0] in self.chosen:
            return "{time}" if kind == "time" else found[0]
        if found[0] not in self.known:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.known[found[0]] = f"{{{kind}-{self.counts[kind]}}}"
        return self.known[found[0]]


@contextmanager
def recording(address: str, into: list[Json]) -> Iterator[str]:
    """A proxy before a local Cloud Run; its address is what gcloud is told."""
    words = Words()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body, aim = self.rfile.read(size).decode(), urlsplit(self.path)
            path = f"{aim.path}?{aim.query}".rstrip("?")
            host = self.headers["Host"].partition(":")[0]
            status, answer = call(address, self.command, host, path, body)
            exchange: Json = {
                "method": self.command, "host": host, "path": words.of_request(path),
                "request": json.loads(words.of_request(body) or "null"),
                "status": status, "response": json.loads(words.of_response(answer)),
            }  # fmt: skip
            if into and _is_same_question(exchange, into[-1]):
                into.pop()  # it asks until what it waits for has come; that counts
            into.append(exchange)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.encode())))
            self.end_headers()
            self.wfile.write(answer.encode())

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names of http.server

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _is_same_question(one: Json, other: Json) -> bool:
    return all(one[name] == other[name] for name in ("method", "host", "path", "request"))


def call(address: str, method: str, host: str, path: str, body: str) -> tuple[int, str]:
    connection = HTTPConnection(address, timeout=60)
    try:
        connection.request(method, path, body.encode() or None, {"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def record(name: str, story: Callable[[Gcloud], None], address: str) -> None:
    """Write the exchanges of a story of gcloud commands."""
    exchanges: list[Json] = []
    with recording(address, exchanges) as proxy, tempfile.TemporaryDirectory() as home:
        story(Gcloud(proxy, Path(home)))
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in exchanges)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n")


def main() -> None:
    from pipeline.local_cloud_run.server import Options
    from tests.local_cloud_run.conftest import running
    from tests.local_cloud_run.images import engine
    from tests.local_cloud_run.stories import STORIES

    for name in sys.argv[1:] or STORIES:
        options = Options(engine=engine(), startup_limit=4.0, secrets={"password": "open sesame"})
        with running(options) as address:
            record(name, STORIES[name], address)


if __name__ == "__main__":
    main()
