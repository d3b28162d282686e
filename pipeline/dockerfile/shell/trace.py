"""What has been run so far, and how much more may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pipeline.dockerfile.shell import nodes
from pipeline.dockerfile.shell.changes import changes
from pipeline.dockerfile.shell.executed import Executed
from pipeline.dockerfile.shell.expansion import Expansion, Variable
from pipeline.dockerfile.shell.flow import Context, Level, Origin, Outcome, Path, merge
from pipeline.dockerfile.shell.parsing import parse
from pipeline.dockerfile.shell.state import State

MOST_COMMANDS = 2_000
_MOST_STEPS = 20_000
_DEEPEST = 60
_DEEPEST_SCRIPT = 5

Given = TypeVar("Given")


@dataclass(frozen=True)
class Function:
    """A function as it was defined; not ``certain``: perhaps it never was."""

    body: nodes.Sequence
    origin: Origin
    certain: bool


@dataclass
class Trace:
    """A run under way."""

    path: Path
    out: list[Executed] = field(default_factory=list)
    first: Executed | None = None  # of the pipeline's member that runs
    functions: dict[str, tuple[Function, ...]] = field(default_factory=dict)
    frames: list[dict[str, Variable]] = field(default_factory=list)  # what functions made local
    expansion: Expansion = field(default_factory=Expansion)
    count: int = 0
    steps: int = 0
    depth: int = 0
    loops: int = 0  # how many loops a break could leave
    scripts: int = 0  # how many scripts this one stands in
    parsed: dict[str, nodes.Sequence] = field(default_factory=dict)

    @property
    def state(self) -> State:
        return self.path.state

    @state.setter
    def state(self, state: State) -> None:
        self.path = replace(self.path, state=state)

    def certain(self, context: Context) -> bool:
        """Whether what runs now does so whenever the script does."""
        return context.certain and not self.path.doubt

    def record(self, executed: Executed, context: Context) -> Executed:
        """Note a command as its context has it."""
        executed = replace(
            executed,
            certain=self.certain(context),
            tolerated=context.tolerates(self.state),
            background=context.background,
            feeds=context.feeds,
        )
        self.count += 1
        if self.count > MOST_COMMANDS:
            self.give_up()
            return executed
        self.out.append(executed)
        if self.first is None and not context.aside:
            self.first = executed
        return executed

    def define(self, node: nodes.Function, context: Context) -> None:
        """A function; one that is not certain leaves those before it possible."""
        certain = self.certain(context)
        before = () if certain else self.functions.get(node.name, ())
        self.functions[node.name] = (*before, Function(node.body, context.origin, certain))

    def end(self, level: Level, *, failing: bool) -> None:
        self.path = replace(self.path, ended=level, failing=failing)

    def give_up(self) -> None:
        """Follow no more of this script."""
        self.path = replace(self.path, ended=Level.EXIT, failing=False, doubt=Level.EXIT)

    def doubt(self) -> None:
        """From here on nothing is certain."""
        self.path = replace(self.path, doubt=Level.EXIT)

    def blur(self, node: nodes.Node) -> None:
        """What ``node`` may change is unknown: a turn of a loop may find what another left."""
        pending, seen = [node], set[str]()
        while pending:
            changed = changes(pending.pop())
            self.state = self.state.blur(changed.names)
            if changed.moves or changed.anything:
                self.state = self.state.move(None)
            if changed.shifts or changed.anything:
                shell = replace(self.state.shell, arguments=None)
                self.state = replace(self.state, shell=shell)
            if changed.anything:
                self.state = self.state.blur_all()
            called = changed.calls & self.functions.keys() - seen
            seen |= called
            pending += [one.body for name in called for one in self.functions[name]]

    def enter(self) -> bool:
        """Go one statement deeper, where the limits allow it."""
        self.steps += 1
        if self.steps > _MOST_STEPS or self.depth >= _DEEPEST:
            self.give_up()
            return False
        self.depth += 1
        return True

    def close(self, level: Level, before: Path) -> None:
        """The end of a loop or function: what left it goes on here."""
        path = self.path
        ended = Level.NONE if path.ended <= level else path.ended
        doubt = before.doubt if path.doubt <= level else path.doubt
        self.path = replace(path, ended=ended, doubt=doubt)

    def maybe(
        self, body: Callable[[Given, Context], Outcome], given: Given, context: Context
    ) -> Outcome:
        """Run what may not be run at all."""
        before = self.path
        outcome = body(given, replace(context, certain=False))
        self.path = merge([before, self.path])
        return outcome

    def subshell(
        self, body: Callable[[Given, Context], Outcome], given: Given, context: Context
    ) -> Outcome:
        """Run in a shell of its own: nothing of it stays."""
        before, functions, loops = self.path, dict(self.functions), self.loops
        self.loops = 0
        outcome = body(given, context)
        after, self.path = self.path, before
        self.functions, self.loops = functions, loops
        if after.ended:
            return False if after.failing else None
        return outcome

    def script(self, text: str) -> nodes.Sequence | None:
        """The structure of an inner script; None where scripts stand in scripts too deep."""
        if self.scripts > _DEEPEST_SCRIPT:
            return None
        if text not in self.parsed:
            self.parsed[text] = parse(text)
        return self.parsed[text]
