"""Node's tools: npm, yarn, pnpm, bun, prisma and the TypeScript compiler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.node import (
    bundlers,
    compilers,
    globally,
    managers,
    prisma,
    scripts,
    several,
)
from pipeline.dockerfile.build.tools.node.programs import program_of_node
from pipeline.dockerfile.build.tools.unknown import unknown_program

_PACKAGED: Mapping[str, Callable[[Call], None]] = {
    **managers.TOOLS,
    **globally.TOOLS,
    **prisma.TOOLS,
    **compilers.TOOLS,
    **bundlers.TOOLS,
}
_HARMLESS = frozenset({"--version", "-v", "--help", "-h", "--run", "--check", "-c"})


def node(call: Call) -> None:
    """``node FILE``: a program of a package, or one of which nothing is known."""
    named = program_of_node(call.executed)
    if named is not None and named[0] in _PACKAGED:
        argv = call.executed.argv[named[1] :]
        first = replace(argv[0], value=named[0], text=named[0])
        executed = replace(call.executed, argv=(first, *argv[1:]))
        _PACKAGED[named[0]](replace(call, executed=executed))
    elif not _HARMLESS & set(call.words[:1]):
        unknown_program(call)


TOOLS: Mapping[str, Callable[[Call], None]] = {**_PACKAGED, "node": node, "nodejs": node}
FOLLOWED = {**scripts.FOLLOWED, **several.FOLLOWED}
