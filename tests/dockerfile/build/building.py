"""Whole builds for tests: a Dockerfile and its context in, what the stages hold out."""

from __future__ import annotations

import json

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.interpret import interpret
from pipeline.dockerfile.build.values import Launch
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.syntax.parser import parse


def build_of(dockerfile: str, files: dict[str, str] | None = None) -> Build:
    """The build of a Dockerfile with these files beside it."""
    context = BuildContext.of({"Dockerfile": dockerfile, **(files or {})})
    found = interpret(parse(dockerfile), context, file="Dockerfile")
    assert found is not None
    return found


def package(**entries: object) -> dict[str, str]:
    """A context with this ``package.json``."""
    return {"package.json": json.dumps(entries, indent=2)}


def state(build: Build, path: str) -> str:
    """``present``, ``absent`` or ``unknown``: what the image holds at a path."""
    return build.in_image(path).presence.value


def maker(build: Build, path: str) -> str | None:
    """Who made what the image certainly holds at a path."""
    entry = build.in_image(path).entry
    return entry.maker if entry else None


def details(build: Build, path: str) -> str:
    entry = build.in_image(path).entry
    assert entry is not None, path
    return entry.details


def commands(build: Build) -> list[str]:
    """What the last stage runs while it is built."""
    return [" ".join(step.executed.words) for step in build.final.steps if step.executed]


def launches(build: Build) -> list[str]:
    """What the start runs, scripts' own commands after the command that runs them."""
    return [" ".join(launch.executed.words) for launch in build.start.launches]


def launch(build: Build, text: str) -> Launch:
    """The one launch whose words begin so."""
    found = [one for one in build.start.launches if " ".join(one.executed.words).startswith(text)]
    assert len(found) == 1, launches(build)
    return found[0]


def main(build: Build) -> str | None:
    """The command that stays."""
    found = build.start.main
    return " ".join(found.executed.words) if found else None
