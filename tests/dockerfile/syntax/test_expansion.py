"""Expansion against a table, a port of BuildKit's lexer, and a real shell."""

from __future__ import annotations

import subprocess

import pytest
from e2b_dockerfile_utils import ShellLex
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dockerfile.syntax.expansion import expand, expand_heredoc, expand_known
from pipeline.dockerfile.syntax.substitution import LONGEST

VARIABLES = {
    "HOME": "/root",
    "EMPTY": "",
    "FILE": "src/app.tar.gz",
    "UNKNOWN": None,
    "STARS": "a*b?c",
    "NAME": "app",
}
KNOWN = {name: value for name, value in VARIABLES.items() if value is not None}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("$HOME", "/root"),
        ("${HOME}/x", "/root/x"),
        ("$HOME.x", "/root.x"),
        ("$HOMEx", ""),
        ("$NOWHERE", ""),
        ("a$", "a$"),
        ("a$.b", "a$.b"),
        ("$1x", "x"),
        ("$@", ""),
        ("'$HOME'", "$HOME"),
        ('"$HOME"', "/root"),
        ("a' 'b\" \"c", "a b c"),
        ("\\$HOME", "$HOME"),
        ('"\\$HOME \\" \\a"', '$HOME " \\a'),
        ("'\\a'", "\\a"),
        ("a\\ b\\", "a b"),
        ("${NOWHERE:-x}", "x"),
        ("${EMPTY:-x}", "x"),
        ("${EMPTY-x}", ""),
        ("${NOWHERE-x}", "x"),
        ("${HOME:-x}", "/root"),
        ("${HOME:+x}", "x"),
        ("${EMPTY:+x}", ""),
        ("${EMPTY+x}", "x"),
        ("${NOWHERE+x}", ""),
        ("${HOME:?x}", "/root"),
        ("${EMPTY?x}", ""),
        ("${NOWHERE:-${EMPTY:-$HOME}}", "/root"),
        ("${NOWHERE:-'a b'}", "a b"),
        ("${NOWHERE:-\\}}", "}"),
        ("${FILE#*/}", "app.tar.gz"),
        ("${FILE#*.}", "tar.gz"),
        ("${FILE##*.}", "gz"),
        ("${FILE%.*}", "src/app.tar"),
        ("${FILE%%.*}", "src/app"),
        ("${FILE%.zip}", "src/app.tar.gz"),
        ("${FILE#???}", "/app.tar.gz"),
        ("${STARS#a\\*}", "b?c"),
        ("${STARS%\\?c}", "a*b"),
        ("${FILE/a/A}", "src/App.tar.gz"),
        ("${FILE//a/A}", "src/App.tAr.gz"),
        ("${FILE//./}", "src/apptargz"),
        ("${FILE/\\//-}", "src-app.tar.gz"),
        ("${FILE/s*p/x}", "x.tar.gz"),
        ("${FILE//?a*/x}", "srcx"),
        ("${NAME//x*/y}", "app"),
        ("${EMPTY/a/b}", ""),
        ("$UNKNOWN", None),
        ("a${UNKNOWN}b", None),
        ("${UNKNOWN:-x}", None),
        ("${UNKNOWN:+}", ""),
        ("${UNKNOWN:+x}", None),
        ("${UNKNOWN#x}", None),
        ("${HOME:-$UNKNOWN}", "/root"),
        ("${NOWHERE:-$UNKNOWN}", None),
        ("${NOWHERE:+$UNKNOWN}", ""),
        ("${HOME#$UNKNOWN}", None),
    ],
)
def test_words(word: str, value: str | None) -> None:
    assert expand(word, VARIABLES) == value


@pytest.mark.parametrize(
    "word",
    [
        *("'a", '"a', "${", "${}", "${HOME", "${:-a}", "${{a}}", "${a!b}", "${a[0]}", "${a:=b}"),
        *("${NOWHERE:?x}", "${NOWHERE?}", "${EMPTY:?}", "${HOME:-${NOWHERE:?}}", "${HOME#\\a}"),
        *("${a:", "${a:#b}", "${a/b}", "${a/b/c", "${a^^}", '"${a', "${a:1:2}"),
    ],
)
def test_what_the_engine_refuses_has_no_value(word: str) -> None:
    assert expand(word, VARIABLES) is None
    assert expand_known(word, VARIABLES) == word


def test_the_other_escape_character() -> None:
    assert expand("a` b\\c`$HOME", VARIABLES, "`") == "a b\\c$HOME"


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("$HOME/$UNKNOWN/x", "/root/$UNKNOWN/x"),
        ("'a b'${UNKNOWN:-c}", "a b${UNKNOWN:-c}"),
        ("${NOWHERE:-x$UNKNOWN}", "${NOWHERE:-x$UNKNOWN}"),
        ('"$UNKNOWN"', "$UNKNOWN"),
    ],
)
def test_the_best_that_can_be_said(word: str, text: str) -> None:
    assert expand_known(word, VARIABLES) == text


def test_a_heredoc_keeps_its_quotes() -> None:
    body = "it's \"$HOME\" \\$HOME ${NOWHERE:-'x'}\n"
    assert expand_heredoc(body, VARIABLES) == "it's \"/root\" $HOME 'x'\n"
    assert expand_heredoc("$UNKNOWN", VARIABLES) is None


def test_doubling_values_end() -> None:
    variables: dict[str, str | None] = {"A": "x" * 1000}
    for _ in range(200):
        variables["A"] = expand("$A$A", variables)
    assert variables["A"] is None


@pytest.mark.parametrize(
    "word",
    [
        "${A#" + "*a" * 250 + "b}",
        "${A##" + "a*" * 250 + "b}",
        "${A%%" + "*a" * 250 + "b}",
        "${A//" + "a*" * 250 + "b/c}",
        "${A//a/" + "b" * 100_000 + "}",
        "${A//?/" + "$A" * 1000 + "}",
        "${B:-" * 100_000,
        "${A/*" * 100_000,
        '"' * 100_001,
        "$" * 200_000,
    ],
    ids=lambda word: word[:6],
)
@pytest.mark.timeout(20)
def test_hostile_words_take_no_time(word: str) -> None:
    expand(word, {"A": "a" * LONGEST})
    expand_known(word, {"A": "a" * LONGEST})


names = st.sampled_from(["HOME", "EMPTY", "FILE", "NOWHERE", "NAME"])
plain = st.text("ab./-_", max_size=4)
patterns = st.text("a.*?/psr", max_size=5)


def _operation(name: str, operator: str, operand: str) -> str:
    return f"${{{name}{operator}{operand}}}"


choices = st.recursive(
    st.builds("${}".format, names) | st.builds("${{{}}}".format, names) | plain,
    lambda inner: st.builds(_operation, names, st.sampled_from([":-", "-", ":+", "+"]), inner),
    max_leaves=4,
)
removals = st.builds(
    _operation,
    names,
    st.sampled_from(["#", "##", "%", "%%"]),
    patterns.filter(lambda pattern: not pattern.startswith(("#", "%"))),
)
words = st.lists(choices | removals, min_size=1, max_size=3).map("".join)


@settings(max_examples=20, deadline=None)
@given(st.lists(words, min_size=30, max_size=30))
def test_a_real_shell_says_the_same(some: list[str]) -> None:
    script = "set -f\n" + "".join(f'printf "%s\\n" "{word}"\n' for word in some)
    said = subprocess.run(["/bin/sh", "-c", script], env=KNOWN, capture_output=True, text=True)
    assert [expand(word, KNOWN) for word in some] == said.stdout.split("\n")[:-1]


TOKENS = ["a", "$HOME", "${HOME}", "'", '"', "\\", "$", "{", "}", ":", "-", "+", "?", "#", "%", "/"]
TOKENS += [
    "*",
    "${EMPTY:-",
    "${FILE#",
    "${FILE%%",
    "${FILE/",
    "${FILE//",
    " ",
    "é",
    "`",
    "${NO+",
    "<",
]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=10).map("".join), st.sampled_from("\\`"))
def test_the_port_of_the_engines_lexer_says_the_same(word: str, escape: str) -> None:
    try:
        theirs = ShellLex(escape, env=KNOWN, skip_unset_env=False).process_word(word)
    except ValueError:
        theirs = None
    # A pattern that ends in a backslash which escapes nothing: the port takes it to match nothing.
    unknown = {None} if escape == "`" and "\\}" in word else set()
    assert expand(word, KNOWN, escape) in {theirs} | unknown


@settings(deadline=None)
@given(st.text() | st.text("$\\'\"{}:-+?#%/ab*`"), st.sampled_from("\\`"))
def test_expansion_never_raises(word: str, escape: str) -> None:
    expand_heredoc(word, VARIABLES)
    value = expand(word, KNOWN, escape)
    assert value is None or expand_known(word, KNOWN, escape) == value
