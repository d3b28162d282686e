"""Where text is printed: on a screen, in a CI log, or beside a document for a machine."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from pipeline.report.findings import Told
from pipeline.report.harmless import MOST, harmless, harmless_lines
from pipeline.report.masking import NO_SECRETS, Secrets

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import Progress

Kept = Callable[[], Iterable[Told]]
"""Gives the lines as they are at the moment, without what is secret."""

_TO_COPY = re.compile("`[^`]*`|gcloud .*")
"""A command in a sentence: on one line it can be copied."""


class Screen:
    """Prints lines that may hold anything; what is secret is not shown."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._forced = not {"FORCE_COLOR", "TTY_COMPATIBLE"}.isdisjoint(environ)
        self.only_errors = False  # standard output belongs to a machine; errors go to the other
        self.secrets: Secrets = NO_SECRETS
        self._kept: Kept | None = None
        self._live: Live | None = None  # rich takes no two at a time: it shows all that moves

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
        task = self._tasks.add_task(self.safe(text))
        try:
            self._move()
            yield
        finally:
            self._tasks.remove_task(task)
            self._rest()

    def keep(self, lines: Kept | None) -> None:
        """Show a watching person these lines, in place; None takes them away."""
        if not self.is_watched:
            return
        self._kept = lines
        if lines:
            self._move()
        else:
            self._rest()

    def _move(self) -> None:
        from rich.live import Live

        if self._live is None:
            self._live = Live(
                get_renderable=self._moving, console=self.console, transient=True,
                refresh_per_second=10,
            )  # fmt: skip
            self._live.start()
        self._live.refresh()

    def _rest(self) -> None:
        if self._live and not self._kept and not self._tasks.tasks:
            self._live.stop()
            self._live = None

    def _moving(self) -> Group:
        from rich.console import Group
        from rich.text import Text

        lines = [
            Text.assemble((one.lead, one.style), one.text, no_wrap=True, overflow="ellipsis")
            for one in (self._kept() if self._kept else ())
        ]
        return Group(*lines, self._tasks)

    @cached_property
    def _tasks(self) -> Progress:
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        text = TextColumn("{task.description}", markup=False)
        columns = (TextColumn(" "), SpinnerColumn(), text, TimeElapsedColumn())
        return Progress(*columns, console=self.console)

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
