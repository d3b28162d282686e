"""Stages in a process of their own that need not import anything: a fork of one that has."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from pipeline.__main__ import main
from tests.end_to_end.conftest import Project, Ran

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([
    "google.cloud.run_v2", "google.api_core.retry", "requests", "yaml", "pydantic", "rich.live",
    *(f"pipeline.stages.{name}" for name in ("deploy", "jobs", "verify", "shift", "status")),
    __name__,
])  # fmt: skip
_ENDS = 120.0  # seconds
_NUMBERS = itertools.count()

_OTHERS = ("PIPELINE_", "CLOUD_RUN_PIPELINE_", "GITHUB_", "BUILD_ID")

RELEASE = ("deploy", "jobs", "verify", "shift")


@dataclass
class Run:
    """Stages under way."""

    process: BaseProcess
    file: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def output(self) -> str:
        """What it has printed; all of it once it has ended."""
        return self.file.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def ended(self, seconds: float = _ENDS) -> Ran:
        """Its end; the code is that of the stage that failed, or negative for a signal."""
        self.process.join(seconds)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            raise TimeoutError(self.output)
        return Ran(code, self.output)


def on_its_own(environ: Mapping[str, str]) -> dict[str, str]:
    """Without the settings of others, and without what makes all processes one run of a CI."""
    return {name: value for name, value in environ.items() if not name.startswith(_OTHERS)}


def start(project: Project, *stages: str) -> Run:
    """Run stages as one person does, one after the other, until one fails."""
    file = project.folder / f"output-{next(_NUMBERS)}.txt"
    words = [[*stage.split(), "--config", str(project.write())] for stage in stages]
    environ = {**project.environ, **project.more}
    process = _FORKS.Process(target=_run, args=(environ, project.folder, file, words))
    process.start()
    return Run(process, file)


def _run(
    environ: Mapping[str, str], folder: Path, file: Path, stages: Sequence[Sequence[str]]
) -> None:
    with file.open("wb") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    for words in stages:
        code = main(words)
        if code:
            sys.exit(code)
