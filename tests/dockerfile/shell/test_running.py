"""Which commands a script runs, how certainly, and what their failure does."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.shell.executed import Shell
from pipeline.dockerfile.shell.running import run
from tests.dockerfile.shell.showing import SHELL, runs, words

LISTS = [
    ("a && b", ["a", "b"]),
    ("a; b", ["~a", "b"]),
    ("a || b", ["~a", "?b"]),
    ("a || true; b", ["~a", "?~true", "b"]),
    ("a && b; c", ["~a", "~b", "c"]),
    ("a && b || c", ["~a", "~b", "?c"]),
    ("a || b && c", ["~a", "?b", "c"]),
    ("! a", ["~a"]),
    ("! a && b", ["~a", "?b"]),
    ("set -e; a; b", ["~set -e", "a", "b"]),
    ("set -eux; a || b; c && d; e", ["~set -eux", "~a", "?b", "~c", "d", "e"]),
    ("set -o errexit; a; b", ["~set -o errexit", "a", "b"]),
    ("set -e; set +e; a; b", ["~set -e", "set +e", "~a", "b"]),
    ("a & b", ["~&a", "b"]),
    ("a && b & c", ["~&a", "~&b", "c"]),
    ("true && a; false && b; c", ["~true", "~a", "~false", "c"]),
    ("true || a; false || b", ["~true", "~false", "b"]),
    ("(a; b) && c", ["~a", "b", "c"]),
    ("(set -e; a; b); c", ["~set -e", "~a", "~b", "c"]),
    ("set -e; (a; b); c", ["~set -e", "a", "b", "c"]),
    ("{ a; b; } || c", ["~a", "~b", "?c"]),
    ("exit 1; a", ["~exit 1"]),
    ("a || exit 1; b", ["~a", "?~exit 1", "b"]),
    ("a || exit; b", ["~a", "?~exit", "b"]),
    ("a && exit 0; b", ["~a", "~exit 0", "?b"]),
    ("[ -f x ] && a; b", ["~[ -f x ]", "?~a", "b"]),
    ("[ -f x ] || a; b", ["~[ -f x ]", "?~a", "b"]),
    ("command -v x && a", ["command -v x", "?a"]),
    ("a | grep -q x && b", ["~a", "grep -q x", "?b"]),
    ("$(a) b", ["~a", "<$(a)> b"]),
]  # fmt: skip

PIPELINES = [
    ("a | b", ["~a", "b"]),
    ("set -eo pipefail; a | b; c", ["~set -eo pipefail", "a", "b", "c"]),
    ("set -e; a | b; c", ["~set -e", "~a", "b", "c"]),
    ("cd x | a; b", ["~cd x", "~a", "b"]),
]

CHOICES = [
    ("if a; then b; else c; fi; d", ["~a", "?~b", "?~c", "d"]),
    ("if a; then b; elif c; then d; fi", ["~a", "?b", "?~c", "?d"]),
    ("if true; then a; else b; fi", ["~true", "a"]),
    ("if false; then a; else b; fi", ["~false", "b"]),
    ('if [ -n "$TWO" ]; then a; else b; fi', ["~[ -n a_b ]", "a"]),
    ('if [ "$NONE" = x ]; then a; fi; b', ["~[ '' = x ]", "b"]),
    ('if [ "$SECRET" = x ]; then a; fi; b', ["~[ <$SECRET> = x ]", "?~a", "b"]),
    ("if [ $# -gt 1 ]; then a; else b; fi", ["~[ 2 -gt 1 ]", "a"]),
    ("if ! [ -z '' ]; then a; else b; fi", ["~[ -z '' ]", "b"]),
    ("[[ -z $NONE ]] && a; b", ["~a", "b"]),
    ("[[ $1 == x ]] || a; b", ["b"]),
    ("[[ $1 == x* ]] || a; b", ["?~a", "b"]),
    ("if a; then exit 0; fi; b", ["~a", "?~exit 0", "?b"]),
    ("if a; then exit 1; fi; b", ["~a", "?~exit 1", "b"]),
    ("case $1 in x) a;; *) b;; esac", ["a"]),
    ("case $1 in z|x*) a;; *) b;; esac", ["a"]),
    ("case $1 in 'x*') a;; *) b;; esac", ["b"]),
    ("case $SECRET in x) a;; *) b;; esac; c", ["?~a", "?~b", "c"]),
    ("case $(a) in x) b;; esac; c", ["~a", "?~b", "c"]),
    ("case z in x) a;; esac; b", ["b"]),
]

LOOPS = [
    ("for i in a 'b c'; do x $i \"$i\"; done", ["~x a a", "x b c b_c"]),
    ("for i in $TWO; do x $i; done", ["~x a", "x b"]),
    ("for i; do x \"$i\"; done", ["~x x", "x y_z"]),
    ("for i in $SECRET; do a $i; done; b", ["?~a <$i>", "b"]),
    ("for i in *.c; do a $i; done; b", ["?~a <$i>", "b"]),
    ("for i in $(a); do b; done", ["~a", "?b"]),
    ("for i in $NONE; do a; done; b", ["b"]),
    ("for i in 1 2; do a; break; b; done; c", ["~a", "~break", "c"]),
    ("for i in 1 2; do a; continue; b; done; c", ["~a", "~continue", "~a", "~continue", "c"]),
    (
        "for i in 1 2; do a && break; b; done; c",
        ["~a", "~break", "?~b", "?~a", "?~break", "?~b", "c"],
    ),
    ("for i in 1; do (break; a); b; done", ["~break", "~a", "b"]),
    ("break; a", ["~break", "a"]),
    ("while a; do b; done; c", ["~a", "?~b", "c"]),
    ("until a; do b; done; c", ["~a", "?~b", "c"]),
    ("while true; do a; done; b", ["~true", "~a", "?b"]),
    ("while false; do a; done; b", ["~false", "b"]),
    (
        'while [ $# -gt 0 ]; do a "$1"; shift; done; b $#',
        [
            "~[ 2 -gt 0 ]", "~a x", "~shift",
            "~[ 1 -gt 0 ]", "~a y_z", "~shift",
            "~[ 0 -gt 0 ]", "b 0",
        ],
    ),
    ("while true; do a && break; b; done; c", ["~true", "~a", "~break", "?~b", "c"]),
    ("while true; do a; [ -f x ] && break; done; b", ["~true", "~a", "~[ -f x ]", "?~break", "b"]),
    ("while true; do a || exit 0; done; b", ["~true", "~a", "?~exit 0", "?b"]),
    ("for ((;;)); do a; done; b", ["?~a", "b"]),
]  # fmt: skip

FUNCTIONS = [
    ("f() { a $1; }; f b", ["a b"]),
    ("f() { a; }", []),
    ("f() { return 1; a; }; f; b", ["~return 1", "b"]),
    ("f() { if a; then return 0; fi; b; }; f; c", ["~a", "?~return 0", "?~b", "c"]),
    ("f() { exit 0; }; f; a", ["~exit 0"]),
    ("f() { g; }; g() { a; }; f", ["a"]),
    ("f() { a; f; }; f", ["~a"] * 10),
    ("f() { return 1; }; f || a", ["~return 1", "a"]),
    ("(f() { a; }); f", ["f"]),
]

SCRIPTS = [
    ("exec a b; c", ["!a b"]),
    ('exec "$@"', ["!x y_z"]),
    ("exec > log 2>&1; a", ["a"]),
    ("if a; then exec b; fi; exec c", ["~a", "?!b", "?!c"]),
    ("(exec a); b", ["~!a", "b"]),
    ("exec a &\nwait", ["~&!a", "wait"]),
    ("eval 'a b'; c", ["~eval a_b", "~a b", "c"]),
    ('eval "X=1"; a $X', ["~eval X=1", "a 1"]),
    ("sh -c 'a $0 $1; b' n m", ["sh -c a_$0_$1;_b n m", "~a <$0> m", "b"]),
    ("bash -lc 'a'; b", ["~bash -lc a", "~a", "b"]),
    ("sh -ec 'a; b'", ["sh -ec a;_b", "a", "b"]),
    ("bash -o pipefail -c 'a | b'", ["bash -o pipefail -c a_|_b", "a", "b"]),
    ("exec sudo -u me sh -c 'exec a'", ["!sudo -u me sh -c exec_a", "!a"]),
    ("bash <<E\na $TWO\nE\nb", ["~bash", "~a a b", "b"]),
    ("sh <<'E'\na\nE", ["sh", "a"]),
    ('sh -c "$(a)"; eval "$(b)"', ["~a", "~sh -c <$(a)>", "~b", "eval <$(b)>"]),
    ('sh -c "a $(b)"', ["~b", "sh -c <a $(b)>", "~b", "a <$(b)>"]),
    ("sh x.sh; bash -x y; . z; source z", ["~sh x.sh", "~bash -x y", "~. z", "source z"]),
    ("a $(b $(c)) `d`", ["~c", "~b <$(c)>", "~d", "a <$(b $(c))> <`d`>"]),
    ("X=$(a); b $X", ["~a", "b <$X>"]),
    ("a > $(b)", ["~b", "a"]),
    ("cat <<E\n$(a)\nE", ["~a", "cat"]),
    ("diff <(a) <(b)", ["~a", "~b", "diff <<(a)> <<(b)>"]),
]

BROKEN = [
    ("a; ;; b", ["~a", "?b"]),
    ("a; b 'c", ["~a"]),
    ("if a; then b", []),
]


@pytest.mark.parametrize(
    ("script", "expected"),
    LISTS + PIPELINES + CHOICES + LOOPS + FUNCTIONS + SCRIPTS + BROKEN,
)
def test_runs(script: str, expected: list[str]) -> None:
    assert runs(script) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("cd x && a", "/app/x"),
        ("cd /x/../y; a", "/y"),
        ("cd x; cd ..; cd -; a", "/app/x"),
        ("cd; a", "/root"),
        ("cd ~/x; a", "/root/x"),
        ("cd -P -- x && a", "/app/x"),
        ("cd $TWO; a", "/app/a"),
        ("cd $SECRET; a", None),
        ("cd $SECRET; cd /b; a", "/b"),
        ("cd $SECRET; cd b; a", None),
        ("(cd x); a", "/app"),
        ("cd x & a", "/app"),
        ("(cd x && a)", "/app/x"),
        ("pushd x; pushd y; popd; a", "/app/x"),
        ("pushd x; popd; a", "/app"),
        ("[ -d x ] && cd x; a", None),
        ("cd x || exit 1; a", "/app/x"),
        ("if b; then cd x; else cd x; fi; a", "/app/x"),
        ("if b; then cd x; fi; a", None),
        ("for i in 1 2; do cd x; done; a", "/app/x/x"),
        ("while b; do cd x; done; a", None),
        ("f() { cd /f; }; f; a", "/f"),
        ("eval 'cd /e'; a", "/e"),
        ("sh -c 'cd /e'; a", "/app"),
        ('cd "$(pwd)/x"; a', "/app/x"),
        ("cd $PWD/x; a", "/app/x"),
        ('cd "$(dirname $0)"; a', None),
    ],
)
def test_folder(script: str, expected: str | None) -> None:
    assert run(script, SHELL)[-1].shell.cwd == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a $TWO '$TWO' \"$TWO\"", "a a b $TWO a_b"),
        ('a $NONE "$NONE" x$NONE', "a '' x"),
        ("a $SECRET x${SECRET}y", "a <$SECRET> <x${SECRET}y>"),
        ('a ${NONE:-d e} "${NONE:-d e}" ${TWO:-x}', "a d e d_e a b"),
        ('a ${NONE-d} ${NONE+e} ${TWO+f} ${TWO:+"$1"}', "a d f x"),
        ("E=; a ${E-d} ${E:-e} ${E+f} ${E:+g}", "a e f"),
        ("a ${SECRET:-x}", "a <${SECRET:-x}>"),
        (": ${N:=5}; a $N", "a 5"),
        ("a ${NONE:?gone}", "a <${NONE:?gone}>"),
        ('a "$@" $# $1 ${2} $3 $*', "a x y_z 2 x y z x y z"),
        ('a "b$@c"', "a bx y_zc"),
        ('shift; a "$@"', "a y_z"),
        ('set -- p "q r"; a "$@" $#', "a p q_r 2"),
        ('set -- $SECRET; a "$@" $1', "a <$@> <$1>"),
        ("a ~ ~/x x~ '~'", "a /root /root/x x~ ~"),
        ("PATH=$PATH:~/x; a $PATH", "a /bin:/root/x"),
        ("X=1 Y=$X; a $Y", "a 1"),
        ("X=1; X+=2; a $X", "a 12"),
        ("X=(1 2); a $X", "a <$X>"),
        ("X=1; X[2]=3; a $X", "a <$X>"),
        ('export X="1 2"; a "$X"', "a 1_2"),
        ('export X=$TWO; a "$X"', "a a_b"),
        ("X=1; unset X; a [$X]", "a []"),
        ("X=1; (X=2); a $X", "a 1"),
        ("X=1; X=2 b; a $X", "a 1"),
        ("X=1; b | X=2; a $X", "a 1"),
        ("X=1; if b; then X=2; fi; a $X", "a <$X>"),
        ("X=1; b && X=2; a $X", "a 2"),
        ("X=1; b || X=2; a $X", "a <$X>"),
        ("X=1; while b; do X=2; done; a $X", "a <$X>"),
        ("while b; do c $#; shift; done; a $#", "a <$#>"),
        ("while b; do . x; done; a $TWO", "a <$TWO>"),
        ("X=1; while b; do : ${X:=2}; done; a $X", "a <$X>"),
        ("f() { X=2; }; X=1; while b; do f; done; a $X", "a <$X>"),
        ("X=1; read X; a $X", "a <$X>"),
        ("X=1; echo 2 | read X; a $X", "a 1"),
        ("X=1; ((X++)); a $X", "a <$X>"),
        ("X=1; printf -v X 2; a $X", "a <$X>"),
        ("X=$((1+1)); a $X", "a <$X>"),
        ("f() { local X=2; Y=3; }; X=1; f; a $X $Y", "a 1 3"),
        ("f() { b; }; X=1 f; a [$X]", "a []"),
        ("f() { b; }; f p; a $1", "a x"),
        ("IFS=,; a $TWO", "a <a b>"),
        ("a $? $$ $0", "a <$?> <$$> <$0>"),
        ("a $HOSTNAME $UID", "a <$HOSTNAME> <$UID>"),
        ("a *.c [x] {1..2} {b,c}", "a *.c [x] {1..2} {b,c}"),
        ("$NONE a b", "a b"),
        ("$TWO", "a b"),
        (". /v/bin/activate; a $PATH $VIRTUAL_ENV", "a /v/bin:/bin /v"),
        (". v/bin/activate; a $PATH", "a /app/v/bin:/bin"),
        (". x; a $TWO $HOME $NONE", "a <$TWO> /root <$NONE>"),
        (". /etc/os-release; a $TWO $ID", "a a b <$ID>"),
        ("eval $(b); a $TWO", "a <$TWO>"),
        ("eval $TWO; a $TWO", "a a b"),
        ("X='a b'; sh -c 'a $X'", "a a b"),
        ("a\\\n b", "a b"),
    ],
)
def test_words(script: str, expected: str) -> None:
    assert words(script)[-1] == expected


def test_what_is_not_named_may_be_set() -> None:
    assert words("a $X ${X:-y}", open=True) == ["a <$X> <${X:-y}>"]


def test_unknown_arguments() -> None:
    assert words('a "$@" $1; shift; for i; do b $i; done', arguments=None) == [
        "a <$@> <$1>",
        "shift",
        "b <$i>",
    ]


def test_assignments_before_a_command_are_its_own() -> None:
    first, second = run("X=1 a; b", SHELL)
    assert first.shell.variables["X"] == "1"
    assert "X" not in second.shell.variables


def test_a_pipeline_feeds_the_next_command() -> None:
    found = {one.name: one for one in run("curl x | (a; b) | bash -s; c", SHELL)}
    assert found["curl"].feeds == found["a"]
    assert found["a"].feeds == found["b"].feeds == found["bash"]
    assert found["bash"].feeds is None
    assert found["c"].feeds is None


def test_a_substitution_feeds_nothing() -> None:
    inner, outer, last = run("a $(b) | c", SHELL)
    assert (inner.name, inner.feeds) == ("b", None)
    assert outer.feeds == last


@pytest.mark.parametrize(
    ("script", "output"),
    [
        ("a > x", ("x", False)),
        ("a >> $TWO", ("a b", True)),
        ("a 2> x", None),
        ("a > $SECRET", (None, False)),
        ("a &> x", ("x", False)),
        ("a >&2", None),
        ("a 1>x 2>&1", ("x", False)),
        ("{ a; } > x", ("x", False)),
        ("f() { a; }; f > x", ("x", False)),
        ("> x", ("x", False)),
    ],
)
def test_output(script: str, output: tuple[str | None, bool] | None) -> None:
    assert run(script, SHELL)[0].output == output


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("a <<E\n$TWO\nb\nE", "a b\nb\n"),
        ("a <<'E'\n$TWO\nE", "$TWO\n"),
        ("a <<-E\n\t\tx\n\tE", "x\n"),
        ('a <<< "x $TWO"', "x a b"),
        ('a <<E\n"q" $SECRET\nE', '"q" $SECRET\n'),
        ("a < x", None),
    ],
)
def test_input(script: str, text: str | None) -> None:
    assert run(script, SHELL)[0].input == text


@pytest.mark.parametrize(
    ("script", "texts"),
    [
        ("a b; cd x && c $(d e)", ["a b", "cd x", "d e", "c $(d e)"]),
        ("X=1 a > y; b", ["X=1 a > y", "b"]),
        ("f() { a $1; }; f b", ["a $1"]),
        ("sh -c 'a; b' c", ["sh -c 'a; b' c", "'a; b'", "'a; b'"]),
        ("x=`a b`; eval c d", ["a b", "eval c d", "c d"]),
        ("é $(ü; ö)", ["ü", "ö", "é $(ü; ö)"]),
        ('f() { a; }; b "$(f)"', ["a", 'b "$(f)"']),
    ],
)
def test_places(script: str, texts: list[str]) -> None:
    assert [script[one.start : one.end] for one in run(script, SHELL)] == texts


def test_a_sourced_file_changes_the_shell_and_runs_out_of_sight() -> None:
    files = {"/app/env.sh": "export X=1; cd /y; a; return 0; X=2"}
    found = run(". ./env.sh; b $X", SHELL, files=files.get)
    assert [one.words for one in found] == [(".", "./env.sh"), ("b", "1")]
    assert found[-1].shell.cwd == "/y"
    assert found[-1].certain


def test_files_that_source_themselves_end() -> None:
    found = run(". ./a; b", SHELL, files=lambda _path: ". ./a; X=1")
    assert found[-1].words == ("b",)


def test_the_shell_starts_as_it_is_given() -> None:
    (found,) = run("a", Shell(None, {"X": "1"}, errexit=True))
    assert found.shell == Shell(None, {"X": "1"}, errexit=True)
