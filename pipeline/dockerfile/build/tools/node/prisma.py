"""prisma, Node's and Python's: which clients a command generates, and where they end up."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

from pipeline.dockerfile.build.entries import Found, ancestors
from pipeline.dockerfile.build.machine import Machine, which
from pipeline.dockerfile.build.tools.call import Call, absolute
from pipeline.dockerfile.build.tools.node.commands import Command, ignores_scripts
from pipeline.dockerfile.build.tools.node.engines import details_of
from pipeline.dockerfile.build.tools.node.pnpm import leaves_scripts_out
from pipeline.dockerfile.build.tools.node.schemas import Asked, python_settings, schemas_of
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.projects.tables import text
from pipeline.dockerfile.shell.executed import Value

_ENGINELESS = ("--no-engine", "--data-proxy", "--accelerate")
_VALUES = frozenset({"--schema", "--generator", "--config", "--name", "-n", "--url", "--to-schema"})
_OF_NODE = ("npx", "npm", "pnpm", "yarn", "bun")
_PYTHON = re.compile(r"(?:.*[/ ])?prisma(?:-client-py)?\Z")
_MAJOR = re.compile(r"[\^~>=v\s]*(\d{1,4})(?:\.|\Z|-)")


def prisma(call: Call) -> None:
    """``prisma SUBCOMMAND``, Node's or Python's."""
    perform(call, call.words)


def perform(call: Call, words: tuple[str, ...]) -> None:
    """``words`` after the program."""
    given = options(words, _VALUES)
    if given.has("--help", "-h"):
        return
    match given.operands:
        case ("generate", *_) | ("py", "generate", *_):
            bare = given.has(*_ENGINELESS)
            _generate(call, given.last("--schema"), given.all("--generator"), bare=bare)
        case ("py", "fetch", *_):
            _fetch_engines(call, "")
        case ("db", "push", *_) | ("migrate", "dev" | "reset", *_):
            _perhaps_generate(call)  # the newest versions leave that to "generate"
        case ("init", *_) if call.cwd:
            call.machine.files.blur(call.cwd)


def _generate(call: Call, told: str | None, only: tuple[str, ...], *, bare: bool) -> None:
    """``bare``: a client without an engine is asked for."""
    found = schemas_of(call.machine, call.cwd, told)
    if not found.known:
        _perhaps_generate(call)
    for asked in found.asked:
        if not only or asked.generator.name in only:
            _make_client(call, asked, bare=bare)


def _perhaps_generate(call: Call) -> None:
    """Both kinds of client may be there now, wherever the schema wants them."""
    files, home = call.machine.files, call.variable("HOME")
    sites = {one.where for one in call.machine.installed if one.name == "prisma" and one.where}
    for place in sorted({call.cwd or "/", *sites}):
        files.blur(place)
    for cache in _caches(call) if home else ():
        files.blur(cache)


def _make_client(call: Call, asked: Asked, *, bare: bool = False) -> None:
    generator = asked.generator
    output = absolute(asked.folder, generator.output) if generator.output else None
    details = details_of(call, generator, bare=bare)
    if generator.provider == "prisma-client-js":
        _make_folder(call, output or _default_client(call, asked.folder), "prisma-client", details)
    elif generator.provider == "prisma-client" and output:
        _make_folder(call, output, "prisma-client", details)
    elif _PYTHON.match(generator.provider):
        _make_python_client(call, output, details)
    elif call.cwd:
        call.machine.files.blur(output or call.cwd)


def _make_folder(call: Call, path: str, maker: str, details: str) -> None:
    call.make(path, maker, directory=True, details=details)
    call.machine.files.blur(path)


def _default_client(call: Call, folder: str) -> str:
    """``.prisma/client`` in the node_modules that has the client's package."""
    files = call.machine.files
    for above in ancestors(folder):
        modules = posixpath.join(above, "node_modules")
        if files.lookup(f"{modules}/@prisma/client").present:
            return f"{modules}/.prisma/client"
    return posixpath.join(call.cwd or folder, "node_modules/.prisma/client")


def _make_python_client(call: Call, output: Value, details: str) -> None:
    site = None if output else _site(call)
    folder = output or (f"{site}/prisma" if site else None)
    if folder is None:
        _perhaps_generate(call)
        return
    call.machine.files.blur(folder)
    call.make(f"{folder}/client.py", "prisma-python-client", details=details)
    if not _is_of_node(call):
        _fetch_engines(call, details)


def _fetch_engines(call: Call, details: str) -> None:
    for cache in _caches(call):
        _make_folder(call, cache, "prisma-python-engines", details or details_of(call))


def _caches(call: Call) -> Iterator[str]:
    """Where Python's prisma keeps its engines: told by the environment or ``pyproject.toml``."""
    settings = python_settings(call.machine, call.cwd) if call.cwd else {}
    told = _setting(call, "PRISMA_BINARY_CACHE_DIR", text(settings, "binary_cache_dir"))
    home = _setting(call, "PRISMA_HOME_DIR", text(settings, "home_dir")) or call.variable("HOME")
    path = call.path(told) if told else home and f"{home}/.cache/prisma-python"
    if path:
        yield path


def _setting(call: Call, name: str, otherwise: str) -> Value:
    value = call.variable(name)
    return otherwise if value == "" else value


def _is_of_node(call: Call) -> bool:
    """Whether it is Node's program: run by a manager of Node, or found in node_modules."""
    if any(wrapper.startswith(_OF_NODE) for wrapper in call.step.wrappers):
        return True
    found = _program(call).entry
    return found is not None and found.maker == "npm"


def _program(call: Call) -> Found:
    """Where the program is found that the command names."""
    path, name = call.variable("PATH"), call.executed.argv[0].value or "prisma"
    if "/" in name:
        name = absolute(call.cwd, name) or "prisma"
    return which(call.machine, name, None if path is None else tuple(path.split(":")))


def _site(call: Call) -> Value:
    """The site-packages that hold Python's prisma."""
    files = call.machine.files
    for one in reversed(call.machine.installed):
        if one.manager == "pip" and one.name == "prisma" and files.lookup(one.where).present:
            return one.where
    found = _program(call).entry
    if found is not None and found.maker == "pip":
        prefix = posixpath.dirname(posixpath.dirname(found.path))
        return f"{prefix}/lib/python3/site-packages"
    prefix = call.variable("VIRTUAL_ENV") or call.machine.base.python_prefix
    return f"{prefix}/lib/python3/site-packages" if prefix and prefix != "/usr" else None


def generated_on_install(
    call: Call, command: Command, folder: str, wanted: Mapping[str, str], *, complete: bool
) -> None:
    """``@prisma/client`` generates when it is installed, if it finds prisma and a schema.

    Else it leaves a stub, which counts as no client. ``complete``: nothing but ``wanted`` is there.
    """
    version = wanted.get("@prisma/client")
    if version is None or not call.executed.certain:
        return
    found = schemas_of(call.machine, folder)
    major = _MAJOR.match(version)
    if (
        ignores_scripts(command, call.executed.shell.variables)
        or (command.tool == "pnpm" and leaves_scripts_out(call, folder, "@prisma/client"))
        or call.variable("PRISMA_SKIP_POSTINSTALL_GENERATE")
        or (complete and "prisma" not in wanted and not _is_global(call.machine))
        or (found.known and not found.found)
        or (major and int(major[1]) >= 7)
    ):
        call.machine.files.remove(f"{folder}/node_modules/.prisma")
    elif major and "prisma" in wanted and found.known and command.tool in {"npm", "yarn"}:
        for asked in found.asked:
            _make_client(call, asked)


def _is_global(machine: Machine) -> bool:
    return any(
        one.manager == "npm" and one.name == "prisma" and one.where.endswith("/lib/node_modules")
        for one in machine.installed
    )


TOOLS: Mapping[str, Callable[[Call], None]] = {"prisma": prisma, "prisma-client-py": prisma}
