"""What a person sees while a stage works."""

from __future__ import annotations

import re
import shlex
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from pipeline.commands import Command
from pipeline.errors import PipelineError
from pipeline.model import Finding, Outcome, Verdict
from pipeline.report import github
from pipeline.report.findings import told
from pipeline.report.harmless import harmless, harmless_lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

_MARKS = {
    Outcome.PASS: ("✓", "green"),
    Outcome.FAIL: ("✗", "red"),
    Outcome.INCONCLUSIVE: ("?", "yellow"),
}
_DIFF = {"+": "green", "-": "red", "@": "cyan"}
_TO_COPY = re.compile("`[^`]*`|gcloud .*")
"""A command in a sentence: on one line it can be copied."""


class Report:
    """Prints progress to a terminal or plain lines to a CI log; never interprets what it prints."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.in_github = environ.get("GITHUB_ACTIONS") == "true"
        self._forced = not {"FORCE_COLOR", "TTY_COMPATIBLE"}.isdisjoint(environ)
        self.only_errors = False  # standard output belongs to a machine; errors go to the other
        self._shown: Sequence[str] = ()  # the evidence that was shown last

    @cached_property
    def console(self) -> Console:
        from rich.console import Console

        width = None if self._stream.isatty() else 120
        return Console(file=self._stream, width=width, highlight=False, markup=False, emoji=False)

    @property
    def _stream(self) -> TextIO:
        return sys.stderr if self.only_errors else sys.stdout

    @cached_property
    def _watched(self) -> bool:
        """Whether a person looks on. Colours alone, as CI forces them, do not say so."""
        return self._stream.isatty() and self.console.is_interactive

    def act(self, name: str, what: str) -> None:
        """A heading over several stages."""
        self.console.print()
        self._say(f"── {name} ── ", "bold", what)

    def stage(self, name: str, what: str) -> None:
        self._say(f"{name}  ", "bold cyan", what)

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
        self._say("  $ ", "dim", shlex.join(command.argv), exact=True)

    def output(self, lines: Sequence[str]) -> None:
        """Lines that a container or a tool wrote."""
        for line in harmless_lines(lines):
            self._say("  │ ", "dim", line, exact=True)

    def progress(self, line: str) -> None:
        """One line of a tool at work, shown where a person watches."""
        if self._watched:
            self._say("  │ ", "dim", line, exact=True)

    def verdict(self, verdict: Verdict) -> None:
        mark, colour = _MARKS[verdict.outcome]
        self._say(f"  {mark} ", colour, f"{verdict.check}: {verdict.evidence}")
        if verdict.outcome is not Outcome.PASS:
            self.output(verdict.lines)
            self._shown = verdict.lines

    def findings(
        self, findings: Sequence[Finding], sources: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """Each finding with the lines it is about, from ``sources`` by file."""
        for finding in findings:
            for line in told(finding, (sources or {}).get(finding.file, ())):
                self._say(line.lead, line.style, line.text, exact=line.exact)
            if self.in_github:
                self._to_runner(github.annotation(finding))

    def diff(self, lines: Sequence[str]) -> None:
        """A unified diff."""
        for line in lines:
            self._say(line[:1], _DIFF.get(line[:1], ""), line[1:], exact=True)

    def error(self, error: PipelineError) -> None:
        """One failure: what, where, the evidence, the remedy."""
        self.failure(error)
        if self.in_github:
            text = f"{error.what}\n{error.remedy}" if error.remedy else error.what
            self._to_runner(github.error(error.title, text))

    def failure(self, error: PipelineError) -> None:
        """A failure that is no error of this run, as a rehearsal wants one."""
        self._say("✗ ", "bold red", f"{error.title}: {error.what}")
        if error.where:
            self._say("  at      ", "dim", error.where)
        if list(error.lines) != list(self._shown):
            self.output(error.lines)
        for note in getattr(error, "__notes__", ()):
            self._say("  also    ", "yellow", note)
        if error.remedy:
            self._say("  remedy  ", "bold", error.remedy)

    def table(self, table: Table) -> None:
        self.console.print(table)

    def raw(self, text: str) -> None:
        """Exactly this line: machine-readable output."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def _to_runner(self, command: str) -> None:
        """A CI command, past rich, which would wrap it. The runner reads both streams."""
        self._stream.write(f"{command}\n")
        self._stream.flush()

    @contextmanager
    def timed(self, text: str) -> Iterator[None]:
        """Say what is under way, and how long it took when it went well."""
        began = time.monotonic()
        with self.waiting(f"until {text}"):
            yield
        self.step(f"{text} ({time.monotonic() - began:.1f} s)")

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show a watching person what is under way and for how long; nothing of it stays."""
        if not self._watched:
            yield
            return
        task = self._spinner.add_task(harmless(text))
        self._spinner.start()
        try:
            yield
        finally:
            self._spinner.remove_task(task)
            if not self._spinner.tasks:
                self._spinner.stop()

    @cached_property
    def _spinner(self) -> Progress:
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        text = TextColumn("{task.description}", markup=False)
        columns = (TextColumn(" "), SpinnerColumn(), text, TimeElapsedColumn())
        return Progress(*columns, console=self.console, transient=True)

    def _say(self, lead: str, style: str = "", text: str = "", *, exact: bool = False) -> None:
        """Say ``text`` behind its lead; on a screen in whole words, unless it is to be copied."""
        lines = [harmless(line) for line in text.split("\n")]
        if self._watched and not exact:
            lines = [part for line in lines for part in self._fitted(line, len(lead))]
        for index, line in enumerate(lines):
            head = lead if index == 0 else " " * len(lead)
            self._print(head, style, line)

    def _print(self, head: str, style: str, line: str) -> None:
        """One line; rich, which takes its time to import, only where there may be colours."""
        if not self._stream.isatty() and not self._forced:
            self._stream.write(f"{head}{line}\n")
            self._stream.flush()
            return
        from rich.text import Text

        self.console.print(Text.assemble((head, style), line), soft_wrap=True)

    def _fitted(self, line: str, indent: int) -> list[str]:
        whole = _TO_COPY.sub(lambda command: command[0].replace(" ", "\0"), line)
        room = max(self.console.width - indent, 20)
        parts = textwrap.wrap(whole, room, break_long_words=False, break_on_hyphens=False)
        return [part.replace("\0", " ") for part in parts] or [""]
