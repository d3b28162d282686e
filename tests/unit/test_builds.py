"""What each answer to a request for a build means: there is one, there is none, or nobody knows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.adapters.build_message import Wanted
from pipeline.adapters.builds import Builds
from pipeline.adapters.google import Google
from pipeline.adapters.storage import Stored
from pipeline.commands import ImageBuild
from pipeline.errors import ApiRefused, ApiUnreachable, NoCredentials, PermissionMissing

WANTED = Wanted(
    ImageBuild("a/b:1", "context", "Dockerfile", "linux/amd64", {}),
    Stored("bucket", "source/1.tar.gz", 7, "md5"), ("src-1",), 600.0,
)  # fmt: skip
METADATA = b'"@type": "type.googleapis.com/google.devtools.cloudbuild.v1.BuildOperationMetadata"'


class Api(BaseHTTPRequestHandler):
    """Answers what the server has; status 0 is none."""

    def do_POST(self) -> None:
        status, body = self.server.answer
        self.rfile.read(int(self.headers["Content-Length"]))
        if status:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def start(server: ThreadingHTTPServer, status: int, body: bytes) -> str:
    server.answer = status, body
    return Builds(Google(f"127.0.0.1:{server.server_port}"), "my-project", "eu").start(WANTED)


def test_a_build_has_an_id(server: ThreadingHTTPServer) -> None:
    assert start(server, 200, b'{"metadata": {%s, "build": {"id": "b-1"}}}' % METADATA) == "b-1"


@pytest.mark.parametrize("status", [0, 500, 502, 503, 504, 520])
def test_an_answer_that_was_lost_may_be_of_a_build(
    status: int, server: ThreadingHTTPServer
) -> None:
    with pytest.raises(ApiUnreachable):
        start(server, status, b"{}")


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"<html>", b"\xff", b'{"metadata": {%s}}' % METADATA,
     b'{"metadata": {%s, "build": {"id": 5}}}' % METADATA],
)  # fmt: skip
def test_so_may_one_that_names_no_build(body: bytes, server: ThreadingHTTPServer) -> None:
    with pytest.raises(ApiUnreachable, match="not Google's API"):
        start(server, 200, body)


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, ApiRefused), (401, NoCredentials), (403, PermissionMissing), (429, ApiRefused)],
)
def test_a_refusal_is_no_build(
    status: int, error: type[Exception], server: ThreadingHTTPServer
) -> None:
    with pytest.raises(error):
        start(server, status, b'{"error": {"message": "no"}}')
