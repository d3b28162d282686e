"""A relay: containers reach a port of this machine's loopback, while it stands."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

_MOST = 200  # connections at a time
_CHUNK = 1 << 16  # bytes
_TO_CONNECT = 5.0  # seconds


@contextmanager
def relay(host: str, to: tuple[str, int]) -> Iterator[int]:
    """Pass what comes in at ``host`` on to the address ``to``; yields the port at ``host``.

    ``host`` is an address of this machine; nothing else is listened on. Raises OSError where it
    is none of this machine's.
    """
    standing = _Relay(socket.create_server((host, 0)), to)
    threading.Thread(target=standing.accept, daemon=True).start()
    try:
        yield standing.port
    finally:
        standing.close()


class _Relay:
    def __init__(self, server: socket.socket, to: tuple[str, int]) -> None:
        self.port: int = server.getsockname()[1]
        self._server, self._to = server, to
        self._room = threading.Semaphore(_MOST)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False

    def accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._server.accept()
                if self._room.acquire(blocking=False):
                    threading.Thread(target=self._serve, args=(client,), daemon=True).start()
                else:
                    client.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for each in (self._server, *self._open):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self, client: socket.socket) -> None:
        try:
            with closing(client), suppress(OSError), self._connected() as server:
                self._pass_on(client, server)
        finally:
            self._room.release()

    def _connected(self) -> socket.socket:
        server = socket.create_connection(self._to, _TO_CONNECT)
        server.settimeout(None)
        return server

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with self._lock:
            if self._closed:
                return
            self._open |= {client, server}
        try:
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join()
        finally:
            with self._lock:
                self._open -= {client, server}


def _pump(source: socket.socket, to: socket.socket) -> None:
    """Until the source has no more to say; then the other side is told so."""
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            to.sendall(data)
    with suppress(OSError):
        to.shutdown(socket.SHUT_WR)
