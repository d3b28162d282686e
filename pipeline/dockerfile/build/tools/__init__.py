"""What the programs that builds run do to the machine; a program that is not here is unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.start.inner import Inner
from pipeline.dockerfile.build.tools import compiled, fetch, make, node, python, system
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.shell.executed import Executed

TOOLS: Mapping[str, Callable[[Call], None]] = {
    **system.TOOLS,
    **fetch.TOOLS,
    **python.TOOLS,
    **node.TOOLS,
    **compiled.TOOLS,
}
FOLLOWED: Mapping[str, Callable[[Machine, Executed], tuple[Inner, ...] | None]] = {
    **node.FOLLOWED,
    **make.FOLLOWED,
}
"""Programs that run scripts in turn: which ones; None where that cannot be known."""
