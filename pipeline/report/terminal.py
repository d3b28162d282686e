"""What a person sees while a stage works."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.commands import Command
from pipeline.errors import PipelineError
from pipeline.model import Diagnosis, Finding, Outcome, Verdict
from pipeline.report import github
from pipeline.report.ci import Kept
from pipeline.report.findings import told
from pipeline.report.harmless import clean_lines
from pipeline.report.known import IN_FULL, LAST, UNKNOWN, Known, evidence_of, last_of, nothing_known
from pipeline.report.masking import Secrets, masked
from pipeline.report.region import Region
from pipeline.report.screen import Screen
from pipeline.report.summary import append, failure_summary, step_summary
from pipeline.watched import Watched

if TYPE_CHECKING:
    from rich.table import Table

_MARKS = {
    Outcome.PASS: ("✓", "green"),
    Outcome.FAIL: ("✗", "red"),
    Outcome.INCONCLUSIVE: ("?", "yellow"),
}
_DIFF = {"+": "green", "-": "red", "@": "cyan"}


class Report:
    """Prints progress to a terminal or plain lines to a CI log; never interprets what it prints."""

    def __init__(
        self, environ: Mapping[str, str], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.in_github = environ.get("GITHUB_ACTIONS") == "true"
        self._summary = environ.get("GITHUB_STEP_SUMMARY", "") if self.in_github else ""
        self._monotonic = monotonic
        self._screen = Screen(environ)
        self._region = Region(self._screen, monotonic)
        self._steps = 0  # of the stage under way that stand in the summary
        self._kept = Kept(environ, monotonic)
        self._hidden: set[str] = set()
        self._shown: Sequence[str] = ()  # the evidence that was shown last
        self.verdicts: list[Verdict] = []  # of the stage under way

    @property
    def only_errors(self) -> bool:
        """Whether standard output belongs to a machine; what is said goes to the other stream."""
        return self._screen.only_errors

    @only_errors.setter
    def only_errors(self, only: bool) -> None:
        self._screen.only_errors = only

    def hide(self, values: Iterable[str]) -> None:
        """Show these values no more from here on, wherever they stand."""
        self._hidden |= set(values)
        self._screen.secrets = Secrets.of(self._hidden)

    def masked(self, text: str) -> str:
        return masked(text, self._screen.secrets)

    def clean(self, lines: Sequence[str]) -> list[str]:
        """The lines, whole, without what must not be shown."""
        return clean_lines(lines, self._screen.secrets)

    def act(self, name: str, what: str) -> None:
        """A heading over several stages."""
        self.ended()
        self._screen.console.print()
        self._say(f"── {name} ── ", "bold", what)

    def stage(self, name: str, what: str) -> None:
        """A stage begins; on GitHub, so does a group of the log."""
        self.ended()
        self.verdicts.clear()
        self._steps = 0
        self._kept.begin(name)
        if self.in_github:
            self._screen.bare(github.group(self._screen.safe(f"{name}  {what}")))
        else:
            self._say(f"{name}  ", "bold cyan", what)

    def result(self, **results: str) -> None:
        """What the stage came to: told in the summary; ``ci.OUTPUTS`` are for later steps too."""
        self._kept.results |= results

    def ended(self, *, well: bool = True) -> None:
        """The stage under way is over; without one, nothing."""
        self._settle()
        if not self._kept.is_on:
            return
        if self.in_github:
            self._screen.bare(github.END_OF_GROUP)
        fault = self._kept.end(well=well, verdicts=self.verdicts, secrets=self._screen.secrets)
        if fault:
            self.note(f"what GitHub keeps of this stage was not written: {fault}")

    def step(self, text: str) -> None:
        """Something was done."""
        self._settle()
        self._say("  ✓ ", "green", text)

    def doing(self, text: str) -> None:
        """Something is under way and may take a while."""
        self._settle()
        self._say("  … ", "dim", text)

    def warn(self, text: str) -> None:
        self._say("  ! ", "yellow", text)
        if self.in_github:
            self._screen.bare(github.warning(self._screen.safe(text)))

    def note(self, text: str) -> None:
        self._say("    ", "dim", text)

    def command(self, command: Command) -> None:
        """Echo a command, quoted, ready to paste. Values in ``secret_env`` are never shown."""
        self._say("  $ ", "dim", shlex.join(command.argv), exact=True)

    def output(self, lines: Sequence[str]) -> None:
        """Lines that a container or a tool wrote."""
        for line in self._screen.safe_lines(lines):
            self._say("  │ ", "dim", line, exact=True)

    def shown(self, lines: Sequence[str]) -> None:
        """These lines were shown already, bit by bit: the error that has them need not."""
        self._shown = tuple(lines)

    def progress(self, line: str) -> None:
        """One line of a tool at work, shown where a person watches."""
        if self._screen.is_watched:
            self._say("  │ ", "dim", line, exact=True)

    def verdict(self, verdict: Verdict) -> None:
        self._settle()
        self.verdicts.append(verdict)
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
                self._screen.bare(github.annotation(finding, self._screen.safe))

    def diff(self, lines: Sequence[str]) -> None:
        """A unified diff."""
        for line in lines:
            self._say(line[:1], _DIFF.get(line[:1], ""), line[1:], exact=True)

    def error(self, error: PipelineError, known: Known = UNKNOWN) -> None:
        """One failure: what, where, the evidence, the remedy, and what is known of it."""
        self.failure(error, known)
        if self.in_github:
            text = "\n".join(filter(None, (error.what, error.remedy, *known.told())))
            for mark in known.marks or (None,):
                said = mark.text if mark and mark.text else text
                self._screen.bare(github.error(error.title, said, mark, self._screen.safe))
        self._summarise(failure_summary(error, known, self._screen.secrets))

    def failure(self, error: PipelineError, known: Known = UNKNOWN) -> None:
        """A failure that is no error of this run, as a rehearsal wants one."""
        self.ended(well=False)
        self._say("✗ ", "bold red", f"{error.title}: {error.what}")
        if error.where:
            self._say("  at      ", "dim", error.where)
        if list(error.lines) != list(self._shown):
            self.output(evidence_of(error))
        for note in getattr(error, "__notes__", ()):
            self._say("  also    ", "yellow", note)
        if error.remedy:
            self._say("  remedy  ", "bold", error.remedy)
        self.known(known, error.lines if len(error.lines) > LAST else ())

    def known(self, known: Known, lines: Sequence[str] = ()) -> None:
        """What a failure was recognised as; where nothing was, the last of its lines."""
        if known.left_out:
            self.warn(known.left_out)
        for one in known.found[:IN_FULL]:
            self._diagnosis(one)
        for one in known.found[IN_FULL:]:
            self._say("  also    ", "bold", f"{one.id}  {one.title}")
        if known.searched and not known.found:
            last = last_of(lines, self._screen.secrets)
            said = "; it wrote last:" if last else ""
            self._say("  known   ", "bold", f"{nothing_known(known.searched)}{said}")
            self.output(last)

    def table(self, table: Table) -> None:
        self._screen.console.print(table)

    def raw(self, text: str) -> None:
        """Exactly this line: machine-readable output."""
        sys.stdout.write(f"{self.masked(text)}\n")
        sys.stdout.flush()

    @contextmanager
    def timed(self, text: str) -> Iterator[None]:
        """Say what is under way, and how long it took when it went well."""
        began = self._monotonic()
        with self.waiting(f"until {text}"):
            yield
        self.step(f"{text} ({self._monotonic() - began:.1f} s)")

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show a watching person what is under way and for how long; nothing of it stays."""
        is_of_a_step = self._region.is_on
        try:
            with self._screen.waiting(text):
                yield
        finally:
            if not is_of_a_step:
                self._settle()

    def watched(self, seen: Watched) -> None:
        """Show how the step that is being watched stands.

        It ends with the ``waiting`` that it began in, or with whatever is told next of the stage.
        """
        self._region.watched(seen)

    def _settle(self) -> None:
        seen = self._region.settled()
        if seen is not None:
            self._summarise(step_summary(seen, self._screen.secrets, is_first=not self._steps))
            self._steps += 1

    def _summarise(self, text: str) -> None:
        if self._summary and (fault := append(self._summary, text)):
            self.note(f"the summary of this run was not written: {fault}")

    def _diagnosis(self, one: Diagnosis) -> None:
        self._say(f"  {one.id:7} ", "bold magenta", one.title)
        self.output(one.evidence)
        self._say("  cause   ", "bold", one.cause)
        self._say("  fix     ", "bold", one.fix)
        self._say("  avoid   ", "bold", one.prevention)

    def _say(self, lead: str, style: str = "", text: str = "", *, exact: bool = False) -> None:
        self._screen.say(lead, style, text, exact=exact)
