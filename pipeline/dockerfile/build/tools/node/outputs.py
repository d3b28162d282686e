"""Where the output of a tool ends up, as far as it is known."""

from __future__ import annotations

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.shell.executed import Value


def fill(call: Call, folder: Value, maker: str) -> None:
    """A folder is there now, and nobody can tell what all is in it."""
    if folder is None:
        somewhere(call)
        return
    call.make(folder, maker, directory=True)
    call.machine.files.blur(folder)


def somewhere(call: Call) -> None:
    """It writes in the project, and that is all that is known."""
    call.machine.files.blur(call.cwd or "/")
