"""The whole build as the rules see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from pipeline.dockerfile.build.entries import Found
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.values import Launch, Start, Step
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.syntax.nodes import Dockerfile, Instruction

_T = TypeVar("_T")


@dataclass(frozen=True)
class Stage:
    """One stage. ``needs`` are the indexes of the stages that it is made from (FROM, --from)."""

    index: int
    name: str
    instruction: Instruction
    machine: Machine  # as it is at the end of the stage
    parent: int | None = None
    needs: frozenset[int] = frozenset()

    @property
    def steps(self) -> Sequence[Step]:
        """What this stage itself does, in order."""
        return self.machine.steps

    def commands(self, *names: str) -> Iterator[Step]:
        """The steps that run one of these programs (any, where none is named)."""
        for step in self.steps:
            if step.executed and (not names or step.executed.name in names):
                yield step


@dataclass(frozen=True)
class Build:
    """``stages`` in order; ``final`` is the one that becomes the image. ``file`` as shown."""

    file: str
    dockerfile: Dockerfile
    context: BuildContext
    stages: tuple[Stage, ...]
    final: Stage
    start: Start = field(default_factory=Start)
    port: int = 8080  # what Cloud Run will say in PORT

    @property
    def used(self) -> tuple[Stage, ...]:
        """The stages that the image is made from, in order; the engine skips the others."""
        wanted, todo = set(), [self.final.index]
        while todo:
            index = todo.pop()
            if index not in wanted:
                wanted.add(index)
                todo.extend(self.stages[index].needs)
        return tuple(stage for stage in self.stages if stage.index in wanted)

    def lineage(self, stage: Stage) -> tuple[Stage, ...]:
        """The stage and those it is FROM, the first one first."""
        line = [stage]
        while line[-1].parent is not None:
            line.append(self.stages[line[-1].parent])
        return tuple(reversed(line))

    def in_image(self, path: str) -> Found:
        """What the image holds at an absolute path."""
        return self.final.machine.files.lookup(path)

    def read(self, path: str) -> Origin | None:
        """The text of a file of the image, where it is known."""
        return read(self.final.machine, path)

    def once(self, work: Callable[[Build], _T]) -> _T:
        """What ``work`` says of this build, worked out once for all rules that ask."""
        if work not in self._done:
            self._done[work] = work(self)
        return self._done[work]  # type: ignore[no-any-return]

    @cached_property
    def _done(self) -> dict[object, Any]:
        return {}

    def place_of_program(self, launch: Launch) -> Place:
        """Where a launch's program is named: in ENTRYPOINT, where CMD only adds words to it."""
        entrypoint = self.final.machine.entrypoint
        if entrypoint is None or entrypoint.instruction is None or launch.via:
            return launch.place
        words = entrypoint.exec or ()
        named = launch.executed.argv[0].text if launch.executed.argv else ""
        return entrypoint.place if named in words else launch.place

    def place(self, instruction: Instruction) -> Place:
        return Place(self.file, instruction.line, instruction.column, instruction.end_line)


@dataclass(frozen=True)
class Origin:
    """A file's text, and where it stands: from ``line`` on in ``file``, a path of the context."""

    text: str
    file: str
    line: int = 1


_MOST_LINKS = 8


def read(machine: Machine, path: str, at: int | None = None) -> Origin | None:
    """The text of a file of a machine, where the Dockerfile or the context has it."""
    entry = machine.files.lookup(path, at).entry
    for _ in range(_MOST_LINKS):
        if entry is None or entry.link is None:
            break
        entry = machine.files.lookup(entry.link, at).entry
    if entry is None or entry.directory:
        return None
    if entry.text is not None:
        return Origin(entry.text, entry.place.file, entry.place.line)
    text = machine.context.text(entry.source) if entry.source is not None else None
    return None if text is None else Origin(text, entry.source or "")
