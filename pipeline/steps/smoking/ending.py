"""What it took, and how it stops."""

from __future__ import annotations

from pipeline.adapters.memory import Memory
from pipeline.context import Context
from pipeline.steps.smoking.failing import failed, mib, more_memory
from pipeline.steps.smoking.starting import Start
from pipeline.steps.smoking.staying import must_run

GRACE = 10
"""Seconds between SIGTERM and SIGKILL (API facts §4.2)."""

_MUCH = 0.8  # of the limit


def fits_into_memory(context: Context, start: Start) -> None:
    """No process was killed for memory, and what it took fits; a warning where that is much."""
    running, limit = start.container, start.container.run.memory
    must_run(context, running, "nobody asked")
    memory = start.gauge.look() if start.gauge else running.memory()
    if memory.kills:
        raise failed(
            context, running,
            f"out of memory, with a limit of {mib(limit)}: {_killed(memory.kills)}",
            more_memory(running.run),
        )  # fmt: skip
    if memory.used is None:
        context.report.note("how much memory it takes cannot be read here")
        return
    said, share = _taken(memory, running.written(), limit, peak=start.gauge is not None)
    if share >= 1:
        raise failed(
            context, running,
            f"out of memory on Cloud Run, where files count as memory: {said}",
            f"raise run.memory above {mib(limit)}, or write fewer files",
        )  # fmt: skip
    if share > _MUCH:
        context.report.warn(f"{said}: little is left for requests; raise run.memory")
    else:
        context.report.step(said)


def _killed(processes: int) -> str:
    return "1 process was killed" if processes == 1 else f"{processes} processes were killed"


def _taken(memory: Memory, written: int, limit: int, *, peak: bool) -> tuple[str, float]:
    used = (memory.used or 0) + written
    files = f" ({mib(written)} of it files that it wrote)" if written >> 20 else ""
    share = used / limit
    name = "peak memory" if peak else "memory in the end"
    return f"{name} {mib(used)}{files}, {share * 100:.0f} % of {mib(limit)}", share


def stops(context: Context, start: Start) -> None:
    """SIGTERM as Cloud Run sends it, to a container that runs."""
    must_run(context, start.container, "nobody asked")
    stopped = start.container.stop(GRACE)
    if stopped.killed:
        raise failed(
            context, start.container,
            f"it did not stop within {GRACE} s of SIGTERM and was killed",
            "handle SIGTERM; in a shell start the server with exec, so that it gets the signal",
        )  # fmt: skip
    if stopped.handled:
        context.report.step(f"stops {stopped.seconds:.1f} s after SIGTERM")
    else:
        context.report.warn("it does not handle SIGTERM: requests in flight are cut off")
