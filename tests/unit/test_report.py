"""The report prints what it is given, never interprets it, and keeps standard output clean."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.commands import Command
from pipeline.errors import BuildFailed, ConfigError, PipelineError
from pipeline.model import Diagnosis, Finding, Mark, Outcome, Verdict
from pipeline.report import github
from pipeline.report.known import Known
from pipeline.report.terminal import Report

FINDING = Finding("DL3006", "warning", "app/Dockerfile", 3, 4, 1, "Tag the image")
ERROR = ConfigError("it is wrong", where="pipeline.yaml:1:1", remedy="mend it", lines=["a line"])
GITHUB = {"GITHUB_ACTIONS": "true"}
Screen = pytest.CaptureFixture[str]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_a_screen(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard output on a screen of 40 columns that is not coloured."""
    for name, value in {"COLUMNS": "40", "TERM": "xterm", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    return terminal


def say_everything(report: Report, more: str = "") -> None:
    report.act("baseline", f"the first{more}")
    report.stage("lint", f"Dockerfile{more}")
    report.step(f"done{more}")
    report.doing(f"working{more}")
    report.warn(f"careful{more}")
    report.note(f"by the way{more}")
    report.command(Command(("docker", f"ps{more}")))
    report.output([f"written{more}"])
    report.progress(f"unseen{more}")
    report.verdict(Verdict("health", Outcome.FAIL, f"it is ill{more}", lines=(f"evidence{more}",)))
    report.findings(
        [replace(FINDING, message=f"Tag the image{more}")], {"app/Dockerfile": [more] * 4}
    )
    report.diff([f"+{more}"])
    report.error(ERROR)
    with report.timed("timed"):
        pass


@pytest.mark.parametrize("environ", [{}, GITHUB])
def test_for_a_machine_standard_output_has_nothing_but_the_document(
    environ: dict[str, str], capsys: Screen
) -> None:
    report = Report(environ)
    report.only_errors = True
    say_everything(report)
    report.raw('{"a": 1}')

    screen = capsys.readouterr()
    assert screen.out == '{"a": 1}\n'
    assert "it is wrong" in screen.err


def test_an_error_is_told_whole(capsys: Screen) -> None:
    error = ConfigError("it is wrong", where="file:1", remedy="mend it", lines=["evidence"])
    error.add_note("and the undo failed")
    Report({}).error(error)

    assert capsys.readouterr().out.splitlines() == [
        "✗ The configuration is wrong: it is wrong",
        "  at      file:1",
        "  │ evidence",
        "  also    and the undo failed",
        "  remedy  mend it",
    ]


def test_nothing_is_read_as_markup_emoji_or_highlight(capsys: Screen) -> None:
    text = "[red]not red[/red] [/] :smile: \\[x] 'quoted' http://a.b"
    report = Report({"FORCE_COLOR": "1"})
    report.note(text)
    report.output([text])

    assert capsys.readouterr().out.count(text) == 2


def test_on_a_screen_sentences_break_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_screen(monkeypatch)
    Report({}).step("this sentence is longer than the screen is wide")

    assert terminal.getvalue() == "  ✓ this sentence is longer than the\n    screen is wide\n"


def test_on_a_screen_what_is_to_be_copied_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_screen(monkeypatch)
    command = "`nox -s rollback -- --to some-revision-of-it`"
    report = Report({})
    report.error(PipelineError("no", remedy=f"name another: {command}"))
    report.note("grant it: gcloud projects add-iam-policy-binding my-project --role=r")
    report.command(Command(("docker", "run", "--name", "a-long-name", "--rm", "an-image")))

    lines = terminal.getvalue().splitlines()
    assert any(line.endswith(command) for line in lines)
    assert any(
        line.endswith("gcloud projects add-iam-policy-binding my-project --role=r")
        for line in lines
    )
    assert lines[-1].endswith("docker run --name a-long-name --rm an-image")


def test_on_a_screen_waiting_is_shown_and_nothing_of_it_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = on_a_screen(monkeypatch)
    report = Report({})
    with report.waiting("deploy"), report.timed("ready"):
        report.note("at work")

    assert "until ready" in terminal.getvalue()
    last = terminal.getvalue().rpartition("\n")[2]
    assert last.endswith("\x1b[2K\x1b[?25h\r")  # erased, and the cursor is back


def test_where_nobody_watches_nothing_moves(
    capsys: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as CI does, for colours in its log
    report = Report({})
    with report.timed("built"):
        report.progress("unseen")

    screen = capsys.readouterr().out
    assert "unseen" not in screen
    assert "\x1b[?25l" not in screen
    assert len(screen.splitlines()) == 1


def test_evidence_that_was_just_shown_is_not_shown_again(capsys: Screen) -> None:
    report = Report({})
    report.verdict(Verdict("health", Outcome.FAIL, "ill", lines=("evidence",)))
    report.error(PipelineError("ill", lines=("evidence",)))

    assert capsys.readouterr().out.count("evidence") == 1


def test_a_failure_that_was_wanted_is_no_annotation(capsys: Screen) -> None:
    Report(GITHUB).failure(ERROR)

    assert "::error" not in capsys.readouterr().out


DIAGNOSIS = Diagnosis("S19", "a title", "lint", "the cause", "the fix", "do so", ("a line",))


def test_what_a_failure_is_known_as_follows_its_remedy(capsys: Screen) -> None:
    Report({}).error(ERROR, Known((DIAGNOSIS,) * 4, 85))

    assert capsys.readouterr().out.splitlines()[3:] == [
        "  remedy  mend it",
        *["  S19     a title", "  │ a line", "  cause   the cause", "  fix     the fix",
          "  avoid   do so"] * 3,
        "  also    S19  a title",
    ]  # fmt: skip


def test_of_a_build_the_last_lines_are_shown(capsys: Screen) -> None:
    lines = [f"line {number}" for number in range(100)]
    Report({}).error(BuildFailed("it ended", lines=lines))

    shown = capsys.readouterr().out.splitlines()[1:]
    assert shown[0] == "  │ … (60 lines left out) …"
    assert shown[1:] == [f"  │ line {number}" for number in range(60, 100)]


SECRET = "hunter2-hunter2"


@pytest.mark.parametrize("environ", [{}, GITHUB, {"FORCE_COLOR": "1"}])
def test_what_is_secret_is_shown_nowhere(
    environ: dict[str, str], capsys: Screen, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    report = Report({**environ, "GITHUB_STEP_SUMMARY": str(summary)})
    report.hide([SECRET])
    report.hide(["another-one"])
    say_everything(report, f"{SECRET} another-one\n")
    report.raw(SECRET)
    known = replace(DIAGNOSIS, title=SECRET, cause=SECRET, evidence=(SECRET,))
    error = ConfigError(SECRET, where=SECRET, remedy=SECRET, lines=[SECRET])
    error.add_note(SECRET)
    report.error(error, Known((known,), 85, (Mark(SECRET, 3, SECRET), Mark("f", 4))))

    screen = capsys.readouterr()
    written = summary.read_text("utf-8") if summary.exists() else ""
    assert "***" in screen.out
    assert SECRET not in screen.out + screen.err + written + report.masked(SECRET)
    assert "another-one" not in screen.out


def test_a_marked_failure_is_an_annotation_at_each_line(capsys: Screen) -> None:
    marks = (Mark("a,b", 3, "first"), Mark("c", 4))
    Report(GITHUB).error(ERROR, Known(marks=marks))

    assert [line for line in capsys.readouterr().out.splitlines() if line[:2] == "::"] == [
        "::error file=a%2Cb,line=3,title=The configuration is wrong::first",
        "::error file=c,line=4,title=The configuration is wrong::it is wrong%0Amend it",
    ]


def test_long_lines_are_not_wrapped(capsys: Screen) -> None:
    Report({}).note("word " * 100)

    assert len(capsys.readouterr().out.splitlines()) == 1


def test_hostile_text_is_harmless_wherever_it_is_shown(capsys: Screen) -> None:
    hostile = "a\x1b[2J\n::set-env name=A::b\n##[add-path]c"
    report = Report(GITHUB)
    report.warn(hostile)
    report.note(hostile)
    report.output([hostile])
    report.findings([Finding("R", "error", hostile, 1, 1, 1, hostile)])
    report.error(PipelineError(hostile, where=hostile, remedy=hostile, lines=[hostile]))

    lines = capsys.readouterr().out.splitlines()
    commands = [line.split("::")[1].split()[0] for line in lines if line.lstrip()[:2] == "::"]
    assert commands == ["warning", "error", "error"]
    assert not [line for line in lines if "\x1b" in line or "##[" in line]


def test_a_command_is_echoed_quoted_and_without_its_secrets(capsys: Screen) -> None:
    Report({}).command(Command(("run", "a b", "$HOME"), secret_env={"TOKEN": "hunter2"}))

    assert capsys.readouterr().out == "  $ run 'a b' '$HOME'\n"


def test_a_verdict_shows_its_lines_unless_it_passed(capsys: Screen) -> None:
    for outcome in Outcome:
        Report({}).verdict(Verdict("health", outcome, "evidence", lines=("a line",)))

    assert capsys.readouterr().out.splitlines() == [
        "  ✓ health: evidence",
        "  ✗ health: evidence",
        "  │ a line",
        "  ? health: evidence",
        "  │ a line",
    ]


def test_what_fails_is_not_said_to_be_done(capsys: Screen) -> None:
    def work() -> None:
        with Report({}).timed("built"):
            raise ConfigError("no")

    with pytest.raises(ConfigError):
        work()
    assert "✓" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (
            github.annotation(FINDING),
            "::warning file=app/Dockerfile,line=3,endLine=4,col=1,title=DL3006::Tag the image",
        ),
        (
            github.annotation(Finding("A,B:C", "info", "a%b\n", 1, 1, 1, "50 % of\r\nall: x, y")),
            "::notice file=a%25b,line=1,endLine=1,col=1,title=A%2CB%3AC::50 %25 of%0Aall: x, y",
        ),
        (github.error("Bad: it", "one\ntwo"), "::error title=Bad%3A it::one%0Atwo"),
        (github.warning("100%\n::x"), "::warning::100%25%0A:\N{ZERO WIDTH SPACE}:x"),
    ],
)
def test_annotations_are_escaped(command: str, text: str) -> None:
    assert command == text


@pytest.mark.parametrize("here", ["a/service", "a/service/api", "a/pipeline", "."])
def test_an_annotation_names_its_file_as_its_repository_does(
    here: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkout may lie below the workspace, and the pipeline run beside it."""
    for folder in ("a/service/.git", "a/service/api", "a/pipeline"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / here)
    file = os.path.relpath(tmp_path / "a/service/api/Dockerfile")

    for one in (file, os.path.abspath(file)):
        assert " file=api/Dockerfile,line=3," in github.error("Bad", "x", Mark(one, 3))
        assert " file=api/Dockerfile,line=3," in github.annotation(replace(FINDING, file=one))
    assert " file=/nowhere/Dockerfile," in github.error("Bad", "x", Mark("/nowhere/Dockerfile", 3))
