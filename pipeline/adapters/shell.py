"""The user's own shell, on the terminal that this program has."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Mapping

from pipeline.errors import UsageError


def find_shell(environ: Mapping[str, str]) -> str:
    """The program that SHELL names. Raises UsageError without one, or without a terminal."""
    if not sys.stdin.isatty():
        raise UsageError(
            "a shell was asked for, and there is no terminal for it",
            where="--shell",
            remedy="leave --shell out, and paste the lines that are printed into another shell",
        )
    program = shutil.which(environ.get("SHELL", ""))
    if program is None:
        raise UsageError(
            "a shell was asked for, and SHELL names none that can be run",
            where=f"SHELL={environ.get('SHELL', '')}",
            remedy="set SHELL to the path of one, such as /bin/bash",
        )
    return program


async def shell(program: str, variables: Mapping[str, str]) -> None:
    """Run it to its end with these variables too. When this is cancelled, it is hung up on."""
    process = await asyncio.create_subprocess_exec(program, env={**os.environ, **variables})
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGHUP)  # an interactive shell ignores SIGTERM
