"""``python``: modules that are tools of their own, and programs of which nothing is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.node.prisma import prisma
from pipeline.dockerfile.build.tools.python.environments import make_environment, of_program
from pipeline.dockerfile.build.tools.python.managers import TOOLS as MANAGERS
from pipeline.dockerfile.build.tools.python.pip import pip_of
from pipeline.dockerfile.build.tools.unknown import unknown_program

_HARMLESS = frozenset({"--version", "-V", "-h", "--help"})


def python(call: Call) -> None:
    """``python -m MODULE``, a script, or commands."""
    words = call.words
    module = _module(words)
    if module is None:
        if not words or not _HARMLESS & set(words):
            unknown_program(call)
        return
    name, rest = words[module], words[module + 1 :]
    if name == "pip":
        pip_of(call, rest, of_program(call, call.executed.argv[0].value or "python"))
    elif name in {"venv", "virtualenv"}:
        folder = next(
            (call.path(word) for word in reversed(rest) if not word.startswith("-")), None
        )
        if folder:
            make_environment(call, folder)
    elif name == "ensurepip":
        pass
    else:
        _run_module(call, module, name)


def _run_module(call: Call, at: int, name: str) -> None:
    inner = replace(call, executed=replace(call.executed, argv=call.executed.argv[at + 1 :]))
    tool = prisma if name == "prisma" else MANAGERS.get(name)
    if tool is not None:
        tool(inner)
    else:
        unknown_program(call)


def _module(words: tuple[str, ...]) -> int | None:
    """Where the module's name stands after ``-m``; None where a script or commands come first."""
    skip = False
    for at, word in enumerate(words):
        if skip:
            skip = False
        elif word == "-m" and at + 1 < len(words):
            return at + 1
        elif word in {"-W", "-X"}:
            skip = True
        elif not word.startswith("-") or word == "-c":
            return None
    return None


TOOLS: Mapping[str, Callable[[Call], None]] = {
    "python": python,
    "python3": python,
    **{f"python3.{minor}": python for minor in range(7, 16)},
}
