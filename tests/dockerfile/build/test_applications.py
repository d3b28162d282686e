"""Which application a server's command line names, and where it is searched."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.build.start.python import loads
from tests.dockerfile.build.building import build_of

PYTHON = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
FILES = dict.fromkeys(
    ("main.py", "wsgi.py", "shop/__init__.py", "shop/main.py", "shop/api/__init__.py",
     "shop/api/main.py", "src/app.py"), ""
)  # fmt: skip


def named(command: str, files: dict[str, str] | None = None) -> list[tuple[str, str, str, str]]:
    """Module, file, attribute and the first folder of what each launch loads."""
    build = build_of(f"{PYTHON}CMD {command}\n", FILES if files is None else files)
    return [
        (one.module, one.file, one.attribute, one.folders[0] if one.folders else "")
        for one in build.once(loads)
    ]


@pytest.mark.parametrize(
    ("command", "module", "attribute", "folder"),
    [
        ("uvicorn main:app", "main", "app", "/app"),
        ("uvicorn --host 0.0.0.0 shop.main:app --reload", "shop.main", "app", "/app"),
        ("uvicorn --factory shop:make", "shop", "make", "/app"),
        ("uvicorn main:app --app-dir src", "main", "app", "/app/src"),
        ("UVICORN_APP=main:app uvicorn --host 0.0.0.0", "main", "app", "/app"),
        ("python -m uvicorn main:app", "main", "app", "/app"),
        ("hypercorn asgi:main:app", "main", "app", "/app"),
        ("hypercorn -b :80 main:app", "main", "app", "/app"),
        ("granian --interface asgi main:app", "main", "app", "/app"),
        ("granian --working-dir /srv main:app", "main", "app", "/srv"),
        ("GRANIAN_WORKING_DIR=/srv granian main:app", "main", "app", "/srv"),
        ("daphne -b 0.0.0.0 shop.asgi:application", "shop.asgi", "application", "/app"),
        ("sanic main:app --single-process", "main", "app", "/app"),
        ("waitress-serve --port=80 main:app", "main", "app", "/app"),
        ("waitress-serve --call main:make", "main", "make", "/app"),
        ("gunicorn main:app", "main", "app", "/app"),
        ("gunicorn -w 2 --preload shop.wsgi", "shop.wsgi", "", "/app"),
        ("gunicorn --chdir src app:app", "app", "app", "/app/src"),
        ("GUNICORN_CMD_ARGS='--chdir=src' gunicorn app:app", "app", "app", "/app/src"),
        ("gunicorn 'shop:make()'", "shop", "make()", "/app"),
        ("flask run", "wsgi", "", "/app"),
        ("flask --app shop run", "shop", "", "/app"),
        ("flask -A shop.main:app run --debug", "shop.main", "app", "/app"),
        ("FLASK_APP=shop flask run", "shop", "", "/app"),
        ("FLASK_APP=shop/main.py flask run", "shop.main", "", "/app"),
        ("FLASK_APP=src/app flask run", "app", "", "/app/src"),
        ("QUART_APP=shop:app quart run", "shop", "app", "/app"),
        ("fastapi run", "main", "", "/app"),
        ("fastapi run main.py", "main", "", "/app"),
        ("fastapi run shop/main.py --app api", "shop.main", "api", "/app"),
        ("fastapi run shop/api/main.py", "shop.api.main", "", "/app"),
        ("fastapi dev shop", "shop", "", "/app"),
        ("fastapi run --entrypoint shop.main:app", "shop.main", "app", "/app"),
        ("celery -A shop worker", "shop", "", "/app"),
        ("CELERY_APP=shop.tasks celery worker", "shop.tasks", "", "/app"),
        ("celery --app shop:queue --workdir src beat", "shop", "queue", "/app/src"),
    ],
)
def test_modules(command: str, module: str, attribute: str, folder: str) -> None:
    ((found, _, given, first),) = named(command)
    assert (found, given, first) == (module, attribute, folder)


@pytest.mark.parametrize(
    ("command", "file", "folder"),
    [
        ("streamlit run src/app.py --server.port 80", "/app/src/app.py", "/app/src"),
        ("chainlit run -h src/app.py", "/app/src/app.py", "/app/src"),
        ("functions-framework --target f", "/app/main.py", "/app"),
        ("functions-framework --source src/app.py", "/app/src/app.py", "/app/src"),
        ("FUNCTION_SOURCE=src/app.py functions-framework", "/app/src/app.py", "/app/src"),
        ("python src/app.py", "/app/src/app.py", "/app/src"),
    ],
)
def test_files(command: str, file: str, folder: str) -> None:
    ((_, found, _, first),) = named(command)
    assert (found, first) == (file, folder)


@pytest.mark.parametrize(
    "command",
    [
        "uvicorn", "uvicorn --host 0.0.0.0", "uvicorn a b", "uvicorn $APP", "gunicorn",
        "gunicorn -c python:shop.settings", "flask routes", "FLASK_APP=$APP flask run",
        "FLASK_APP=$APP/main.py flask run", "flask --app '$X/y.py' run", "fastapi run '$FILE'",
        "fastapi --help", "streamlit hello", "streamlit run https://example.com/a.py",
        "streamlit run '$FILE'", "functions-framework --source '$FILE'", "celery worker",
    ],
)  # fmt: skip
def test_applications_that_nobody_names(command: str) -> None:
    assert named(command) == []


def test_flask_looks_for_files_of_its_own() -> None:
    assert named("flask run", {"app.py": ""})[0][0] == "app"
    assert named("flask run", {"other.py": ""}) == []


@pytest.mark.parametrize(
    ("settings", "module", "folder"),
    [
        ("wsgi_app = 'shop.wsgi:app'\n", "shop.wsgi", "/app"),
        ("chdir = 'src'\nwsgi_app = 'app:app'\n", "app", "/app/src"),
        ("chdir = '/srv'\nwsgi_app = 'app:app'\n", "app", "/srv"),
    ],
)
def test_what_gunicorns_file_says(settings: str, module: str, folder: str) -> None:
    for command, file in (("gunicorn", "gunicorn.conf.py"), ("gunicorn -c g.py", "g.py")):
        ((found, _, _, first),) = named(command, {file: settings})
        assert (found, first) == (module, folder)


@pytest.mark.parametrize(
    ("settings", "complete"),
    [
        ("workers = 2\n", True),
        ("pythonpath = 'src,lib'\n", True),
        ("import sys\nsys.path.insert(0, 'src')\n", False),
        ("pythonpath = where()\n", False),
    ],
)
def test_gunicorns_file_may_add_folders(settings: str, *, complete: bool) -> None:
    build = build_of(f"{PYTHON}CMD gunicorn app:app\n", {"gunicorn.conf.py": settings})
    (found,) = build.once(loads)
    assert found.complete is complete
    assert ("/app/lib" in found.folders) == ("lib" in settings)
