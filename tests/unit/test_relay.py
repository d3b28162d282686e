"""A relay passes bytes both ways, tells an end on, and leaves nothing listening."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from pipeline.adapters.relay import relay

HERE = "127.0.0.1"
PATIENCE = 10.0


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """A server that sends a connection's bytes back once it has all of them."""
    server = socket.create_server((HERE, 0))

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client, client.makefile("rb") as sent:
                client.sendall(sent.read())

    thread = threading.Thread(target=serve)
    thread.start()
    yield HERE, server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def connected(port: int) -> socket.socket:
    return socket.create_connection((HERE, port), PATIENCE)


def test_bytes_pass_both_ways_until_the_end_is_told(echo: tuple[str, int]) -> None:
    sent = bytes(range(256)) * 1000
    with relay(HERE, echo) as port:
        for _ in range(3):
            with connected(port) as client, client.makefile("rb") as back:
                client.sendall(sent)
                client.shutdown(socket.SHUT_WR)
                assert back.read() == sent


def test_nothing_listens_afterwards_and_open_connections_end(echo: tuple[str, int]) -> None:
    with relay(HERE, echo) as port:
        client = connected(port)
        client.sendall(b"x")
    with client, suppress(ConnectionResetError):
        while client.recv(1):
            pass
    with pytest.raises(ConnectionRefusedError):
        connected(port)


def test_where_nobody_answers_the_connection_is_closed() -> None:
    with socket.create_server((HERE, 0)) as server:
        free = server.getsockname()[1]
    with relay(HERE, (HERE, free)) as port, connected(port) as client:
        assert client.recv(1) == b""


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(OSError), relay("203.0.113.1", (HERE, 1)):  # noqa: PT011 -- any of its kinds
        pass
