"""What GitHub keeps of a stage: a row of the summary, outputs, a group of the log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import VerifyFailed
from pipeline.model import Outcome, Verdict
from pipeline.report.ci import OUTPUTS, outputs, row
from pipeline.report.masking import Secrets
from pipeline.report.terminal import Report

HEAD = "| stage | time | came to |\n|---|--:|---|\n"
ILL = Verdict("health", Outcome.FAIL, "it is ill")
WELL = Verdict("health", Outcome.PASS, "it is well")


@pytest.fixture
def github(tmp_path: Path) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }


def summary(tmp_path: Path) -> str:
    return re.sub(r"\d+\.\d s", "1.0 s", (tmp_path / "summary").read_text())


def released(report: Report) -> None:
    report.stage("deploy", "a service")
    report.result(revision="r-1", digest="sha256:1", url="https://c.example/", more="x")
    report.ended()


def test_a_stage_is_a_row_and_its_results_are_outputs(github, tmp_path) -> None:
    released(Report(github))

    assert summary(tmp_path) == (
        f"\n{HEAD}| ✓ deploy | 1.0 s | revision r\\-1<br>digest sha256:1<br>"
        "url <https://c.example/><br>more x |\n"
    )
    assert (tmp_path / "output").read_text() == (
        "revision=r-1\ndigest=sha256:1\nurl=https://c.example/\n"
    )


def test_stages_of_one_process_and_of_several_are_one_table(github, tmp_path) -> None:
    for _ in range(2):
        report = Report(github)
        released(report)
        report.stage("verify", "r-1")
        report.verdict(WELL)
        report.ended()

    assert summary(tmp_path).count(HEAD) == 1
    assert summary(tmp_path).count("| ✓ verify | 1.0 s | ✓ health |\n") == 2


def test_a_table_that_was_interrupted_gets_its_head_again(github, tmp_path) -> None:
    released(Report(github))
    with (tmp_path / "summary").open("a") as file:
        file.write("\n| traffic | revision |\n|--:|---|\n| 50 % | r-1 |\n")
    released(Report(github))

    assert summary(tmp_path).count(HEAD) == 2


def test_a_failure_is_a_row_before_it_is_told_and_gives_no_outputs(
    github, tmp_path, capsys
) -> None:
    report = Report(github)
    report.stage("verify", "r-1")
    report.result(revision="r-1")
    report.verdict(ILL)
    report.error(VerifyFailed("health: it is ill"))
    report.ended()

    told = summary(tmp_path)
    assert told.index("| ✗ verify | 1.0 s | revision r\\-1<br>✗ health |") < told.index("### ✗")
    assert told.count("verify |") == 1
    assert not (tmp_path / "output").exists()
    log = capsys.readouterr().out
    assert log.index("::endgroup::") < log.index("✗ The candidate") < log.index("::error")


def test_groups_do_not_nest_and_all_are_closed(github, capsys) -> None:
    report = Report(github)
    report.act("baseline", "a first one")
    report.stage("build", "an image")
    report.stage("smoke", "an image\n::error::x")
    report.ended()
    report.ended()

    marks = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::")]
    assert marks[0] == "::group::build  an image"
    assert marks[1] == "::endgroup::"
    assert marks[2].startswith("::group::smoke  an image%0A")
    assert marks[3:] == ["::endgroup::"]


def test_elsewhere_nothing_is_kept(tmp_path, github, capsys) -> None:
    released(Report({**github, "GITHUB_ACTIONS": ""}))

    assert not list(tmp_path.iterdir())
    assert capsys.readouterr().out == "deploy  a service\n"


def test_what_cannot_be_written_is_said_and_stops_nothing(github, tmp_path, capsys) -> None:
    released(Report({**github, "GITHUB_OUTPUT": str(tmp_path / "absent" / "output")}))

    assert "was not written: " in capsys.readouterr().out
    assert "✓ deploy" in summary(tmp_path)


@given(st.dictionaries(st.sampled_from(OUTPUTS), st.text()))
def test_an_output_never_begins_another(results: dict[str, str]) -> None:
    lines = outputs(results).splitlines(keepends=True)

    assert [line.partition("=")[0] for line in lines] == [
        one for one in OUTPUTS if results.get(one)
    ]
    assert all(line.endswith("\n") for line in lines)


@given(st.text(), st.text(min_size=1))
def test_a_row_is_one_line_of_three_cells(stage: str, result: str) -> None:
    verdicts = [Verdict(result, Outcome.INCONCLUSIVE, "")]
    shown = row(stage, 1.0, {"revision": result, result: stage}, verdicts, well=True)

    assert shown.count("\n") == 1
    assert len(re.findall(r"(?<!\\)\|", shown)) == 4
    assert "<script" not in shown


def test_secrets_are_in_neither() -> None:
    secrets = Secrets.of(["hunter2-hunter2"])
    results = {"url": "https://hunter2-hunter2.example"}

    assert "hunter2" not in outputs(results, secrets)
    assert "hunter2" not in row("deploy", 1.0, results, [], well=True, secrets=secrets)
