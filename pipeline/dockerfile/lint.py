"""From a Dockerfile and its context to what the rules find."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.interpret import interpret
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.place import Patch, Place
from pipeline.dockerfile.rules import RULES
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity
from pipeline.dockerfile.syntax.nodes import Dockerfile, Instruction

PARSE = "parse"
"""The rule that a Dockerfile breaks which the engine would refuse."""

_MOST_PROBLEMS = 10
_SOURCES = frozenset({"ADD", "COPY"})


@dataclass(frozen=True)
class Found:
    """A fault, with what its rule says of it."""

    rule: str
    severity: Severity
    place: Place
    message: str
    fix: str = ""
    why: str = ""
    patch: Patch | None = None


@dataclass(frozen=True)
class Examined:
    """What was found, and the files beside the Dockerfile that the start command led to."""

    found: tuple[Found, ...]
    followed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Settings:
    """How the image is built and run: stage and arguments of the build, and what PORT will be."""

    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    port: int = 8080


def examine(
    dockerfile: Dockerfile,
    context: BuildContext,
    *,
    file: str,
    settings: Settings = Settings(),
    rules: Sequence[Rule] = RULES,
) -> Examined:
    """What the rules find. ``file`` names the Dockerfile; other places are paths in the context."""
    refused = tuple(_refused(dockerfile, file))
    build = interpret(
        dockerfile,
        context,
        file=file,
        target=settings.target,
        args=settings.args,
        port=settings.port,
    )
    if build is None:
        return Examined(refused)
    found = tuple(_found(rule, fault) for rule in rules for fault in rule.find(build))
    return Examined(refused + found, frozenset(_followed(build)) - {file})


def _refused(dockerfile: Dockerfile, file: str) -> Iterator[Found]:
    for problem in dockerfile.problems[:_MOST_PROBLEMS]:
        place = Place(file, problem.point.line, problem.point.column, problem.point.line)
        why = "the engine reads the whole Dockerfile before it builds, and refuses this one"
        yield Found(PARSE, Severity.ERROR, place, problem.message, why=why)


def _found(rule: Rule, fault: Fault) -> Found:
    return Found(
        rule.id, fault.severity or rule.severity, fault.place, fault.message,
        fault.fix or rule.fix, rule.why, fault.patch,
    )  # fmt: skip


def _followed(build: Build) -> Iterator[str]:
    for launch in build.start.launches:
        yield launch.place.file
        yield from launch.via


def named_sources(dockerfile: Dockerfile) -> list[str]:
    """What COPY and ADD name of the context, but for patterns, variables and remote sources."""
    return [
        source
        for instruction in dockerfile.instructions
        if instruction.name in _SOURCES and instruction.flag("from") is None
        for source in _named(instruction)
    ]


def _named(instruction: Instruction) -> Iterator[str]:
    words = instruction.exec or [word.value for word in instruction.words]
    for word in words[:-1]:
        source = word.strip("\"'")
        if not source.startswith("<<") and "://" not in source and not set(source) & set("$*?[\\"):
            yield posixpath.normpath(f"/{source}")[1:] or "."
