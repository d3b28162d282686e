"""Whatever a Dockerfile and its context hold, lint ends with findings and not with a crash."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.dockerfile.context import BuildContext, open_context
from pipeline.dockerfile.lint import examine
from pipeline.dockerfile.syntax.parser import decode, parse
from tests.rules.cases import Case, cases

CASES = list(cases())
NASTY = [
    "ARG A=$B", "ARG B=$A", "ENV A=$B B=$A", "FROM $A AS $A", "FROM x AS x", "FROM x",
    "COPY --from=x / /", "COPY --from=99999999999999999999 a b", "COPY", "ADD", "RUN", "CMD []",
    "CMD [\"\"]", "ENTRYPOINT []", "WORKDIR", "USER", "USER $A:$B", "SHELL []", "SHELL [\"\"]",
    "ONBUILD ONBUILD RUN x", "ONBUILD FROM x", "HEALTHCHECK CMD", "RUN <<A <<B", "RUN <<",
    "COPY . .", "COPY ../.. /", "COPY [a b", "RUN cd && cd - && cd ~ && cd $X && pwd",
    "RUN --mount=type=bind,from=x,target=. --mount=type=cache,target=/ npm ci",
    "RUN eval \"$(cat x)\" && . ./a.sh && sh a.sh", "RUN f() { f; }; f",
    "RUN exec sh -c 'sh -c x'",
    "CMD [\"sh\", \"-c\"]", "CMD [\"sh\", \"a.sh\"]", "CMD [\"npm\", \"start\"]", "CMD python -m",
    "RUN pip install -r", "RUN pip install -r a.txt -e . -t", "RUN python -m pip", "RUN uv",
    "RUN npm", "RUN poetry install -C", "RUN chown -R : /", "RUN chmod 99999 /", "RUN ln -s a a",
    "RUN rm -rf / *",
    "RUN mkdir -p {a,{b,c}{d,e}}{1,2}", "RUN cp -r / /a", "RUN mv / /", "RUN curl | sh", "RUN | x",
    "RUN for a in $(seq 1 9); do for b in 1 2 3; do x; done; done", "RUN if", "RUN case x in", "\\",
    "RUN apt-get install -y", "RUN prisma generate --schema=", "RUN tsc -p", "EXPOSE $P/tcp",
    "\x00",
    "# syntax=x", "# escape=`", "# pipeline: ignore=S01", "# pipeline: ignore=", "\ufeffFROM x",
]  # fmt: skip
TANGLED = {
    "a.sh": "#!/bin/sh\n. ./b.sh\nexec sh a.sh \"$@\"\n",
    "b.sh": "source a.sh\nsh ./b.sh\n",
    "a.txt": "-r a.txt\n-r b.txt\n-c a.txt\n-e .\n",
    "b.txt": "-r a.txt\n",
    "package.json": '{"scripts": {"start": "npm run a", "a": "npm start", "prea": "npm start"}}',
    "pyproject.toml": "[project]\nname = 'a'\n[dependency-groups]\na = [{include-group='a'}]\n",
    "main.py": "from main import *\nimport a.b.c\nfrom . import main\n",
    "a/__init__.py": "from .b import c\n",
    "a/b.py": "from a import b\n",
    "Procfile": "web: honcho start\n",
    "Makefile": "a:\n\tmake a\n",
    "supervisord.conf": "[program:a]\ncommand=supervisord\n",
    "prisma/schema.prisma": "generator a {\nprovider = \"prisma-client-py\"\n",
    "tsconfig.json": '{"extends": "./tsconfig.json", "compilerOptions": {"outDir": "."}}',
    "index.js": "require('./index'); require('./x'); app.listen(",
}  # fmt: skip


def looked_at(text: str, context: BuildContext) -> list[str]:
    examined = examine(parse(text), context, file="Dockerfile")
    for one in examined.found:
        assert one.place.line >= 1
        assert one.place.column >= 1
        assert one.message
    return [one.rule for one in examined.found]


def changed(text: str) -> st.SearchStrategy[str]:
    """The text with some of its lines lost, doubled, swapped, or nasty ones between them."""
    lines = text.splitlines()
    line = st.one_of(st.sampled_from(lines or [""]), st.sampled_from(NASTY), st.text(max_size=30))
    at = st.integers(0, len(lines))
    edit = st.tuples(at, at, st.lists(line, max_size=3))

    def apply(edits: list[tuple[int, int, list[str]]], end: str, cut: int) -> str:
        now = list(lines)
        for first, last, new in edits:
            now[first:last] = new
        whole = end.join(now)
        return whole[: len(whole) - cut] if cut else whole

    return st.builds(
        apply,
        st.lists(edit, min_size=1, max_size=4),
        st.sampled_from(["\n", "\r\n", "\r", " \\\n", "\\\n"]),
        st.integers(0, 60),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_files(data: st.DataObject) -> None:
    case: Case = data.draw(st.sampled_from(CASES))
    text = data.draw(changed(case.files["Dockerfile"]))
    looked_at(text, BuildContext.of({**TANGLED, **case.files}, case.modes, case.links))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_contexts(data: st.DataObject) -> None:
    case: Case = data.draw(st.sampled_from(CASES))
    name = data.draw(st.sampled_from(sorted(case.files)))
    files = {**case.files, name: data.draw(changed(case.files[name]))}
    looked_at(case.files["Dockerfile"], BuildContext.of(files, case.modes, case.links))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=40)), max_size=12))
def test_nasty_lines(lines: list[str]) -> None:
    looked_at("\n".join(["FROM python:3.12-slim", *lines]), BuildContext.of(TANGLED))


@pytest.mark.parametrize(
    ("what", "make"),
    [
        ("a line of 10 MB", lambda: "FROM debian:12\nRUN echo " + "x" * 10_000_000),
        ("words without end", lambda: "FROM debian:12\nRUN mkdir " + "a " * 200_000),
        ("10,000 stages", lambda: "".join(f"FROM a AS s{n}\nRUN x\n" for n in range(10_000))),
        (
            "10,000 stages upon each other",
            lambda: "FROM debian:12 AS s0\n"
            + "".join(f"FROM s{n} AS s{n + 1}\nENV A{n}=1\n" for n in range(10_000)),
        ),
        ("10,000 steps", lambda: "FROM python:3.12\n" + "RUN pip install a && mkdir b\n" * 10_000),
        ("10,000 copies", lambda: "FROM debian:12\n" + "COPY . /app/\n" * 10_000 + "CMD /app/x\n"),
        ("variables upon variables", lambda: "FROM a\nENV A=x\n" + "ENV A=$A$A\n" * 200),
        ("deep nesting", lambda: "FROM debian:12\nRUN " + "(" * 5_000 + "x" + ")" * 5_000),
        ("loops", lambda: "FROM a\nRUN " + "for a in 1 2 3 4 5; do " * 12 + "x" + "; done" * 12),
        ("NUL and binary", lambda: decode(b"FROM a\n\x00\xff\xfe RUN \x00\n" + os.urandom(5_000))),
        ("continuations", lambda: "FROM a\nENV " + "A=b \\\n" * 50_000),
    ],
)  # fmt: skip
def test_large_and_strange_files(what: str, make: Callable[[], str]) -> None:
    looked_at(make(), BuildContext.of(TANGLED))


def test_contexts_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.12-slim\nCOPY . /app/\nRUN pip install -r /app/requirements.txt\n"
        'CMD ["/app/start.sh"]\n'
    )
    (tmp_path / "requirements.txt").write_bytes(os.urandom(4_000))
    (tmp_path / "start.sh").write_bytes(b"#!/bin/sh\n\x00\xff" + os.urandom(4_000))
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "here").symlink_to(".")
    (tmp_path / "main.py").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "package.json")
    (tmp_path / "large.py").write_bytes(b"x = 1\n" * 400_000)
    text = (tmp_path / "Dockerfile").read_text()
    examined = examine(parse(text), open_context(tmp_path), file="Dockerfile")
    assert all(one.place.line for one in examined.found)


def test_a_lone_carriage_return_ends_a_line_of_python() -> None:
    text = 'FROM python:3.12\nENV PYTHONUNBUFFERED=1\nCOPY main.py /\nCMD ["python", "/main.py"]\n'
    main = 'import os\rALLOWED_ORIGINS = ["http://localhost:3000"]\r'
    files = {"Dockerfile": text, "main.py": main}
    examined = examine(parse(text), BuildContext.of(files), file="Dockerfile")
    assert {one.rule for one in examined.found} == {"S21"}
