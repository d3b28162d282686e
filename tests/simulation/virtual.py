"""Google's client library retries and polls by the clock: here by that of the simulation."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from google.api_core.retry import retry_base, retry_unary

from pipeline.adapters import cloud_run, messages
from tests.simulation.machine import Machine


class _Here(threading.local):
    machine: Machine


HERE = _Here()
"""The machine that this thread is."""


class _Time:
    def monotonic(self) -> float:
        return HERE.machine.cloud.time.now

    def sleep(self, seconds: float) -> None:
        HERE.machine.sleep(seconds)


class _Random:
    def uniform(self, least: float, most: float) -> float:
        return HERE.machine.cloud.chance.uniform(least, most)


class _Remembered:
    """A reader of messages, most of which are read again and again: that is what takes time."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self._read = read
        self._known: deque[tuple[Any, Any]] = deque(maxlen=8)

    def __call__(self, message: Any) -> Any:
        for known, found in self._known:
            if known is message:
                return found
        found = self._read(message)
        self._known.append((message, found))
        return found


@contextmanager
def virtual_time() -> Iterator[None]:
    with ExitStack() as stack:
        for module in (retry_base, retry_unary):
            stack.enter_context(mock.patch.object(module, "time", _Time()))
        stack.enter_context(mock.patch.object(retry_base, "random", _Random()))
        for holder, name in ((cloud_run, "read_service"), (cloud_run, "read_revision")):
            reader = _Remembered(getattr(messages, name))
            stack.enter_context(mock.patch.object(holder, name, reader))
        yield
