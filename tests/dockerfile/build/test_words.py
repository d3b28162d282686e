"""What a command is, as people say it, and what it does when a container starts."""

from __future__ import annotations

import shlex

import pytest

from pipeline.dockerfile.build.start.work import generates, installs, migrates, spoken
from pipeline.dockerfile.shell.executed import Argument, Executed, Shell


def executed(line: str) -> Executed:
    return Executed(
        tuple(Argument(word, word, 0, 0, word) for word in shlex.split(line)), Shell("/app", {})
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("gunicorn a:b", "gunicorn a:b"),
        ("/usr/local/bin/gunicorn a:b", "gunicorn a:b"),
        ("python -m gunicorn a:b", "gunicorn a:b"),
        ("python3.12 -u -m uvicorn a:b", "uvicorn a:b"),
        ("/usr/local/bin/python manage.py migrate", "manage migrate"),
        ("/v/bin/python -m alembic upgrade head", "alembic upgrade head"),
        ("python -c 'import x'", "python -c 'import x'"),
        ("python -", "python -"),
        ("python", "python"),
        ("java -Xmx1g -jar flyway-10.1.0.jar migrate", "flyway migrate"),
        ("java -jar", "java -jar"),
        ("php artisan migrate", "artisan migrate"),
        ("/usr/bin/php bin/console cache:clear", "console cache:clear"),
        ("ruby -W0 bin/rails db:migrate", "rails db:migrate"),
        ("node dist/main.js", "main"),
        ("sh -c 'x y'", "sh -c 'x y'"),
        ("bash -e scripts/migrate.sh", "migrate"),
        ("npx prisma generate", "npx prisma generate"),
        ("./node_modules/.bin/next start", "next start"),
    ],
)
def test_programs_as_people_call_them(line: str, told: str) -> None:
    assert list(spoken(executed(line))) == shlex.split(told)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("prisma generate", "generates"), ("tsc -p .", "generates"), ("tsc --noEmit", ""),
        ("next build", "generates"), ("next start", ""), ("esbuild --serve", ""),
        ("/usr/bin/python3 -m grpc_tools.protoc -I.", "generates"), ("buf --version", ""),
        ("pip install x", "installs"), ("/v/bin/python -m pip install x", "installs"),
        ("apt-get -y install curl", "installs"), ("apt-get clean", ""), ("npm ci", "installs"),
        ("npm start", ""), ("uv run x", ""), ("go mod download", "installs"),
        ("alembic upgrade head", "migrates"), ("alembic history", ""), ("alembic --help", ""),
        ("/usr/local/bin/python manage.py migrate", "migrates"), ("flask db upgrade", "migrates"),
        ("python manage.py runserver", ""), ("rails db:prepare", "migrates"),
        ("python -m shop.migrate", "migrates"), ("python migrations.py", "migrates"),
        ("migrate", ""), ("bash scripts/db-migrate.sh", "migrates"),
        ("dotnet ef database update", "migrates"), ("alembic upgrade head --sql", ""),
    ],
)  # fmt: skip
def test_work_that_belongs_elsewhere(line: str, what: str) -> None:
    one = executed(line)
    said = {"generates": generates(one), "installs": installs(one), "migrates": migrates(one)}
    assert [name for name, does in said.items() if does] == ([what] if what else [])
