"""Rehearse: the whole way on a local Cloud Run, with users on it all the time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.adapters.google import EMULATOR
from pipeline.adapters.processes import Running
from pipeline.adapters.visitors import VISITOR, Visitors, visiting
from pipeline.commands import Command
from pipeline.config import Config
from pipeline.context import Context
from pipeline.errors import PipelineError, RehearsalFailed
from pipeline.release import releases_of
from pipeline.report.harmless import harmless
from pipeline.stages.build import build
from pipeline.stages.deploy import deploy
from pipeline.stages.lint import lint
from pipeline.stages.rollback import rollback
from pipeline.stages.shift import shift
from pipeline.stages.smoke import smoke
from pipeline.stages.verify import verify

WHOLE_WAY = (lint, build, smoke, deploy, verify, shift)

_EVERY = 0.05  # seconds between two requests of the visitors
_TO_COME_UP = 30.0  # seconds for the local Cloud Run
_STARTUP_LIMIT = 20.0  # seconds, in place of Cloud Run's 240


@dataclass(frozen=True)
class Row:
    """One line of the closing table."""

    act: str
    stage: str
    seconds: float
    result: str


def rehearse(context: Context) -> None:
    """A baseline, a new release, a bad one that must be stopped, and a rollback."""
    with _local_cloud_run(context) as address:
        there = _against(context, address)
        rows = _act(there, "baseline", WHOLE_WAY)
        service = there.cloud_run.get()
        began = there.world.now()
        with visiting(there.world.get, f"{service.uri}{there.config.health.path}", _EVERY) as users:
            rows += _act(there, "new revision", WHOLE_WAY)
            rows += _act_bad(there)
            rows += _act(there, "rollback", (rollback,))
        unverified = _served_unverified(there, began)
        _show(there, rows, users, unverified)
        _must_have_held(there, users, unverified)


@contextmanager
def _local_cloud_run(context: Context) -> Iterator[str]:
    """A local Cloud Run in a process of its own, gone afterwards."""
    command = Command(
        (sys.executable, "-m", "pipeline", "local", "--port", "0",
         "--startup-limit", f"{_STARTUP_LIMIT:g}"),
        env={"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    process = context.world.start(command)
    try:
        address = _address(context, process)
        context.report.step(f"a local Cloud Run at http://{address}")
        yield address
    finally:
        process.terminate()
        process.wait(15.0)


def _address(context: Context, process: Running) -> str:
    deadline = context.world.monotonic() + _TO_COME_UP
    announced = f"export {EMULATOR}="
    while context.world.monotonic() < deadline:
        for line in process.lines:
            if line.startswith(announced):
                return line.removeprefix(announced)
        if process.poll() is not None:
            break
        context.world.sleep(0.02)
    process.wait(1.0)
    raise RehearsalFailed(
        "the local Cloud Run did not come up",
        where="python -m pipeline local --port 0",
        remedy="mend what it says above",
        lines=process.lines,
    )


def _against(context: Context, address: str) -> Context:
    """The same configuration against the local Cloud Run, with hardly any waiting."""
    environ = {**context.world.environ, EMULATOR: address}
    traffic = context.config.traffic.model_copy(update={"step_time": 1.0})
    config = context.config.model_copy(update={"traffic": traffic})
    return Context(config, replace(context.world, environ=environ), context.report, context.options)


def _act(context: Context, act: str, stages: Sequence[Callable[[Context], None]]) -> list[Row]:
    rows = []
    for stage in stages:
        began = context.world.monotonic()
        stage(context)
        rows.append(Row(act, stage.__name__, context.world.monotonic() - began, "passed"))
    return rows


def _act_bad(context: Context) -> list[Row]:
    """A release that is bad on purpose; the pipeline must stop it, whatever the stage."""
    bad = replace(context, config=_broken(context.config))
    rows: list[Row] = []
    for stage in WHOLE_WAY:
        began = context.world.monotonic()
        try:
            stage(bad)
        except PipelineError as error:
            context.report.error(error)
            context.report.step("stopped, as it must be")
            rows.append(Row("bad release", stage.__name__, context.world.monotonic() - began,
                            f"stopped: {error.what}"))  # fmt: skip
            return rows
        rows.append(Row("bad release", stage.__name__, context.world.monotonic() - began, "passed"))
    raise RehearsalFailed(
        "the bad release got through every stage",
        where=", ".join(
            f"{name}={value}" for name, value in bad.config.rehearse.broken_env.items()
        ),
        remedy="rehearse.broken_env must break the service, and health.expect must notice it",
    )


def _broken(config: Config) -> Config:
    """The same service, with the variables that break it where it is deployed."""
    run = config.run.model_copy(update={"env": {**config.run.env, **config.rehearse.broken_env}})
    named = config.named | {f"run.env.{name}" for name in config.rehearse.broken_env}
    sound = {name: config.run.env.get(name, "") for name in config.rehearse.broken_env}
    smoke_env = {**sound, **config.smoke.env}
    return config.model_copy(
        update={
            "run": run,
            "named": frozenset(named),
            "smoke": config.smoke.model_copy(update={"env": smoke_env}),
        }
    )


def _served_unverified(context: Context, began: datetime) -> int:
    """How many of the visitors' requests a revision answered that was not verified by then."""
    verified = {
        release.revision: datetime.fromisoformat(release.verified)
        for release in releases_of(context.cloud_run.get())
    }
    return sum(
        entry.revision not in verified or entry.at < verified[entry.revision]
        for entry in context.logs.requests(began)
        if entry.http.get("userAgent") == VISITOR
    )


def _show(context: Context, rows: Sequence[Row], users: Visitors, unverified: int) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="The rehearsal", title_justify="left")
    table.add_column("release")
    table.add_column("stage")
    table.add_column("time", justify="right")
    table.add_column("result")
    for before, row in zip([None, *rows], rows, strict=False):
        act = "" if before and before.act == row.act else row.act
        table.add_row(act, row.stage, f"{row.seconds:.1f} s", Text(harmless(row.result)))
    table.add_section()
    asked = users.served + len(users.failures)
    fate = f"{users.served} served, {len(users.failures)} failed"
    table.add_row("users", "", "", f"{asked} requests: {fate}, {unverified} by an unverified one")
    context.report.table(table)


def _must_have_held(context: Context, users: Visitors, unverified: int) -> None:
    if users.failures or unverified or not users.served:
        raise RehearsalFailed(
            f"{len(users.failures)} requests of {users.served + len(users.failures)} failed, "
            f"{unverified} were served by an unverified revision",
            where=context.cloud_run.name,
            remedy="this must not happen: please report it with the output above",
            lines=users.failures[:10],
        )
    context.report.step("no user request failed, none was served by an unverified revision")
