"""No output at all: what it would have said, and why it did not come."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline import inspected
from pipeline.adapters.container import Container
from pipeline.commands import ContainerRun
from pipeline.context import Context
from pipeline.steps.smoking.failing import NOTHING
from pipeline.steps.smoking.runs import another

NO_OUTPUT = "no output at all"
_UNBUFFERED = "PYTHONUNBUFFERED"
_BUFFERED = f"{NO_OUTPUT}: Python's standard output is block-buffered; set {_UNBUFFERED}=1"
_WITH_TERMINAL = f"(with a terminal and {_UNBUFFERED}=1 it writes:)"


def with_terminal(context: Context, run: ContainerRun) -> ContainerRun:
    """The same with a terminal, for which programs keep nothing back in buffers."""
    return another(context, run, tty=True, env={**run.env, _UNBUFFERED: "1"})


def explained_silence(running: Container, seen: Sequence[str]) -> str:
    """Why it wrote nothing; ``seen`` is what it writes with a terminal."""
    if not seen:
        return f"{NO_OUTPUT}, with a terminal neither"
    return _BUFFERED if _buffers(running) else f"{NO_OUTPUT}: it writes to a terminal only"


def likely_silence(running: Container) -> str:
    """The same for a container that runs; its programs say whether Python is the likely cause."""
    is_python = any(program.startswith("python") for program in running.programs())
    return _BUFFERED if is_python and _buffers(running) else NO_OUTPUT


def remedy_for_silence(running: Container, seen: Sequence[str]) -> str:
    if seen and _buffers(running):
        return f"write `ENV {_UNBUFFERED}=1` in the Dockerfile; then mend what it says above"
    return ""


def both(written: Sequence[str], seen: Sequence[str]) -> tuple[str, ...]:
    """What it wrote, and where that was less, what it writes with a terminal."""
    if len(seen) <= len(written):
        return tuple(written)
    return (*(written or NOTHING), _WITH_TERMINAL, *seen)


def _buffers(running: Container) -> bool:
    return not inspected.variables(running.inspect()).get(_UNBUFFERED)
