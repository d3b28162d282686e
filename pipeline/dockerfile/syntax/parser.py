"""The Dockerfile parser: the whole language as BuildKit reads it, every node with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.dockerfile.syntax.directives import read_directives
from pipeline.dockerfile.syntax.heredocs import markers, read_heredoc
from pipeline.dockerfile.syntax.instructions import read
from pipeline.dockerfile.syntax.lines import Logical, Source, without_end
from pipeline.dockerfile.syntax.nodes import Dockerfile, Heredoc, Instruction, Point, Problem
from pipeline.dockerfile.syntax.refusals import refusals

_LARGEST = 2_000_000  # characters; what is behind them is not read
_LONGEST_LINE = 65_535  # bytes; the engine reads no longer ones
_WITH_HEREDOCS = ("ADD", "COPY", "RUN")


def decode(data: bytes) -> str:
    """The text of a file. What is not UTF-8, or is NUL, becomes the replacement character."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    return text.replace("\0", "\ufffd")


def parse(text: str) -> Dockerfile:
    """The file as structure. Never raises: what the engine would refuse is among the problems."""
    source = Source(text[:_LARGEST])
    directives = read_directives(source)
    problems = directives.problems
    instructions = []
    while (logical := source.logical(directives.escape)) is not None:
        found = read(logical, directives.escape, problems)
        problems += refusals(found)
        instructions.append(_with_heredocs(found, logical, source, problems))
    problems += _without_stage(instructions)
    problems += _too_long(source)
    if len(text) > _LARGEST:
        problems.append(Problem(Point(len(source.raw), 1), "the file is too large to be read on"))
    return Dockerfile(
        instructions=tuple(instructions),
        lines=tuple(without_end(line) for line in source.raw),
        directives=directives.values,
        escape=directives.escape,
        problems=tuple(sorted(problems, key=lambda problem: problem.point)),
        comments=tuple(source.comments),
    )


def _with_heredocs(
    found: Instruction, logical: Logical, source: Source, problems: list[Problem]
) -> Instruction:
    heredocs: list[Heredoc] = []
    for marker in markers(logical.text.value) if _takes_heredocs(found, logical) else ():
        heredoc, ended = read_heredoc(source, marker)
        heredocs.append(heredoc)
        if not ended:
            problems.append(Problem(found.start, f"heredoc {marker.name[:40]} is not ended"))
            break
    return _ended(found, source.at, tuple(heredocs))


def _takes_heredocs(found: Instruction, logical: Logical) -> bool:
    delayed = found.inner if found.name == "ONBUILD" and found.inner else found
    in_words = delayed.name in _WITH_HEREDOCS and delayed.exec is None
    return in_words and "<<" in logical.text.value


def _ended(found: Instruction, line: int, heredocs: tuple[Heredoc, ...]) -> Instruction:
    inner = found.inner and replace(found.inner, end_line=line, heredocs=heredocs)
    return replace(found, end_line=line, heredocs=heredocs, inner=inner)


def _without_stage(instructions: Sequence[Instruction]) -> Iterator[Problem]:
    """What stands before the first FROM; a file without one."""
    if not instructions:
        yield Problem(Point(1, 1), "file with no instructions")
        return
    for found in instructions:
        if found.name == "FROM":
            return
        if found.name != "ARG":
            yield Problem(found.start, f"FROM must come before {found.name[:40]}")
            return
    yield Problem(instructions[0].start, "no FROM: there is nothing to build")


def _too_long(source: Source) -> Iterator[Problem]:
    for number, line in enumerate(source.raw, start=1):
        if len(line) > _LONGEST_LINE // 4 and len(line.encode("utf-8", "replace")) > _LONGEST_LINE:
            yield Problem(Point(number, 1), f"the line is longer than {_LONGEST_LINE} bytes")
