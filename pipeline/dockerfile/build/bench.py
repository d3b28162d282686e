"""Where the reading of a Dockerfile stands: the stages so far, the arguments, the step's number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.dockerfile.build.build import Stage
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.values import Step
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Value
from pipeline.dockerfile.syntax.expansion import expand, expand_known
from pipeline.dockerfile.syntax.nodes import Instruction, Text

PLATFORM: Mapping[str, Value] = {
    "TARGETPLATFORM": "linux/amd64",
    "TARGETOS": "linux",
    "TARGETARCH": "amd64",
    "TARGETVARIANT": "",
    "BUILDPLATFORM": None,
    "BUILDOS": "linux",
    "BUILDARCH": None,
    "BUILDVARIANT": None,
}


@dataclass
class Bench:
    """``given`` are the build arguments from outside; ``args`` those before the first FROM.

    ``step`` numbers the steps of all stages in the order of the file. ``triggers`` are a stage's
    ONBUILD instructions.
    """

    file: str
    context: BuildContext
    escape: str
    given: Mapping[str, str]
    args: dict[str, Value] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    triggers: dict[int, list[Instruction]] = field(default_factory=dict)
    step: int = 0

    @property
    def stage(self) -> Stage:
        return self.stages[-1]

    @property
    def machine(self) -> Machine:
        return self.stage.machine

    def stage_named(self, name: str) -> Stage | None:
        """A stage by its name or its index; the newest of a name counts."""
        if name.isascii() and name.isdecimal() and len(name) <= len(str(len(self.stages))):
            return self.stages[int(name)] if int(name) < len(self.stages) else None
        index = self.names.get(name.lower())
        return None if index is None else self.stages[index]

    def begin(self, stage: Stage) -> None:
        """The stage that is under way from now on."""
        if stage.name:
            self.names[stage.name.lower()] = stage.index
        self.stages.append(stage)

    def needs(self, stage: Stage) -> None:
        """The stage under way is made from this one too."""
        self.stages[-1] = replace(self.stage, needs=self.stage.needs | {stage.index})

    @property
    def variables(self) -> dict[str, Value]:
        """What an instruction of this stage expands: ENV wins over ARG."""
        return {**self.machine.args, **self.machine.env}

    def value(self, word: str) -> Value:
        """A word expanded, quotes removed; None where it cannot be known."""
        return expand(word, self.variables, self.escape)

    def known(self, word: str) -> str:
        """A word expanded as far as it can be."""
        return expand_known(word, self.variables, self.escape)

    def place(self, instruction: Instruction) -> Place:
        return Place(self.file, instruction.line, instruction.column, instruction.end_line)

    def text_place(self, text: Text, start: int = 0, end: int | None = None) -> Place:
        first, last = text.point(start), text.point((len(text.value) if end is None else end) - 1)
        return Place(self.file, first.line, first.column, last.line, last.column)

    def note(self, instruction: Instruction, place: Place | None = None, **details: object) -> Step:
        """The next step of the stage under way. What it changes in files is logged under it."""
        machine = self.machine
        self.step += 1
        machine.files.now = self.step
        step = Step(
            number=self.step,
            stage=machine.stage,
            instruction=instruction,
            place=place or self.place(instruction),
            user=machine.user,
            home=machine.home,
            workdir=machine.workdir,
            environment=machine.environment,
            **details,  # type: ignore[arg-type]
        )
        machine.steps.append(step)
        return step
