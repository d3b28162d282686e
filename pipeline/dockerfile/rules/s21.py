"""S21: a local origin as what production lets in."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.start.loading import reached
from pipeline.dockerfile.build.start.origins import NAME, is_local, origins
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity
from pipeline.dockerfile.syntax.nodes import Text

_SERVERS = (".conf", ".template")
_OTHERS = (".go", ".java", ".kt", ".php", ".cs", ".rb", ".conf", ".template", ".properties")
_OF_OTHERS = re.compile(
    r"(?:allow(?:ed)?_?-?origins?(?:_list)?|CrossOrigin|WithOrigins|\borigins)\b[^\"'\n\w]{0,40}"
    r"(?:\[\]string\s*\{|List\.of\(|origins\s*=\s*\{?|=>\s*\[?|\{)?[\s\[({]*"
    r"((?:[\"'][^\"'\n]{1,200}[\"'][\s,]*){1,20})"
    r"|(?:Access-Control-Allow-Origin[\"']?[\s,:]+|allowed-origins\s*[=:]\s*)[\"']?([^\s\"';]+)",
    re.IGNORECASE,
)
_MOST = 100


def find(build: Build) -> Iterator[Fault]:
    seen: set[Place] = set()
    for fault in (*_of_dockerfile(build), *_of_sources(build), *_of_others(build)):
        if fault.place not in seen:
            seen.add(fault.place)
            yield fault


def _of_dockerfile(build: Build) -> Iterator[Fault]:
    """ENV, or the default of the ARG that it takes its value from."""
    machine = build.final.machine
    said: dict[str, Text] = {}
    defaults: dict[str, Text] = {}
    for stage in build.lineage(build.final):
        for step in stage.steps:
            for key, value in step.instruction.pairs if step.executed is None else ():
                if value is None:
                    continue
                if step.instruction.name == "ENV":
                    said[key.value] = value
                elif step.instruction.name == "ARG" and is_local(value.value):
                    defaults[key.value] = value
    for name, text in said.items():
        if NAME.search(name) and is_local(machine.env.get(name)):
            taken = re.fullmatch(r"[\"']?\$\{?(\w+)[^$]*", text.value)
            point = (defaults.get(taken[1], text) if taken else text).start
            yield Fault(
                Place(build.file, point.line, point.column),
                f"{name} is {machine.env[name]} in the image: unless the platform sets it, no "
                "browser is let in but a developer's",
                f"Leave {name} out of the image, and set it to the front end's origin on the "
                "platform.",
            )


def _of_sources(build: Build) -> Iterator[Fault]:
    machine = build.final.machine
    for source in reached(build):
        for one in origins(source, machine.env):
            place = source.place(one.line)
            if one.variable:
                yield Fault(
                    place,
                    f"{one.text} is the only origin that is let in where {one.variable} is not "
                    "set, and the image does not set it",
                    f"Set {one.variable} on the platform, and let its absence be an error.",
                    severity=Severity.INFO,
                )
            else:
                yield Fault(place, f"{one.text} is the only origin that is let in")


def _of_others(build: Build) -> Iterator[Fault]:
    """Languages that are not parsed: a list of nothing but local origins after its usual names."""
    others = _SERVERS if reached(build) else _OTHERS
    files = [
        file
        for file in build.context.files
        if file.endswith(others) and "test" not in file.lower() and not _is_dev(file)
    ]
    for file in files[:_MOST]:
        text = build.context.text(file) or ""
        if "localhost" not in text and "127.0.0.1" not in text:
            continue
        for found in _OF_OTHERS.finditer(text):
            begins = text.rfind("\n", 0, found.start()) + 1
            if is_local(found[1] or found[2]) and not text[begins:].lstrip().startswith(
                ("#", "//", "*", ";")
            ):
                line = text.count("\n", 0, found.start()) + 1
                yield Fault(Place(file, line), "a local origin is the only one that is let in")


def _is_dev(file: str) -> bool:
    return re.search(r"dev|local|example", posixpath.basename(file), re.IGNORECASE) is not None


_DOCKERFILE = (
    "FROM python:3.12-slim\nENV PYTHONUNBUFFERED=1\nWORKDIR /app\n"
    "RUN pip install fastapi uvicorn\nCOPY main.py .\n"
    "CMD exec uvicorn main:app --host 0.0.0.0 --port $PORT\n"
)
_MAIN = (
    "import os\n\nfrom fastapi import FastAPI\n"
    "from fastapi.middleware.cors import CORSMiddleware\n\napp = FastAPI()\n"
    "app.add_middleware(CORSMiddleware, allow_origins={})\n"
)

RULE = Rule(
    id="S21",
    title="a local origin as what production lets in",
    severity=Severity.WARNING,
    why="every browser refuses the answers: no page but one on a developer's machine may read them",
    met="blocked by CORS policy: 'Access-Control-Allow-Origin' has the value http://localhost:8080",
    fix="Take the front end's origin from the environment, and set it on the platform.",
    bad={"Dockerfile": _DOCKERFILE, "main.py": _MAIN.format('["http://localhost:3000"]')},
    good={
        "Dockerfile": _DOCKERFILE,
        "main.py": _MAIN.format('os.environ["WEB_ORIGINS"].split(",")'),
    },
    find=find,
)
