"""What the image's start command really runs, through scripts and script runners."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.scripts import (
    SHELLS,
    Called,
    Script,
    called,
    commands_given,
    sources,
)
from pipeline.dockerfile.build.start.inner import Inner
from pipeline.dockerfile.build.start.runners import RUNNERS
from pipeline.dockerfile.build.tools.node.programs import as_program
from pipeline.dockerfile.build.values import PORT, Command, Launch, Start
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Argument, Executed, Shell
from pipeline.dockerfile.shell.running import run as run_shell
from pipeline.dockerfile.shell.wrappers import unwrapped
from pipeline.dockerfile.syntax.nodes import Text

_DEPTH = 12
_MOST_LAUNCHES = 1_000


def start_of(build: Build) -> Start:
    """Follow ENTRYPOINT and CMD of the final stage."""
    machine = build.final.machine
    entrypoint, cmd = machine.entrypoint, machine.cmd
    command = entrypoint or cmd
    if command is None:
        return Start()
    follower = _Follower(build)
    shell = _container(build)
    if command.exec is None:
        inner = Inner(Script(command.script, build.file), shell)
        follower.script(inner, command.place, (), 0)
    else:
        follower.argv(*_words(command, cmd if entrypoint else None), shell)
    place = (cmd if cmd is not None and cmd.instruction else command).place
    return Start(_with_main(follower.launches, follower.passing), follower.complete, place)


def _container(build: Build) -> Shell:
    """The environment of the container: what ENV set, and whatever the service adds."""
    machine = build.final.machine
    variables = {**machine.env, "PORT": PORT, "HOME": machine.home}
    return Shell(machine.workdir, variables, open=True)


def _words(command: Command, cmd: Command | None) -> tuple[tuple[str, ...], Place]:
    """The exec form, CMD's words after those of ENTRYPOINT, and where the last of them stand."""
    words = command.exec or ()
    if cmd is None:
        return words, command.place
    given = cmd.exec if cmd.exec is not None else (*cmd.shell, cmd.script.value)
    if command.instruction is None and any("entrypoint" in word for word in words):
        words = _by_official(words, given)
    else:
        words += given
    return words, cmd.place if cmd.instruction else command.place


def _by_official(entrypoint: tuple[str, ...], given: tuple[str, ...]) -> tuple[str, ...]:
    """An official image's script runs what it is given; that of Node takes a source for Node's."""
    is_source = bool(given) and given[0].endswith((".js", ".mjs", ".cjs"))
    return ("node", *given) if is_source and entrypoint == ("docker-entrypoint.sh",) else given


@dataclass
class _Follower:
    build: Build
    launches: list[Launch] = field(default_factory=list)
    complete: bool = True
    passing: set[int] = field(default_factory=set)  # launches that are over before the main one

    def argv(self, words: tuple[str, ...], place: Place, shell: Shell) -> None:
        """The exec form: no shell touches its words, unless the program is one."""
        arguments = tuple(Argument(word, word, 0, 0, word) for word in words)
        executed = Executed(arguments, shell)
        self._follow(executed, place, (), 0, by_shell=False)
        given = commands_given(unwrapped(executed)[0])
        if given is not None:
            inner = Inner(
                Script(Text(given.text), self.build.file),
                replace(shell, arguments=given.arguments),
                place,
            )
            self.script(inner, place, (), 1)
            if len(self.launches) > 1:
                self.launches[0] = replace(self.launches[0], followed=True)

    def script(self, inner: Inner, place: Place, via: tuple[str, ...], depth: int) -> None:
        """Every command of a script; ``place`` is that of the command that runs it."""
        for executed in run_shell(
            inner.script.text.value, inner.shell, files=sources(self.build.final.machine)
        ):
            if len(self.launches) >= _MOST_LAUNCHES:
                self.complete = False
                break
            under = replace(
                executed,
                certain=executed.certain and inner.certain,
                background=executed.background or inner.background,
                tolerated=executed.tolerated or inner.tolerated,
            )
            where = inner.at(executed, self.build.final.machine, place)
            self._follow(under, where, via, depth, by_shell=True)

    def _follow(
        self, given: Executed, place: Place, via: tuple[str, ...], depth: int, *, by_shell: bool
    ) -> None:
        plain, wrappers = unwrapped(given)
        executed = as_program(plain, wrappers)
        at = len(self.launches)
        self.launches.append(Launch(executed, given, place, via, wrappers, shell=by_shell))
        for inner in self._inside(executed, wrappers):
            first = len(self.launches)
            if first >= _MOST_LAUNCHES or depth == _DEPTH:
                self.complete = False
                break
            self._turn(inner, executed, place, via, depth)
            if not inner.stays:
                self.passing.update(range(first, len(self.launches)))
            elif len(self.launches) > first:
                self.launches[at] = replace(self.launches[at], followed=True)

    def _turn(
        self, inner: Inner, outer: Executed, place: Place, via: tuple[str, ...], depth: int
    ) -> None:
        """What holds for a command holds for all that it runs in turn."""
        under = replace(
            inner,
            certain=inner.certain and outer.certain,
            background=inner.background or outer.background,
        )
        files = (inner.script.file,) if inner.script.file else ()
        self.script(under, place, (*via, *files), depth + 1)

    def _inside(self, executed: Executed, wrappers: tuple[str, ...]) -> Iterator[Inner]:
        script = called(self.build.final.machine, executed)
        if script is not None and (script.interpreter in SHELLS or not script.interpreter):
            yield Inner(script.script, script.shell(executed))
        elif script is not None and script.interpreter in RUNNERS:
            interpreted = _interpreted(executed, script)
            yield from RUNNERS[script.interpreter](self.build, interpreted, wrappers)
        elif executed.name in RUNNERS:
            yield from RUNNERS[executed.name](self.build, executed, wrappers)


def _interpreted(executed: Executed, script: Called) -> Executed:
    """A script that names its interpreter as the command that the kernel makes of it."""
    first = executed.argv[0]
    words = (
        replace(first, value=word, text=word, raw=word)
        for word in (script.interpreter, script.path)
    )
    return replace(executed, argv=(*words, *executed.argv[1:]))


def _with_main(launches: list[Launch], passing: set[int]) -> tuple[Launch, ...]:
    """Mark the command that stays: the first exec'd one that is certain, or the last of all.

    Of several that run side by side it is the one that is told the port.
    """
    own = [
        at
        for at, one in enumerate(launches)
        if not one.followed and one.executed.argv and at not in passing
    ]
    staying = [at for at in own if not launches[at].executed.background]
    main = next((at for at in staying if _takes_over(launches[at])), max(staying, default=None))
    if main is None:
        told = [at for at in own if any(PORT in word for word in launches[at].executed.words)]
        main = next(iter(told or own), None) if told or len(own) == 1 else None
    return tuple(replace(one, main=at == main) for at, one in enumerate(launches))


def _takes_over(launch: Launch) -> bool:
    return launch.executed.replaces and launch.executed.certain
