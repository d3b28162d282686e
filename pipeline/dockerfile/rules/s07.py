"""S07: an install into the distribution's own Python, which refuses it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from pipeline.dockerfile.build.build import Build, Stage
from pipeline.dockerfile.build.outcomes import ends_build
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.fetch import FETCHERS
from pipeline.dockerfile.build.tools.python.managed import lifts, refused
from pipeline.dockerfile.build.values import Copied, Step
from pipeline.dockerfile.place import Edit, Patch
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_BUILDERS = frozenset({"pyenv", "python-build", "conda", "mamba", "asdf", "mise", "micromamba"})
_MAKERS = frozenset({"make", "cmake", "ninja"})
_MOVERS = frozenset({"tar", "cp", "mv", "unzip", "install", "rsync", "bsdtar"})
_FOLDER = re.compile(r"(?:-C)?/(?:usr(?:/local)?)?(?:/(?:bin/(?:python|pip)\S*)?)?$")
_MOST_WORDS = 100
_FOLDERS = frozenset({"/", "/usr", "/usr/local", "/usr/local/bin", "/usr/bin"})
_INSTALLS_PYTHON = ("python", "install")


def find(build: Build) -> Iterator[Fault]:
    over: set[int] = set()  # stages after which nothing is refused any more, or all has been said
    for stage in build.used:
        if stage.machine.base.externally_managed is not True:
            continue
        if stage.parent in over:
            over.add(stage.index)
            continue
        for step in stage.steps:
            fault = _of_step(build, stage, step)
            if fault is not None:
                yield fault
            if fault is not None or _lifts(stage, step):
                over.add(stage.index)
                break


def _of_step(build: Build, stage: Stage, step: Step) -> Fault | None:
    if step.executed is None:
        return None
    tool = refused(Call(stage.machine, step, step.executed))
    ends = _ends(stage, step) if tool else False
    return _fault(build, stage, step, tool, ends=ends is True) if ends is not False else None


def _lifts(stage: Stage, step: Step) -> bool:
    if _brings_another(step):
        return True
    return step.executed is not None and lifts(Call(stage.machine, step, step.executed))


def _brings_another(step: Step) -> bool:
    """A Python that is built or fetched here may be the one that answers from now on."""
    executed = step.executed
    if executed is None:
        unpacks = step.instruction.name == "ADD"
        return any(_covers(one, unpacks=unpacks) for one in step.copied)
    words = executed.words[:_MOST_WORDS]
    if executed.name in _BUILDERS or words[1:3] == _INSTALLS_PYTHON:
        return True
    if executed.name in _MAKERS:
        return any("install" in word for word in words)
    return executed.name in _MOVERS and any(_FOLDER.match(word) for word in words[1:])


def _ends(stage: Stage, step: Step) -> bool | None:
    """As for any step; a pipe ends as its last command does, and a loop as its last round."""
    executed = step.executed
    while executed is not None and executed.feeds is not None and executed.name in FETCHERS:
        executed = executed.feeds
    ends = ends_build(stage, replace(step, executed=executed))
    if ends is None:
        rounds = (one for one in stage.commands() if one.place == step.place)
        ends = any(ends_build(stage, one) for one in rounds) or None
    return ends


def _covers(one: Copied, *, unpacks: bool) -> bool:
    """Whether a copy from another image lies over the folders of the system's programs."""
    folder, name = posixpath.split(one.target)
    if one.stage is None and not one.image:
        return unpacks and folder in _FOLDERS
    if one.directory:
        return one.target in _FOLDERS
    return folder in _FOLDERS and name.startswith(("python", "pip"))


def _fault(build: Build, stage: Stage, step: Step, tool: str, *, ends: bool) -> Fault:
    base = stage.machine.base
    system = f"{base.distribution.capitalize()} {base.version}"
    variable = "UV_BREAK_SYSTEM_PACKAGES" if tool == "uv" else "PIP_BREAK_SYSTEM_PACKAGES"
    line = step.instruction.line
    allowed = f", or write ENV {variable}=1: nothing else uses this Python in a container"
    if tool == "ensurepip":  # it looks at no variable
        allowed = ""
    unnoticed = "" if ends else "; nobody takes notice, and the packages are not there"
    return Fault(
        step.place,
        f"{tool} would install into {system}'s own Python, which refuses that{unnoticed}",
        "Make a virtual environment (python3 -m venv /opt/venv, ENV PATH=/opt/venv/bin:$PATH)"
        f"{allowed}.",
        Patch(build.file, (Edit(line, line - 1, (f"ENV {variable}=1",)),)) if allowed else None,
        None if ends else Severity.WARNING,
    )


_DOCKERFILE = (
    "FROM alpine:3.20\nRUN apk add --no-cache python3 py3-pip\n{}ENV PYTHONUNBUFFERED=1\n"
    "WORKDIR /app\nCOPY requirements.txt app.py ./\nRUN pip install -r requirements.txt\n"
    'CMD ["gunicorn", "app:app"]\n'
)
_VENV = "RUN python3 -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n"
_FILES = {
    "requirements.txt": "flask\ngunicorn\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
}

RULE = Rule(
    id="S07",
    title="pip in the distribution's own Python",
    severity=Severity.ERROR,
    why="Alpine since 3.19, Debian since 12 and Ubuntu since 23.04 refuse it, and the build ends",
    met="error: externally-managed-environment",
    fix="Install into a virtual environment.",
    bad={"Dockerfile": _DOCKERFILE.format(""), **_FILES},
    good={"Dockerfile": _DOCKERFILE.format(_VENV), **_FILES},
    find=find,
)
