"""S05: packages are installed, or the database is migrated, when the container starts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.start.loading import reached
from pipeline.dockerfile.build.start.reached import PYTHON, Reached
from pipeline.dockerfile.build.start.tasks import Task, tasks
from pipeline.dockerfile.build.start.uv_run import synced
from pipeline.dockerfile.build.start.work import installs, is_named_migration, migrates
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.values import Call
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity
from pipeline.dockerfile.shell.executed import Executed

_HINTS = re.compile(
    r"\bupgrade\(|\bcall_command\(|\.runMigrations\(|drizzle-orm/[\w-]{1,40}/migrator"
)
_STARTS = ("lifespan", "startup", "on_event", "before_serving", "__main__")


def find(build: Build) -> Iterator[Fault]:
    seen: set[Place] = set()
    for task in tasks(build, installs, _never):
        seen.add(task.place)
        yield Fault(
            task.place,
            f"{task.words} installs on every start, over the network, before anything listens",
            "Install in RUN, so that the image holds what it needs.",
        )
    for fault in _synced_by_uv(build):
        seen.add(fault.place)
        yield fault
    for task in tasks(build, migrates, is_named_migration):
        if task.place not in seen:
            seen.add(task.place)
            yield _migration(task)
    if not seen:
        yield from _in_sources(build)


def _synced_by_uv(build: Build) -> Iterator[Fault]:
    """``uv run`` where the image has no environment yet."""
    files = build.final.machine.files
    for launch in build.start.launches:
        at = synced(launch)
        project = f"{launch.written.shell.cwd}/pyproject.toml"
        certain = launch.executed.certain and files.lookup(project).present
        if at and certain and files.lookup(at).absent:
            yield Fault(
                launch.place,
                f"uv run installs the project on every start: the image has no {at}",
                "RUN uv sync --frozen --no-dev before, and uv run --no-sync here.",
            )


def _never(_executed: Executed) -> bool:
    return False


def _migration(task: Task) -> Fault:
    return Fault(
        task.place,
        f"{task.words} changes the database on every start, of every instance at once",
    )


def _in_sources(build: Build) -> Iterator[Fault]:
    for source in build.once(reached):
        if _HINTS.search(source.text):
            call = next((one for one in source.calls if _migrates(source, one)), None)
            if call is not None:
                yield Fault(
                    source.place(call.line, call.column),
                    f"{call.callee} migrates the database when the program starts",
                )
                return


def _migrates(source: Reached, call: Call) -> bool:
    if source.language != PYTHON:
        return (call.callee.endswith(".runMigrations") and "typeorm" in source.text.lower()) or (
            call.callee.startswith("drizzle-orm/") and call.callee.endswith(".migrate")
        )
    named = call.callee == "alembic.command.upgrade" or (
        call.callee == "django.core.management.call_command" and call.arguments[:1] == ("migrate",)
    )
    starts = not set(call.guards) - {"main", "tried"} or any(one in source.text for one in _STARTS)
    return named and starts


_FILES = {
    "requirements.txt": "alembic\nflask\ngunicorn\npsycopg2-binary\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
}
_DOCKERFILE = (
    "FROM python:3.12-slim\nENV PYTHONUNBUFFERED=1\nWORKDIR /app\nCOPY requirements.txt .\n"
    "RUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\n"
)

RULE = Rule(
    id="S05",
    title="installs or migrations in the start command",
    severity=Severity.WARNING,
    why="a slow registry or a locked table becomes a start-up timeout, and instances that start "
    "together do it together",
    met="The user-provided container failed to start and listen on the port defined provided by "
    "the PORT environment variable within the allocated timeout.",
    fix="Migrate in a release job that runs this image before the revision gets traffic.",
    bad={
        "Dockerfile": f"{_DOCKERFILE}CMD alembic upgrade head && exec gunicorn app:app\n",
        **_FILES,
    },
    good={"Dockerfile": f'{_DOCKERFILE}CMD ["gunicorn", "app:app"]\n', **_FILES},
    find=find,
)
