"""What the parser makes of a file: nodes, places, problems."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.syntax.nodes import Dockerfile, Instruction, Point, Text
from pipeline.dockerfile.syntax.parser import decode, parse


def one(text: str) -> Instruction:
    """The instruction behind a FROM."""
    return parse("FROM a\n" + text).instructions[1]


def at(text: Text, part: str) -> tuple[int, int]:
    """Where the first character of ``part`` stands."""
    point = text.point(text.value.index(part))
    return point.line, point.column


def shown(parsed: Dockerfile) -> list[tuple[int, int, str]]:
    return [(one.point.line, one.point.column, one.message) for one in parsed.problems]


def values(texts: tuple[Text, ...]) -> list[str]:
    return [text.value for text in texts]


def test_places_of_a_continued_line() -> None:
    found = one("  RUN a \\\n# c\n\n    b 'c \\\n  d'\nRUN e")
    assert found.start == Point(2, 3)
    assert (found.line, found.end_line) == (2, 6)
    assert found.body.value == "a     b 'c   d'"
    assert at(found.body, "a") == (2, 7)
    assert at(found.body, "b") == (5, 5)
    assert at(found.body, "d'") == (6, 3)
    assert found.body.end == Point(6, 4)


def test_places_of_words() -> None:
    found = one("COPY --from=b \\\n  c \\\n\td e")
    assert [word.start for word in found.words] == [Point(3, 3), Point(4, 2), Point(4, 4)]
    assert found.flags[0].text.start == Point(2, 6)
    assert found.flags[0].value is not None
    assert found.flags[0].value.start == Point(2, 13)


def test_places_in_a_flag_with_quotes() -> None:
    found = one('RUN --mount="type=bind,target=/a b",source=c\\ d e')
    value = found.flags[0].value
    assert value is not None
    assert value.value == "type=bind,target=/a b,source=c d"
    assert at(value, "type") == (2, 14)
    assert at(value, ",source") == (2, 36)
    assert at(value, " d") == (2, 46)
    assert found.flags[0].text.value == '--mount="type=bind,target=/a b",source=c\\ d'
    assert found.flag("mount") == value.value
    assert found.flag("network") is None
    assert one("COPY --link a b").flag("link") == ""


def test_places_of_json_strings() -> None:
    found = one('CMD ["a", \\\n  "b\\n\\u00e9c", "\\ud83d\\ude00d", "\\ud800"]')
    assert found.exec == ("a", "b\néc", "\U0001f600d", "\ufffd")
    assert [word.start for word in found.words] == [
        Point(2, 7),
        Point(3, 4),
        Point(3, 18),
        Point(3, 35),
    ]
    assert at(found.words[1], "c") == (3, 13)


def test_json_strings_hold_no_nul() -> None:
    assert one('CMD ["a\\u0000b"]').exec == ("a\ufffdb",)


def test_pairs() -> None:
    found = one('ENV A=b C="d e" \\\n  F=')
    assert [(name.value, value and value.value) for name, value in found.pairs] == [
        ("A", "b"),
        ("C", '"d e"'),
        ("F", ""),
    ]
    assert found.pairs[1][1] is not None
    assert found.pairs[1][1].start == Point(2, 11)
    assert found.pairs[2][0].start == Point(3, 3)
    assert [(name.value, value) for name, value in one("ARG A").pairs] == [("A", None)]
    old = one("ENV A  b 'c' ").pairs
    assert [(name.value, value and value.value) for name, value in old] == [("A", "b 'c'")]


def test_a_heredoc() -> None:
    found = one("RUN <<-'EOF' cat\n\t\tif x \\\n\t# c\n\tEOF\nRUN b")
    assert found.body.value == "<<-'EOF' cat"
    assert (found.line, found.end_line) == (2, 5)
    (heredoc,) = found.heredocs
    assert (heredoc.name, heredoc.expand, heredoc.descriptor) == ("EOF", False, 0)
    assert heredoc.body.value == "if x \\\n# c\n"
    assert at(heredoc.body, "if") == (3, 3)
    assert at(heredoc.body, "#") == (4, 2)


def test_several_heredocs() -> None:
    found = one('COPY 3<<A <<"B" /c/\n$a\nA\n$b\nB\nRUN d')
    assert [(doc.name, doc.expand, doc.body.value, doc.descriptor) for doc in found.heredocs] == [
        ("A", True, "$a\n", 3),
        ("B", False, "$b\n", 0),
    ]
    assert found.heredocs[1].body.start == Point(5, 1)


def test_an_empty_heredoc_has_a_place() -> None:
    assert one("RUN <<A\nA").heredocs[0].body == Text("", ((0, 3, 1),))


def test_onbuild() -> None:
    found = one("ONBUILD RUN --mount=type=cache,target=/a cat <<A\nb\nA")
    assert found.inner is not None
    assert found.inner.name == "RUN"
    assert found.inner.start == Point(2, 9)
    assert found.inner.end_line == 4
    assert found.inner.flag("mount") == "type=cache,target=/a"
    assert found.inner.heredocs == found.heredocs
    assert found.heredocs[0].body.value == "b\n"


def test_healthcheck() -> None:
    found = one('HEALTHCHECK --interval=3s --retries=2 \\\n  CMD ["curl", "-f", "http://a"]')
    assert found.flag("interval") == "3s"
    assert found.inner is not None
    assert found.inner.name == "CMD"
    assert found.inner.exec == ("curl", "-f", "http://a")
    assert found.inner.start == Point(3, 3)
    shell = one("HEALTHCHECK CMD --interval=3s a | b").inner
    assert shell is not None
    assert (shell.exec, shell.body.value) == (None, "--interval=3s a | b")
    assert one("HEALTHCHECK NONE").inner is None


def test_what_the_engine_takes_whole_is_one_word() -> None:
    assert values(one("RUN a && b").words) == ["a && b"]
    assert values(one("WORKDIR /a b").words) == ["/a b"]
    assert values(one("EXPOSE 80 90").words) == ["80", "90"]


def test_directives_and_comments() -> None:
    parsed = parse(
        "# Syntax = docker/dockerfile:1\n#escape=`\n# check=skip=all\n"
        "#  a\nFROM b\nRUN c `\n # d\n e"
    )
    assert parsed.directives == {
        "syntax": "docker/dockerfile:1",
        "escape": "`",
        "check": "skip=all",
    }
    assert parsed.escape == "`"
    assert parsed.comments == ((4, "a"), (7, "d"))
    assert parsed.instructions[1].body.value == "c  e"
    assert not parsed.problems


def test_comments_in_a_heredoc_are_none() -> None:
    assert parse("FROM a\nRUN <<A\n# b\nA\n").comments == ()


def test_lines_are_without_their_ends() -> None:
    assert parse("FROM a\r\n\r\nRUN b").lines == ("FROM a", "", "RUN b")


def test_decoding() -> None:
    assert decode(b"\xef\xbb\xbfFROM a\0\xff") == "FROM a\ufffd\ufffd"
    assert parse("\ufeffFROM a").instructions[0].start == Point(1, 1)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", (1, 1, "file with no instructions")),
        ("# a", (1, 1, "file with no instructions")),
        ("\n  ARG A", (2, 3, "no FROM: there is nothing to build")),
        ("ARG A\nRUN b\nRUN c\nFROM d", (2, 1, "FROM must come before RUN")),
        ("# escape=x\nFROM a", (1, 1, "escape must be \\ or `, not x")),
        ("# check=a\n# check=b\nFROM a", (2, 1, "only one check parser directive can be used")),
    ],
)
def test_problems_of_a_file(text: str, problem: tuple[int, int, str]) -> None:
    assert shown(parse(text)) == [problem]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        (" FOO b", 2, "unknown instruction: FOO"),
        ("RUN cat <<A\nb", 1, "heredoc A is not ended"),
        ("ENV", 1, "ENV requires at least one argument"),
        ("ENV A", 5, "ENV takes a name and a value"),
        ("ENV A=b c", 9, "c is not of the form name=value"),
        ("ENV =b", 1, "ENV names can not be blank"),
        ("ARG", 1, "ARG requires at least one argument"),
        ("ARG =b", 1, "ARG names can not be blank"),
        ("LABEL", 1, "LABEL requires at least one argument"),
        ("EXPOSE", 1, "EXPOSE requires at least one argument"),
        ("ONBUILD", 1, "ONBUILD requires at least one argument"),
        ("HEALTHCHECK", 1, "HEALTHCHECK requires at least one argument"),
        ("USER", 1, "USER requires exactly one argument"),
        ("WORKDIR  ", 1, "WORKDIR requires exactly one argument"),
        ("FROM", 1, "FROM requires an image, and no more than AS and a name behind it"),
        ("FROM a b", 1, "FROM requires an image, and no more than AS and a name behind it"),
        ("FROM a is b", 1, "FROM requires an image, and no more than AS and a name behind it"),
        (
            "FROM a AS 1b",
            1,
            "1b cannot name a stage: letters, digits, -_. only, a letter first",
        ),
        ("COPY a", 1, "COPY requires a source and a destination"),
        ("COPY []", 1, "COPY requires a source and a destination"),
        ("COPY a <<A\nA", 1, "COPY cannot have a heredoc as its destination"),
        ('CMD ["a", 1]', 5, "the JSON form takes nothing but strings"),
        ("SHELL bash -c", 1, "SHELL requires the JSON form"),
        ("SHELL []", 1, "SHELL requires at least one argument"),
        ('VOLUME ["a", " "]', 1, "VOLUME names can not be blank"),
        ("ONBUILD ONBUILD RUN a", 1, "ONBUILD isn't allowed behind ONBUILD"),
        ("ONBUILD FROM a", 1, "FROM isn't allowed behind ONBUILD"),
        ("HEALTHCHECK curl a", 1, "HEALTHCHECK takes CMD or NONE, not curl"),
        ("HEALTHCHECK CMD", 1, "HEALTHCHECK CMD requires a command"),
        ("HEALTHCHECK NONE a", 1, "HEALTHCHECK NONE takes no arguments"),
        ("HEALTHCHECK --interval=5 CMD a", 1, "--interval takes a duration such as 30s, not 5"),
        ("HEALTHCHECK --retries=x CMD a", 1, "--retries takes a count, not x"),
        ("COPY --form=a b c", 6, "unknown flag: --form"),
        ("COPY --from b c d", 6, "--from requires a value"),
        ("COPY --link=x b c", 6, "--link takes true or false"),
        ("COPY --chown=a --chown=b c d", 16, "duplicate flag: --chown"),
        ("USER --a b", 6, "unknown flag: --a"),
        ("RUN " + "a" * 65_532, 1, "the line is longer than 65535 bytes"),
    ],
)
def test_problems_of_an_instruction(text: str, column: int, message: str) -> None:
    assert shown(parse("FROM z\n" + text)) == [(2, column, message)]


@pytest.mark.parametrize(
    "text",
    [
        "RUN --mount=type=cache,target=/a --mount=type=tmpfs,target=/b --network=none c",
        "COPY --link a b",
        "COPY --parents --exclude=a --exclude=b c d",
        "ADD --keep-git-dir=true --checksum=sha256:a --unpack b c",
        "HEALTHCHECK --interval=1m30.5s --timeout=0 --start-period=10ms --start-interval=5s CMD a",
        "CMD",
        "ENTRYPOINT []",
        "RUN echo $((1<<2))",
        "ONBUILD FOO",
        "FROM --platform=$BUILDPLATFORM a AS b_1.c-d",
        "RUN " + "a" * 65_531,
    ],
)
def test_what_is_fine_has_no_problem(text: str) -> None:
    assert parse("FROM z\n" + text).problems == ()


def test_parsing_goes_on_behind_a_problem() -> None:
    parsed = parse("FROM a\nFOO b\nRUN c \\\n d\nCMD [1]\nUSER e")
    assert [found.name for found in parsed.instructions] == ["FROM", "FOO", "RUN", "CMD", "USER"]
    assert parsed.instructions[1].words[0].value == "b"
    assert parsed.instructions[3].exec is None


def test_letters_that_only_look_like_an_instruction() -> None:
    assert one("U\u017fER a").name == "U\u017fER"


def test_a_heredoc_that_is_not_ended_takes_the_rest() -> None:
    parsed = parse("FROM a\nRUN <<A\nRUN b\nRUN c")
    assert len(parsed.instructions) == 2
    assert parsed.instructions[1].end_line == 4
    assert parsed.instructions[1].heredocs[0].body.value == "RUN b\nRUN c\n"


HUGE = 10_000_000


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN " + "a" * HUGE,
        "FROM a\nCMD [" + '"a", ' * (HUGE // 50) + '"b"]',
        "FROM a\nCMD " + "[" * HUGE,
        "FROM a\nRUN " + "--a " * (HUGE // 50),
        "FROM a\nRUN " + "a \\\n" * 100_000 + "b",
        "FROM a\nENV " + "A=b \\\n" * 100_000 + "C=d",
        "FROM a AS b\nCOPY --from=b c d\n" * 10_000,
        "FROM a\nRUN cat " + "<<A " * 10_000 + "\nA" * 10_000,
        "FROM a\n" + "RUN cat <<A\n" * 10_000,
        "FROM a\nRUN cat <<A " + "${A:-" * 100_000,
        "FROM a\n" + "ONBUILD " * 100_000,
        "#syntax=" + " " * HUGE + "a",
        "FROM a\nRUN " + " " * HUGE + "a" + " " * HUGE,
    ],
    ids=lambda text: text[:16].replace("\n", " "),
)
@pytest.mark.timeout(60)
def test_huge_files_are_read_in_linear_time(text: str) -> None:
    parse(text)


def test_a_file_is_read_up_to_a_limit() -> None:
    parsed = parse("FROM a\n" + ("RUN " + "b" * 100 + "\n") * 30_000)
    assert parsed.problems[-1].message == "the file is too large to be read on"
    assert sum(map(len, parsed.lines)) < 2_000_000
