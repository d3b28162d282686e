"""One request, one deadline: real servers on loopback that behave as badly as they can."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from pipeline.adapters.web import MOST_BYTES, Answer, listens, request
from pipeline.inspected import Address

DEADLINE = 0.4
SLACK = 2.0  # seconds that a busy machine may add
OK = b"HTTP/1.1 200 OK\r\n"

Peer = Callable[[socket.socket, threading.Event], None]


@contextmanager
def serving(peer: Peer) -> Iterator[int]:
    """A port where ``peer`` has each connection, until the block ends."""
    over = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def handle(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            peer(connection, over)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threads.append(threading.Thread(target=handle, args=(server.accept()[0],)))
                threads[-1].start()

    threads = [threading.Thread(target=accept)]
    threads[0].start()
    try:
        yield server.getsockname()[1]
    finally:
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for thread in threads:
            thread.join()


def saying(*parts: bytes, every: float = 0.0, hang: bool = False) -> Peer:
    """Read the request, send the parts, one every so often, then close, or hang until the end."""

    def peer(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        for part in parts:
            connection.sendall(part)
            if over.wait(every):
                return
        if hang:
            over.wait()

    return peer


def forever(part: bytes) -> Peer:
    def peer(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(OK + b"\r\n")
        while not over.is_set():
            connection.sendall(part)

    return peer


def ask(peer: Peer, deadline: float = 5.0, **headers: str) -> Answer:
    with serving(peer) as port:
        began = time.monotonic()
        answer = request("GET", f"http://127.0.0.1:{port}/health", headers, deadline)
        assert time.monotonic() - began < deadline + SLACK
        return answer


LATE = f"no complete answer within {DEADLINE:g} s: "
NO_HEADERS, NO_END = "its headers did not come", "its body did not end"
BIG = b"x" * 65536


@pytest.mark.parametrize(
    ("peer", "missing"),
    [
        pytest.param(saying(hang=True), NO_HEADERS, id="hangs"),
        pytest.param(saying(*[b"H"] * 50, every=0.1), NO_HEADERS, id="drips its status line"),
        pytest.param(saying(OK, *[b"A: b\r\n"] * 50, every=0.1), NO_HEADERS, id="drips headers"),
        pytest.param(saying(OK + b"\r\n", *[b"x"] * 50, every=0.1), NO_END, id="drips its body"),
        pytest.param(
            saying(OK + b"Content-Length: 9\r\n\r\nx", hang=True), NO_END, id="stops in its body"
        ),
    ],
)
def test_an_answer_that_does_not_come_is_a_failure_in_time(peer: Peer, missing: str) -> None:
    assert ask(peer, DEADLINE) == Answer(seconds=DEADLINE, failure=f"{LATE}{missing}")


@pytest.mark.parametrize("peer", [saying(), lambda *_: None], ids=["later", "at once"])
def test_a_connection_that_is_closed_is_a_failure(peer: Peer) -> None:
    answer = ask(peer)

    assert (answer.status, answer.failure) == (0, "the connection was closed without an answer")


@pytest.mark.parametrize(
    "peer",
    [
        pytest.param(forever(BIG), id="endless"),
        pytest.param(forever(gzip.compress(BIG * 64)), id="endless and compressed"),
        pytest.param(
            saying(OK + b"Content-Length: 9999999999\r\n\r\n", *[BIG] * 20, hang=True), id="long"
        ),
        pytest.param(
            saying(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(bytes(MOST_BYTES + 1))),
            id="a small bomb",
        ),
    ],
)
def test_a_body_that_is_too_large_is_not_kept(peer: Peer) -> None:
    answer = ask(peer)

    assert (answer.body, answer.failure) == (b"", "the body is larger than 1 MiB")


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"\x00\xff garbage\r\n\r\n", id="garbage"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="ssh"),
        pytest.param(b"HTTP/1.1 abc\r\n\r\n", id="no status"),
        pytest.param(OK + b"A: b\r\n" * 200 + b"\r\n", id="many headers"),
        pytest.param(OK + b"A: " + b"b" * 100_000 + b"\r\n\r\n", id="a long header"),
        pytest.param(OK + b"Content-Length: 9\r\n\r\nshort", id="half a body"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="no chunk"),
        pytest.param(OK + b"Content-Encoding: gzip\r\n\r\nnot gzip at all", id="no gzip"),
    ],
)
def test_what_is_not_http_is_a_failure_in_one_line(said: bytes) -> None:
    answer = ask(saying(said))

    assert answer.failure
    assert len(answer.failure.splitlines()) == 1
    assert answer.body == b""


@pytest.mark.parametrize(
    "location", [b"/elsewhere", b"http://127.0.0.1:1/", b"http://[::1", b"\xff", b"file:///etc"]
)
def test_a_redirect_is_an_answer_and_not_followed(location: bytes) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
    answer = ask(saying(head))

    assert (answer.status, answer.failure) == (302, "")
    assert answer.headers["Location"] == location.decode("latin-1")


def test_a_good_answer_is_read_whole_and_timed() -> None:
    answer = ask(saying(OK + b"content-type: text/plain\r\nContent-Length: 2\r\n\r\nup"))

    assert (answer.status, answer.body, answer.failure) == (200, b"up", "")
    assert answer.headers.get("Content-Type") == "text/plain"
    assert 0 < answer.seconds < 5


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"up"),
        b"Transfer-Encoding: chunked\r\n\r\n1\r\nu\r\n1\r\np\r\n0\r\n\r\n",
        b"\r\nup",
    ],
    ids=["compressed", "in chunks", "until the end"],
)
def test_a_body_is_decoded_however_it_is_framed(body: bytes) -> None:
    assert ask(saying(OK + body)).body == b"up"


def test_headers_are_sent_as_given_and_proxies_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    heard: list[bytes] = []

    def peer(connection: socket.socket, over: threading.Event) -> None:
        heard.append(connection.recv(65536))
        connection.sendall(OK + b"Content-Length: 0\r\n\r\n")

    assert ask(peer, traceparent="00-abc").status == 200
    assert heard[0].startswith(b"GET /health HTTP/1.1\r\n")
    assert b"traceparent: 00-abc\r\n" in heard[0]


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


def test_nobody_there_is_said_plainly() -> None:
    assert (
        request("GET", f"http://127.0.0.1:{free_port()}/", {}, 5.0).failure == "connection refused"
    )


@pytest.mark.parametrize(
    "url", ["", "nonsense", "http://", "http://[::1", "http://a:b/", "ftp://x"]
)
def test_a_url_that_is_none_is_a_failure(url: str) -> None:
    assert request("GET", url, {}, 5.0).failure


@pytest.mark.parametrize(
    ("peer", "there"),
    [
        pytest.param(saying(hang=True), True, id="waits for the request"),
        pytest.param(lambda one, _: one.sendall(b"hello"), True, id="speaks first"),
        pytest.param(lambda *_: None, False, id="closes at once"),
    ],
)
def test_a_server_behind_a_forwarder_keeps_the_connection(peer: Peer, there: bool) -> None:
    with serving(peer) as port:
        assert listens(Address(port, "", 8080)) is there


def test_a_port_that_nobody_published_does_not_listen() -> None:
    assert not listens(Address(free_port(), "", 8080))


def test_an_address_of_its_own_tells_exactly() -> None:
    with serving(saying(hang=True)) as port, serving(lambda *_: None) as other:
        assert listens(Address(free_port(), "127.0.0.1", port))
        assert listens(Address(free_port(), "127.0.0.1", other))
        assert not listens(Address(port, "127.0.0.1", free_port()))


def test_an_address_out_of_reach_leaves_the_published_port() -> None:
    with serving(saying(hang=True)) as port:
        assert listens(Address(port, "no address", 8080))
