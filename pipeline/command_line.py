"""What may be said on the command line, and what it means."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from pipeline.errors import UsageError

STAGES = {
    "lint": "find the mistakes in the Dockerfile",
    "build": "build the image for this source, once",
    "smoke": "run the image as Cloud Run would, here",
    "deploy": "create the new revision with no traffic",
    "jobs": "run what must be done before the candidate gets traffic",
    "verify": "judge the candidate by itself",
    "shift": "give the verified candidate its traffic, step by step",
    "rollback": "go back to the last verified revision",
    "status": "say what serves, and what a rollback would do",
    "rehearse": "the whole way on a local Cloud Run, a bad release and a rollback included",
}
CONFIG = Path("pipeline.yaml")

_OTHERS = {
    "init": "bring the pipeline into a repository",
    "doctor": "say what Google Cloud lacks for a deploy",
    "diagnose": "say what a failure is known as: of a saved log, a revision, a build",
    "local": "run a local Cloud Run",
    "schema": "print the JSON Schema of pipeline.yaml",
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, where=self.prog, remedy=f"see `{self.prog} --help`")


class _Named(argparse.Action):
    """A name that is empty was lost on its way here, and must not mean "whichever"."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace,
        values: str | Sequence[object] | None, option_string: str | None = None,
    ) -> None:  # fmt: skip
        if not values:
            parser.error(f"{option_string} is there, and its value is empty")
        setattr(namespace, self.dest, values)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The stage and its options. Raises UsageError."""
    parser = _Parser(prog="python -m pipeline", allow_abbrev=False)
    stages = parser.add_subparsers(dest="stage", required=True, metavar="STAGE")
    every = STAGES | _OTHERS
    # The other stages' options cost more time than a small file takes to lint.
    for name in argv[:1] if argv and argv[0] in every else every:
        stage = stages.add_parser(
            name, help=every[name], description=every[name], allow_abbrev=False
        )
        _take_options(stage, name)
    return parser.parse_args(argv)


def _take_options(stage: argparse.ArgumentParser, name: str) -> None:
    if name == "schema":
        stage.set_defaults(format="text")
        return
    stage.add_argument("--config", type=Path, default=CONFIG, metavar="PATH",
                       help="the configuration (default: pipeline.yaml)")  # fmt: skip
    if name in _TAKES:
        stage.set_defaults(format="text")
        _TAKES[name](stage)
        return
    # One nox run hands the same options to every stage, so each takes them all.
    stage.add_argument("--format", choices=("text", "json", "github", "sarif"),
                       default="text", help="how lint prints its findings")  # fmt: skip
    stage.add_argument("--hold", action="store_true",
                       help="stop with the candidate verified and at 0 %%")  # fmt: skip
    stage.add_argument("--to", action=_Named, default="", metavar="REVISION|PERCENT",
                       help="the revision that rollback goes back to; "
                       "the percentage that shift stops at")  # fmt: skip
    stage.add_argument("--force", default="", metavar="REASON",
                       help="deploy an image that was rejected before")  # fmt: skip
    if name == "lint":
        _take_paths(stage)
    if name == "shift":
        _take_orders(stage)


def _take_orders(shift: argparse.ArgumentParser) -> None:
    shift.add_argument("--candidate", action=_Named, default="", metavar="REVISION",
                       help="the one that was approved: no other is shifted")  # fmt: skip
    orders = shift.add_mutually_exclusive_group()
    orders.add_argument("--pause", action="store_true",
                        help="let the shift under way stop where it is")  # fmt: skip
    orders.add_argument("--resume", action="store_true", help="go on with a paused shift")
    orders.add_argument("--abort", action="store_true",
                        help="take the candidate's traffic back")  # fmt: skip


def _take_port(local: argparse.ArgumentParser) -> None:
    local.add_argument("--port", type=_port, default=8790, help="0 for a free one (default: 8790)")
    local.add_argument("--grpc-port", type=_port, default=None, metavar="PORT",
                       help="0 for a free one (default: the one after --port)")  # fmt: skip
    local.add_argument("--startup-limit", type=_seconds, default=None, metavar="SECONDS",
                       help="time to listen (default: Cloud Run's 240)")  # fmt: skip
    local.add_argument("--secrets", type=Path, default=None, metavar="FILE",
                       help="NAME=value lines: the secrets that there are")  # fmt: skip
    local.add_argument("--state", type=Path, default=None, metavar="DIR",
                       help="keep services and jobs there (default: nowhere)")  # fmt: skip
    local.add_argument("--seed", type=int, default=0, help="the chance that faults go by")
    local.add_argument("--fault", action="append", default=[], metavar="NAME=VALUE",
                       help="what goes wrong, and how often or how long: quota=0.2")  # fmt: skip
    local.add_argument("--shell", action="store_true",
                       help="start $SHELL with all that gcloud needs")  # fmt: skip


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def _take_log(diagnose: argparse.ArgumentParser) -> None:
    what = diagnose.add_mutually_exclusive_group(required=True)
    what.add_argument("log", nargs="?", default="", metavar="FILE",
                      help="a saved log; - is standard input")  # fmt: skip
    what.add_argument("--revision", default="", help="its log and condition")
    what.add_argument("--build", default="", metavar="ID", help="a build of Cloud Build")


def _take_paths(lint: argparse.ArgumentParser) -> None:
    lint.add_argument("paths", nargs="*", type=Path, metavar="PATH",
                      help="a Dockerfile or a build context (default: as configured)")  # fmt: skip
    lint.add_argument("--fix", action="store_true", help="make the changes that are certain")
    lint.add_argument("--explain", default="", metavar="RULE", help="tell about a rule: S02")


def _take_place(init: argparse.ArgumentParser) -> None:
    init.add_argument("folder", nargs="?", type=Path, default=Path(),
                      help="the repository (default: the one this folder is in)")  # fmt: skip
    init.add_argument("--source", default="", metavar="FOLDER", help="where the Dockerfile is")
    for name in ("service", "project", "region"):
        init.add_argument(f"--{name}", default="", help="where what is there does not say it")
    init.add_argument("--dry-run", action="store_true", help="show every file, and write none")
    init.add_argument("--overwrite", action="store_true",
                      help="write over files that differ; they are shown before")  # fmt: skip


def _take_terraform(doctor: argparse.ArgumentParser) -> None:
    doctor.add_argument("--terraform", action="store_true",
                        help="print the resources for Terraform, and look at nothing")  # fmt: skip


_TAKES = {
    "local": _take_port, "diagnose": _take_log, "init": _take_place, "doctor": _take_terraform,
}  # fmt: skip
"""The options of stages that run by themselves."""
