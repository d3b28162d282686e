"""Which installs compile something in a stage that has no compiler."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.build.compiling import compiled
from tests.dockerfile.build.building import build_of

SLIM = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
FILES = {
    "requirements.txt": "flask\npsycopg2\n",
    "pyproject.toml": '[project]\nname = "a"\ndependencies = ["uwsgi", "flask"]\n',
    "private.txt": "--extra-index-url https://wheels.example.com/simple\nuwsgi\n",
}


def lacking(lines: str, image: str = SLIM) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """What is compiled, and what is lacking for that."""
    return [(one.names, one.lacks) for one in compiled(build_of(f"{image}{lines}\n", FILES).final)]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("pip install uwsgi", "uwsgi"),
        ("python -m pip install uwsgi", "uwsgi"),
        ("pip install -r requirements.txt", "psycopg2"),
        ("uv pip install --system uwsgi", "uwsgi"),
        ("pip wheel -w /wheels uwsgi", "uwsgi"),
        ("pip install --no-binary lxml lxml", "lxml"),
        ("pip install --no-binary psycopg2-binary,lxml psycopg2-binary lxml",
         "psycopg2-binary lxml"),
        ("pip install --no-binary :all: lxml flask", "lxml"),
        ("pip install --index-url https://pypi.org/simple uwsgi", "uwsgi"),
        ("poetry export -o list.txt && pip install -r list.txt", "uwsgi"),
        ("uv export > list.txt && pip install -r list.txt", "uwsgi"),
        ("uv export -o list.txt && uv pip install --system -r list.txt", "uwsgi"),
    ],
)  # fmt: skip
def test_what_has_to_be_compiled(line: str, names: str) -> None:
    assert lacking(f"RUN {line}") == ([(tuple(names.split()), ("C compiler",))] if names else [])


@pytest.mark.parametrize(
    "lines",
    [
        "RUN pip install flask",
        "RUN pip install --no-binary flask lxml",
        "RUN pip install --only-binary :all: uwsgi",
        "RUN pip install --find-links /wheels uwsgi",
        "RUN pip install --index-url https://wheels.example.com/simple uwsgi",
        "RUN pip install -r private.txt",
        "ENV PIP_FIND_LINKS=/wheels\nRUN pip install uwsgi",
        "RUN apt-get install -y gcc && pip install uwsgi",
        "RUN apt-get install -y build-essential\nRUN pip install uwsgi",
        "RUN touch list.txt && pip install -r list.txt",
    ],
)
def test_what_has_not(lines: str) -> None:
    assert lacking(lines) == []


def test_a_compiler_alone_may_not_be_enough() -> None:
    lines = "RUN apt-get install -y --no-install-recommends gcc {} && pip install psycopg2"
    assert lacking(lines.format("")) == [(("psycopg2",), ("pg_config",))]
    assert lacking(lines.format("libpq-dev")) == []
    assert lacking("RUN pip install psycopg2", "FROM python:3.12\n") == []
