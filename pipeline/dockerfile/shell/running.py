"""What a script runs, followed command by command through its structure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Several
from dataclasses import replace

from pipeline.dockerfile.shell import nodes
from pipeline.dockerfile.shell.calls import Calls
from pipeline.dockerfile.shell.choices import Choices
from pipeline.dockerfile.shell.commands import Commands
from pipeline.dockerfile.shell.executed import Executed, Shell
from pipeline.dockerfile.shell.flow import Context, Outcome, Path
from pipeline.dockerfile.shell.state import State
from pipeline.dockerfile.shell.trace import Trace
from pipeline.dockerfile.shell.ways import Ways


def run(
    script: str, shell: Shell, *, files: Callable[[str], str | None] | None = None
) -> tuple[Executed, ...]:
    """Every simple command that ``script`` may run, in order, at most 2,000.

    ``files`` gives the text of a file by its absolute path; a sourced one changes the shell.
    """
    trace = Trace(Path(State(shell)))
    walker = _Walker(trace, files or (lambda _path: None))
    walker.script(script, Context())
    return tuple(trace.out)


class _Walker:
    def __init__(self, trace: Trace, files: Callable[[str], str | None]) -> None:
        self.trace = trace
        calls = Calls(trace, self.script, self.sequence, files)
        self.commands = Commands(trace, calls, self.script)
        self.choices = Choices(trace, self.commands, self.sequence)

    def script(self, text: str, context: Context) -> Outcome:
        parsed = self.trace.script(text)
        if parsed is None:
            return None
        self.trace.scripts += 1
        outcome = self.sequence(parsed, context)
        self.trace.scripts -= 1
        return outcome

    def sequence(self, sequence: nodes.Sequence, context: Context) -> Outcome:
        outcome: Outcome = True
        groups = list(_groups(sequence))
        before_last = replace(context, final=False)
        for index, group in enumerate(groups):
            if self.trace.path.ended:
                break
            here = context if index == len(groups) - 1 else before_last
            if group[0].background:
                here = replace(here, background=True, final=False, matters=False, ignored=True)
                self.trace.subshell(self._joined, group, here)
                outcome = True
            else:
                outcome = self._joined(group, here)
        return outcome

    def _joined(self, group: Several[nodes.Listed], context: Context) -> Outcome:
        """``a && b || c``: two ways through it are followed, all well so far and not."""
        last_or = max((at for at, one in enumerate(group) if one.joined == "||"), default=0)
        ways = Ways(self.trace.path)
        for at, member in enumerate(group):
            rescues = at > 0 and member.joined == "||"
            if not ways.take(rescues=rescues):
                continue
            here = replace(
                context,
                certain=context.certain and ways.certain(rescues=rescues),
                ignored=context.ignored or at < len(group) - 1,
                final=context.final and at >= last_or,
                failed=context.failed or rescues,
            )
            self.trace.path = ways.path
            outcome = self.statement(member.node, here)
            ways.went(self.trace.path, outcome, rescues=rescues, node=member.node)
        self.trace.path, outcome = ways.end()
        return outcome

    def statement(self, node: nodes.Node, context: Context) -> Outcome:
        if not self.trace.enter():
            return None
        outcome = self._by_kind(node, context)
        self.trace.depth -= 1
        return outcome

    def _by_kind(self, node: nodes.Node, context: Context) -> Outcome:  # noqa: C901 - one line each
        match node:
            case nodes.Simple():
                return self.commands.simple(node, context)
            case nodes.Sequence():
                return self.sequence(node, context)
            case nodes.Pipeline():
                return self._pipeline(node, context)
            case nodes.Subshell():
                inner = _within(context, self.trace.state)
                return self.trace.subshell(self.sequence, node.body, inner)
            case nodes.If():
                return self.choices.conditional(node, context)
            case nodes.Loop():
                return self.choices.loop(node, context)
            case nodes.Case():
                return self.choices.case(node, context)
            case nodes.Function():
                self.trace.define(node, context)
                return True
            case nodes.Redirected():
                output = self.commands.output(node.redirects, context) or context.output
                return self.statement(node.body, replace(context, output=output))
            case nodes.Opaque():
                return self._opaque(node, context)

    def _opaque(self, node: nodes.Opaque, context: Context) -> Outcome:
        self.trace.blur(node)
        if node.broken:
            self.trace.doubt()
            return None
        return self.commands.conditional(node, context) if node.raw.startswith("[[") else None

    def _pipeline(self, node: nodes.Pipeline, context: Context) -> Outcome:
        if node.negated:
            context = replace(context, ignored=True, final=False)
        if len(node.members) == 1:
            outcome = self.statement(node.members[0], context)
        else:
            outcome = self._piped(node.members, context)
        return not outcome if node.negated and outcome is not None else outcome

    def _piped(self, members: Several[nodes.Node], context: Context) -> Outcome:
        """From the last to the first, so that each knows what it feeds."""
        trace = self.trace
        out, first = trace.out, trace.first
        last = _within(context, trace.state)
        others = replace(context, ignored=True, final=False, matters=False, output=None)
        chunks: list[list[Executed]] = []
        outcome: Outcome = None
        for at, member in reversed(list(enumerate(members))):
            ends = at == len(members) - 1
            here = last if ends or trace.state.pipefail else others
            if not ends:
                here = replace(here, feeds=trace.first, output=None)
            trace.out, trace.first = [], None
            result = trace.subshell(self.statement, member, here)
            outcome = result if ends else outcome
            chunks.append(trace.out)
        trace.out, trace.first = out, first or trace.first
        trace.out += [executed for chunk in reversed(chunks) for executed in chunk]
        return None if trace.state.pipefail else outcome


def _within(context: Context, state: State) -> Context:
    """The context in a shell of its own: what fails there fails here."""
    fatal = not context.tolerates(state)
    return replace(context, matters=fatal, final=fatal)


def _groups(sequence: nodes.Sequence) -> Iterator[list[nodes.Listed]]:
    """The members that ``&&`` and ``||`` join."""
    group: list[nodes.Listed] = []
    for member in sequence.members:
        if group and member.joined not in {"&&", "||"}:
            yield group
            group = []
        group.append(member)
    if group:
        yield group
