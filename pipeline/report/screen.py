"""Where text is printed: on a screen, in a CI log, or beside a document for a machine."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from pipeline.report.harmless import MOST, harmless, harmless_lines
from pipeline.report.masking import NO_SECRETS, Secrets

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

_TO_COPY = re.compile("`[^`]*`|gcloud .*")
"""A command in a sentence: on one line it can be copied."""


class Screen:
    """Prints lines that may hold anything; what is secret is not shown."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._forced = not {"FORCE_COLOR", "TTY_COMPATIBLE"}.isdisjoint(environ)
        self.only_errors = False  # standard output belongs to a machine; errors go to the other
        self.secrets: Secrets = NO_SECRETS

    @cached_property
    def console(self) -> Console:
        from rich.console import Console

        width = None if self.stream.isatty() else 120
        return Console(file=self.stream, width=width, highlight=False, markup=False, emoji=False)

    @property
    def stream(self) -> TextIO:
        return sys.stderr if self.only_errors else sys.stdout

    @cached_property
    def is_watched(self) -> bool:
        """Whether a person looks on. Colours alone, as CI forces them, do not say so."""
        return self.stream.isatty() and self.console.is_interactive

    def safe(self, text: str) -> str:
        """Text of several lines, each harmless and without what is secret."""
        return "\n".join(harmless(line, self.secrets) for line in text.split("\n"))

    def safe_lines(self, lines: Sequence[str], most: int = MOST) -> list[str]:
        return harmless_lines(lines, most, self.secrets)

    def say(self, lead: str, style: str = "", text: str = "", *, exact: bool = False) -> None:
        """Say ``text`` behind its lead; on a screen in whole words, unless it is to be copied."""
        lines = self.safe(text).split("\n")
        if self.is_watched and not exact:
            lines = [part for line in lines for part in self._fitted(line, len(lead))]
        for index, line in enumerate(lines):
            head = lead if index == 0 else " " * len(lead)
            self._print(head, style, line)

    def bare(self, line: str) -> None:
        """Exactly this line, past rich, which would wrap it."""
        self.stream.write(f"{line}\n")
        self.stream.flush()

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show a watching person what is under way and for how long; nothing of it stays."""
        if not self.is_watched:
            yield
            return
        task = self._spinner.add_task(self.safe(text))
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

    def _print(self, head: str, style: str, line: str) -> None:
        """One line; rich, which takes its time to import, only where there may be colours."""
        if not self.stream.isatty() and not self._forced:
            self.bare(f"{head}{line}")
            return
        from rich.text import Text

        self.console.print(Text.assemble((head, style), line), soft_wrap=True)

    def _fitted(self, line: str, indent: int) -> list[str]:
        whole = _TO_COPY.sub(lambda command: command[0].replace(" ", "\0"), line)
        room = max(self.console.width - indent, 20)
        parts = textwrap.wrap(whole, room, break_long_words=False, break_on_hyphens=False)
        return [part.replace("\0", " ") for part in parts] or [""]
