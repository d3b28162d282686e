"""RUN: the commands of a script, each with what it does to the machine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.dockerfile.build.bench import Bench
from pipeline.dockerfile.build.mounts import Mount, mounted, mounts_of
from pipeline.dockerfile.build.scripts import SHELLS, Script, called, commands_given, sources
from pipeline.dockerfile.build.start.inner import Inner, given
from pipeline.dockerfile.build.tools import FOLLOWED, TOOLS
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.fetch import FETCHERS, RUNNERS
from pipeline.dockerfile.build.tools.node.programs import as_program
from pipeline.dockerfile.build.tools.system import write_output
from pipeline.dockerfile.build.tools.unknown import unknown_program
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Argument, Executed, Shell
from pipeline.dockerfile.shell.inner import given as given_script
from pipeline.dockerfile.shell.running import run as run_shell
from pipeline.dockerfile.shell.wrappers import unwrapped
from pipeline.dockerfile.syntax.heredocs import marker
from pipeline.dockerfile.syntax.nodes import Instruction, Text

_DEPTH = 6
_MOST_STEPS = 20_000


@dataclass(frozen=True)
class _Run:
    """One RUN under way."""

    bench: Bench
    instruction: Instruction
    mounts: tuple[Mount, ...]


def run(bench: Bench, instruction: Instruction) -> None:
    """Interpret one RUN."""
    one = _Run(bench, instruction, mounts_of(bench, instruction))
    with mounted(bench, instruction, one.mounts):
        if instruction.exec is not None:
            _perform_given(one, _as_given(bench, instruction))
        elif bench.machine.shell[0].rsplit("/", 1)[-1] in SHELLS:
            script = Script(script_text(instruction), bench.file)
            _perform_script(one, Inner(script, shell_of(bench)), bench.place(instruction), 0)
        else:  # PowerShell and its likes: something runs, nobody knows what
            _perform(one, Executed((), shell_of(bench)), bench.place(instruction), 0)


def script_text(instruction: Instruction) -> Text:
    """The script that the shell gets: a heredoc's body, or the line with its heredocs after it."""
    heredocs = instruction.heredocs
    if not heredocs:
        return instruction.body
    if marker(instruction.body.value) is not None:
        return heredocs[0].body
    value, pieces = instruction.body.value, list(instruction.body.pieces)
    for heredoc in heredocs:
        value += "\n"
        pieces += [(len(value) + at, line, column) for at, line, column in heredoc.body.pieces]
        body = heredoc.body.value
        value += body if body.endswith("\n") or not body else body + "\n"
        value += heredoc.name
    return Text(value, tuple(pieces))


def shell_of(bench: Bench) -> Shell:
    """The shell that a RUN starts."""
    machine = bench.machine
    variables = {**machine.args, **machine.env}
    if machine.home is not None:
        variables.setdefault("HOME", machine.home)
    else:
        variables["HOME"] = variables.get("HOME")
    errexit = any("e" in word for word in machine.shell[1:] if word.startswith("-"))
    return Shell(machine.workdir, variables, errexit=errexit)


def _as_given(bench: Bench, instruction: Instruction) -> Executed:
    """The exec form: no shell touches its words."""
    words = instruction.exec or ()
    return Executed(tuple(Argument(word, word, 0, 0, word) for word in words), shell_of(bench))


def _perform_given(one: _Run, executed: Executed) -> None:
    """The exec form; what it gives to a shell is a script."""
    place = one.bench.place(one.instruction)
    script = commands_given(executed)
    if script is None:
        _perform(one, executed, place, 0)
    else:
        shell = replace(executed.shell, arguments=script.arguments)
        _perform_script(one, given(script.text, shell), place, 0)


def _perform_script(
    one: _Run,
    inner: Inner,
    place: Place,
    depth: int,
    *,
    certain: bool = True,
    tolerated: bool = False,
) -> None:
    fed: set[int] = set()
    machine = one.bench.machine
    for run in run_shell(inner.script.text.value, inner.shell, files=sources(machine)):
        executed = replace(
            run, certain=run.certain and certain, tolerated=run.tolerated or tolerated
        )
        if len(one.bench.machine.steps) > _MOST_STEPS:
            one.bench.machine.files.blur("/")
            return
        if executed.start in fed and unwrapped(executed)[0].name in RUNNERS:
            continue  # what fetches a script knows what it does
        if executed.feeds and executed.name in FETCHERS:
            fed.add(executed.feeds.start)
        _perform(one, executed, inner.at(executed, machine, place), depth)


def _perform(one: _Run, written: Executed, place: Place, depth: int) -> None:
    """Note one command, and do to the machine what it does; a script is followed."""
    inner, wrappers = unwrapped(written)
    executed = as_program(inner, wrappers)
    step = one.bench.note(
        one.instruction,
        place,
        executed=executed,
        wrappers=wrappers,
        bound=tuple(mount.target for mount in one.mounts if mount.type == "bind"),
    )
    call = Call(one.bench.machine, step, executed)
    inside = _inside(call, depth)
    if executed.name in TOOLS:
        TOOLS[executed.name](call)
    elif inside is None and not _is_given_commands(executed):
        unknown_program(call)
    for script in inside or ():
        certain = executed.certain and script.certain
        tolerated = executed.tolerated or script.tolerated
        _perform_script(one, script, place, depth + 1, certain=certain, tolerated=tolerated)
    write_output(call)


def _is_given_commands(executed: Executed) -> bool:
    """Whether a shell gets them as an argument or as its input: they are steps of their own."""
    return given_script(executed) is not None or commands_given(executed) is not None


def _inside(call: Call, depth: int) -> tuple[Inner, ...] | None:
    """The scripts that a command runs in turn; None where it is no such command."""
    executed = call.executed
    followed, known = executed.name in FOLLOWED, executed.name in TOOLS
    if depth >= _DEPTH:
        if followed and known:
            unknown_program(call)
        return None
    if followed:
        return FOLLOWED[executed.name](call.machine, executed)
    script = None if known else called(call.machine, executed)
    if script is None or (script.interpreter and script.interpreter not in SHELLS):
        return None
    shell = Shell(
        executed.shell.cwd, executed.shell.variables, script.arguments, script=script.path
    )
    return (Inner(script.script, shell),)
