"""S01: a package repository that is not the distribution's."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.repositories import repositories
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_FIXES = {
    "nodesource.com": "COPY --from=node:22-slim /usr/local/ /usr/local/, or unpack the archive of "
    "nodejs.org/dist.",
    "docker.com": "COPY --from=docker:cli /usr/local/bin/docker /usr/local/bin/, or unpack the "
    "archive of download.docker.com/linux/static.",
    "postgresql.org": "Install the distribution's own postgresql-client, or build on an image of "
    "postgres.",
    "yarnpkg.com": "corepack enable, or npm install -g yarn.",
    "ppa:deadsnakes/ppa": "Build on an image of python, or let uv install that Python.",
    "google.com": "COPY --from an image of gcr.io/google.com/cloudsdktool, or unpack the vendor's "
    "archive.",
}


def find(build: Build) -> Iterator[Fault]:
    for stage in build.used:
        for one in repositories(build, stage):
            fix = next((text for end, text in _FIXES.items() if one.where.endswith(end)), "")
            yield Fault(
                one.place,
                f"packages come from the repository {one.where}: when it is down, nothing builds",
                fix,
                severity=None if one.certain else Severity.INFO,
            )


_FILES = {"main.py": 'print("hello")\n'}
_DOCKERFILE = (
    "FROM python:3.12-slim-bookworm\n{}ENV PYTHONUNBUFFERED=1\nCOPY main.py .\n"
    'CMD ["python", "main.py"]\n'
)
_SETUP = (
    "RUN apt-get update && apt-get install -y curl\n"
    "RUN curl -fsSL https://deb.nodesource.com/setup_22.x | bash - && apt-get install -y nodejs\n"
)
_COPY = (
    "COPY --from=node:22-bookworm-slim /usr/local/bin/node /usr/local/bin/\n"
    "COPY --from=node:22-bookworm-slim /usr/local/lib/node_modules /usr/local/lib/node_modules\n"
)

RULE = Rule(
    id="S01",
    title="a third-party package repository",
    severity=Severity.WARNING,
    why="its outage is the build's outage, on the day that a fix has to go out",
    met="curl: (22) The requested URL returned error: 500 (deb.nodesource.com)",
    fix="Download the vendor's release archive, or COPY --from an official image.",
    bad={"Dockerfile": _DOCKERFILE.format(_SETUP), **_FILES},
    good={"Dockerfile": _DOCKERFILE.format(_COPY), **_FILES},
    find=find,
)
