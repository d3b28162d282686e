"""S16: the models want a table or a column that no migration makes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import chain, islice

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.carrying import copies
from pipeline.dockerfile.build.values import Launch, Step
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.alembic import of_alembic
from pipeline.dockerfile.projects.django_models import of_django
from pipeline.dockerfile.projects.unmade import Unmade, of_drizzle, of_prisma
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_MIGRATES = re.compile(r"prisma migrate deploy|drizzle-kit migrate")
_PUSHES = re.compile(r"\b(?:db push|drizzle-kit push)\b")
_MAKES = re.compile(r"\b(?:db push|drizzle-kit push|makemigrations|migrate dev|db reset)\b")
_MIGRATION = re.compile(r"(?:^|/)(?:migrations/0001|versions/[^/]+\.py$)|\.sql$")
_MOST = 20


def find(build: Build) -> Iterator[Fault]:
    context = build.context
    commands = [*_commands(build)] if any(map(_MIGRATION.search, context.files)) else None
    if commands is None or any(map(_MAKES.search, commands)):
        return
    sources = {
        posixpath.normpath(one.source.lstrip("/"))
        for _, _, one in copies(build)
        if one.stage is None and not one.image
    }

    def brought(path: str) -> bool:
        return "." in sources or any(f"{path}/".startswith(f"{one}/") for one in sources)

    found = [of_django(context, brought), of_alembic(context, brought)]
    if any(map(_MIGRATES.search, commands)) or not _only_pushes(build):
        found += [of_prisma(context, brought), of_drizzle(context, brought)]
    yield from map(_fault, islice(chain(*found), _MOST))


def _commands(build: Build) -> Iterator[str]:
    """What the build and the start run, as text."""
    ran: list[Step | Launch] = [step for stage in build.used for step in stage.commands()]
    for one in [*ran, *build.start.launches]:
        if one.executed is not None:
            yield " ".join(one.executed.words[:8])


def _only_pushes(build: Build) -> bool:
    """Whether the project's own scripts bring the database up to the schema without migrations."""
    names = ("package.json", ".sh", "Makefile", "justfile", "Taskfile.yml")
    paths = [path for path in build.context.files if path.endswith(names)]
    own = sorted(path for path in paths if "node_modules/" not in path)
    texts = [build.context.text(path) or "" for path in own[:200]]
    return any(map(_PUSHES.search, texts)) and not any(map(_MIGRATES.search, texts))


def _fault(one: Unmade) -> Fault:
    what = f"column {one.column} of {one.table}" if one.column else f"the table of {one.table}"
    return Fault(
        Place(one.file, one.line),
        f"no migration in {one.folder} makes {what}",
        severity=None if one.certain else Severity.WARNING,
    )


_SCHEMA = (
    'generator client {\n  provider = "prisma-client-js"\n}\n'
    'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n'
    "model User {\n  id Int @id\n}\n"
)
_FILES = {
    "Dockerfile": (
        "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npx prisma generate\n"
        'CMD ["sh", "-c", "npx prisma migrate deploy && exec node server.js"]\n'
    ),
    "package.json": '{"dependencies": {"@prisma/client": "5.19.0", "prisma": "5.19.0"}}\n',
    "package-lock.json": "{}\n",
    "server.js": 'require("@prisma/client");\n',
    "prisma/migrations/1_init/migration.sql": 'CREATE TABLE "User" ("id" INTEGER NOT NULL);\n',
}

RULE = Rule(
    id="S16",
    title="a model without its migration",
    severity=Severity.ERROR,
    why="every query of that table or column fails once the new code runs",
    met="The table `public.Invoice` does not exist in the current database.",
    fix="Make the migration (prisma migrate dev, makemigrations, alembic revision) and commit it.",
    bad={**_FILES, "prisma/schema.prisma": _SCHEMA + "model Invoice {\n  id Int @id\n}\n"},
    good={**_FILES, "prisma/schema.prisma": _SCHEMA},
    find=find,
)
