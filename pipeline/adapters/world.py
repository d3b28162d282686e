"""The effects, in one place: processes, HTTP, clock, sleep, chance, environment.

Nothing else in the pipeline touches the world; tests and simulations pass another ``World``.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pipeline.adapters import processes, web
from pipeline.adapters.holder import holder, is_gone
from pipeline.adapters.processes import Finished, Running
from pipeline.adapters.web import Answer
from pipeline.commands import Command
from pipeline.inspected import Address
from pipeline.release.lease import Holder


@dataclass(frozen=True)
class World:
    """Everything with an effect, as plain callables."""

    run: Callable[[Command], Finished]
    stream: Callable[[Command, Callable[[str], None]], Finished]
    start: Callable[[Command], Running]
    guard: Callable[[Command], Callable[[], None]]
    get: Callable[[str, Mapping[str, str], float], Answer]
    options: Callable[[str, Mapping[str, str], float], Answer]
    listens: Callable[[Address], bool]
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    token: Callable[[int], str]
    hex_token: Callable[[int], str]
    holder: Callable[[Mapping[str, str]], Holder]
    is_gone: Callable[[str], bool]
    environ: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = field(default_factory=Path)


def real_world() -> World:
    return World(
        run=processes.run,
        stream=processes.stream,
        start=processes.start,
        guard=processes.guard,
        get=partial(web.request, "GET"),
        options=partial(web.request, "OPTIONS"),
        listens=web.listens,
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        sleep=time.sleep,
        token=token,
        hex_token=lambda length: secrets.token_hex(length // 2),
        holder=holder,
        is_gone=is_gone,
        environ=dict(os.environ),
        cwd=Path.cwd(),
    )


_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def token(length: int) -> str:
    """Random lower-case letters and digits that cannot be misread."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
