"""From a container's bytes to log entries. The bytes are hostile: bounded, never trusted."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.local_cloud_run.values import ExecutionKey, Json, LogEntry, RevisionKey

LONGEST_LINE = 256 * 1024  # bytes; the limit of a log entry (API facts §8)
LINES_PER_SECOND = 2000  # of one stream; more are counted and dropped
CUT = " … (cut at 256 KiB)"

_CHUNK = 64 * 1024  # bytes
_LEVELS = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT")
_SEVERITIES = {name: name for name in (*_LEVELS, "EMERGENCY")} | {
    "TRACE": "DEBUG",
    "WARN": "WARNING",
    "ERR": "ERROR",
    "FATAL": "CRITICAL",
    "PANIC": "EMERGENCY",
}


@dataclass(frozen=True)
class Lifted:
    """What one line of output says (API facts §8): a text, or the payload of a JSON object."""

    text: str | None = None
    payload: Json | None = None
    severity: str = "DEFAULT"
    trace: str | None = None
    span: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    http_request: Json | None = None


def lift(line: str) -> Lifted:
    """Read a line as one JSON object where it is one, and take its special fields out."""
    found = _json_object(line)
    if found is None:
        return Lifted(text=line)
    labels = _take(found, "logging.googleapis.com/labels", dict) or {}
    return Lifted(
        severity=_severity(found.pop("severity", None)),
        trace=_take(found, "logging.googleapis.com/trace", str),
        span=_take(found, "logging.googleapis.com/spanId", str),
        labels={name: str(value) for name, value in labels.items()},
        http_request=_take(found, "httpRequest", dict),
        payload=found,
    )


def entry(
    at: datetime, key: RevisionKey | ExecutionKey, log: str, line: str, labels: Mapping[str, str]
) -> LogEntry:
    """A line of a container's stdout or stderr as a log entry; ``labels`` win over its own."""
    said = lift(line)
    return LogEntry(
        at,
        key,
        log,
        said.text,
        said.payload,
        said.severity,
        said.trace,
        said.span,
        said.http_request,
        {**said.labels, **labels},
    )


def _json_object(line: str) -> Json | None:
    text = line.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        found = json.loads(text, parse_constant=str, parse_float=_finite)
        if "\\ud" in text.lower():  # a lone surrogate cannot be sent on as UTF-8
            found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _finite(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _take(found: Json, name: str, kind: type) -> Any:
    return found.pop(name) if isinstance(found.get(name), kind) else None


def _severity(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return (
            _LEVELS[value // 100]
            if 0 <= value < 800
            else "EMERGENCY"
            if value == 800
            else "DEFAULT"
        )
    return _SEVERITIES.get(str(value).upper(), "DEFAULT")


class Lines:
    """Cuts a stream of bytes into lines of at most ``LONGEST_LINE`` bytes."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._cut = False

    def feed(self, chunk: bytes, room: int) -> tuple[list[str], int]:
        """The lines that end in this chunk, at most ``room``; and how many more ended."""
        *ended, rest = chunk.split(b"\n", room)
        lines = [self._end(piece) for piece in ended]
        dropped = rest.count(b"\n")
        if dropped:
            self._end(b"")
            rest = rest[rest.rindex(b"\n") + 1 :]
        self._add(rest)
        return lines, dropped

    def close(self) -> str:
        """What came after the last line end, or nothing."""
        return self._end(b"")

    def _add(self, piece: bytes) -> None:
        room = LONGEST_LINE - len(self._rest)
        self._rest += piece[:room]
        self._cut = self._cut or len(piece) > room

    def _end(self, piece: bytes) -> str:
        self._add(piece)
        line = self._rest.decode("utf-8", "replace").rstrip("\r") + (CUT if self._cut else "")
        self._rest.clear()
        self._cut = False
        return line


async def pump(stream: asyncio.StreamReader, emit: Callable[[str], None]) -> None:
    """Read a stream to its end and hand over its lines.

    It never waits for the reader of the lines, so that a flood cannot block the container: above
    ``LINES_PER_SECOND`` lines are dropped, and a line says how many.
    """
    clock = asyncio.get_running_loop().time
    lines, second, room, dropped = Lines(), clock(), LINES_PER_SECOND, 0
    while chunk := await stream.read(_CHUNK):
        if clock() - second >= 1:
            _report(dropped, emit)
            second, room, dropped = clock(), LINES_PER_SECOND, 0
        ended, more = lines.feed(chunk, room)
        room -= len(ended)
        dropped += more
        for line in filter(None, ended):
            emit(line)
        await asyncio.sleep(0)
    _report(dropped, emit)
    if last := lines.close():
        emit(last)


def _report(dropped: int, emit: Callable[[str], None]) -> None:
    if dropped:
        emit(f"({dropped} lines dropped: more than {LINES_PER_SECOND} in a second)")
