"""Conditions, loops and cases: decided where their words are known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase

from pipeline.dockerfile.shell import nodes
from pipeline.dockerfile.shell.commands import Commands
from pipeline.dockerfile.shell.executed import Argument, Value
from pipeline.dockerfile.shell.flow import Context, Level, Outcome, Path, merge
from pipeline.dockerfile.shell.trace import Trace

_MOST_ITEMS = 50
_MOST_TURNS = 20
_LONGEST_PATTERN = 200
_GLOB = re.compile(r"[*?\[{]")


class Choices:
    """``sequence`` runs the statements of a branch."""

    def __init__(
        self,
        trace: Trace,
        commands: Commands,
        sequence: Callable[[nodes.Sequence, Context], Outcome],
    ) -> None:
        self.trace = trace
        self.commands = commands
        self.sequence = sequence

    def conditional(self, node: nodes.If, context: Context) -> Outcome:
        """``if``: what is known to hold is run, else every branch that may be."""
        paths: list[Path] = []
        outcomes: list[Outcome] = []
        for test, body in node.branches:
            untested = self.trace.path
            asked = self._test(test, context) if test is not None else True
            if asked is False and not self.trace.path.ended:
                continue
            before = self.trace.path
            if asked is None:
                context = replace(context, certain=False)
            if not before.ended:
                outcomes.append(self.sequence(body, context))
            paths.append(self.trace.path)
            if asked or before.ended:
                break
            self.trace.path = merge([untested, before])  # a test that fails may stop half-way
        else:
            outcomes.append(True)
            paths.append(self.trace.path)
        self.trace.path = merge(paths)
        return outcomes[0] if len(set(outcomes)) == 1 else None

    def _test(self, test: nodes.Sequence, context: Context) -> Outcome:
        return self.sequence(test, replace(context, ignored=True, final=False))

    def loop(self, node: nodes.Loop, context: Context) -> Outcome:
        """``for``, ``while``: each known item, else one turn that may be any."""
        before = self.trace.path
        self.commands.substitutions(node.items, context)
        self.trace.loops += 1
        items = self._items(node)
        outcome: Outcome = None
        if node.test is not None:
            self._while(node, node.test, context)
        elif items is None:
            self.trace.blur(node)
            self.trace.maybe(self.sequence, node.body, context)
        else:
            outcome = self._for(node, items, context)
        self.trace.loops -= 1
        self.trace.close(Level.BREAK, before)
        return outcome

    def _while(self, node: nodes.Loop, test: nodes.Sequence, context: Context) -> None:
        """Turn by turn for as long as the test is known to hold."""
        trace = self.trace
        for _ in range(_MOST_TURNS):
            untested, done, first = trace.path, len(trace.out), trace.first
            asked = self._test(test, context)
            if asked is False or trace.path.ended:
                return
            if asked is None:
                trace.path, trace.first = untested, first
                del trace.out[done:]
                break
            self.sequence(node.body, replace(context, final=False))
            if trace.path.ended > Level.CONTINUE:
                return
            trace.close(Level.CONTINUE, untested)
            if trace.state == untested.state:  # it turns until something breaks it off
                if not trace.path.doubt:
                    trace.doubt()
                return
        self._unknown_turns(node, test, context)

    def _unknown_turns(self, node: nodes.Loop, test: nodes.Sequence, context: Context) -> None:
        """One turn that may be any, or none."""
        self.trace.blur(node)
        untested = self.trace.path
        if self._test(test, context) is not False and not self.trace.path.ended:
            self.trace.maybe(self.sequence, node.body, context)
            self.trace.path = merge([untested, self.trace.path])

    def _items(self, node: nodes.Loop) -> list[Value] | None:
        """What ``for`` goes through; None where it cannot be known."""
        if node.test is not None:
            return None
        found: list[Argument] = []
        for word in node.items:
            fields = self.commands.fields(word)
            unquoted = any(part.kind == "text" and not part.quoted for part in word.parts)
            if any(one.value is None or (unquoted and _GLOB.search(one.text)) for one in fields):
                return None
            found += fields
            if len(found) > _MOST_ITEMS:
                return None
        unknown = any(part.text in {"@", "*"} for word in node.items for part in word.parts)
        if unknown and self.trace.state.shell.arguments is None:
            return None
        return [one.value for one in found]

    def _for(self, node: nodes.Loop, items: list[Value], context: Context) -> Outcome:
        outcome: Outcome = True
        for at, item in enumerate(items):
            self.trace.state = self.trace.state.assign([(node.variable, item)])
            last = at == len(items) - 1
            before = self.trace.path
            outcome = self.sequence(node.body, context if last else replace(context, final=False))
            if self.trace.path.ended > Level.CONTINUE:
                return None
            self.trace.close(Level.CONTINUE, before)
        return outcome

    def case(self, node: nodes.Case, context: Context) -> Outcome:
        """``case``: the first branch that is known to match, and those that may before it."""
        self.commands.substitutions([node.subject], context)
        subject = self.commands.value(node.subject)
        paths: list[Path] = []
        outcomes: list[Outcome] = []
        before = self.trace.path
        for patterns, body in node.branches:
            found = [self._matches(subject, pattern) for pattern in patterns]
            if not any(one is not False for one in found):
                continue
            if True not in found:
                context = replace(context, certain=False)
            outcomes.append(self.sequence(body, context))
            paths.append(self.trace.path)
            self.trace.path = before
            if True in found:
                break
        else:
            outcomes.append(True)
            paths.append(before)
        self.trace.path = merge(paths)
        return outcomes[0] if len(set(outcomes)) == 1 else None

    def _matches(self, subject: Value, pattern: nodes.Word) -> Outcome:
        if pattern.raw == "*":
            return True
        given = [part for part in pattern.parts if part.text]
        if subject is None or any(part.kind != "text" for part in given):
            return None
        text = "".join(_literal(part.text) if part.quoted else part.text for part in given)
        if len(text) > _LONGEST_PATTERN or len(subject) > _LONGEST_PATTERN or "\\" in pattern.raw:
            return None
        return fnmatchcase(subject, text.replace("[^", "[!"))


def _literal(text: str) -> str:
    return re.sub(r"[*?\[]", r"[\g<0>]", text)
