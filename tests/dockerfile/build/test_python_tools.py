"""What pip, uv, poetry and their relatives leave behind, and where."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.python.managed import refused
from tests.dockerfile.build.building import build_of, maker, state

PYTHON = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
DEBIAN = "FROM debian:bookworm-slim\nWORKDIR /app\nCOPY . .\n"
SITE = "/usr/local/lib/python3/site-packages"
PROJECT = {
    "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"'
    '\n[project]\nname = "shop"\nversion = "1"\ndependencies = ["flask"]\n'
    '[project.optional-dependencies]\nprod = ["gunicorn"]\nmail = ["jinja2"]\n'
    '[project.scripts]\nshop = "shop.cli:main"\n',
    "src/shop/__init__.py": "",
}


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("pip install gunicorn", "/usr/local/bin/gunicorn"),
        ("pip install gunicorn", f"{SITE}/gunicorn.dist-info"),
        ("pip install --user gunicorn", "/root/.local/bin/gunicorn"),
        ("PYTHONUSERBASE=/deps pip install --user gunicorn", "/deps/bin/gunicorn"),
        ("PYTHONUSERBASE=/deps pip install --user gunicorn",
         "/deps/lib/python3/site-packages/gunicorn.dist-info"),
        ("pip install --target /deps gunicorn", "/deps/gunicorn.dist-info"),
        ("pip install --target /deps gunicorn", "/deps/bin/gunicorn"),
        ("pip install --prefix /deps gunicorn", "/deps/bin/gunicorn"),
        ("pip install .", f"{SITE}/shop.dist-info"),
        ("pip install .", f"{SITE}/shop/__init__.py"),
        ("pip install .", f"{SITE}/flask.dist-info"),
        ("pip install .", "/usr/local/bin/shop"),
        ("pip install '.[prod]'", f"{SITE}/gunicorn.dist-info"),
        ("pip install -e '.[mail, prod]'", f"{SITE}/gunicorn.dist-info"),
        ("pip install gunicorn; [ -f x ] && pip uninstall -y gunicorn", "/usr/local/bin/gunicorn"),
        ("pip wheel -w /wheels gunicorn", "/wheels/gunicorn.whl"),
        ("pip wheel --wheel-dir /wheels gunicorn", "/wheels/gunicorn.whl"),
        ("pip download -d /wheels gunicorn", "/wheels/gunicorn.whl"),
        ("pip download --dest /wheels gunicorn", "/wheels/gunicorn.whl"),
        ("python -m venv /v", "/v/bin/python"),
        ("python -m venv /v", "/v/bin/python3"),
        ("python -m venv /v", "/v/pyvenv.cfg"),
        ("python -m venv /v && /v/bin/pip install gunicorn", "/v/bin/gunicorn"),
        ("virtualenv /v", "/v/bin/python"),
        ("virtualenv -p python3.12 env", "/app/env/bin/pip"),
        ("uv venv", "/app/.venv/bin/python"),
        ("uv venv /v", "/v/bin/activate"),
        ("UV_PROJECT_ENVIRONMENT=/v uv venv", "/v/bin/python"),
        ("uv pip install gunicorn", "/app/.venv/bin/gunicorn"),
        ("VIRTUAL_ENV=/v uv pip install gunicorn", "/v/bin/gunicorn"),
        ("uv pip install --system gunicorn", "/usr/local/bin/gunicorn"),
        ("UV_SYSTEM_PYTHON=1 uv pip install gunicorn", "/usr/local/bin/gunicorn"),
        ("uv pip install --python /v/bin/python gunicorn", "/v/bin/gunicorn"),
        ("uv pip sync requirements.txt", "/app/.venv/lib/python3/site-packages/fastapi.dist-info"),
        ("uv sync", "/app/.venv/bin/shop"),
        ("uv sync", "/app/.venv/lib/python3/site-packages/flask.dist-info"),
        ("UV_PROJECT_ENVIRONMENT=/v uv sync", "/v/bin/shop"),
        ("UV_PROJECT_ENVIRONMENT=/usr/local uv sync", "/usr/local/bin/shop"),
        ("uv sync --project /app", "/app/.venv/bin/shop"),
        ("uv tool install ruff", "/root/.local/bin/ruff"),
        ("UV_TOOL_BIN_DIR=/usr/local/bin uv tool install ruff@0.8", "/usr/local/bin/ruff"),
        ("uv export -o list.txt", "/app/list.txt"),
        ("uv export --output-file /list.txt", "/list.txt"),
        ("poetry export -o list.txt", "/app/list.txt"),
        ("poetry export --output=/list.txt", "/list.txt"),
        ("pdm install", "/app/.venv/bin/shop"),
        ("poetry config virtualenvs.in-project true && poetry install --project /srv",
         "/srv/.venv/bin/python"),
        ("pdm sync -L pdm.other.lock --prod", "/app/.venv/bin/shop"),
        ("pdm -L pdm.other.lock sync", "/app/.venv/bin/shop"),
        ("pdm install -p /app", "/app/.venv/lib/python3/site-packages/flask.dist-info"),
        ("pipx install poetry", "/root/.local/bin/poetry"),
        ("pipx --pip-args '' install poetry", "/root/.local/bin/poetry"),
        ("pipx install --global poetry", "/usr/local/bin/poetry"),
        ("PIPX_BIN_DIR=/opt/bin pipx install poetry==1.8", "/opt/bin/poetry"),
        ("pipenv install --system gunicorn", "/usr/local/bin/gunicorn"),
        ("PIPENV_VENV_IN_PROJECT=1 pipenv install gunicorn", "/app/.venv/bin/gunicorn"),
        ("pip install gunicorn", "/root/.cache/pip"),
        ("uv pip install --system gunicorn", "/root/.cache/uv"),
    ],
)  # fmt: skip
def test_what_is_there_afterwards(line: str, path: str) -> None:
    build = build_of(f"{PYTHON}RUN {line}\n", {**PROJECT, "requirements.txt": "fastapi\n"})
    assert state(build, path) == "present"


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("pip install --no-cache-dir gunicorn", "/root/.cache/pip"),
        ("PIP_NO_CACHE_DIR=1 pip install gunicorn", "/root/.cache/pip"),
        ("uv pip install --system --no-cache gunicorn", "/root/.cache/uv"),
        ("pip install gunicorn && pip uninstall -y gunicorn", f"{SITE}/gunicorn.dist-info"),
        ("pip install gunicorn && pip uninstall -y gunicorn", "/usr/local/bin/gunicorn"),
        (
            "uv pip install --system gunicorn && uv pip uninstall --system gunicorn",
            "/usr/local/bin/gunicorn",
        ),
        ("pip install --user gunicorn", "/usr/local/bin/gunicorn"),
        ("pip install --no-deps flask", f"{SITE}/werkzeug.dist-info"),
        ("pdm install --no-self", "/app/.venv/bin/shop"),
        ("uv sync --no-install-project", "/app/.venv/bin/shop"),
    ],
)
def test_what_is_not(line: str, path: str) -> None:
    assert state(build_of(f"{PYTHON}RUN {line}\n", PROJECT), path) in {"absent", "unknown"}
    assert maker(build_of(f"{PYTHON}RUN {line}\n", PROJECT), path) is None


@pytest.mark.parametrize(
    ("line", "user"),
    [
        ("pip install flask", False),
        ("pip install --user flask", True),
        ("PYTHONUSERBASE=/deps pip install --user flask", True),
        ("pip install --target /deps flask", False),
        ("pipx install flask", True),
    ],
)
def test_what_is_installed_for_one_user(line: str, *, user: bool) -> None:
    (one,) = build_of(f"{PYTHON}RUN {line}\n").final.machine.installed
    assert (one.name, one.user) == ("flask", user)


def test_dependencies_come_along_unless_they_are_refused() -> None:
    path = f"{SITE}/click"
    assert state(build_of(f"{PYTHON}RUN pip install flask\n"), path) == "unknown"
    alone = build_of(f"{PYTHON}RUN pip install --no-deps flask\n")
    assert state(alone, path) == state(build_of(f"{PYTHON}RUN true\n"), path)
    assert alone.in_image(path).vague != "packages"


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        ("RUN apt-get install -y python3-pip && pip3 install --break-system-packages gunicorn",
         "/usr/local/bin/gunicorn"),
        ("RUN apt-get install -y python3-pip && pip3 install --break-system-packages gunicorn",
         "/usr/local/lib/python3/dist-packages/gunicorn.dist-info"),
    ],
)  # fmt: skip
def test_the_distributions_python_installs_below_usr_local(lines: str, path: str) -> None:
    assert maker(build_of(f"{DEBIAN}{lines}\n"), path) == "pip"


@pytest.mark.parametrize(
    ("mode", "unnamed"), [("package-mode = false\n", False), ("", False), (None, True)]
)
def test_a_project_that_is_no_package_installs_nothing_of_itself(
    mode: str | None, *, unnamed: bool
) -> None:
    files = {} if mode is None else {
        "pyproject.toml": f'[tool.poetry]\nname = "shop"\n{mode}[tool.poetry.dependencies]\n'
        'python = "*"\nflask = "^3"\n'
    }  # fmt: skip
    config = "poetry config virtualenvs.create false"
    build = build_of(f"{PYTHON}RUN {config} && poetry install\n", files)
    names = {one.name for one in build.final.machine.installed}
    assert ("" in names) is unnamed
    assert ("shop" in names) is (mode == "")


@pytest.mark.parametrize(
    ("before", "line", "tool"),
    [
        ("apt-get install -y python3-pip", "pip install flask", "pip"),
        ("apt-get install -y python3-pip", "pip3 install flask", "pip3"),
        ("apt-get install -y python3-pip", "python3 -m pip install flask", "python3 -m pip"),
        ("apt-get install -y python3-pip", "/usr/bin/pip3 install flask", "pip3"),
        ("apt-get install -y python3-pip", "pip3 install --user flask", "pip3"),
        ("apt-get install -y python3-pip", "pip3 install --target /deps flask", ""),
        ("apt-get install -y python3-pip", "pip3 install --break-system-packages flask", ""),
        ("apt-get install -y python3-pip", "pip3 --python /v/bin/python install flask", ""),
        ("apt-get install -y python3-pip", "PIP_BREAK_SYSTEM_PACKAGES=1 pip3 install flask", ""),
        ("apt-get install -y python3-pip", "PIP_TARGET=/deps pip3 install flask", ""),
        ("apt-get install -y python3-pip", "pip3.11 install flask", "pip3.11"),
        ("apt-get install -y python3-pip", "pip3.9 install flask", ""),
        ("apt-get install -y python3-pip", "pip3 download flask", ""),
        ("apt-get install -y python3", "pip3 install flask", ""),
        ("apt-get install -y gcc", "pip install flask", ""),
        ("apt-get install -y python3", "uv pip install --system flask", "uv"),
        ("apt-get install -y python3", "uv pip install --python /usr/bin/python3 flask", "uv"),
        ("apt-get install -y python3", "uv pip install --python 3.12 flask", ""),
        ("apt-get install -y python3", "uv pip install --python /v/bin/python flask", ""),
        ("apt-get install -y python3", "UV_SYSTEM_PYTHON=1 uv pip install flask", "uv"),
        ("apt-get install -y python3", "UV_BREAK_SYSTEM_PACKAGES=1 uv pip install --system x", ""),
        ("apt-get install -y python3", "uv pip install flask", ""),
        ("apt-get install -y gcc", "uv pip install --system flask", ""),
    ],
)
def test_what_the_distributions_python_refuses(before: str, line: str, tool: str) -> None:
    stage = build_of(f"{DEBIAN}RUN {before}\nRUN {line}\n").final
    step = list(stage.commands())[-1]
    assert step.executed is not None
    assert refused(Call(stage.machine, step, step.executed)) == tool
