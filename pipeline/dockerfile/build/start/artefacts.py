"""The files that the start needs: programs, sources, archives, folders of built pages."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.entries import Found, Presence
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.scripts import SHELLS
from pipeline.dockerfile.build.start.python import loads
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.build.tools.system import HARMLESS
from pipeline.dockerfile.build.values import Launch

_ENDINGS = ("", ".js", ".mjs", ".cjs", ".json", ".node", ".ts", ".mts", ".tsx")
_INDEX = ("/index.js", "/index.json", "/index.ts", "/package.json", "/index.cjs", "/index.mjs")
_NODE_TAKES = frozenset({
    "-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions",
    "--env-file", "--title", "--tsconfig", "-P", "--project", "--icu-data-dir", "--cwd",
    "--stack-trace-limit", "--inspect-port", "--redirect-warnings", "--diagnostic-dir",
})  # fmt: skip
_NOT_FILES = frozenset({"-e", "--eval", "-p", "--print", "-v", "--version", "--run", "--test", "-c",
                        "--check", "-h", "--help", "-i", "$", "-pe"})  # fmt: skip
_JAVA_TAKES = frozenset({"-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-opens",
                         "--add-exports", "--add-modules", "--add-reads"})  # fmt: skip
_QUIET = frozenset({
    "echo", "printf", "exec", "alembic", "flask", "prisma", "node", "django-admin", "aerich",
    "gunicorn", "uvicorn", "celery", "supervisord", "mkdir", "chown", "chmod", "pg_isready",
    "wait-for-it.sh", "wait-for-it", "nc", "nginx", "java", "cloud_sql_proxy", "cloud-sql-proxy",
    "sequelize", "knex", "typeorm", "bundle", "rails", "php-fpm", "redis-server", ".", "source",
})  # fmt: skip
_PYTHON = re.compile(r"(?:python|pypy)(?:\d(?:\.\d+)?)?", re.ASCII)


@dataclass(frozen=True)
class Needed:
    """One file or folder that a launch needs: ``paths`` are what it may be called."""

    launch: Launch
    name: str  # as the command has it
    paths: tuple[str, ...]
    program: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of a file with that name, one of a folder's left out."""
        start = posixpath.basename(self.paths[0])
        return tuple(one for one in self.paths if posixpath.basename(one).startswith(start))

    def found(self, machine: Machine) -> Found:
        """The first that is there, or may be."""
        seen = [machine.files.lookup(path) for path in self.paths]
        return min(seen, key=_rank)


def _rank(found: Found) -> int:
    order = (Presence.PRESENT, Presence.UNKNOWN, Presence.ABSENT)
    return 2 * order.index(found.presence) + bool(found.vague)


def needed(build: Build) -> Iterator[Needed]:
    """What the launches that certainly run need."""
    for loaded in build.once(loads):
        if loaded.file and _counts(loaded.launch):
            yield Needed(loaded.launch, posixpath.basename(loaded.file), (loaded.file,))
    for launch in build.start.launches:
        if _counts(launch):
            yield from _of(launch)
        if _may_make(launch):
            return


def _may_make(launch: Launch) -> bool:
    """Whether what comes after it may find files that the start itself made."""
    executed = launch.executed
    if executed.output is not None:
        return True
    if launch.followed or _PYTHON.fullmatch(executed.name):
        return False
    return executed.name not in HARMLESS and executed.name not in _QUIET


def _counts(launch: Launch) -> bool:
    executed = launch.executed
    return (executed.certain and not executed.tolerated) or launch.main


def _of(launch: Launch) -> Iterator[Needed]:
    executed = launch.executed
    texts = tuple("$" if one.value is None else one.value for one in executed.argv)
    if not texts:
        return
    if "/" in texts[0] and not texts[0].endswith(".py") and executed.name not in SHELLS:
        yield from _one(launch, texts[0], program=True)
    finder = _FINDERS.get(executed.name)
    for name in finder(texts[1:]) if finder else ():
        endings = _node_paths if executed.name in _NODE else tuple
        yield from _one(launch, name, endings)


def _one(
    launch: Launch, name: str, variants: Callable[[Sequence[str]], tuple[str, ...]] = tuple,
    *, program: bool = False,
) -> Iterator[Needed]:  # fmt: skip
    path = absolute(launch.executed.shell.cwd, name)
    if path is not None and not set("*?[$\u2039") & set(name):
        yield Needed(launch, name, variants((path,)), program)


def _node_paths(paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{path}{end}" for path in paths for end in (*_ENDINGS, *_INDEX))


def _node(words: Sequence[str]) -> Iterator[str]:
    yield from _operand(words, _NODE_TAKES)


def _runner(words: Sequence[str]) -> Iterator[str]:
    """``bun run FILE``, ``deno run FILE``, ``tsx watch FILE``: a script's name is no file."""
    rest = [word for word in words if word not in {"run", "watch", "serve", "start"}]
    for name in _operand(rest, _NODE_TAKES):
        if "/" in name or name.endswith((".js", ".ts", ".mjs", ".cjs", ".tsx", ".mts")):
            yield name


def _operand(words: Sequence[str], takes: frozenset[str]) -> Iterator[str]:
    """The first word that is no option; nothing where there is code instead."""
    rest = iter(words)
    for word in rest:
        if word in _NOT_FILES:
            return
        if word in takes:
            next(rest, "")
        elif not word.startswith("-"):
            if "://" not in word:
                yield word
            return


def _java(words: Sequence[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if word == "-jar":
            yield next(rest, "$")
            return
        if word in _JAVA_TAKES:
            next(rest, "")
        elif not word.startswith("-"):
            return


def _dotnet(words: Sequence[str]) -> Iterator[str]:
    yield from (word for word in words[:1] if word.endswith(".dll"))


def _script(words: Sequence[str]) -> Iterator[str]:
    """A shell or another interpreter with a file."""
    if words and not words[0].startswith(("-", "+")):
        yield words[0]


def _interpreted(*endings: str) -> Callable[[Sequence[str]], Iterator[str]]:
    def find(words: Sequence[str]) -> Iterator[str]:
        for word in words[:1]:
            if word.endswith(endings):
                yield word

    return find


def _after(*names: str) -> Callable[[Sequence[str]], Iterator[str]]:
    """The file that an option names."""

    def find(words: Sequence[str]) -> Iterator[str]:
        for word, following in zip(words, (*words[1:], ""), strict=False):
            name, equals, value = word.partition("=")
            if name in names and (value or following) and not (value or following).startswith("-"):
                yield value if equals else following

    return find


def _manager(words: Sequence[str]) -> Iterator[str]:
    """``npm start`` reads ``package.json``; in another folder where it is told so."""
    if set(words[:1]) & {"start", "run", "run-script"} and len(words) < 3:
        yield "package.json"


def _next(words: Sequence[str]) -> Iterator[str]:
    rest = [word for word in words if not word.startswith("-") and not word.isdecimal()]
    if rest[:1] == ["start"]:
        yield f"{rest[1]}/.next" if len(rest) > 1 and "." not in rest[1] else ".next"


def _served(words: Sequence[str]) -> Iterator[str]:
    """``serve -s build``."""
    rest = iter(words)
    for word in rest:
        if word in {"-l", "--listen", "-p", "--port", "-c", "--config", "-a"}:
            next(rest, "")
        elif not word.startswith("-"):
            yield word
            return


_NODE = frozenset({"node", "nodejs", "tsx", "ts-node", "nodemon", "pm2-runtime", "bun", "deno"})
_FINDERS: Mapping[str, Callable[[Sequence[str]], Iterator[str]]] = {
    **dict.fromkeys(("node", "nodejs"), _node),
    **dict.fromkeys(("tsx", "ts-node", "nodemon", "pm2-runtime", "bun", "deno"), _runner),
    **dict.fromkeys(SHELLS, _script),
    **dict.fromkeys(("npm", "yarn", "pnpm"), _manager),
    **dict.fromkeys(("serve", "http-server"), _served),
    "java": _java, "dotnet": _dotnet, "next": _next, "ruby": _interpreted(".rb"),
    "php": _interpreted(".php"), "perl": _interpreted(".pl"), "Rscript": _interpreted(".R", ".r"),
    "supervisord": _after("-c", "--configuration"), "uwsgi": _after("--ini", "--yaml", "--json"),
    "nginx": _after("-c"), "gunicorn": _after("-c", "--config"),
    "caddy": _after("--config", "-config"),
}  # fmt: skip
