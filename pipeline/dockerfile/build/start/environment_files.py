"""What in a start loads a file of variables (``.env``) into the environment."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.entries import ancestors
from pipeline.dockerfile.build.start.loading import reached
from pipeline.dockerfile.build.start.python_sources import runs
from pipeline.dockerfile.build.start.reached import PYTHON, Reached
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.python_source import Guard

_BY_THEMSELVES = frozenset({
    "bun", "next", "nuxt", "honcho", "foreman", "nf", "pipenv", "prisma", "dotenv", "dotenvx",
})  # fmt: skip
_MAY = re.compile(r"dotenv|env_file|read_env|decouple|environs|loadEnvFile|ConfigModule|starlette")
_LOADS = frozenset({
    "load_dotenv", "dotenv_values", "read_env", "read_envfile", "config", "AutoConfig", "Config",
    "forRoot", "loadEnvFile", "SettingsConfigDict", "expand",
})  # fmt: skip
_OF = (
    "dotenv",
    "environ",
    "environs",
    "decouple",
    "starlette",
    "process",
    "ConfigModule",
    "@nestjs",
)
_IMPORTS = frozenset({"dotenv/config", "dotenv-flow/config", "dotenv-expand/config"})
_ENV_FILE = re.compile(r"^\s*env_file\s*=\s*(.*)", re.MULTILINE)
_UNSURE = {Guard.CONDITIONAL, Guard.FALLBACK, Guard.TYPING}


def loader_of(build: Build, path: str) -> Place | None:
    """What certainly loads the file at ``path`` of the image when the container starts."""
    return next(_loaders(build, path), None)


def _loaders(build: Build, path: str) -> Iterator[Place]:
    name = posixpath.basename(path)
    for launch in build.start.launches:
        executed = launch.executed
        words = (part for word in executed.words for part in (word, word.rpartition("=")[2]))
        named = name in " ".join(executed.words) and any(
            absolute(executed.shell.cwd, word) == path for word in words
        )
        here = executed.shell.cwd == posixpath.dirname(path)
        named = named or (here and name == ".env" and bool(_IMPORTS & set(executed.words)))
        if named or (here and executed.name in _BY_THEMSELVES):
            yield launch.place
    for source in reached(build):
        if _MAY.search(source.text) and _reaches(source, path):
            yield from _of_source(source, name)


def _reaches(source: Reached, path: str) -> bool:
    """Whether a loader looks there: in the working folder, or above the source."""
    folder = posixpath.dirname(path)
    return folder == source.launch.executed.shell.cwd or folder in ancestors(source.path)


def _of_source(source: Reached, name: str) -> Iterator[Place]:
    usual = name == ".env"
    for call in source.calls:
        module, _, function = call.callee.rpartition(".")
        told = (*call.arguments, *call.keywords.values())
        texts = [text for one in told for text in (one if isinstance(one, tuple) else (one,))]
        given = any(isinstance(one, str) and posixpath.basename(one) == name for one in texts)
        ours = function in _LOADS and (
            function in {"load_dotenv", "SettingsConfigDict"}
            or call.receiver.startswith(_OF)
            or module.startswith(_OF)
        )
        plain = not any(isinstance(one, str) and "env" in one for one in texts)
        defaults = usual and plain and function not in {"SettingsConfigDict", "Config"}
        sure = not set(call.guards) & _UNSURE and runs(source, call.guards)
        if ours and sure and (given or defaults):
            yield source.place(call.line, call.column)
    for loaded in source.modules if usual and source.language != PYTHON else ():
        if loaded.specifier in _IMPORTS and not loaded.guarded:
            yield source.place(loaded.line, loaded.column)
    for found in _ENV_FILE.finditer(source.text) if source.language == PYTHON else ():
        if re.search(rf"[\"'/]{re.escape(name)}[\"']", found[1]):
            yield source.place(source.text.count("\n", 0, found.start(1)) + 1)
