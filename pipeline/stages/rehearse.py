"""Rehearse: the whole way on a local Cloud Run, with users on it all the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.adapters.refusals import EMULATOR
from pipeline.adapters.visitors import VISITOR, Visitors, visiting
from pipeline.adapters.web import Answer
from pipeline.config import Config
from pipeline.context import Context
from pipeline.errors import (
    JobFailed,
    PipelineError,
    RehearsalFailed,
    RevisionFailed,
    ShiftFailed,
    VerifyFailed,
)
from pipeline.release.history import releases_of
from pipeline.report.rehearsal import Row, closing_table
from pipeline.stages.build import build
from pipeline.stages.deploy import deploy
from pipeline.stages.diagnose import known_of
from pipeline.stages.jobs import jobs
from pipeline.stages.lint import lint
from pipeline.stages.rollback import rollback
from pipeline.stages.shift import shift
from pipeline.stages.smoke import smoke
from pipeline.stages.verify import verify
from pipeline.steps.local_process import local_process
from pipeline.steps.probing import Prober

if TYPE_CHECKING:
    from rich.table import Table

HERE = (lint, build, smoke)
ON_CLOUD_RUN = (deploy, jobs, verify, shift)
STOPPED = (JobFailed, RevisionFailed, VerifyFailed, ShiftFailed)
"""What a bad release may end with: a judgement of it, not an accident on the way."""

_EVERY = 0.05  # seconds between two requests of the visitors
_STARTUP_LIMIT = 20.0  # seconds, in place of Cloud Run's 240

Stages = Sequence[Callable[[Context], None]]


def rehearse(context: Context) -> None:
    """A baseline, a new release, a bad one that must be stopped, and a rollback."""
    rows: list[Row] = []
    with local_process(context.world, context.config.file, _STARTUP_LIMIT) as address:
        context.report.step(f"a local Cloud Run at http://{address}")
        there = _against(context, address)
        _say_what_is_absent(context, there)
        try:
            users, unverified = _acts(there, rows)
        except PipelineError:
            _close(context, closing_table(rows))
            raise
    _close(context, closing_table(rows, users.served, len(users.failures), unverified))
    _must_have_held(context, users, unverified)


def _close(context: Context, table: Table) -> None:
    context.report.act("result", "how each stage ended, and what became of the users' requests")
    context.report.table(table)


def _acts(context: Context, rows: list[Row]) -> tuple[Visitors, int]:
    """All acts; what became of the users, and how many met an unverified revision."""
    say = context.report.act
    say("baseline", "the first revision of the service")
    _act(context, rows, "baseline", HERE + ON_CLOUD_RUN)
    began = context.world.now()
    with _users(context) as users:
        say("new revision", "the same way again, with users on the service from here on")
        _act(context, rows, "new revision", HERE + ON_CLOUD_RUN)
        say("bad release", "starts here, is broken on Cloud Run, and must be stopped")
        _act_bad(context, rows)
        say("rollback", "back to the baseline")
        _act(context, rows, "rollback", (rollback,))
    return users, _served_unverified(context, users, began)


def _against(context: Context, address: str) -> Context:
    """The same configuration against the local Cloud Run, with hardly any waiting.

    No Secret Manager is there: what smoke gives the container instead, it has here too. Containers
    need an engine here, and it builds too.
    """
    config, environ = context.config, {**context.world.environ, EMULATOR: address}
    traffic = config.traffic.model_copy(update={"step_time": 1.0, "watch": 1.0})
    health = config.health.model_copy(update={"settle": min(config.health.settle, 1.0)})
    env = {**config.run.env, **config.smoke.env}
    run = config.run.model_copy(update={"env": env, "secrets": {}, "ingress": "all"})
    engine = "auto" if context.builds_in_cloud else config.build.engine
    builder = config.build.model_copy(update={"engine": engine})
    changed = {"health": health, "traffic": traffic, "run": run, "build": builder}
    there = config.model_copy(update=changed)
    return replace(context, config=there, world=replace(context.world, environ=environ))


def _say_what_is_absent(context: Context, there: Context) -> None:
    absent = sorted(context.config.run.secrets.keys() - there.config.run.env.keys())
    if absent:
        context.report.note(
            f"{', '.join(absent)}: not set, for nothing in smoke.env stands in for run.secrets"
        )


def _users(context: Context) -> AbstractContextManager[Visitors]:
    """Steady requests to the public URL, with an ID token where the service is private."""
    service = context.cloud_run.get()
    token = Prober.of(context, service).headers

    def get(url: str, headers: Mapping[str, str], seconds: float) -> Answer:
        return context.world.get(url, {**headers, **token}, seconds)

    return visiting(get, f"{service.uri}{context.config.health.path}", _EVERY)


def _act(context: Context, rows: list[Row], act: str, stages: Stages) -> None:
    for stage in stages:
        with _row(context, rows, act, stage.__name__):
            stage(context)


@contextmanager
def _row(context: Context, rows: list[Row], act: str, stage: str) -> Iterator[None]:
    """Note how one stage ended, and how long it took."""
    began, result = context.world.monotonic(), "passed"
    try:
        with context.report.waiting(f"{act}: {stage}"):
            yield
    except PipelineError as error:
        result = f"stopped: {context.report.masked(error.what)}"
        raise
    finally:
        rows.append(Row(act, stage, context.world.monotonic() - began, result))


def _act_bad(context: Context, rows: list[Row]) -> None:
    """A release that is bad on purpose; the pipeline must stop it."""
    act, broken_env = "bad release", context.config.rehearse.broken_env
    _act(context, rows, act, HERE)
    bad = replace(context, config=_broken(context.config))
    try:
        _act(bad, rows, act, ON_CLOUD_RUN)
    except STOPPED as stopped:
        report = context.report
        known = known_of(stopped, context.config, report.verdicts, report.clean)
        report.failure(stopped, known)
        context.report.step("stopped, as it must be")
        return
    raise RehearsalFailed(
        "the bad release got through every stage",
        where=f"rehearse.broken_env, which sets {', '.join(broken_env) or 'nothing'}",
        remedy="name a variable there that breaks the service in a way health.expect notices",
    )


def _broken(config: Config) -> Config:
    """The same service, with the variables that break it where it is deployed."""
    env = {**config.run.env, **config.rehearse.broken_env}
    return config.model_copy(update={"run": config.run.model_copy(update={"env": env})})


def _served_unverified(context: Context, users: Visitors, began: datetime) -> int:
    """How many of the visitors' requests a revision answered that was not verified by then.

    A request that the log does not name a revision for is not known to be well served: it counts.
    """
    verified = {
        release.revision: datetime.fromisoformat(release.verified)
        for release in releases_of(context.cloud_run.get())
    }
    logged = [
        entry for entry in context.logs.requests(began) if entry.http.get("userAgent") == VISITOR
    ]
    sound = sum(
        entry.revision in verified and entry.at >= verified[entry.revision] for entry in logged
    )
    return max(len(logged), users.served) - sound


def _must_have_held(context: Context, users: Visitors, unverified: int) -> None:
    if users.failures or unverified or not users.served:
        raise RehearsalFailed(
            f"{len(users.failures)} requests of {users.served + len(users.failures)} failed, "
            f"{unverified} were served by an unverified revision",
            where=context.config.service,
            remedy="this must not happen: please report it with the output above",
            lines=users.failures[:10],
        )
    context.report.step("no user request failed, none was served by an unverified revision")
