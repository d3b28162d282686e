"""HTTP as a check needs it: one request, one deadline, nothing followed, nothing unbounded."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from pipeline.inspected import Address

if TYPE_CHECKING:
    import requests
    from requests.adapters import HTTPAdapter

MOST_BYTES = 1 << 20
"""A health document above this size is not one."""


@dataclass(frozen=True)
class Answer:
    """A response, or why there is none (``failure``). ``seconds`` is until the last byte read."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    failure: str = ""


def request(method: str, url: str, headers: Mapping[str, str], deadline: float) -> Answer:
    """One request within ``deadline`` seconds, however slowly the answer drips. Never raises.

    A socket's timeout starts again with every byte, so the request runs in a thread that is left
    behind when the time is up.
    """
    from requests import Request
    from requests.adapters import HTTPAdapter

    # The adapter, not a session: a session reads the whole body of a redirect, and takes proxies
    # and passwords from the environment.
    adapter, asked = HTTPAdapter(), Request(method, url, headers=dict(headers))
    answers: SimpleQueue[Answer] = SimpleQueue()
    begun = threading.Event()
    threading.Thread(
        target=lambda: answers.put(_send(adapter, asked, deadline, begun)), daemon=True
    ).start()
    try:
        return answers.get(timeout=deadline)
    except Empty:
        return _late(deadline, begun)


def _late(deadline: float, begun: threading.Event) -> Answer:
    missing = "its body did not end" if begun.is_set() else "its headers did not come"
    failure = f"no complete answer within {deadline:g} s: {missing}"
    return Answer(seconds=deadline, failure=failure)


def _send(
    adapter: HTTPAdapter, request: requests.Request, deadline: float, begun: threading.Event
) -> Answer:
    """``begun`` is set once status and headers are there."""
    import requests
    import urllib3

    began = time.monotonic()
    with closing(adapter):
        try:
            with adapter.send(request.prepare(), stream=True, timeout=deadline) as answer:
                begun.set()
                body, failure = _read(answer, began + deadline)
                took = time.monotonic() - began
                return Answer(answer.status_code, answer.headers, body, took, failure)
        except (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError):
            return _late(deadline, begun)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return Answer(seconds=time.monotonic() - began, failure=_plain(error))


def _read(answer: requests.Response, until: float) -> tuple[bytes, str]:
    """The body, and what is wrong with it. Reads what is there, never waits to fill."""
    parts: list[bytes] = []
    size = 0
    while chunk := answer.raw.read1(65536, decode_content=True):
        parts.append(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            return b"", f"the body is larger than {MOST_BYTES >> 20} MiB"
        if time.monotonic() > until:
            raise TimeoutError
    return b"".join(parts), ""


def _plain(error: Exception) -> str:
    text = str(error)
    if "refused" in text:
        return "connection refused"
    if "RemoteDisconnected" in text or "ConnectionReset" in text or "reset by peer" in text:
        return "the connection was closed without an answer"
    return text.splitlines()[0][:200] if text else type(error).__name__


def listens(address: Address) -> bool:
    """Whether a container listens on its port.

    Its own address tells exactly. Where that is out of reach there is the published port, whose
    forwarder accepts for the container and hangs up when nothing listens inside: 62 ms later on a
    busy machine, as seen with Docker 20.10.
    """
    if address.ip:
        try:
            with socket.create_connection((address.ip, address.port), timeout=0.25):
                return True
        except ConnectionRefusedError:
            return False
        except OSError:
            pass
    return _holds(address.host_port)


def _holds(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.settimeout(1.0)
            return connection.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False
