"""A container that has ended is not judged by anything else any more."""

from __future__ import annotations

from pipeline.adapters.container import Container
from pipeline.context import Context
from pipeline.steps.smoking.failing import failed, how, more_memory
from pipeline.steps.smoking.silence import NO_OUTPUT

TO_BE_KNOWN = 1.0
"""Seconds until the engine has told of an end."""


def must_run(context: Context, running: Container, when: str, within: float = 0.05) -> None:
    """Raise if it ended; ``when`` says what was going on. Wait ``within`` seconds for its end."""
    ended = running.ended(within)
    if ended is None:
        return
    running.process.wait(TO_BE_KNOWN)  # a crash is followed by its last lines
    silence = "" if running.lines else f"; {NO_OUTPUT}"
    remedy = more_memory(running.run) if ended.out_of_memory else ""
    what = f"it ended when {when}: {how(ended, running.run)}{silence}"
    raise failed(context, running, what, remedy)
