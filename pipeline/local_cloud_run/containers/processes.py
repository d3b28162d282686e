"""The engine's command line under asyncio: short commands to their end, containers attached."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE, Process

from pipeline.adapters.processes import Finished
from pipeline.commands import Command
from pipeline.errors import EngineFailed

_READ_AHEAD = 64 * 1024  # bytes


async def spawn(command: Command) -> Process:
    """Start a process in a session of its own, where Ctrl-C in the terminal does not reach it.

    Raises EngineFailed when the tool cannot be started.
    """
    try:
        return await asyncio.create_subprocess_exec(
            *command.argv,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env={**os.environ, **command.env, **command.secret_env},
            start_new_session=True,
            limit=_READ_AHEAD,
        )
    except (OSError, ValueError) as error:  # such as a NUL in what the container is to run
        raise EngineFailed(
            f"{command.argv[0]} could not be started: {error}",
            remedy="run scripts/engine: it starts an engine or says what to install",
        ) from error


async def finish(command: Command) -> Finished:
    """Run a short command to its end and keep what it printed."""
    process = await spawn(command)
    output, errors = await process.communicate()
    return Finished(
        command.argv,
        process.returncode or 0,
        output.decode("utf-8", "replace"),
        errors.decode("utf-8", "replace"),
    )
