"""Commands that check the types of TypeScript, and the sources that they look at."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.node.programs import program_of_node
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.patterns import segment_matcher
from pipeline.dockerfile.projects.tables import json_table, table, text
from pipeline.dockerfile.projects.typescript import TsConfig, plain_json, tsconfig

_TSC = frozenset({"-p", "--project", "--outDir", "--target", "--module", "--rootDir", "-t", "-m"})
_QUIET = frozenset({"--version", "-v", "--init", "--showConfig", "--help", "-h", "--clean"})
_ENDINGS = (".ts", ".tsx", ".mts", ".cts")
_CONFIGS = ("js", "mjs", "cjs", "ts", "mts")
_UNCHECKED = re.compile(r"ignoreBuildErrors\s*:\s*true")
_DEPTH, _MOST_FILES, _DEEPEST = 5, 3_000, 64


@dataclass(frozen=True)
class Check:
    """``config`` is the ``tsconfig.json`` that it follows; else ``files`` are what it is given."""

    command: str
    folder: str
    config: str = ""
    files: tuple[str, ...] = ()


def check_of(call: Call) -> Check | None:
    """The check that a command is; None where it is none, or nobody can tell of what."""
    name, words = call.executed.name, call.words
    if name == "node" and (found := program_of_node(call.executed)):
        name, words = found[0], call.executed.words[found[1] + 1 :]
    if call.cwd is None or name not in _CHECKS:
        return None
    return _CHECKS[name](call, name, words, call.cwd)


def _of_tsc(call: Call, name: str, words: tuple[str, ...], folder: str) -> Check | None:
    given = options(words, _TSC)
    if given.has(*_QUIET):
        return None
    named = given.last("-p", "--project")
    builds = given.has("-b", "--build")
    if given.operands and not builds:
        files = [call.path(one) for one in given.operands]
        return Check(name, folder, files=tuple(one for one in files if one))
    if builds and given.operands:
        named = given.operands[0]
    return _following(call, name, folder, named or "tsconfig.json")


def _following(call: Call, name: str, folder: str, *names: str) -> Check | None:
    for one in names:
        path = call.path(one if one.endswith(".json") else f"{one}/tsconfig.json")
        if path and call.machine.files.lookup(path, call.step.number).present:
            return Check(name, folder, path)
    return None


def _of_nest(call: Call, _name: str, words: tuple[str, ...], folder: str) -> Check | None:
    given = options(words, frozenset({"-p", "--path", "-c", "--config", "-b", "--builder"}))
    if given.operands != ("build",) or given.last("-b", "--builder") == "swc":
        return None
    origin = read(call.machine, f"{folder}/nest-cli.json")
    said = table(json_table(plain_json(origin.text)) or {}, "compilerOptions") if origin else {}
    builder = said.get("builder")
    if builder == "swc" or (isinstance(builder, dict) and text(builder, "type") == "swc"):
        return None
    if said.get("typeCheck") is False or call.machine.files.lookup(f"{folder}/.swcrc").present:
        return None
    told = given.last("-p", "--path") or text(said, "tsConfigPath")
    names = (told,) if told else ("tsconfig.build.json", "tsconfig.json")
    return _following(call, "nest build", folder, *names)


def _of_next(call: Call, _name: str, words: tuple[str, ...], folder: str) -> Check | None:
    if options(words, frozenset()).operands != ("build",):
        return None
    for ending in _CONFIGS:
        origin = read(call.machine, f"{folder}/next.config.{ending}")
        if origin is not None and _UNCHECKED.search(origin.text):
            return None
    return _following(call, "next build", folder, "tsconfig.json")


_CHECKS = {"tsc": _of_tsc, "vue-tsc": _of_tsc, "tspc": _of_tsc, "nest": _of_nest, "next": _of_next}


def sources(machine: Machine, check: Check) -> Iterator[str]:
    """The sources that are certainly looked at, as paths of the machine."""
    if not check.config:
        yield from (one for one in check.files if one.endswith(_ENDINGS))
        return
    said = _settings(machine, check.config, 0)
    if said is None:
        return
    root = posixpath.dirname(check.config)
    if said.files and not said.include:
        yield from (posixpath.normpath(posixpath.join(root, one)) for one in said.files)
        return
    below = sorted(set(islice(machine.files.below(root), _MOST_FILES)))
    for path in below:
        inner = path[len(root.rstrip("/")) + 1 :]
        if path.endswith(_ENDINGS) and not path.endswith(".d.ts") and _is_in(inner, said):
            yield path


def _settings(machine: Machine, path: str, depth: int) -> TsConfig | None:
    """What the file says, with what it extends for what it does not say."""
    origin = read(machine, path) if depth < _DEPTH else None
    own = _parsed(origin.text) if origin else None
    if own is None or (own.include or own.files) or not own.extends:
        return own
    above = own.extends[-1]
    if not above.startswith("."):
        return own
    ending = "" if above.endswith(".json") else ".json"
    base = posixpath.normpath(posixpath.join(posixpath.dirname(path), above + ending))
    if posixpath.dirname(base) != posixpath.dirname(path):
        return own if own.exclude else None
    found = _settings(machine, base, depth + 1)
    if found is None:
        return None
    return TsConfig(include=found.include, files=found.files, exclude=own.exclude or found.exclude)


@lru_cache(maxsize=64)
def _parsed(source: str) -> TsConfig | None:
    return tsconfig(source)


def _is_in(path: str, said: TsConfig) -> bool:
    if "node_modules/" in f"{path}/" or path.startswith("."):
        return False
    if said.include and not any(_below(path, one) for one in said.include):
        return False
    return not _is_out(path, said.exclude)


def _below(path: str, pattern: str) -> bool:
    """Whether a pattern names the path or a folder above it; ``**/`` is any number of folders."""
    segments = posixpath.normpath(pattern).split("/")
    if segments == ["."]:
        return True
    if segments[-1] == "**" or not set("*?.") & set(segments[-1]):
        segments += ["**"] if segments[-1] != "**" else []
        segments.append("*")
    return len(segments) <= _DEEPEST and _is_like(path.split("/")[:_DEEPEST], segments)


def _is_like(names: Sequence[str], segments: Sequence[str]) -> bool:
    """Held against each other from the left; after a ``**`` the leftmost way is as good as any."""
    at = name = 0
    again: tuple[int, int] | None = None
    while name < len(names):
        if at < len(segments) and segments[at] == "**":
            at, again = at + 1, (at + 1, name)
        elif at < len(segments) and _matches(segments[at], names[name]):
            at, name = at + 1, name + 1
        elif again is not None:
            again = again[0], again[1] + 1
            at, name = again
        else:
            return False
    return all(one == "**" for one in segments[at:])


def _matches(segment: str, name: str) -> bool:
    matcher = _matcher(segment)
    return matcher is not None and bool(matcher(name))


@lru_cache(maxsize=256)
def _matcher(segment: str) -> Callable[[str], object] | None:
    return segment_matcher(segment.replace("\\", "\\\\").replace("[", "\\["))


def _is_out(path: str, patterns: Sequence[str]) -> bool:
    for pattern in patterns:
        plain = pattern.removeprefix("./").removeprefix("/").rstrip("/")
        if path == plain or path.startswith(f"{plain}/"):
            return True
        ways = (plain, f"{plain}/*", plain.replace("**/", ""))
        if any(fnmatch.fnmatchcase(path, one) for one in ways):
            return True
    return False
