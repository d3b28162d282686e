"""``python -m pipeline STAGE``: a stage's name, its call, its exit code."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from io import StringIO, TextIOWrapper
from types import FrameType
from typing import TYPE_CHECKING

from pipeline.adapters.world import World, real_world
from pipeline.command_line import CONFIG, parse
from pipeline.errors import Interrupted, PipelineError, Terminated, UsageError
from pipeline.report.terminal import Report

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.context import Context


class _Terminating(KeyboardInterrupt):
    """SIGTERM or SIGHUP, raised where the work is, as Ctrl-C is."""


def main(argv: Sequence[str] | None = None, world: World | None = None) -> int:
    """Run one stage; returns its exit code and never raises what a user could meet."""
    world = world or real_world()
    _write_anything()
    report = Report(world.environ)
    report.only_errors = True  # until the command line says whose the standard output is
    try:
        return _run(sys.argv[1:] if argv is None else argv, world, report)
    except KeyboardInterrupt as stop:
        return _stopped(report, stop)
    except BrokenPipeError:
        return 1
    except Exception:  # noqa: BLE001 -- the edge: a bug of ours must not look like a user's mistake
        return _bug(report)


def _run(argv: Sequence[str], world: World, report: Report) -> int:
    config = None
    try:
        arguments = parse(argv)
        report.only_errors = arguments.format != "text"
        with _terminable():
            config = _config(arguments, world, report)
            _call(arguments, config, world, report)
            report.ended()
    except UsageError as error:
        report.error(error)
        return error.exit_code
    except PipelineError as error:
        from pipeline.stages.diagnose import known_of

        report.error(error, known_of(error, config, report.verdicts, report.clean))
        return error.exit_code
    return 0


def _write_anything() -> None:
    """What the terminal's encoding lacks is shown as ``?``; a check mark must not end a release."""
    # A program that was started with a stream closed has None for it.
    sys.stdout, sys.stderr = sys.stdout or StringIO(), sys.stderr or StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _call(
    arguments: argparse.Namespace, config: Config | None, world: World, report: Report
) -> None:
    if arguments.stage == "schema":
        from pipeline.config import schema

        report.raw(json.dumps(schema(), indent=2))
    elif arguments.stage == "local":
        from pipeline.stages.local import Wanted, local

        wanted = Wanted(
            port=arguments.port,
            grpc_port=arguments.grpc_port,
            startup_limit=arguments.startup_limit,
            secrets=arguments.secrets,
            state=arguments.state,
            seed=arguments.seed,
            faults=tuple(arguments.fault),
            shell=arguments.shell,
        )
        local(world, report, arguments.config, wanted)
    elif arguments.stage == "lint":
        from pipeline.stages.lint import Asked, run

        asked = Asked(arguments.paths, arguments.format, arguments.fix, arguments.explain)
        run(world, report, asked, config)
    elif arguments.stage == "diagnose":
        _diagnose(arguments, config, world, report)
    elif arguments.stage == "init":
        _init(arguments, world, report)
    elif config is not None and arguments.stage == "doctor":
        from pipeline.context import Context
        from pipeline.stages.doctor import doctor, terraform

        act = terraform if arguments.terraform else doctor
        act(Context(config, world, report))
    elif config is not None:
        from pipeline.context import Context, Options

        known = {one.name for one in fields(Options)}
        options = Options(
            **{name: value for name, value in vars(arguments).items() if name in known}
        )
        _stage(arguments.stage)(Context(config, world, report, options))


def _diagnose(
    arguments: argparse.Namespace, config: Config | None, world: World, report: Report
) -> None:
    from pipeline.stages.diagnose import Wanted, diagnose, diagnose_log

    if arguments.log:
        diagnose_log(report, arguments.log, config)
    elif config is not None:
        from pipeline.context import Context

        diagnose(Context(config, world, report), Wanted(arguments.revision, arguments.build))


def _init(arguments: argparse.Namespace, world: World, report: Report) -> None:
    from pipeline.stages.init import Asked, init

    given = {one.name: getattr(arguments, one.name) for one in fields(Asked)}
    init(world, report, Asked(**given))


def _config(arguments: argparse.Namespace, world: World, report: Report) -> Config | None:
    """The configuration, with its secrets hidden from here on; None where a stage needs none."""
    if arguments.stage in {"schema", "local", "init"} or _needs_none(arguments):
        return None
    from pipeline.config import load_config
    from pipeline.report.masking import secret_values

    config = load_config(arguments.config, world.environ)
    report.hide(secret_values(config.variables()))
    if config.catalogue is not None:
        from pipeline.catalogue import users_entries

        users_entries(config.folder / config.catalogue)  # a fault in it is told at once
    return config


def _needs_none(arguments: argparse.Namespace) -> bool:
    """Whether a stage can do without a configuration that is not there."""
    if arguments.stage == "lint":
        is_free = bool(arguments.explain or arguments.paths)
    else:
        is_free = arguments.stage == "diagnose" and bool(arguments.log)
    is_there = arguments.config != CONFIG or os.path.exists(CONFIG)
    return is_free and (not is_there or bool(getattr(arguments, "explain", "")))


def _stage(name: str) -> Callable[[Context], None]:
    module = importlib.import_module(f"pipeline.stages.{name}")
    stage: Callable[[Context], None] = getattr(module, name)
    return stage


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM is handled as Ctrl-C is: undone, said, and with an exit code of its own.

    So is SIGHUP, of a terminal that goes away; unless it is ignored, as under nohup.
    """

    def terminate(_signal: int, _frame: FrameType | None) -> None:
        raise _Terminating

    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)}
    for one, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(one, terminate)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler or signal.SIG_DFL)


def _stopped(report: Report, stop: KeyboardInterrupt) -> int:
    kind = Terminated if isinstance(stop, _Terminating) else Interrupted
    error = kind(
        "stopped before the end; nothing after this was started",
        remedy="`nox -s status` says what serves, and what there is to go on with",
    )
    report.error(error)
    return error.exit_code


def _bug(report: Report) -> int:
    import tempfile
    import traceback

    text = traceback.format_exc()
    with tempfile.NamedTemporaryFile(
        "w", prefix="pipeline-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(report.masked(text))
    error = PipelineError(
        f"a bug in the pipeline: {text.strip().splitlines()[-1]}",
        where=file.name,
        remedy="please report it with that file; `nox -s status` says what serves",
    )
    report.error(error)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
