"""Which line of a file a failure is about: of the Dockerfile, or of the configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.dockerfile.syntax.nodes import Instruction
from pipeline.dockerfile.syntax.parser import decode, parse
from pipeline.errors import BuildFailed, ConfigError, PipelineError
from pipeline.model import Mark

_LARGEST = 1 << 20  # bytes of a Dockerfile
_MOST = 10  # marks of one failure
_NAMED = re.compile(r"^\s{0,4}(?:#\d{1,9} )?[\w./-]{0,200}ockerfile[\w.-]{0,100}:(\d{1,6})$")
_COUNTED = re.compile(r"^Step (\d{1,5})/\d{1,5} : (\S+)")
_STAGED = re.compile(r"\[(?:[\w.-]{1,100} )?\d{1,5}/\d{1,5}\] ([A-Z]+ .{1,1000})")
_IN_FILE = re.compile(r"([^:\n]{1,4096}):(\d{1,9})(?::\d{1,9})?(?:: (.*))?", re.DOTALL)


def marks(error: PipelineError) -> tuple[Mark, ...]:
    """The lines to show a failure at."""
    found: list[Mark] = []
    if isinstance(error, BuildFailed):
        line = failing_line(error.lines, _text(error.where))
        found = [Mark(error.where, line)] if line else []
    elif isinstance(error, ConfigError):
        found = list(_in_files(error.lines[:_MOST] or [error.where]))
    return tuple(found)


def failing_line(output: Sequence[str], dockerfile: str) -> int:
    """The line of the step at which a build ended, counted from 1; 0 where it does not say.

    BuildKit names the line, or the step with its text; the older builder counts the steps.
    """
    for line in reversed(output):
        if named := _NAMED.match(line):
            return int(named[1])
        if counted := _COUNTED.match(line):
            return _line_of_step(int(counted[1]), counted[2], dockerfile)
        if line.lstrip().startswith("> [") and (staged := _STAGED.search(line)):
            return _line_of_text(staged[1].removesuffix(":"), dockerfile)
    return 0


def _line_of_step(number: int, name: str, dockerfile: str) -> int:
    instructions = parse(dockerfile).instructions
    if 0 < number <= len(instructions) and instructions[number - 1].name == name.upper():
        return instructions[number - 1].line
    return 0


def _line_of_text(step: str, dockerfile: str) -> int:
    wanted = _words(step)
    found = (one.line for one in parse(dockerfile).instructions if _step(one).startswith(wanted))
    return next(found, 0)


def _step(one: Instruction) -> str:
    flags = (f"--{flag.name}={flag.value.value if flag.value else ''}" for flag in one.flags)
    return _words(" ".join([one.name, *flags, one.body.value]))


def _words(text: str) -> str:
    return " ".join(text.split())


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return decode(file.read(_LARGEST))
    except (OSError, ValueError):
        return ""


def _in_files(lines: Sequence[str]) -> Iterator[Mark]:
    for line in lines:
        if found := _IN_FILE.fullmatch(line):
            yield Mark(found[1], int(found[2]), found[3] or "")
