"""Whatever the text, it is read; every node stands where it says it stands."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.dockerfile.syntax.instructions import NAMES
from pipeline.dockerfile.syntax.nodes import Dockerfile, Instruction, Point, Text
from pipeline.dockerfile.syntax.parser import decode, parse
from tests.dockerfile.syntax.generated import dockerfiles


def _mutated(text: str, at: float, kind: str) -> str:
    place = int(len(text) * at)
    match kind:
        case "truncated":
            return text[:place]
        case "carriage returns":
            return text.replace("\n", "\r\n")
        case "mark":
            return "\ufeff" + text
        case "control":
            return text[:place] + "\0\x0b\x1c\u2028" + text[place:]
        case "surrogate":
            return text[:place] + "\ud800" + text[place:]
    return text[:place] + text[place + 1 :]


kinds = ["truncated", "carriage returns", "mark", "control", "surrogate", "one less"]
mutated = st.builds(_mutated, dockerfiles, st.floats(0, 1), st.sampled_from(kinds))
everything = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def texts(found: Instruction) -> Iterator[Text]:
    yield found.body
    yield from found.words
    for flag in found.flags:
        yield flag.text
        if flag.value:
            yield flag.value
    for name, value in found.pairs:
        yield name
        if value:
            yield value
    for heredoc in found.heredocs:
        yield heredoc.body
    if found.inner:
        yield from texts(found.inner)


def check_places(text: str, parsed: Dockerfile) -> None:
    raw = text.removeprefix("\ufeff").split("\n")
    for found in parsed.instructions:
        assert 1 <= found.line <= found.end_line <= len(parsed.lines)
        for one in texts(found):
            for offset in range(max(len(one.value), 1)):
                point = one.point(offset)
                assert found.line <= point.line <= found.end_line
                assert 1 <= point.column <= len(raw[point.line - 1]) + 1
    for problem in parsed.problems:
        assert problem.point.line == 1 or problem.point.line <= len(parsed.lines)


def check_characters(text: str, parsed: Dockerfile) -> None:
    """Each character of a body and of a word stands in the file where its place says."""
    raw = text.removeprefix("\ufeff").split("\n")
    for found in parsed.instructions:
        exact = [found.body, *(flag.text for flag in found.flags)]
        exact += [heredoc.body for heredoc in found.heredocs]
        exact += found.words if found.exec is None and not found.inner else ()
        for one in exact:
            for offset, character in enumerate(one.value):
                point = one.point(offset)
                line = raw[point.line - 1] + "\n"
                assert line[point.column - 1] == character


@everything
@given(st.text() | mutated)
def test_any_text_is_read(text: str) -> None:
    parsed = parse(text)
    check_places(text, parsed)
    check_characters(text, parsed)


@everything
@given(st.binary() | dockerfiles.map(lambda text: text.encode("utf-16")))
def test_any_bytes_are_read(data: bytes) -> None:
    text = decode(data)
    assert "\0" not in text
    parse(text)


def left_over(parsed: Dockerfile, found: Instruction) -> str:
    """What of an instruction's lines is in no node; blanks and escapes at line ends apart."""
    kept = [found.body, *(flag.text for flag in found.flags)]
    kept += [heredoc.body for heredoc in found.heredocs]
    points = {one.point(offset) for one in kept for offset in range(len(one.value))}
    comments = {number for number, _ in parsed.comments}
    rest = []
    for number in range(found.line, found.end_line + 1):
        line = parsed.lines[number - 1]
        ended = line.lstrip("\t") in {heredoc.name for heredoc in found.heredocs}
        if number in comments or (ended and Point(number, len(line)) not in points):
            continue
        written = [
            character
            for column, character in enumerate(line, start=1)
            if Point(number, column) not in points
        ]
        rest.append("".join(written).strip().removesuffix(parsed.escape))
    return "".join("".join(rest).split())


@everything
@given(dockerfiles)
def test_nothing_is_lost(text: str) -> None:
    parsed = parse(text)
    assert "\n".join(parsed.lines) == text.removesuffix("\n")
    for found in parsed.instructions:
        if found.name in NAMES:
            assert left_over(parsed, found).upper().removesuffix("--") == found.name


@everything
@given(mutated)
def test_line_ends_do_not_change_what_is_read(text: str) -> None:
    if "\r" in text:
        return
    plain, other = parse(text), parse(text.replace("\n", "\r\n"))
    assert [found.name for found in plain.instructions] == [
        found.name for found in other.instructions
    ]
    assert [found.body for found in plain.instructions] == [
        found.body for found in other.instructions
    ]
    assert plain.problems == other.problems


@everything
@given(st.text("ab\\ \n", max_size=30), st.data())
def test_cutting_keeps_places(text: str, data: st.DataObject) -> None:
    body = parse("RUN x" + text).instructions[0].body
    start = data.draw(st.integers(0, len(body.value)))
    end = data.draw(st.integers(start, len(body.value)))
    cut = body.cut(start, end)
    assert cut.value == body.value[start:end]
    assert [cut.point(at) for at in range(end - start)] == [
        body.point(at) for at in range(start, end)
    ]
    joined = Text.joined([body.cut(0, start), cut, body.cut(end, len(body.value))])
    assert joined.value == body.value
    assert [joined.point(at) for at in range(len(body.value))] == [
        body.point(at) for at in range(len(body.value))
    ]
