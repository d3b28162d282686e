"""Running a stage on a machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache

from pipeline.command_line import parse
from pipeline.context import Context, Options
from pipeline.errors import PipelineError
from pipeline.stages.deploy import deploy
from pipeline.stages.jobs import jobs
from pipeline.stages.rollback import rollback
from pipeline.stages.shift import shift
from pipeline.stages.status import status
from pipeline.stages.verify import verify
from tests.simulation import judging
from tests.simulation.contexts import Told, context_of
from tests.simulation.invariants import Watcher
from tests.simulation.machine import Machine

STAGES: Mapping[str, Callable[[Context], None]] = {
    "deploy": deploy, "jobs": jobs, "verify": verify, "shift": shift, "rollback": rollback,
    "status": status,
}  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How a stage ended; ``error`` is None when it did what it is for."""

    stage: str
    error: BaseException | None
    said: tuple[str, ...]


def run_stage(machine: Machine, watcher: Watcher, command: str) -> Ended:
    """Run it to its end, whichever; what it leaves must be what it says."""
    cloud = machine.cloud
    machine.begin_stage(command.split()[0], options_of(command))
    found = judging.Found(cloud.service)
    context = context_of(machine, machine.options)
    cloud.history.add(machine.name, f"== {command}")
    error = _error_of(STAGES[machine.stage], context)
    report = context.report
    assert isinstance(report, Told)
    cloud.history.add(machine.name, f"== {machine.stage}: {_shown(error)}")
    judging.judge(machine, watcher, found, error, report.said)
    return Ended(machine.stage, error, tuple(report.said))


@cache
def options_of(command: str) -> Options:
    known = {one.name for one in fields(Options)}
    given = vars(parse(command.split()))
    return Options(**{name: value for name, value in given.items() if name in known})


def _error_of(stage: Callable[[Context], None], context: Context) -> BaseException | None:
    try:
        stage(context)
    except BaseException as error:  # noqa: BLE001 -- whatever it ends with is judged
        return error
    return None


def _shown(error: BaseException | None) -> str:
    if isinstance(error, PipelineError):
        return f"{type(error).__name__}: {error.what.splitlines()[0]}"
    return "done" if error is None else type(error).__name__
