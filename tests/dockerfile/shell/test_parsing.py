"""Scripts as structure: each shape that Dockerfiles and start scripts have."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.shell.nodes import (
    Case,
    Function,
    If,
    Loop,
    Node,
    Opaque,
    Part,
    Pipeline,
    Redirected,
    Sequence,
    Simple,
    Subshell,
)
from pipeline.dockerfile.shell.parsing import LONGEST, parse


def outline(node: Node | None) -> str:
    """The structure on one line."""
    match node:
        case Sequence(members):
            return "".join(
                one.joined + outline(one.node) + ("&" if one.background else "") for one in members
            )
        case Pipeline(members, negated):
            return ("!" if negated else "") + "|".join(outline(one) for one in members)
        case Subshell(body):
            return f"({outline(body)})"
        case Function(name, body):
            return f"{name}(){{{outline(body)}}}"
        case Redirected(body, redirects):
            shown = (one.operator + one.target.raw for one in redirects)
            return f"<{outline(body)}>" + "".join(shown)
        case Opaque(raw, _, broken):
            return f"{'BROKEN' if broken else 'opaque'}{raw!r}"
        case Simple():
            return simple(node)
        case If() | Loop() | Case():
            return choice(node)
    return "else"


def simple(node: Simple) -> str:
    found = [f"{name}={value.raw}" for name, value in node.assignments]
    found += [word.raw for word in node.words]
    found += [f"{one.descriptor or ''}{one.operator}{one.target.raw!r}" for one in node.redirects]
    return "[" + " ".join(found) + "]"


def choice(node: If | Loop | Case) -> str:
    match node:
        case If(branches):
            return "if " + " ".join(f"{outline(test)}→{outline(body)}" for test, body in branches)
        case Loop(body, test, variable, items):
            head = outline(test) if test else f"{variable} in {' '.join(one.raw for one in items)}"
            return f"loop {head}: {outline(body)}."
        case Case(subject, branches):
            shown = (
                "|".join(one.raw for one in patterns) + "→" + outline(body)
                for patterns, body in branches
            )
            return f"case {subject.raw}: " + " ".join(shown)


SHAPES = [
    ("", ""),
    ("a b", "[a b]"),
    (
        "apt-get install -y --no-install-recommends a b && rm -rf /var/lib/apt/lists/*",
        "[apt-get install -y --no-install-recommends a b]&&[rm -rf /var/lib/apt/lists/*]",
    ),
    ("set -eux;  a;\tb", "[set -eux];[a];[b]"),
    ("a\nb\n\nc &&\n d", "[a];[b];[c]&&[d]"),
    ("a \\\n  && b", "[a]&&[b]"),
    ("a # c; d\nb", "[a];[b]"),
    ("a#b '#c'", "[a#b '#c']"),
    ("a `# why` b `# and` && c", "[a b]&&[c]"),
    ("a & b && c &", "[a]&;[b]&&&[c]&"),
    ("a || b | c |& d", "[a]||[b]|[c]|[d]"),
    ("! a && ! b | c", "![a]&&![b]|[c]"),
    ("! { a; } || b", "![a]||[b]"),
    ("(cd x && y); { a; b; }", "([cd x]&&[y]);[a];[b]"),
    ("A=b C= cmd D=e", "[A=b C= cmd D=e]"),
    ("A=1 B='2 3'", "[A=1 B='2 3']"),
    ("a=(1 '2 3') && b", "[a=(1 '2 3')]&&[b]"),
    ("local x=(a b); readonly Y", "[local x=(a b)];[readonly Y]"),
    ("export A=b", "[export A=b]"),
    ("n=1 2>/dev/null && a", "[n=1 2>'/dev/null']&&[a]"),
    ("a > /dev/null 2>&1", "[a >'/dev/null' 2>&'1']"),
    ("a 2>/dev/null b >> c d", "[a b d 2>'/dev/null' >>'c']"),
    ("> x a", "[a >'x']"),
    ("a && b > x && c | d > y", "[a]&&[b >'x']&&[c]|[d >'y']"),
    ("a &> x", "[a &>'x']"),
    ('a <<< "b c" d', "[a d <<<'\"b c\"']"),
    ("{ a; b; } > x", "<[a];[b]>>x"),
    ("( a ) 2>&1 | b", "<([a])>>&1|[b]"),
    ("cat <<EOF > x && b\nh $i\nEOF\nc", "[cat <<'h $i\\n' >'x']&&[b];[c]"),
    ("cat <<-'E' | b\n\th\n\tE\nc", "[cat <<'\\th\\n']|[b];[c]"),
    ("a <<A <<B\n1\nA\n2\nB\nc", "[a <<'1\\n' <<'2\\n'];[c]"),
    ("cat <<EOF\nit's \"half\nEOF\na", "[cat <<'it\\'s \"half\\n'];[a]"),
    ("cat <<EOF", "[cat <<'']"),
    ("if a; then b; elif c; then d; else e; fi", "if [a]→[b] [c]→[d] else→[e]"),
    ("if [ -n $a ] && ! b\nthen c\nfi", "if [[ -n $a ]]&&![b]→[c]"),
    ("if (a; b) then c; fi", "if ([a];[b])→[c]"),
    ("if a; then if b; then c; fi fi", "if [a]→if [b]→[c]"),
    ("{ if a; then b; fi }", "if [a]→[b]"),
    ("if a; then b; fi > x", "<if [a]→[b]>>x"),
    ("for x in a 'b c' $d; do e; done", "loop x in a 'b c' $d: [e]."),
    ("for x; do a; done", 'loop x in "$@": [a].'),
    ("for x do a; done", 'loop x in "$@": [a].'),
    ("for x do\ncase a in\nb) c\nesac\ndone", 'loop x in "$@": case a: b→[c].'),
    ("for x\ndo a; done", 'loop x in "$@": [a].'),
    ("for x in *.c\ndo\na\ndone", "loop x in *.c: [a]."),
    ("for ((i=0;i<3;i++)); do a; done", "loop  in : [a]."),
    ("while read -r l; do a; done < f", "<loop [read -r l]: [a].><f"),
    ("until a; do b; done", "loop ![a]: [b]."),
    (
        'case "$(uname -m)" in x86_64|amd64) a ;; (arm*) b;; *) c; exit 1;; esac',
        'case "$(uname -m)": x86_64|amd64→[a] arm*→[b] *→[c];[exit 1]',
    ),
    ("case $x in 'a b'*) ;; \"c\") d;& e) esac", "case $x: 'a b'*→ \"c\"→[d] e→"),
    ("case a in if) b;; esac; c", "case a: if→[b];[c]"),
    ("f() { a; }; f b", "f(){[a]};[f b]"),
    ("function f-g { a; }", "f-g(){[a]}"),
    ("f()\n{\na\n}\nb", "f(){[a]};[b]"),
    ("function f()\n{\na\n}\nb", "f(){[a]};[b]"),
    ("a | b | c\nd && e", "[a]|[b]|[c];[d]&&[e]"),
    ("a > x | b | c && d | e > y", "[a >'x']|[b]|[c]&&[d]|[e >'y']"),
    ("case a\nin b)\nc\n;;\nd) e; ;; esac\nf", "case a: b→[c] d→[e];[f]"),
    ("f() ( a )", "f(){([a])}"),
    ("[[ -n $x && $y == z* ]] || a", "opaque'[[ -n $x && $y == z* ]]'||[a]"),
    ("(( x++ )); a", "opaque'(( x++ ))';[a]"),
    ("( (a); b)", "(([a]);[b])"),
    ("find . -name '*.c' -exec rm {} \\; -o ! -x", "[find . -name '*.c' -exec rm {} \\; -o ! -x]"),
    ("echo if then fi in { }", "[echo if then fi in { }]"),
    ('echo "a;b" \'x\ny\' c\\ d "e\\"f"', '[echo "a;b" \'x\ny\' c\\ d "e\\"f"]'),
    ('a "$(b "c d" | e)" `f`', '[a "$(b "c d" | e)" `f`]'),
    ("a $(case b in c) d;; esac) e", "[a $(case b in c) d;; esac) e]"),
    ("a <(b c) d", "[a <(b c) d]"),
    ("a ${x:-'}'} ${y:+\"b c\"} e", "[a ${x:-'}'} ${y:+\"b c\"} e]"),
    ("é 'ü' && ö", "[é 'ü']&&[ö]"),
    ("a\r\nb\r\n", "[a];[b]"),
]


@pytest.mark.parametrize(("script", "expected"), SHAPES)
def test_shape(script: str, expected: str) -> None:
    assert outline(parse(script)) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a; b 'c", '[a];BROKEN"b \'c"'),
        ("a; ;; b", "[a];BROKEN';;';[b]"),
        ("a; ) b", "[a];BROKEN')';[b]"),
        ("if a; then b", "BROKEN'if a; then b'"),
        ("a; [[ b; c", "[a];BROKEN'[[ b; c'"),
        ("a >", "[a];BROKEN'>'"),
        ("a $(b", "BROKEN'a $(b'"),
    ],
)
def test_what_cannot_be_read_is_small(script: str, expected: str) -> None:
    assert outline(parse(script)) == expected


def test_a_script_beyond_measure_is_not_read() -> None:
    (member,) = parse("a\n" * LONGEST).members
    assert isinstance(member.node, Opaque)
    assert member.node.broken


def parts(script: str) -> list[tuple[str, str, bool]]:
    node = parse(script).members[0].node
    assert isinstance(node, Simple)
    return [(one.kind, one.text, one.quoted) for word in node.words for one in word.parts]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a'b'\"c\"", [("text", "a", False), ("text", "b", True), ("text", "c", True)]),
        ('""', [("text", "", True)]),
        (r"a\ b\"", [("text", 'a b"', False)]),
        (r'"a\"b\n\$c"', [("text", 'a"b\\n$c', True)]),
        ("a\\\nb", [("text", "ab", False)]),
        (r"$'a\nb\x41\'\101'", [("text", "a\nbA'A", True)]),
        ("$x\"$y\"", [("variable", "x", False), ("variable", "y", True)]),
        ("${x}$1", [("variable", "x", False), ("variable", "1", False)]),
        ("$@", [("variable", "@", False)]),
        ("~", [("variable", "HOME", False)]),
        ("~/a", [("variable", "HOME", False), ("text", "/a", False)]),
        ("~you/a '~'", [("text", "~you/a", False), ("text", "~", True)]),
        ("a~ $", [("text", "a~", False), ("text", "$", False)]),
        ('"$(a "b")"c', [("unknown", '$(a "b")', True), ("text", "c", False)]),
        ("${x%/*}${#x}$((1+2))", [
            ("unknown", "${x%/*}", False),
            ("unknown", "${#x}", False),
            ("unknown", "$((1+2))", False),
        ]),
    ],
)  # fmt: skip
def test_parts_of_words(script: str, expected: list[tuple[str, str, bool]]) -> None:
    assert parts(script) == expected


@pytest.mark.parametrize("operator", ["-", ":-", "+", ":+", "?", ":?", "=", ":="])
def test_what_stands_in_for_a_variable(operator: str) -> None:
    node = parse(f'a "${{x{operator}b $y}}"').members[0].node
    assert isinstance(node, Simple)
    (part,) = node.words[1].parts
    operand = (Part("text", "b ", quoted=True), Part("variable", "y", quoted=True))
    assert part == Part("variable", "x", operator, operand, quoted=True)


def test_offsets_count_characters() -> None:
    node = parse("é; ü 'ö' x").members[1].node
    assert isinstance(node, Simple)
    assert (node.start, node.end) == (3, 10)
    assert [(word.start, word.end) for word in node.words] == [(3, 4), (5, 8), (9, 10)]


def test_deep_nesting_is_cut_off() -> None:
    deep = "if a; then " * 500 + "b" + "; fi" * 500
    assert "BROKEN" in outline(parse(deep))
    assert outline(parse("! " * 2000 + "a")) == "[a]"
