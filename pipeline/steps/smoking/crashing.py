"""Why a container did not listen: it crashed, once or each time, or it lives and does not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from pipeline.adapters.container import Container, Ended, container
from pipeline.commands import ContainerRun
from pipeline.context import Context
from pipeline.errors import PipelineError
from pipeline.steps.smoking.exits import NEVER_RAN
from pipeline.steps.smoking.failing import failed, how, is_foreign, more_memory, needed
from pipeline.steps.smoking.hearing import heard, where_to_listen
from pipeline.steps.smoking.runs import another
from pipeline.steps.smoking.silence import (
    both,
    explained_silence,
    remedy_for_silence,
    with_terminal,
)
from pipeline.steps.smoking.starting import Start, until_it_listens

_STARTS = 3  # Cloud Run too starts what crashed again
_NEARLY_ALL = 0.8  # of the time
_SILENT = 5.0  # seconds that a silent one is looked at with a terminal
_LATE = (
    "its output says what it waits for; where it only takes longer, raise startup.listen_within "
    "(Cloud Run allows 4m)"
)


def why_not(context: Context, start: Start) -> PipelineError:
    """The error for a start that did not come to listen."""
    if start.ended is None:
        return _did_not_listen(context, start)
    return _ended(context, start.container, start.ended)


def _ended(context: Context, running: Container, ended: Ended) -> PipelineError:
    running.process.wait(1.0)  # a crash is followed by its last lines
    written = tuple(running.lines)
    what = f"it ended before it listened: {how(ended, running.run)}"
    if ended.out_of_memory:
        return failed(context, running, what, more_memory(running.run))
    if ended.code in NEVER_RAN or is_foreign(written):
        return failed(context, running, what)
    lost = not written or ended.code > 128
    again = _again(context, running.run, lost=lost)
    crashes = 1 + sum(start.ended is not None for start in again)
    often = "each of " if crashes == _STARTS else f"{crashes} of "
    what += f"; it crashed at {often}{_STARTS} starts"
    seen = again[0].container.lines if lost else ()
    return _with_what_was_lost(context, running, what, (written, seen))


def _again(context: Context, run: ContainerRun, *, lost: bool) -> list[Start]:
    """The other starts, side by side; the first of them with a terminal where output was lost."""
    runs = [with_terminal(context, run) if lost else another(context, run)]
    runs += [another(context, run) for _ in range(_STARTS - 2)]
    with ExitStack() as stack:
        begun = [
            stack.enter_context(container(context.engine, context.world, each)) for each in runs
        ]
        return [until_it_listens(each, context.config.startup.listen_within) for each in begun]


def _did_not_listen(context: Context, start: Start) -> PipelineError:
    running, port = start.container, context.config.run.port
    listeners, programs = running.listeners(), running.programs()
    what = (
        f"it did not listen on port {port} within {context.config.startup.listen_within:g} s: "
        f"{heard(listeners, port)}"
    )
    what += f"; alive: {', '.join(programs[:5])}" if programs else ""
    if start.starved:
        return failed(context, running, what + start.starved, more_memory(running.run))
    remedy = where_to_listen(listeners, port)
    held_back = "" if remedy else _held_back(start)
    if held_back:
        return failed(context, running, what + held_back, _more_cpu(running.run))
    written = tuple(running.lines)
    seen = () if written else _seen_with_terminal(context, running.run)
    return _with_what_was_lost(context, running, what, (written, seen), remedy, _LATE)


def _held_back(start: Start) -> str:
    """Said where a limit below 1 CPU kept it waiting nearly all the time; or nothing."""
    cpu = start.container.run.cpu
    throttled = start.container.throttled() if cpu < 1 else None
    share = min((throttled or 0.0) / start.seconds, 1.0) if start.seconds else 0.0
    if share < _NEARLY_ALL:
        return ""
    return f"; it was throttled for {share * 100:.0f} % of the time by run.cpu {cpu:g}"


def _more_cpu(run: ContainerRun) -> str:
    return f"raise run.cpu above {run.cpu:g}, or do less before it listens"


def _seen_with_terminal(context: Context, run: ContainerRun) -> Sequence[str]:
    with container(context.engine, context.world, with_terminal(context, run)) as running:
        until_it_listens(running, min(_SILENT, context.config.startup.listen_within))
        return running.lines


def _with_what_was_lost(
    context: Context,
    running: Container,
    what: str,
    output: tuple[Sequence[str], Sequence[str]],
    remedy: str = "",
    otherwise: str = "",
) -> PipelineError:
    """The failure, and where nothing was written, why. ``output`` is without and with a terminal.

    ``remedy`` is a certain one, ``otherwise`` one for where nothing better is known.
    """
    written, seen = output
    lines = both(written, seen)
    remedy = remedy or needed(context, lines)
    if not written:
        what += f"; {explained_silence(running, seen)}"
        remedy = remedy or remedy_for_silence(running, seen)
    return failed(context, running, what, remedy or otherwise, lines)
