"""Which program a command of Node really runs: ``npx prisma@6``, ``node node_modules/.bin/tsc``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.dockerfile.build.tools.node.packages import programs_of
from pipeline.dockerfile.shell.executed import Executed

_FETCHING = frozenset({
    "npx", "npm exec", "npm x", "pnpm exec", "pnpm dlx", "yarn exec", "yarn dlx", "bunx", "bun x",
})  # fmt: skip
_IN_MODULES = re.compile(
    r"(?:.*/)?node_modules/(?:\.bin/([\w.-]+)|((?:@[\w.-]+/)?[\w-][\w.-]*)/.*)", re.ASCII
)


def as_program(executed: Executed, wrappers: Sequence[str]) -> Executed:
    """``npx PACKAGE@VERSION`` as the program that the package brings."""
    if not wrappers or wrappers[-1] not in _FETCHING or not executed.argv:
        return executed
    first = executed.argv[0]
    at = (first.value or "").find("@", 1)
    package = first.value[:at] if first.value and at > 0 else first.value or ""
    program = next(iter(programs_of(package)), package)
    if not package or program == first.value:
        return executed
    return replace(executed, argv=(replace(first, value=program, text=program), *executed.argv[1:]))


def program_of_node(executed: Executed) -> tuple[str, int] | None:
    """The program of a package that ``node FILE`` runs, and where in the words FILE stands."""
    words = executed.words
    at = next((at for at, word in enumerate(words[1:], 1) if not word.startswith("-")), None)
    found = _IN_MODULES.fullmatch(words[at]) if at is not None and len(words[at]) < 500 else None
    if found is None or at is None:
        return None
    programs = (found[1],) if found[1] else programs_of(found[2])
    return (programs[0], at) if programs else None
