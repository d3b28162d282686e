"""Any text at all: no exception, places inside the text, bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dockerfile.shell.parsing import LONGEST
from pipeline.dockerfile.shell.running import run
from pipeline.dockerfile.shell.trace import MOST_COMMANDS
from pipeline.dockerfile.shell.wrappers import unwrapped
from tests.dockerfile.shell.showing import SHELL

PIECES = st.sampled_from(
    [
        "a ", "b", "$(", "`", '"', "'", "(", ")", "{ ", "; }", "<<E\n", "E\n", "if ", "; then ",
        "; fi ", "case ", "x in ", "; esac ", ";;", "&&", ";", "\n", "${", "}", "$((", "))", "[[ ",
        " ]]", "&", "; do ", "; done ", "for x in ", "while ", "\\", "#", " ", "A=", "f() ", "f ",
        "> x", "2>&1", "! ", "$x", "$@", "sh -c ", "eval ", "exec ", "cd ", "local ", "set -e", "|",
        "break", "return 1", "exit 0", "é", "\0", "\r", "~", "export ", ". ", "<(", "*", "read ",
        "${x:-", "sudo ", "(( ", "!(", "env ", "0", "<<<", "+=", "=(", "\x1f", "\ud800", "\u2028",
    ]
)  # fmt: skip
SCRIPTS = st.lists(PIECES, max_size=40).map("".join)


@given(SCRIPTS | st.text(max_size=60))
def test_any_text(script: str) -> None:
    for executed in run(script, SHELL):
        unwrapped(executed)
        assert 0 <= executed.start <= executed.end <= len(script)
        for argument in executed.argv:
            assert 0 <= argument.start <= argument.end <= len(script)


WORDS = st.lists(st.sampled_from(["é", "'b c'", '"$x"', "d\\ e", "$(f)", "~"]), max_size=3)
COMMANDS = st.tuples(st.sampled_from(["a", "bb", "ö"]), WORDS).map(
    lambda one: " ".join([one[0], *one[1]])
)
JOINED = st.sampled_from([" && ", "; ", " || ", "\n", " | "])


@given(st.lists(st.tuples(COMMANDS, JOINED), min_size=1, max_size=8))
def test_places_are_those_of_the_commands(pairs: list[tuple[str, str]]) -> None:
    script = "".join(command + joined for command, joined in pairs) + "last"
    found = [script[one.start : one.end] for one in run(script, SHELL) if one.name != "f"]
    assert found == [command for command, _ in pairs] + ["last"]


@pytest.mark.parametrize(
    "piece",
    [
        "a b\n", "a && ", "a | ", "a|b>c|", "(a|b)|", "a; ", ")", "(", "((", "((a);", "$(", "`",
        '"', "<<E\n", "cat <<E\nx\nE\n", "{ ", "if a; then ", "case a in ", "x) ", "[[ ", "$@",
        "${a:-", "A=$A$A; ", 'A="$A$A$A"; a $A\n', "f() { f; f; }; f;", "for i in 1 2 3; do ",
        "while a; do ", "a `b`;", "a > b;", "! ", "\0", "é", "#", "\\", "sh -c 'a';", "eval a;",
    ],
)  # fmt: skip
def test_hostile_repetitions_end(piece: str) -> None:
    script = (piece * 20_000)[:20_000]
    assert len(run(script, SHELL)) <= MOST_COMMANDS


@pytest.mark.parametrize(
    "script",
    [
        "$(" * 3_000 + "a" + ")" * 3_000,
        "if a; then " * 1_000 + "b" + "; fi" * 1_000,
        "for i in 1 2 3 4 5; do " * 30 + "a $i" + "; done" * 30,
        "f() { f | f; f; }; f",
        'sh -c "sh -c \\"sh -c \'a\'\\""',
        "A=" + "x" * 7_000 + "\na " + "$A " * 20_000,
        "A=x\n" + "A=$A$A\n" * 1_000 + "a $A",
        "".join(f"A{number}=1;" for number in range(5_000)) + "a $A4999",
        "a" * (LONGEST + 1),
    ],
)
def test_hostile_shapes_end(script: str) -> None:
    assert len(run(script, SHELL)) <= MOST_COMMANDS


def test_values_beyond_measure_are_unknown() -> None:
    (executed,) = run("A=x\n" + "A=$A$A\n" * 40 + "a $A", SHELL)
    assert executed.argv[1].value is None


def test_time_is_linear() -> None:
    def seconds(commands: int) -> float:
        started = time.process_time()
        run("a b c\n" * commands, SHELL)
        return time.process_time() - started

    seconds(100)
    few, many = seconds(2_500), seconds(10_000)
    assert many < 12 * few + 0.5
    assert many < 10
