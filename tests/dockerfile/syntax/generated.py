"""Dockerfiles made up by hypothesis: the whole language, most of it valid, all of it nasty."""

from __future__ import annotations

from hypothesis import strategies as st

from pipeline.dockerfile.syntax.instructions import NAMES

_WORDS = ["a", "b=c", "KEY=value", "=", "x=", "/app", ".", "é", "日本", "AS", "as", "NONE", "RUN"]
_DASHES = ["--", "--a", "-", "--from=b", "--mount=type=cache,target=/x", '--chown="a b"', "--link"]
_VARIABLES = ["$A", "${A}", "${A:-b c}", "${A:=b}", "${A/b/c}", "${", "$", "#", "#c", "&&"]
_QUOTED = ['"d e"', "'f g'", '"', "'", '"h\\"i"', "'j\\'", "\\ ", "\\\\", "\\", "`", "` ", "``"]
_JSON = ['["a", "b"]', '["a"', '["a\\n\\u00e9"]', "['a']", "[1]", "[]", '["a",]', "[", "]", ","]
_MARKERS = ["<<EOF", "<<-EOF", "<<'EOF'", '<<"EOF"', "<< EOF", "3<<EOF", "<<E'O'F", "<<\\EOF"]
_MARKERS += ["<<OTHER", "<<-OTHER", "<<$A", "<<EOF>x", "<<''", "a<<EOF", "<<<x", "<"]
_GAPS = [" ", " ", " ", "  ", "\t", " \\\n", "\\\n", " \\ \t\n", " `\n", " \\\n# c\n", " \\\n\n  "]
_LINES = ["EOF", "\tEOF", "OTHER", "EOF ", " EOF", "RUN x", "\ttabbed", "# no comment", "\\", "$A"]
_TOPS = ["", "", "# escape=`", "# syntax=docker/dockerfile:1\n# escape=`", "#ESCAPE = ` ", "# no=x"]
_TOPS += ["# escape=`\n# escape=`", "\n# escape=`", "# escape=x", "#!/bin/x\n# escape=`"]
_DELAYED = ["onbuild run", "ONBUILD COPY", "ONBUILD FOO"]


def _instruction(name: str, parts: list[str], gaps: list[str], body: list[str]) -> str:
    spaced = "".join(gap + part for gap, part in zip(gaps, parts, strict=False))
    return "\n".join([name + spaced, *body])


names = st.sampled_from([*sorted(NAMES), "run", "Copy", "FOO", *_DELAYED])
atoms = st.one_of([st.sampled_from(kind) for kind in (_WORDS, _DASHES, _VARIABLES, _QUOTED, _JSON)])
gaps = st.lists(st.sampled_from(_GAPS), min_size=5, max_size=5)
plain = st.builds(_instruction, names, st.lists(atoms, max_size=5), gaps, st.just([]))
with_heredocs = st.builds(
    _instruction,
    st.sampled_from(["RUN", "COPY", "ADD", "ONBUILD RUN", "CMD"]),
    st.lists(st.sampled_from(_MARKERS) | atoms, max_size=3),
    gaps,
    st.builds(
        list.__add__,
        st.lists(st.sampled_from(_LINES), max_size=4),
        st.sampled_from([[], ["EOF"], ["EOF", "OTHER"]]),
    ),
)
between = st.sampled_from(["", "# comment", "  # indented", "   ", "\t", "#", "\\"])
dockerfiles = st.builds(
    lambda top, lines, end: "\n".join([top, *lines]).removeprefix("\n") + end,
    st.sampled_from(_TOPS),
    st.lists(plain | with_heredocs | between, max_size=6),
    st.sampled_from(["", "\n", "\n\n"]),
)
