"""A finding as it is told: to a person, to GitHub, as JSON and as SARIF."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Finding, RuleHelp
from pipeline.report import github
from pipeline.report.findings import as_json, count, told
from pipeline.report.sarif import as_sarif
from pipeline.report.terminal import Report

RUN = "RUN pip install --user prisma"
FINDING = Finding(
    "S04", "error", "Dockerfile", 2, 2, 5, "pip is not on PATH", "set PATH", 7, "exit 127"
)


def text(finding: Finding, source: Sequence[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    Report({}).findings([finding], {finding.file: source})
    return capsys.readouterr().out.splitlines()


def carets(finding: Finding, source: Sequence[str]) -> list[tuple[str, str]]:
    """Each line that is shown, without its gutter, with the carets under it."""
    lines = [f"{one.lead}{one.text}" for one in told(finding, source)]
    bodies = [line.split(" | ", 1)[1] for line in lines if " | " in line]
    return list(zip(bodies[::2], bodies[1::2], strict=True))


def test_a_person_sees_the_line_a_caret_the_reason_and_the_fix(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert text(FINDING, ["FROM python:3.11", RUN], capsys) == [
        "error[S04]: pip is not on PATH",
        " --> Dockerfile:2:5",
        "2 | RUN pip install --user prisma",
        "  |     ^^^",
        "  why: exit 127",
        "  fix: set PATH",
        "",
    ]


def test_the_gutter_is_as_wide_as_the_last_number(capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding("DL3059", "info", "Dockerfile", 9, 10, 1, "two\nlines")

    assert text(finding, [""] * 8 + ["RUN a && \\", "    b"], capsys) == [
        "info[DL3059]: two",
        "              lines",
        "  --> Dockerfile:9:1",
        " 9 | RUN a && \\",
        "   | ^^^^^^^^^^",
        "10 |     b",
        "   |     ^",
        "",
    ]


def at(column: int, end_column: int = 0, line: int = 1, end_line: int = 1) -> Finding:
    return Finding("S01", "error", "f", line, end_line, column, "m", "", end_column)


@pytest.mark.parametrize(
    ("finding", "line", "shown"),
    [
        (at(1), "RUN x", ("RUN x", "^^^")),  # the word, where the end is not known
        (at(5, 5), "RUN x", ("RUN x", "    ^")),
        (at(5, 99), "RUN x", ("RUN x", "    ^")),
        (at(99), "RUN x", ("RUN x", "     ^")),
        (at(2, 2), "\tx\ty", ("    x    y", "    ^")),
        (at(3, 4), "世界ab", ("世界ab", "    ^^")),
        (at(1, 2), "世界ab", ("世界ab", "^^^^")),
        (at(3, 3), "e\N{COMBINING ACUTE ACCENT}x", ("e\N{COMBINING ACUTE ACCENT}x", " ^")),
        (at(6, 6), "\x1b[31mx\x1b[0m", ("x", "^")),
        (at(1, 3), "RUN x\r", ("RUN x", "^^^")),
    ],
)
def test_the_caret_stands_under_the_place(
    finding: Finding, line: str, shown: tuple[str, str]
) -> None:
    assert carets(finding, [line]) == [shown]


def test_a_long_line_is_cut_around_the_caret() -> None:
    line = "a" * 500_000 + "HERE" + "b" * 500_000
    ((shown, under),) = carets(at(500_001, 500_004), [line])

    assert len(shown) < 110
    assert shown.startswith("…a")
    assert shown.endswith("b…")
    assert shown[under.index("^") :].startswith("HERE")
    assert under.count("^") == 4


def test_many_lines_are_cut_in_the_middle() -> None:
    lines = [f"{one.lead}{one.text}" for one in told(at(1, 0, 1, 100), ["x"] * 100)]

    assert [line.split()[0] for line in lines if line.endswith("| x")] == [
        "1",
        "2",
        "3",
        "4",
        "100",
    ]
    assert sum("⋮" in line for line in lines) == 1


def test_a_line_that_is_not_there_is_not_shown() -> None:
    assert carets(at(1, 0, 9, 9), ["x"]) == []


@given(st.text(max_size=300), st.integers(1, 400), st.integers(0, 400))
def test_any_line_is_told_without_control_characters(
    line: str, column: int, end_column: int
) -> None:
    for one in told(at(column, end_column), [line.replace("\n", "")]):
        assert one.lead.isprintable()
    for shown, under in carets(at(column, end_column), [line.replace("\n", "")]):
        assert under.strip("^ ") == ""
        assert "^" in under
        assert not {"\x1b", "\t", "\r"} & set(shown)


@pytest.mark.parametrize(
    ("severities", "said"),
    [
        ("", "nothing found"),
        ("error", "1 error"),
        ("error error warning info style", "2 errors, 1 warning, 2 hints"),
    ],
)
def test_the_count(severities: str, said: str) -> None:
    found = [Finding("S01", one, "f", 1, 1, 1, "m") for one in severities.split()]

    assert count(found) == said


def test_the_count_names_the_files_where_there_are_several() -> None:
    assert count([at(1), Finding("S01", "error", "g", 1, 1, 1, "m")]) == "2 errors in 2 files"


def test_json_has_the_keys_that_are_promised() -> None:
    (row,) = json.loads(as_json([FINDING]))

    assert row == {
        "rule": "S04", "severity": "error", "file": "Dockerfile", "line": 2, "end_line": 2,
        "column": 5, "message": "pip is not on PATH", "fix": "set PATH",
    }  # fmt: skip
    assert json.loads(as_json([])) == []


def test_an_annotation_says_the_fix_and_is_one_line() -> None:
    hostile = Finding("S04", "error", "a,b:c", 2, 2, 5, "m\n::error::x", "100 %")

    assert github.annotation(hostile) == (
        "::error file=a%2Cb%3Ac,line=2,endLine=2,col=5,title=S04"
        "::m%0A:\N{ZERO WIDTH SPACE}:error::x%0AFix: 100 %25"
    )


def sarif(*findings: Finding) -> dict[str, object]:
    rules = [
        RuleHelp("S04", "not on PATH", "# S04"),
        RuleHelp("DL3006", "DL3006", link="https://x"),
    ]
    document = json.loads(as_sarif(findings, rules))
    assert (document["version"], len(document["runs"])) == ("2.1.0", 1)
    run: dict[str, object] = document["runs"][0]
    return run


def test_sarif_has_a_result_with_its_place_and_its_rule() -> None:
    run = sarif(FINDING)
    (result,) = run["results"]
    (place,) = result["locations"]

    assert result["level"] == "error"
    assert result["message"]["text"] == "pip is not on PATH\nexit 127\nFix: set PATH"
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "Dockerfile"},
        "region": {"startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 8},
    }
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert (rule["id"], rule["help"]["markdown"]) == ("S04", "# S04")


def test_sarif_describes_every_rule_once() -> None:
    others = [Finding(rule, "style", "f", 1, 1, 1, "m") for rule in ("DL3006", "SC1", "SC1")]
    run = sarif(*others)
    rules = run["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == ["S04", "DL3006", "SC1"]
    assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == ["DL3006", "SC1", "SC1"]
    assert rules[1]["helpUri"] == "https://x"
    assert {one["level"] for one in run["results"]} == {"note"}


@pytest.mark.parametrize(
    ("file", "uri"),
    [("a b/Dockerfile", "a%20b/Dockerfile"), ("/x/é", "file:///x/%C3%A9"), ("\udcff", "%FF")],
)
def test_sarif_names_a_file_by_uri(file: str, uri: str) -> None:
    (result,) = sarif(Finding("S04", "error", file, 1, 1, 1, "m"))["results"]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_clean_run_is_sarif_without_results() -> None:
    assert sarif()["results"] == []
