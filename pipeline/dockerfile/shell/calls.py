"""What a simple command does once its words are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.dockerfile.shell import builtins, conditions, inner, nodes
from pipeline.dockerfile.shell.executed import Argument, Executed
from pipeline.dockerfile.shell.expansion import variable
from pipeline.dockerfile.shell.flow import Context, Level, Origin, Outcome, merge
from pipeline.dockerfile.shell.state import State, resolved
from pipeline.dockerfile.shell.trace import Function, Trace
from pipeline.dockerfile.shell.wrappers import unwrapped

_LEAVING = {
    "exit": Level.EXIT,
    "return": Level.RETURN,
    "break": Level.BREAK,
    "continue": Level.CONTINUE,
}
_MOST_CALLS = 10


class Calls:
    """``script`` and ``body`` run an inner script and a function's body."""

    def __init__(
        self,
        trace: Trace,
        script: Callable[[str, Context], Outcome],
        body: Callable[[nodes.Sequence, Context], Outcome],
        files: Callable[[str], str | None],
    ) -> None:
        self.trace = trace
        self.script = script
        self.body = body
        self.files = files

    def run(self, executed: Executed, context: Context, assigned: Sequence[str]) -> Outcome:
        """Run a command; ``assigned`` are the names of the assignments before it."""
        name = executed.argv[0].value
        if name == "exec":
            return self._exec(executed, context)
        functions = self.trace.functions.get(name or "", ())
        if len(functions) == 1 and functions[0].certain:
            return self._call(functions[0], executed, context, assigned)
        if functions:
            return self._call_any(functions, executed, context, assigned)
        return self._program(executed, context)

    def _call_any(
        self,
        functions: Sequence[Function],
        executed: Executed,
        context: Context,
        assigned: Sequence[str],
    ) -> Outcome:
        """Run each body that the name may stand for, and the program of that name."""
        context = replace(context, certain=False)
        before, paths = self.trace.path, []
        for function in functions:
            self._call(function, executed, context, assigned)
            paths.append(self.trace.path)
            self.trace.path = before
        if not functions[0].certain:
            self._program(executed, context)
            paths.append(self.trace.path)
        self.trace.path = merge(paths)
        return None

    def _program(self, executed: Executed, context: Context) -> Outcome:
        """Run what is no function."""
        name = executed.argv[0].value
        executed = self.trace.record(executed, context)
        if name in _LEAVING:
            return self._leave(executed, _LEAVING[name], context)
        if name == "eval":
            return self._eval(executed, context)
        if name in {".", "source"}:
            return self._source(executed, context)
        self._inner_script(executed, context)
        if self.trace.frames and name in {"local", "declare", "typeset"}:
            self._make_local(executed.argv[1:])
        self.trace.state = builtins.change(self.trace.state, executed.argv)
        return _outcome(executed)

    def _make_local(self, arguments: Sequence[Argument]) -> None:
        """Note what a function is to leave as it was. Without a value, shells differ: unknown."""
        shell = self.trace.state.shell
        for argument in arguments:
            for name in builtins.declared([argument]):
                before = variable(name, shell)
                self.trace.frames[-1].setdefault(name, before)
                if before.set and "=" not in argument.text:
                    self.trace.state = self.trace.state.blur([name])

    def _exec(self, executed: Executed, context: Context) -> Outcome:
        argv = executed.argv[1:]
        while argv and argv[0].text in {"-a", "-c", "-l", "-cl", "--"}:
            argv = argv[2 if argv[0].text == "-a" else 1 :]
        if not argv:  # redirects alone, or "$@" without arguments
            return True
        context = replace(context, final=context.matters)
        executed = self.trace.record(replace(executed, argv=argv, replaces=True), context)
        self._inner_script(executed, context)
        self.trace.end(Level.EXIT, failing=False)
        return None

    def _leave(self, executed: Executed, level: Level, context: Context) -> Outcome:
        """``exit``, ``return``, ``break``, ``continue``."""
        if level <= Level.BREAK and not self.trace.loops:
            return True
        status = executed.argv[1].value if len(executed.argv) > 1 else None
        if level is Level.RETURN and not self.trace.frames:
            self.trace.doubt()  # an error, or the end of a file that is sourced
            return None
        leaves = level >= Level.RETURN
        failing = leaves and (context.failed if status is None else status != "0")
        self.trace.end(level, failing=failing)
        return None

    def _call(
        self, function: Function, executed: Executed, context: Context, assigned: Sequence[str]
    ) -> Outcome:
        """Run a function's body with the arguments given."""
        trace = self.trace
        if len(trace.frames) >= _MOST_CALLS:
            return None
        before, outer = trace.path, trace.state.shell.arguments
        values = [argument.value for argument in executed.argv[1:]]
        known = tuple(value for value in values if value is not None)
        trace.frames.append({one: variable(one, trace.state.shell) for one in assigned})
        arguments = known if len(known) == len(values) else None
        trace.state = replace(trace.state, shell=replace(executed.shell, arguments=arguments))
        loops, trace.loops = trace.loops, 0
        here = replace(context, origin=function.origin, output=executed.output)
        outcome = self.body(function.body, here)
        trace.loops = loops
        state = trace.state
        for one, value in trace.frames.pop().items():
            state = state.restore(one, value)
        trace.state = replace(state, shell=replace(state.shell, arguments=outer))
        if trace.path.ended == Level.RETURN:
            outcome = False if trace.path.failing else None
        trace.close(Level.RETURN, before)
        return outcome

    def _eval(self, executed: Executed, context: Context) -> Outcome:
        arguments = executed.argv[1:]
        if not arguments:
            return True
        text = " ".join(argument.text for argument in arguments)
        place = (arguments[0].start, arguments[-1].end)
        here = replace(context, origin=replace(context.origin, fixed=place))
        outcome = self.script(text, here) if inner.readable(arguments[0]) else None
        if any(argument.value is None for argument in arguments):
            self.trace.state = self.trace.state.blur_all()
        return outcome

    def _source(self, executed: Executed, context: Context) -> Outcome:
        """What a sourced file leaves behind; its commands are not ours."""
        trace = self.trace
        path = executed.argv[1].value if len(executed.argv) > 1 else None
        active = builtins.activated(trace.state, path)
        where = resolved(trace.state.shell.cwd, path)
        text = self.files(where) if where and active is None else None
        if active is not None:
            trace.state = active
        elif text is None:
            trace.state = trace.state.blur_all(lasting=(path or "").endswith("-release"))
        else:
            out, first, before = trace.out, trace.first, trace.path
            trace.out = []
            trace.frames.append({})  # so that return leaves this file alone
            self.script(text, replace(context, origin=Origin(file=where or "")))
            trace.frames.pop()
            trace.out, trace.first = out, first
            trace.close(Level.RETURN, before)
        return None

    def _inner_script(self, executed: Executed, context: Context) -> None:
        """``sh -c '…'`` and ``sh <<EOF``, wrapped or not: what the other shell runs."""
        command, _ = unwrapped(executed)
        found = inner.given(command)
        if found is None:
            return
        fatal = not context.tolerates(self.trace.state)
        here = replace(context, matters=fatal, final=fatal, ignored=False, output=None)
        here = replace(here, origin=replace(context.origin, fixed=found.place))
        shell = replace(command.shell, arguments=found.arguments, errexit=found.errexit)
        state = State(shell, pipefail=found.pipefail)
        self.trace.subshell(self._in_other_shell, (found.text, state), here)

    def _in_other_shell(self, given: tuple[str, State], context: Context) -> Outcome:
        text, state = given
        self.trace.state, self.trace.functions = state, {}
        return self.script(text, context)


def _outcome(executed: Executed) -> Outcome:
    name = executed.argv[0].value
    if name in builtins.SUCCEED:
        return None if executed.output else True
    if name == "false":
        return False
    values = [argument.value for argument in executed.argv[1:]]
    if name == "test":
        return conditions.outcome(values)
    if name == "[":
        return conditions.outcome(values[:-1]) if values[-1:] == ["]"] else False
    return None
