"""What we read is what two independent parsers read, but for a table of their mistakes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.dockerfile.syntax.parser import parse
from tests.dockerfile.syntax.generated import dockerfiles
from tests.dockerfile.syntax.oracles import (
    DEVIATIONS,
    Deviation,
    OracleRefusedError,
    Seen,
    e2b,
    go,
    is_excused,
    ours,
    without,
)

ORACLES: dict[str, Callable[[str], list[Seen]]] = {"go": go, "e2b": e2b}

NASTY = {
    "names in any case": "from a As b\nrUn c\ncopy . .",
    "continued name": "FR\\\nOM a\nRUN b",
    "continued with blanks behind": "FROM a\nRUN b \\  \t\n  && c",
    "escaped escape continues nothing": "FROM a\nRUN b \\\\\nRUN c",
    "three escapes continue nothing": "FROM a\nRUN b \\\\\\\nRUN c",
    "comment inside": "FROM a\nRUN b \\\n# no\n  # nor this\n c",
    "comment inside that ends in an escape": "FROM a\nRUN b \\\n# no \\\n c",
    "empty lines inside": "FROM a\nRUN b \\\n\n  \n c",
    "escape at the end of the file": "FROM a\nRUN b \\",
    "escape and comment at the end": "FROM a\nRUN b \\\n# c",
    "an escape alone": "\\\nFROM a",
    "comment in mid line is none": "FROM a # b",
    "carriage returns": "# escape=`\r\nFROM a\r\nRUN b `\r\n  c\r\nENV A=b\r\n",
    "heredoc with carriage returns": "FROM a\r\nRUN <<EOF\r\nb\r\nEOF\r\nRUN c\r\n",
    "byte order mark": "\ufeff# escape=`\nFROM a\nRUN b `\n c",
    "two directives": "# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN b `\n c",
    "a directive too late": "# hello\n# escape=`\nFROM a\nRUN b `\nRUN c",
    "a directive behind an empty line": "\n# escape=`\nFROM a\nRUN b `\nRUN c",
    "a directive behind an unknown one": "# foo=b\n# escape=`\nFROM a\nRUN b `\nRUN c",
    "a directive in odd dress": "  #  eScApE \t=  ` \t\nFROM a\nRUN b `\n c",
    "heredoc": "FROM a\nRUN <<EOF\nRUN b \\\n# c\n\n  FROM d\nEOF\nRUN e",
    "heredoc as input": "FROM a\nRUN python3 - <<EOF > b\nimport os\nEOF",
    "heredoc with tabs": "FROM a\nRUN <<-EOF\n\t\tb\n c\n\tEOF\nRUN d",
    "tabs before the end of a plain heredoc": "FROM a\nRUN <<EOF\n\tEOF\nEOF",
    "two heredocs": "FROM a\nCOPY <<A <<B /c\na\nA\nb\nB\nRUN d",
    "quoted heredoc": "FROM a\nRUN <<'E F'\nb\nE F\nRUN c",
    "heredoc with descriptor": "FROM a\nRUN 3<<EOF cat /dev/fd/3\nb\nEOF",
    "heredoc behind a continuation": "FROM a\nRUN cat \\\n <<EOF \\\n > /b\nc\nEOF\nRUN d",
    "heredoc in the JSON form": 'FROM a\nRUN ["cat", "<<EOF"]\nRUN b',
    "heredoc in quotes": "FROM a\nRUN echo '<<EOF'\nRUN b",
    "heredoc behind an open quote": "FROM a\nRUN echo it's <<EOF\nRUN b",
    "here string": "FROM a\nRUN cat <<< b\nRUN c",
    "shift": "FROM a\nRUN echo $((1<<2))\nRUN c",
    "heredoc in CMD": "FROM a\nCMD cat <<EOF\nRUN b",
    "heredoc name with what follows": "FROM a\nRUN cat <<EOF>b\nc\nEOF>b\nRUN d",
    "heredoc and assignment with default": "FROM a\nRUN b=${c:=d} cat <<EOF\ne\nEOF\nRUN f",
    "heredoc and slice": "FROM a\nRUN echo ${c:0:3} <<EOF\ne\nEOF\nRUN f",
    "heredoc and array": "FROM a\nRUN echo ${c[0]} <<EOF\nRUN f",
    "empty heredoc": "FROM a\nRUN <<EOF\nEOF",
    "flags": "FROM --platform=linux/amd64 a\nCOPY --from=b --link --chown='c d' --chmod=755 e f",
    "flags over lines": "FROM a\nRUN --mount=type=cache,target=/b \\\n --mount=type=secret,id=c d",
    "flags with quotes inside": 'FROM a\nRUN --mount="type=bind,source=a b",target=/c d',
    "end of flags": "FROM a\nCOPY --link -- --from b",
    "no flags behind a word": "FROM a\nRUN b --mount=c",
    "flags without words": "FROM a\nRUN --mount=b",
    "JSON": 'FROM a\nCMD ["b", "c d", "e\\n\\"f\\" \\u00e9"]\nCOPY ["g h", "i"]\nVOLUME ["/j"]',
    "JSON over lines": 'FROM a\nCMD ["b", \\\n  "c" \\\n]',
    "single quotes are not JSON": "FROM a\nCMD ['b']",
    "a comma too many is not JSON": 'FROM a\nCMD ["b",]',
    "a test is not JSON": "FROM a\nRUN [ -f b ] && c",
    "empty JSON": "FROM a\nCMD []",
    "shell builtins in brackets": "FROM a\nRUN [[ b == c ]]",
    "ENV": 'FROM a\nENV A=b C="d e" F=\'g h\' I=j\\ k L=$A M=\nENV N o p\nENV Q "r s" t',
    "ENV over lines": 'FROM a\nENV A=b \\\n    # comment\n    C=d \\\n    E="f \\\n g"',
    "LABEL": 'FROM a\nLABEL a="b" "c d"=e f.g=h\nLABEL i j k',
    "ARG": 'ARG A\nARG B=c D E="f g"\nFROM a:$A',
    "ONBUILD": 'FROM a\nONBUILD RUN b\nONBUILD COPY --from=c d e\nONBUILD CMD ["f"]',
    "HEALTHCHECK": 'FROM a\nHEALTHCHECK --interval=3s CMD ["b"]\nHEALTHCHECK cmd c d\n'
    "HEALTHCHECK NONE",
    "whole lines": "FROM a\nUSER b:c\nWORKDIR /d e\nSTOPSIGNAL 9\nMAINTAINER f <g@h>",
    "EXPOSE": "FROM a\nEXPOSE 80 ${PORT:-8080}/tcp\t90",
    "unknown instruction": "FROM a\nRUM b",
    "blanks of other scripts": "FROM a\nRUN\u00a0b\nRUN \u2003c\u3000",
    "no line feed at the end": "FROM a\nRUN b",
    "form feeds": "FROM a\nRUN\fb\vc",
}
BROKEN = {
    "empty": "",
    "only comments": "# a\n# b",
    "heredoc that is not ended": "FROM a\nRUN <<EOF\nb",
    "ENV without a value": "FROM a\nENV A",
    "ENV with a word": "FROM a\nENV A=b c",
    "JSON of numbers": "FROM a\nCMD [1]",
    "JSON with null": 'FROM a\nCMD ["b", null]',
    "escape twice": "# escape=`\n# escape=`\nFROM a",
    "escape by something else": "# escape=x\nFROM a",
}


def check(oracle: str, text: str) -> None:
    try:
        theirs = ORACLES[oracle](text)
    except OracleRefusedError:
        assert parse(text).problems
        return
    if not is_excused(oracle, text):
        assert without(oracle, text, ours(text)) == without(oracle, text, theirs)


@pytest.mark.parametrize("oracle", ORACLES)
@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_nasty_files(text: str, oracle: str) -> None:
    check(oracle, text)


@pytest.mark.parametrize("oracle", ORACLES)
def test_hardly_any_nasty_file_is_excused(oracle: str) -> None:
    assert sum(is_excused(oracle, text) for text in NASTY.values()) <= 8


@pytest.mark.parametrize("oracle", ORACLES)
@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_what_an_oracle_refuses_is_a_problem(text: str, oracle: str) -> None:
    check(oracle, text)
    assert parse(text).problems


@pytest.mark.parametrize("oracle", ORACLES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_generated_files(oracle: str, data: st.DataObject) -> None:
    check(oracle, data.draw(dockerfiles))


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda one: f"{one.oracle}: {one.why}")
def test_the_table_of_deviations_is_true(deviation: Deviation) -> None:
    text = deviation.example
    try:
        theirs = ORACLES[deviation.oracle](text)
    except OracleRefusedError:
        assert not deviation.field
        return
    assert theirs != ours(text)
    check(deviation.oracle, text)
