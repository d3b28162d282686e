"""One clear error for whatever is wrong with a container."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.adapters.container import Container, Ended
from pipeline.adapters.engine import must_answer
from pipeline.commands import ContainerRun
from pipeline.context import Context
from pipeline.errors import EngineFailed, PipelineError, SmokeFailed, WrongArchitecture
from pipeline.steps.smoking.exits import explained
from pipeline.steps.smoking.needing import unreached

NOTHING = ("(it wrote nothing at all)",)
_MEND = "mend what its output says above; nothing was pushed or deployed"
_FOREIGN = "exec format error"


def failed(
    context: Context, running: Container, what: str, remedy: str = "", lines: Sequence[str] = ()
) -> PipelineError:
    """``lines`` is all that it wrote, unless other evidence is given."""
    running.process.wait(1.0)  # a crash is followed by its last lines
    shown = tuple(lines or running.lines)
    must_answer(running.world, running.engine, shown)
    where = f"image {running.run.image[:19]}"
    if is_foreign(shown):
        return WrongArchitecture(
            f"its program is not for {running.run.platform}",
            where=where,
            remedy="look for --platform in FROM, and for programs copied from another machine",
            lines=shown,
        )
    remedy = remedy or needed(context, shown) or _MEND
    return SmokeFailed(what, where=where, remedy=remedy, lines=shown or NOTHING)


def is_foreign(lines: Sequence[str]) -> bool:
    return any(_FOREIGN in line for line in lines)


def needed(context: Context, lines: Sequence[str]) -> str:
    """The remedy where it asks for something that was not there and that nobody declared."""
    missing = "" if context.config.smoke.services else unreached(lines)
    if not missing:
        return ""
    return (
        f"it could not reach {missing}: name what it needs in smoke.services of "
        f"{context.config.file.name}, so that smoke runs it beside {missing}"
    )


def did_not_run(running: Container) -> PipelineError:
    """The engine itself failed."""
    return EngineFailed(
        "the engine could not run the container",
        where=running.engine.path,
        remedy="mend what it says above; scripts/engine starts an engine that stopped",
        lines=tuple(running.lines),
    )


def how(ended: Ended, run: ContainerRun) -> str:
    """How it ended, in words."""
    if ended.out_of_memory:
        return f"out of memory, with a limit of {mib(run.memory)}"
    return explained(ended.code)


def more_memory(run: ContainerRun) -> str:
    """The remedy where the limit was too low, or the program takes too much."""
    return f"raise run.memory above {mib(run.memory)}, or find what takes it"


def mib(size: int) -> str:
    return f"{size / (1 << 20):.0f} MiB"
