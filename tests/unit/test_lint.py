"""The stage lint as a person calls it: what it shows, what it writes, and its exit codes."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pipeline.__main__ import main
from pipeline.adapters.processes import Finished
from pipeline.adapters.world import World, real_world
from pipeline.commands import Command
from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.lint import examine
from pipeline.dockerfile.place import Edit, Patch, Place
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity
from pipeline.steps import linting

CONFIG = """\
service: agents
project: my-project
region: us-central1
image: us-docker.pkg.dev/my-project/services/agents
"""
CLEAN = 'FROM scratch\nCOPY app /app\nCMD ["/app"]\n'
Screen = pytest.CaptureFixture[str]


def find(build: Build) -> Iterator[Fault]:
    """Every LABEL; one that says ``old`` has a certain change. Every line that says ``broken``."""
    for one in build.dockerfile.instructions:
        if one.name == "LABEL":
            place = Place(build.file, one.line, one.column, one.end_line)
            edit = Edit(one.line, one.end_line, ("LABEL new=1",))
            patch = Patch(build.file, (edit,)) if "old" in one.body.value else None
            yield Fault(place, "it has a label", patch=patch)
    for path in sorted(build.context.files):
        for number, line in enumerate((build.context.text(path) or "").split("\n"), 1):
            if "broken" in line and path.endswith(".sh"):
                yield Fault(Place(path, number), "it is broken", severity=Severity.WARNING)


RULE = Rule("S05", "labels", Severity.ERROR, "they cost", "label!", "remove it", {}, {}, find)


@pytest.fixture(autouse=True)
def one_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linting, "examine", partial(examine, rules=(RULE,)))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(CLEAN)
    (tmp_path / "app").touch()
    return tmp_path


def a_world(*found: dict[str, object], output: str = "") -> World:
    """hadolint finds this."""

    def run(command: Command) -> Finished:
        assert "hadolint" in command.argv[0]
        return Finished(command.argv, 0, output or json.dumps(found), "it is ill")

    return replace(real_world(), run=run, environ={})


def of_hadolint(code: str, line: int = 1, level: str = "warning") -> dict[str, object]:
    return {"code": code, "column": 1, "file": "Dockerfile", "level": level, "line": line,
            "message": "says hadolint"}  # fmt: skip


def lint(*words: str, world: World | None = None) -> int:
    return main(["lint", *words], world or a_world())


def rules(screen: Screen) -> list[tuple[str, int]]:
    return [(one["rule"], one["line"]) for one in json.loads(screen.readouterr().out)]


# What it shows, and its exit code.


def test_a_clean_file_is_0_without_a_configuration(capsys: Screen) -> None:
    assert lint("Dockerfile") == 0
    assert "nothing found" in capsys.readouterr().out


@pytest.mark.parametrize("path", [".", "Dockerfile"])
def test_an_error_is_1_and_is_shown_with_its_line(path: str, folder: Path, capsys: Screen) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\nLABEL a=b\n")

    assert lint(path) == 1
    said = capsys.readouterr().out
    assert "error[S05]: it has a label\n --> Dockerfile:2:1\n2 | LABEL a=b\n  | ^" in said
    assert "  why: they cost\n  fix: remove it\n" in said
    assert "1 error" in said


def test_a_warning_passes(folder: Path, capsys: Screen) -> None:
    (folder / "run.sh").write_text("#!/bin/sh\nbroken\n")

    assert lint(".") == 0
    assert "warning[S05]: it is broken\n --> run.sh:2:1" in capsys.readouterr().out


def test_what_the_engine_refuses_is_an_error(folder: Path, capsys: Screen) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\nFRUM x\n")

    assert lint(".", "--format", "json") == 1
    assert rules(capsys) == [("parse", 2)]


def test_all_that_can_be_linted_is_and_then_2_wins(folder: Path, capsys: Screen) -> None:
    (folder / "empty").mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nLABEL a=b\n")

    assert lint("nowhere", "empty", ".", "/dev/null") == 2
    said = capsys.readouterr().out
    assert "error[S05]" in said
    assert "Could not lint: nowhere: there is no such file" in said
    assert "empty/Dockerfile: there is no such file" in said
    assert "/dev/null: it is not a file" in said


def test_findings_are_sorted_and_there_once(folder: Path, capsys: Screen) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\nLABEL a=b\nLABEL c=d\n")
    found = [of_hadolint("DL3048", 3), of_hadolint("DL3048", 3), of_hadolint("DL3006")]

    lint(".", "Dockerfile", "--format", "json", world=a_world(*found))
    assert rules(capsys) == [("DL3006", 1), ("S05", 2), ("DL3048", 3), ("S05", 3)]


def test_annotations_are_all_there_is_on_standard_output(folder: Path, capsys: Screen) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\nLABEL a=b\n")

    assert lint(".", "--format", "github") == 1
    assert capsys.readouterr().out == (
        "::error file=Dockerfile,line=2,endLine=2,col=1,title=S05::"
        "it has a label%0AFix: remove it\n"
    )


def test_sarif_is_all_there_is_on_standard_output(folder: Path, capsys: Screen) -> None:
    assert lint(".", "--format", "sarif", world=a_world(of_hadolint("DL3006"))) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert [one["ruleId"] for one in run["results"]] == ["DL3006"]


# hadolint beside.


def test_where_hadolint_cannot_parse_that_is_said_and_our_rules_go_on(
    folder: Path, capsys: Screen
) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\nLABEL a=b\n")

    assert lint(".", world=a_world(of_hadolint("DL1000", level="error"))) == 1
    said = capsys.readouterr().out
    assert "warning[DL1000]: hadolint cannot read this form; its rules did not look at" in said
    assert "error[S05]" in said


def test_without_hadolint_our_findings_are_shown_and_it_is_2(folder: Path, capsys: Screen) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\nLABEL a=b\n")

    assert lint(".", world=a_world(output="Segmentation fault")) == 2
    said = capsys.readouterr().out
    assert "error[S05]" in said
    assert "Could not lint: hadolint ended with exit code 0 and no findings to read" in said
    assert "it is ill" in said


def test_our_rules_do_not_wait_for_hadolint(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Event()

    def examined(*args: object, **named: object) -> object:
        looked.set()
        return examine(*args, rules=(), **named)  # type: ignore[arg-type]

    def run(command: Command) -> Finished:
        assert looked.wait(20)
        return Finished(command.argv, 0, "[]", "")

    monkeypatch.setattr(linting, "examine", examined)
    assert lint(".", world=replace(a_world(), run=run)) == 0


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        ("gunicorn -b :$PORT app", False),
        ("gunicorn -b :${PORT:-8080} app", False),
        ("sh -c 'exec gunicorn -b :$PORT app'", True),  # that shell stays in the exec form
        ("gunicorn app", True),
        (r"echo \$PORT", True),
    ],
)
def test_its_advice_to_break_a_start_command_is_left_out_and_it_is_said_why(
    command: str, kept: bool, folder: Path, capsys: Screen
) -> None:
    (folder / "Dockerfile").write_text(f"FROM scratch\nCMD {command}\n")

    assert lint(".", world=a_world(of_hadolint("DL3025", 2))) == 0
    said = capsys.readouterr().out
    assert ("warning[DL3025]" in said) is kept
    assert ("the exec form would not expand $" in said) is not kept


def test_a_name_that_looks_like_an_option_is_none(folder: Path, capsys: Screen) -> None:
    (folder / "-x").write_text(CLEAN)

    def run(command: Command) -> Finished:
        assert command.argv[-1] == "./-x"
        found = [{**of_hadolint("DL3006"), "file": "./-x"}]
        return Finished(command.argv, 0, json.dumps(found), "")

    assert lint("./-x", "--format", "json", world=replace(a_world(), run=run)) == 0
    assert json.loads(capsys.readouterr().out)[0]["file"] == "-x"


# Suppressions.


def test_a_comment_suppresses_on_the_line_above(folder: Path, capsys: Screen) -> None:
    (folder / "Dockerfile").write_text(
        "# pipeline: ignore=DL3006 pinned elsewhere\nFROM a\n"
        "# pipeline: ignore=S05 wanted\nLABEL a=b\nLABEL c=d\n"
    )

    lint(".", "--format", "json", world=a_world(of_hadolint("DL3006", 2)))
    assert rules(capsys) == [("S05", 5)]


def test_a_comment_works_in_a_script_too(folder: Path, capsys: Screen) -> None:
    (folder / "run.sh").write_text("# pipeline: ignore=S05 not run here\nbroken\nbroken\n")

    lint(".", "--format", "json")
    assert rules(capsys) == [("S05", 3)]


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# pipeline: ignore=S05", "the comment gives no reason"),
        ("# pipeline: ignore=S05,S06 wanted", "S06 is not found here, so nothing is suppressed"),
        ("# pipeline: ignore=S05,S99 wanted", "there is no rule S99, so nothing is suppressed"),
        ("# pipeline: ignore= wanted", "the comment names no rule, so it suppresses nothing"),
        ("# pipeline: ignore=S05,DL3048 wanted", "DL3048 is not found here"),
    ],
)
def test_a_suppression_that_is_wrong_is_a_warning(
    comment: str, said: str, folder: Path, capsys: Screen
) -> None:
    (folder / "Dockerfile").write_text(f"FROM scratch\n{comment}\nLABEL a=b\n")

    lint(".")
    shown = capsys.readouterr().out
    assert f"warning[ignore]: {said}" in shown
    assert shown.count("warning[") == 1


def test_rules_of_hadolint_may_be_needed_where_it_could_not_look(
    folder: Path, capsys: Screen
) -> None:
    (folder / "Dockerfile").write_text("# pipeline: ignore=DL3006 later\nFROM scratch\n")

    assert lint(".", "--format", "json", world=a_world(of_hadolint("DL1000", 2))) == 0
    assert rules(capsys) == [("DL1000", 2)]
    assert lint(".", "--format", "json", world=a_world(output="dead")) == 2
    assert rules(capsys) == []


def configure(folder: Path, *ignored: str) -> None:
    entries = "".join(f"    - {one}\n" for one in ignored)
    (folder / "pipeline.yaml").write_text(f"{CONFIG}lint:\n  ignore:\n{entries}")


@pytest.mark.parametrize("words", [[], ["."]])
def test_the_configuration_suppresses_too(words: list[str], folder: Path, capsys: Screen) -> None:
    configure(folder, "{rule: S05, reason: wanted, path: Dockerf*}")
    (folder / "Dockerfile").write_text("FROM scratch\nLABEL a=b\n")
    (folder / "run.sh").write_text("broken\n")

    assert lint(*words, "--format", "json") == 0
    assert rules(capsys) == [("S05", 1)]  # of run.sh


def test_an_entry_without_a_reason_or_a_use_is_a_warning_at_its_line(
    folder: Path, capsys: Screen
) -> None:
    configure(folder, "rule: DL3006", "{rule: S06, reason: why}")

    assert lint() == 0
    said = capsys.readouterr().out
    assert "lint.ignore gives no reason for DL3006\n --> pipeline.yaml:7:1\n7 |     - rule:" in said
    assert "S06 is not found, so lint.ignore suppresses nothing\n --> pipeline.yaml:8:1" in said


def test_an_entry_is_not_stale_because_only_one_path_was_linted(
    folder: Path, capsys: Screen
) -> None:
    configure(folder, "{rule: S06, reason: why}")

    lint(".", "--format", "json")
    assert rules(capsys) == []


def test_an_unknown_rule_is_a_fault_of_the_configuration(folder: Path, capsys: Screen) -> None:
    configure(folder, "{rule: S55, reason: why}")

    assert lint() == 3
    assert "lint.ignore[0].rule: there is no rule 'S55'. Did you mean" in capsys.readouterr().out


# Fixes.

OLD = b"\xef\xbb\xbfFROM scratch\r\n# kept \xff\r\nLABEL old=1 \\\r\n  b=2\r\nLABEL c=d\r\n"
NEW = b"\xef\xbb\xbfFROM scratch\r\n# kept \xff\r\nLABEL new=1\r\nLABEL c=d\r\n"


def test_a_fix_shows_the_diff_and_what_is_left(folder: Path, capsys: Screen) -> None:
    (folder / "Dockerfile").write_bytes(OLD)
    (folder / "Dockerfile").chmod(0o640)

    assert lint(".", "--fix") == 1
    said = capsys.readouterr().out
    assert (folder / "Dockerfile").read_bytes() == NEW
    assert stat.S_IMODE((folder / "Dockerfile").stat().st_mode) == 0o640
    assert "--- a/Dockerfile\n+++ b/Dockerfile\n@@" in said
    assert "-LABEL old=1 \\\n-  b=2\n+LABEL new=1\n" in said
    assert said.count("error[S05]") == 2
    assert {path.name for path in folder.iterdir()} == {"Dockerfile", "app"}


def test_a_second_fix_changes_nothing(folder: Path, capsys: Screen) -> None:
    (folder / "Dockerfile").write_bytes(NEW)
    before = (folder / "Dockerfile").stat()

    lint(".", "--fix")
    after = (folder / "Dockerfile").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert "nothing to fix" in capsys.readouterr().out


def test_what_is_suppressed_is_not_fixed(folder: Path) -> None:
    text = "FROM scratch\n# pipeline: ignore=S05 wanted\nLABEL old=1\n"
    (folder / "Dockerfile").write_text(text)

    assert lint(".", "--fix") == 0
    assert (folder / "Dockerfile").read_text() == text


def test_a_fix_does_not_write_through_a_link_that_leads_outside(
    folder: Path, capsys: Screen
) -> None:
    outside, inside = folder / "outside", folder / "inside"
    inside.mkdir()
    outside.write_text("FROM scratch\nLABEL old=1\n")
    (inside / "Dockerfile").symlink_to(outside)

    assert lint("inside", "--fix") == 1
    assert outside.read_text() == "FROM scratch\nLABEL old=1\n"
    assert "inside/Dockerfile is left as it is: it is outside" in capsys.readouterr().out


def test_a_fix_follows_a_link_that_stays_inside(folder: Path) -> None:
    (folder / "real").write_text("FROM scratch\nLABEL old=1\n")
    (folder / "Dockerfile").unlink()
    (folder / "Dockerfile").symlink_to("real")
    lint(".", "--fix")

    assert (folder / "Dockerfile").is_symlink()
    assert (folder / "real").read_text() == "FROM scratch\nLABEL new=1\n"


def test_the_diff_of_a_fix_leaves_standard_output_to_the_machine(
    folder: Path, capsys: Screen
) -> None:
    (folder / "Dockerfile").write_bytes(OLD)
    lint(".", "--fix", "--format", "json")
    screen = capsys.readouterr()

    assert len(json.loads(screen.out)) == 2
    assert "+LABEL new=1" in screen.err


# Explanations.


def test_a_rule_of_others_is_explained_where_they_do(capsys: Screen) -> None:
    assert lint("--explain", "dl3008") == 0
    assert capsys.readouterr().out == "https://github.com/hadolint/hadolint/wiki/DL3008\n"


def test_an_unknown_rule_is_64_with_a_suggestion(capsys: Screen) -> None:
    assert lint("--explain", "S99") == 64
    assert "Did you mean S" in capsys.readouterr().out


def test_our_rule_is_explained_as_its_page_does(
    capsys: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.steps.rules.RULES", (RULE,))

    assert lint("--explain", "s05") == 0
    said = capsys.readouterr().out
    assert said.startswith("# S05: labels\n\nThey cost.\n")
    assert "label!" in said
    assert "# pipeline: ignore=S05 reason" in said
