"""Running other programs: to the end, line by line, under way, or after our own end."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Protocol

from pipeline.adapters.kept import Written
from pipeline.commands import Command
from pipeline.errors import EngineFailed

_TO_END = 5.0  # seconds between SIGTERM and SIGKILL
_LONGEST = 1 << 16  # bytes of a line, and of what is read at once


@dataclass(frozen=True)
class Finished:
    """A process that ended. ``output`` and ``errors`` are decoded with bad bytes replaced."""

    argv: tuple[str, ...]
    code: int
    output: str
    errors: str

    @property
    def ok(self) -> bool:
        return self.code == 0


class Running(Protocol):
    """A process under way whose output arrives line by line in ``lines``, as it was written.

    What it writes without a line break is a line after a pause, and when it has ended.
    """

    @property
    def lines(self) -> list[str]: ...

    def poll(self) -> int | None: ...
    def wait(self, seconds: float) -> int | None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


def run(command: Command) -> Finished:
    """Run to the end and keep what it printed. A tool that is not there has exit code 127."""
    try:
        done = subprocess.run(
            command.argv,
            env=_environment(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        return Finished(command.argv, 127, "", str(error))
    return Finished(command.argv, done.returncode, _text(done.stdout), _text(done.stderr))


def stream(command: Command, on_line: Callable[[str], None]) -> Finished:
    """Run to the end; hand over each line of output and errors, in order, as it comes."""
    try:
        process = _popen(command)
    except OSError as error:
        return Finished(command.argv, 127, "", str(error))
    lines = []
    with process:
        try:
            for line in _lines(process.stdout):
                lines.append(line)
                on_line(line)
        except BaseException:
            _end(process)
            raise
    return Finished(command.argv, process.returncode, "\n".join(lines), "")


def _end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, then SIGKILL for a tool that does not listen, or when nobody wants to wait."""
    process.terminate()
    try:
        process.wait(_TO_END)
    except subprocess.TimeoutExpired:
        pass
    finally:
        process.kill()


def start(command: Command) -> Running:
    try:
        return _Process(_popen(command, own_group=True))
    except OSError as error:
        raise EngineFailed(
            f"{command.argv[0]} could not be started: {error.strerror}",
            remedy="run scripts/engine: it starts an engine or says what to install",
        ) from error


def guard(command: Command) -> Callable[[], None]:
    """Run ``command`` when this process ends, however it ends; the result calls it off.

    A small shell waits on a pipe whose other end only we hold, in a session of its own, so that
    neither a kill -9 nor Ctrl-C can prevent it. It runs the command three times, a second apart:
    a container may still be on its way up when we go.
    """
    script = 'read -r word; [ "$word" = done ] && exit; for _ in 1 2 3; do "$@"; sleep 1; done'
    process = subprocess.Popen(
        ("sh", "-c", script, "guard", *command.argv),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def call_off() -> None:
        process.communicate(b"done\n")

    return call_off


class _Process:
    """A process whose output a thread gathers."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._written = Written()
        self._lock = threading.Lock()
        self._process = process
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def lines(self) -> list[str]:
        with self._lock:
            return self._written.lines(time.monotonic())

    def _read(self) -> None:
        with self._process.stdout or open(os.devnull, "rb") as output:
            while raw := os.read(output.fileno(), _LONGEST):
                with self._lock:
                    self._written.add(raw, time.monotonic())
        with self._lock:
            self._written.end()

    def poll(self) -> int | None:
        return self._process.poll()

    def wait(self, seconds: float) -> int | None:
        """The exit code once it has ended and all its output is read, or None in time."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(seconds)
        return code

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def _popen(command: Command, *, own_group: bool = False) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command.argv,
        env=_environment(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=own_group,
    )


def _environment(command: Command) -> dict[str, str]:
    return {**os.environ, **command.env, **command.secret_env}


def _lines(output: IO[bytes] | None) -> Iterable[str]:
    while output is not None and (line := output.readline(_LONGEST)):
        yield _text(line).rstrip("\r\n")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
