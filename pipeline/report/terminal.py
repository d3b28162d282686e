"""What a person sees while a stage works."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.commands import Command
from pipeline.errors import PipelineError
from pipeline.model import Finding, Outcome, Verdict
from pipeline.report import github
from pipeline.report.harmless import harmless, harmless_lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_MARKS = {
    Outcome.PASS: ("✓", "green"),
    Outcome.FAIL: ("✗", "red"),
    Outcome.INCONCLUSIVE: ("?", "yellow"),
}
_COLOURS = {"error": "red", "warning": "yellow"}


class Report:
    """Prints progress to a terminal or plain lines to a CI log; never interprets what it prints."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.in_github = environ.get("GITHUB_ACTIONS") == "true"
        self.only_errors = False  # standard output belongs to a machine; errors go to the other

    @cached_property
    def console(self) -> Console:
        from rich.console import Console

        stream = sys.stderr if self.only_errors else sys.stdout
        width = None if stream.isatty() else 120
        return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)

    def stage(self, name: str, what: str) -> None:
        self._say(f"{name}", "bold cyan", f"  {what}")

    def step(self, text: str) -> None:
        """Something was done."""
        self._say("  ✓ ", "green", text)

    def doing(self, text: str) -> None:
        """Something is under way and may take a while."""
        self._say("  … ", "dim", text)

    def warn(self, text: str) -> None:
        self._say("  ! ", "yellow", text)
        if self.in_github:
            self._to_runner(github.warning(text))

    def note(self, text: str) -> None:
        self._say("    ", "dim", text)

    def command(self, command: Command) -> None:
        """Echo a command, quoted, ready to paste. Values in ``secret_env`` are never shown."""
        self._say("  $ ", "dim", shlex.join(command.argv))

    def output(self, lines: Sequence[str]) -> None:
        """Lines that a container or a tool wrote."""
        for line in harmless_lines(lines):
            self._say("  │ ", "dim", line)

    def progress(self, line: str) -> None:
        """One line of a tool at work: shown where a person watches, not kept."""
        if self.console.is_terminal:
            self._say("  │ ", "dim", line)

    def verdict(self, verdict: Verdict) -> None:
        mark, colour = _MARKS[verdict.outcome]
        self._say(f"  {mark} ", colour, f"{verdict.check}: {verdict.evidence}")
        if verdict.outcome is not Outcome.PASS:
            self.output(verdict.lines)

    def findings(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            place = f"{finding.file}:{finding.line}:{finding.column}"
            colour = _COLOURS.get(finding.severity, "dim")
            self._say(
                f"  {finding.severity:<8}", colour, f"{place}  {finding.rule}  {finding.message}"
            )
            if self.in_github:
                self._to_runner(github.annotation(finding))

    def error(self, error: PipelineError) -> None:
        """One failure: what, where, the evidence, the remedy."""
        self._say("✗ ", "bold red", f"{error.title}: {error.what}")
        if error.where:
            self._say("  at      ", "dim", error.where)
        self.output(error.lines)
        for note in getattr(error, "__notes__", ()):
            self._say("  also    ", "yellow", note)
        if error.remedy:
            self._say("  remedy  ", "bold", error.remedy)
        if self.in_github:
            text = f"{error.what}\n{error.remedy}" if error.remedy else error.what
            self._to_runner(github.error(error.title, text))

    def table(self, table: Table) -> None:
        self.console.print(table)

    def raw(self, text: str) -> None:
        """Exactly this line: machine-readable output."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def _to_runner(self, command: str) -> None:
        """A CI command, past rich, which would wrap it. The runner reads both streams."""
        self.console.file.write(f"{command}\n")
        self.console.file.flush()

    @contextmanager
    def timed(self, text: str) -> Iterator[None]:
        """Say that something is under way, and how long it took when it went well."""
        began = time.monotonic()
        status = self.console.status(f"  {text}") if self.console.is_terminal else None
        if status:
            status.start()
        try:
            yield
        finally:
            if status:
                status.stop()
        self.step(f"{text} ({time.monotonic() - began:.1f} s)")

    def _say(self, lead: str, style: str, text: str = "") -> None:
        from rich.text import Text

        for index, line in enumerate(text.split("\n")):
            head = lead if index == 0 else " " * len(lead)
            self.console.print(Text.assemble((head, style), harmless(line)), soft_wrap=True)
