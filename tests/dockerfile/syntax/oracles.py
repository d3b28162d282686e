"""Two independent parsers, brought to one form, and a table of where they are wrong or too old."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import dockerfile
from e2b_dockerfile_utils import parse_dockerfile_ast

from pipeline.dockerfile.syntax.instructions import NAMES
from pipeline.dockerfile.syntax.nodes import Flag, Instruction
from pipeline.dockerfile.syntax.parser import parse


@dataclass(frozen=True)
class Seen:
    """One instruction as any of the parsers sees it."""

    name: str
    lines: tuple[int, int]
    flags: tuple[str, ...]
    words: tuple[str, ...] | None
    json: bool | None
    heredocs: tuple[tuple[str, str, int], ...]


class OracleRefusedError(Exception):
    pass


def ours(text: str) -> list[Seen]:
    return [_seen(found) for found in parse(text).instructions]


def go(text: str) -> list[Seen]:
    """The official parser, in the version that the ``dockerfile`` package brings."""
    try:
        commands = dockerfile.parse_string(text)
    except dockerfile.GoParseError as error:
        raise OracleRefusedError from error
    return [
        Seen(
            (command.cmd or "").upper(),
            (command.start_line, command.end_line),
            command.flags,
            _words((command.sub_cmd or command.cmd or "").upper(), command.value),
            _json((command.cmd or "").upper(), command.value, json=command.json),
            tuple((one.name, one.content, one.file_descriptor) for one in command.heredocs),
        )
        for command in commands
    ]


def e2b(text: str) -> list[Seen]:
    """A port of BuildKit's newer parser to Python."""
    try:
        found = parse_dockerfile_ast(text).instructions
    except ValueError as error:
        raise OracleRefusedError from error
    return [
        Seen(
            one.name,
            (one.start_line, one.end_line),
            tuple(one.flags),
            _words(one.name, tuple(_without_signs(one.name, one.args))),
            _json(one.name, tuple(one.args), json=one.json),
            tuple(
                (doc.name, _chomped(doc.content, chomp=doc.chomp), doc.file_descriptor)
                for doc in one.heredocs
            ),
        )
        for one in found
    ]


def _seen(found: Instruction) -> Seen:
    inner = found.inner
    told = inner if found.name == "ONBUILD" and inner else found
    return Seen(
        found.name,
        (found.line, found.end_line),
        tuple(map(_written, found.flags)),
        _words(told.name, _values(told)),
        _json(found.name, _values(found), json=_is_json(found)),
        tuple((one.name, one.body.value, one.descriptor) for one in found.heredocs),
    )


def _is_json(found: Instruction) -> bool:
    return found.exec is not None or bool(found.inner and found.inner.exec is not None)


def _values(found: Instruction) -> tuple[str, ...]:
    if found.name in ("ENV", "LABEL"):
        return tuple(text.value for pair in found.pairs for text in pair if text)
    return tuple(word.value for word in found.words)


def _words(name: str, words: tuple[str, ...]) -> tuple[str, ...] | None:
    return words if name in NAMES else None  # what follows an unknown instruction is nobody's


def _json(name: str, words: tuple[str, ...], *, json: bool) -> bool | None:
    """Whether the form is JSON; only what a HEALTHCHECK runs has a form at all."""
    return json if name != "HEALTHCHECK" or words[:1] in (("CMD",), ("cmd",)) else None


def _written(flag: Flag) -> str:
    return f"--{flag.name}" + (f"={flag.value.value}" if flag.value else "")


def _without_signs(name: str, args: list[str]) -> list[str]:
    """ENV and LABEL without the ``=`` that e2b puts behind each pair."""
    if name not in ("ENV", "LABEL"):
        return args
    return [arg for number, arg in enumerate(args) if number % 3 != 2]


def _chomped(content: str, *, chomp: bool) -> str:
    return re.sub(r"(?m)^\t+", "", content) if chomp else content


@dataclass(frozen=True)
class Deviation:
    """Where an oracle does not read what today's BuildKit reads.

    Files (``field`` empty) or instructions that hold ``pattern`` are not compared; ``example`` is
    one where the oracle and we differ, so that an entry no longer true shows itself.
    """

    oracle: str
    why: str
    pattern: str
    example: str
    field: str = ""


DEVIATIONS = [
    Deviation(
        "go",
        "too old: takes no blanks between << and the name",
        r"<<[ \t\r\\`]",
        "RUN cat << EOF\nx\nEOF",
    ),
    Deviation(
        "go",
        "too old: cannot read ${name/…}, so finds no heredoc beside it",
        r"<<(?s:.*)\$\{A/|\$\{A/(?s:.*)<<",
        "RUN cat <<EOF ${A/b/c}\nEOF",
    ),
    Deviation(
        "go",
        "too old: the escape of flags is always a backslash",
        r"(?i)# ?escape ?= ?`(?s:.*)--",
        "# escape=`\nCOPY --chown=a` b c d",
    ),
    Deviation(
        "go",
        "too old: what stands behind a JSON array is passed by",
        r'\[\s*(?:"[^"]*"(?:[\s,\\`]*"[^"]*")*)?\s*\](?:[ \t]|[\\`][ \t]*\n[ \t\n]*(?:#.*\n)*)*\S',
        'CMD ["a"] b',
    ),
    Deviation(
        "go",
        "the package does not show heredocs behind ONBUILD",
        r"(?i)\A[\s\\`]*ONBUILD(?s:.*)<<",
        "ONBUILD RUN <<EOF\nEOF",
        "heredocs",
    ),
    Deviation(
        "go",
        "the package does not say which bodies lose their tabs",
        r"<<-",
        "RUN <<-EOF\n\ta\nEOF",
        "heredocs",
    ),
    Deviation(
        "go",
        "the engine reads flags by bytes and garbles what is not ASCII",
        r"--[^\n]*[^\n\x00-\x7f]",
        "COPY --chown=é b c",
        "flags",
    ),
    Deviation(
        "e2b",
        "takes an empty heredoc name: its buffer [''] counts as filled",
        r"<<-?\s*(''|\"\")",
        "RUN <<''\nx\n\n",
    ),
    Deviation(
        "e2b",
        "reads words of COPY and ADD with quotes, for its users' convenience",
        r"(?i)\A[\s\\`]*(COPY|ADD)\b(?s:.*)['\"\\`\u00a0]",
        'COPY "a b" c',
        "words",
    ),
    Deviation(
        "e2b",
        "does not read what ONBUILD delays",
        r"(?i)\A[\s\\`]*ONBUILD\b",
        "ONBUILD RUN a",
        "words",
    ),
    Deviation(
        "e2b",
        "does not read what ONBUILD delays, nor its JSON form",
        r"(?i)\A[\s\\`]*ONBUILD\b",
        'ONBUILD RUN ["a"]',
        "json",
    ),
    Deviation(
        "e2b",
        "does not read what ONBUILD delays, nor its heredocs",
        r"(?i)\bONBUILD\b(?s:.*)<<",
        "ONBUILD RUN <<EOF\nRUN a\nEOF",
    ),
]


def without(oracle: str, text: str, found: list[Seen]) -> list[Seen]:
    """``found`` without the fields in which the oracle is known to deviate there."""
    lines = text.split("\n")
    kept = []
    for one in found:
        fields: dict[str, None] = {}
        written = "\n".join(lines[one.lines[0] - 1 : one.lines[1]])
        for deviation in DEVIATIONS:
            if deviation.oracle != oracle or not deviation.field:
                continue
            if re.search(deviation.pattern, written):
                fields[deviation.field] = None
        kept.append(replace(one, **fields))
    return kept


def is_excused(oracle: str, text: str) -> bool:
    return any(
        deviation.oracle == oracle and not deviation.field and re.search(deviation.pattern, text)
        for deviation in DEVIATIONS
    )
