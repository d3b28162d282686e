"""Simple commands: their words expanded, their redirects, the substitutions in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.dockerfile.shell import builtins, conditions, inner, nodes
from pipeline.dockerfile.shell.calls import Calls
from pipeline.dockerfile.shell.executed import Argument, Executed, Value
from pipeline.dockerfile.shell.flow import Context, Origin, Outcome
from pipeline.dockerfile.shell.scanning import ASSIGNMENT
from pipeline.dockerfile.shell.state import State
from pipeline.dockerfile.shell.trace import Trace

_OUTPUTS = frozenset({">", ">>", ">|", "&>", "&>>", ">&"})


class Commands:
    """Expands commands, and hands them to ``calls``. ``script`` runs an inner script."""

    def __init__(
        self, trace: Trace, calls: Calls, script: Callable[[str, Context], Outcome]
    ) -> None:
        self.trace = trace
        self.calls = calls
        self.script = script

    def simple(self, node: nodes.Simple, context: Context) -> Outcome:
        """Run a simple command."""
        values = [value for _, value in node.assignments]
        targets = [redirect.target for redirect in node.redirects]
        substituted = self.substitutions([*values, *node.words, *targets], context)
        state, assigned = self._assigned(node.assignments)
        argv = self._argv(node.words, context.origin)
        output, given = self.output(node.redirects, context), self._input(node.redirects)
        start, end = context.origin.place(node.start, node.end)
        executed = Executed(
            argv, state.shell, input=given, output=output, start=start, end=end,
            file=context.origin.file,
        )  # fmt: skip
        if argv:
            return self.calls.run(executed, context, assigned)
        self.trace.state = state
        if output:
            self.trace.record(executed, context)
        return None if substituted or output else True

    def fields(self, word: nodes.Word) -> list[Argument]:
        """A word expanded, with what it assigns."""
        found = self.trace.expansion.fields(word, self.trace.state.shell)
        self._note_assigned()
        return found

    def value(self, word: nodes.Word) -> Value:
        return self.trace.expansion.value(word, self.trace.state.shell).value

    def output(
        self, redirects: Sequence[nodes.Redirect], context: Context
    ) -> tuple[Value, bool] | None:
        """Where the output goes; the context's where it is not redirected here."""
        found = context.output
        for redirect in redirects:
            raw = redirect.target.raw
            if redirect.operator not in _OUTPUTS or redirect.descriptor not in {None, 1}:
                continue
            if redirect.operator != ">&" or not (raw == "-" or raw.isdecimal()):
                found = (self.value(redirect.target), redirect.operator.endswith(">>"))
        return found

    def conditional(self, node: nodes.Opaque, context: Context) -> Outcome:
        """``[[ … ]]`` where it is as plain as ``[ … ]``."""
        parsed = self.trace.script("test" + node.raw[2:-2])
        single = parsed.members[0].node if parsed and len(parsed.members) == 1 else None
        if not isinstance(single, nodes.Simple) or single.redirects:
            return None
        words = single.words[1:]
        moved = context.origin.inner(node.start + len("[[") - len("test"))
        self.substitutions(words, replace(context, origin=moved))
        if words and any(sign in words[-1].raw for sign in "*?[@+!"):
            return None
        return conditions.outcome([self.value(word) for word in words])

    def _note_assigned(self) -> None:
        """What ``${X:=word}`` set."""
        if self.trace.expansion.assigned:
            self.trace.state = self.trace.state.assign(self.trace.expansion.assigned.items())
            self.trace.expansion.assigned = {}

    def substitutions(self, words: Sequence[nodes.Word], context: Context) -> bool:
        """Run the command substitutions in these words; whether there are any."""
        found = False
        aside = replace(context, aside=True, feeds=None, output=None, ignored=True, final=False)
        for word in words:
            for text, offset in inner.substitutions(word):
                found = True
                here = replace(aside, origin=context.origin.inner(offset))
                self.trace.subshell(self.script, text, here)
        return found

    def _assigned(self, assignments: Sequence[tuple[str, nodes.Word]]) -> tuple[State, list[str]]:
        """The state with these assignments made, one after the other, and their names."""
        state = self.trace.state
        for name, word in assignments:
            found = self.trace.expansion.value(word, state.shell)
            state = state.assign([(name, found.value)])
        self._note_assigned()
        return state, [name for name, _ in assignments]

    def _argv(self, words: Sequence[nodes.Word], origin: Origin) -> tuple[Argument, ...]:
        declares = bool(words) and words[0].raw in builtins.DECLARATIONS
        argv: list[Argument] = []
        for word in words:
            if declares and ASSIGNMENT.match(word.raw):
                argv.append(self.trace.expansion.value(word, self.trace.state.shell))
            else:
                argv += self.fields(word)
        return tuple(_placed(argument, origin) for argument in argv)

    def _input(self, redirects: Sequence[nodes.Redirect]) -> str | None:
        found = None
        for redirect in redirects:
            if redirect.operator in {"<<", "<<<"}:
                found = self.trace.expansion.value(redirect.target, self.trace.state.shell).text
        return found


def _placed(argument: Argument, origin: Origin) -> Argument:
    start, end = origin.place(argument.start, argument.end)
    return replace(argument, start=start, end=end)
