"""S22: a local .env file in the image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.carrying import Carried, carried
from pipeline.dockerfile.build.start.environment_files import loader_of
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_NAME = re.compile(
    r"\.env(?:\.(?!.*(?:example|sample|template|dist|default|schema|tpl|test|ci\b)).+)?"
)
_USUAL = re.compile(r"\.env(?:\.(?:local|prod(?:uction)?|dev(?:elopment)?|staging|stage))*")
_ELSEWHERE = ("file:", "sqlite:", "${", "$(")
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=[ \t]*(.*)")
_TELLING = re.compile(
    r"DATABASE|DB_|_DB|HOST|UR[IL]|DSN|SECRET|PASS|TOKEN|KEY|REDIS|MONGO|POSTGRES|MYSQL|PG|SMTP"
    r"|BROKER|ENDPOINT|AWS|CREDENTIAL"
)
_PUBLIC = ("VITE_", "NEXT_PUBLIC_", "REACT_APP_", "NUXT_PUBLIC_", "PUBLIC_", "EXPO_PUBLIC_")
_LOCAL = re.compile(r"localhost|127\.0\.0\.1|host\.docker\.internal|//[^/@]*@?(?:db|postgres)\b")
_MOST = 50


def find(build: Build) -> Iterator[Fault]:
    names = [file for file in build.context.files if _NAME.fullmatch(posixpath.basename(file))]
    for file in sorted(names)[:_MOST]:
        variable = _telling(build.context.text(file))
        found = next(carried(build, file), None) if variable is not None else None
        loader = loader_of(build, found.path) if found else None
        if found and (loader or _USUAL.fullmatch(posixpath.basename(file))):
            yield _fault(build, file, variable or "", found, loader)


def _telling(text: str | None) -> str | None:
    """A variable that says where the service's data is; empty for a file that cannot be read."""
    if text is None:
        return ""
    for line in text.splitlines():
        said = _LINE.match(line)
        value = said[2].strip("\"' ") if said else ""
        if said is None or not value or value.startswith(_ELSEWHERE):
            continue
        public = said[1].startswith(_PUBLIC)
        if _LOCAL.search(value) or (_TELLING.search(said[1].upper()) and not public):
            return said[1]
    return None


def _fault(build: Build, file: str, variable: str, found: Carried, loader: Place | None) -> Fault:
    what = f" with {variable}" if variable else ""
    if loader is None:
        read = "a program that looks for such a file there takes it"
    else:
        read = f"{loader.file} line {loader.line} loads it"
    return Fault(
        build.place(found.step.instruction),
        f"the local {file}{what} is copied to {found.path} of the image, and {read}",
        f"Add {file} to .dockerignore, and set the variables of the service on the platform.",
        severity=Severity.WARNING if loader is None else None,
    )


_DOCKERFILE = (
    "FROM node:22-slim\nWORKDIR /app\nCOPY package.json package-lock.json ./\n"
    "RUN npm ci --omit=dev\nCOPY . .\nUSER node\n"
    'CMD ["node", "server.js"]\n'
)
_FILES = {
    "package.json": '{ "dependencies": { "dotenv": "^16.4.5", "express": "^4.19.2" } }\n',
    "package-lock.json": '{ "lockfileVersion": 3, "packages": {} }\n',
    "server.js": (
        'require("dotenv").config();\nconst express = require("express");\n\n'
        'express().listen(process.env.PORT || 8080, "0.0.0.0");\n'
    ),
    ".env": "DATABASE_URL=postgres://localhost/shop\n",
}

RULE = Rule(
    id="S22",
    title="a local .env file in the image",
    severity=Severity.ERROR,
    why="what was meant for one machine decides where the service finds its data and its secrets",
    met="connection refused: localhost:5432",
    fix="Add .env to .dockerignore, and set the variables of the service on the platform.",
    bad={"Dockerfile": _DOCKERFILE, **_FILES},
    good={"Dockerfile": _DOCKERFILE, ".dockerignore": ".env\n", **_FILES},
    find=find,
)
