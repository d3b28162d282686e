"""A step under way keeps its place on a screen, is a line at times in a log, ends by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ShiftFailed
from pipeline.model import Outcome, Verdict
from pipeline.report.rollout import clock, drawn, line
from pipeline.report.terminal import Report
from pipeline.watched import Answered, Watched
from tests.unit.test_report import SECRET, Screen, Terminal, on_a_screen

NEW, OLD = "agents-api-4a1c9d2-szb9", "agents-api-27926af-wmif"
SEEN = Watched(
    {OLD: 90, NEW: 10}, NEW, Answered(120, 0, 0.0451, 0.12), Answered(1080, 2, 0.043, 1.318), 48
)
ENDS: list[Callable[[Report], None]] = [
    lambda report: report.step("done"),
    lambda report: report.doing("undoing"),
    lambda report: report.verdict(Verdict("errors", Outcome.PASS, "none")),
    lambda report: report.error(ShiftFailed("no")),
    lambda report: report.stage("shift", "again"),
]
SETTLED = (
    "    new at 10 %: 120 requests, 0 errors, median 45 ms, p95 120 ms; "
    "old: 1080 requests, 2 errors (0.19 %), median 43 ms, p95 1.3 s"
)


class Clock:
    """Seconds that pass when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def shown(seen: Watched, width: int = 80) -> list[str]:
    return [f"{one.lead}{one.text}" for one in drawn(seen, seen.left, width)]


def test_a_step_is_drawn_with_its_split_its_figures_and_the_time_left() -> None:
    assert shown(SEEN, 60) == [
        "    new  agents-api-4a1c9d2-szb9  ██                   10 %",
        "    old  agents-api-27926af-wmif  ████████████████     90 %",
        "         requests errors  median    p95",
        "    new       120      0   45 ms 120 ms",
        "    old      1080      2   43 ms  1.3 s",
        "    0:48 left",
    ]


def test_with_all_traffic_there_is_no_old_one() -> None:
    seen = Watched({NEW: 100}, NEW, Answered(), None, 300)

    assert shown(seen, 60) == [
        "    new  agents-api-4a1c9d2-szb9  ██████████████████  100 %",
        "         requests errors  median    p95",
        "    new         0      0       -      -",
        "    5:00 left",
    ]
    assert line(seen) == "new at 100 %: no requests seen"


def test_of_many_revisions_the_small_ones_are_one_line() -> None:
    split = {NEW: 10, **{f"r{number}": 9 - number for number in range(6)}, "gone": 0}
    lines = shown(replace(SEEN, split=split))

    assert [(one.split()[1], one.split()[-2]) for one in lines[:4]] == [
        (NEW, "10"), ("r0", "9"), ("r1", "8"), ("r2", "7")
    ]  # fmt: skip
    assert "3 more" in lines[4]
    assert lines[4].endswith("15 %")


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,62}", fullmatch=True)
ANSWERED = st.builds(
    lambda total, share, median, p95: Answered(total, int(total * share), median, p95),
    st.integers(0, 10_000_000),
    st.floats(0, 1),
    st.none() | st.floats(0, 3600),
    st.none() | st.floats(0, 3600),
)


@given(
    st.integers(40, 200),
    st.dictionaries(NAMES, st.integers(0, 100), min_size=1, max_size=8),
    ANSWERED,
    st.none() | ANSWERED,
    st.floats(-100, 90_000),
)
def test_every_line_fits_and_no_share_looks_like_none_or_all(
    width: int, split: dict[str, int], new: Answered, before: Answered | None, left: float
) -> None:
    seen = Watched(split, min(split), new, before, left)
    lines = shown(seen, width)

    assert max(map(len, lines)) <= width
    bars = [one for one in lines if one.endswith(" %")]
    assert len({len(one) for one in bars}) == 1
    percent = split[seen.candidate]
    bar = bars[0][: -len("  100 %")].partition("new  ")[2]
    assert ("█" in bar) == (percent > 0)
    assert bar.endswith("█") == (percent == 100)
    assert "\n" not in line(seen, left)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-3, "0:00"), (0.4, "0:00"), (59.6, "1:00"), (65, "1:05"), (5400, "90:00")],
)
def test_time_is_minutes_and_seconds(seconds: float, told: str) -> None:
    assert clock(seconds) == told


@pytest.mark.parametrize(
    ("failed", "told"),
    [(1, "1 error (0.1 %)"), (333, "(33 %)"), (997, "(100 %)"), (1000, "(100 %)")],
)
def test_errors_are_told_with_their_share(failed: int, told: str) -> None:
    assert told in line(replace(SEEN, new=Answered(1000, failed, 0.1, 0.1)))


@pytest.mark.parametrize("environ", [{}, {"GITHUB_ACTIONS": "true"}, {"FORCE_COLOR": "1"}])
def test_in_a_log_there_is_a_line_every_15_s_and_one_at_the_end(
    environ: dict[str, str], capsys: Screen
) -> None:
    now = Clock()
    report = Report(environ, now)
    with report.waiting("until it was watched"):
        for second in range(0, 46, 2):
            now.now = 1000.0 + second
            report.watched(replace(SEEN, left=60 - second))
            with report.waiting("until it is healthy"):
                pass  # of the step: it does not end it
    report.step("it does well")

    lines = plain(capsys.readouterr().out).splitlines()
    assert [one.rpartition("; ")[2] for one in lines[:2]] == ["0:44 left", "0:28 left"]
    assert lines[0] == f"  … {SETTLED.strip()}; 0:44 left"
    assert lines[2] == SETTLED
    assert "it does well" in lines[3]
    assert len(lines) == 4


@pytest.mark.parametrize("end", ENDS)
def test_a_step_ends_before_what_is_told_next(
    end: Callable[[Report], None], capsys: Screen
) -> None:
    report = Report({})
    report.watched(SEEN)
    report.note("by the way")
    end(report)
    report.step("and on")

    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["    by the way", SETTLED]
    assert lines.count(SETTLED) == 1


@pytest.mark.parametrize("end", ENDS)
def test_on_a_screen_a_step_keeps_its_place_and_leaves_a_line(
    end: Callable[[Report], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = on_a_screen(monkeypatch)
    now = Clock()
    report = Report({}, now)
    report.watched(SEEN)
    assert frame(terminal)[-1].strip() == "0:48 left"
    now.now += 3
    with report.waiting("until it is healthy"):
        report.warn("careful")
        assert "0:45 left" in frame(terminal)[-2]
        assert "until it is healthy" in frame(terminal)[-1]
    assert "\x1b[?25h" not in terminal.getvalue()  # the cursor: it still moves
    end(report)

    assert "\x1b[?25h" in terminal.getvalue()
    after = terminal.getvalue().rpartition("\x1b[?25h")[2]
    assert "new at 10 %: 120 requests" in after
    assert "█" not in after


def test_on_a_screen_a_step_ends_with_the_wait_it_began_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = on_a_screen(monkeypatch)
    report = Report({})

    def interrupted() -> None:
        with report.waiting("until it was watched"):
            report.watched(SEEN)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    after = terminal.getvalue().rpartition("\x1b[?25h")[2]
    assert "new at 10 %: 120 requests" in after


def frame(terminal: Terminal) -> list[str]:
    """The last lines that were drawn."""
    return plain(terminal.getvalue().rpartition("\x1b[2K")[2]).splitlines()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_where_there_are_few_columns_nothing_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_a_screen(monkeypatch)
    monkeypatch.setenv("COLUMNS", "12")
    report = Report({})
    report.watched(SEEN)
    report.step("done")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_names_are_masked_and_harmless(
    is_terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: Screen, tmp_path: Path
) -> None:
    terminal = on_a_screen(monkeypatch) if is_terminal else None
    summary = tmp_path / "summary.md"
    report = Report({"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)})
    report.hide([SECRET])
    name = f"::error::\x1b[2J<b>\n{SECRET}"
    report.watched(Watched({name: 10, OLD: 90}, name, Answered(), None, 1))
    report.step("done")

    written = summary.read_text("utf-8")
    said = (terminal.getvalue() if terminal else capsys.readouterr().out) + written
    assert "hunter2" not in said
    assert "\x1b[2J" not in said
    assert "<b>" not in written


def test_the_summary_has_a_table_of_the_steps(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    report = Report({"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)})
    report.stage("shift", NEW)
    for seen in (SEEN, Watched({NEW: 100}, NEW, Answered(7, 1, 0.1, 0.2), None, 0)):
        with report.waiting("until it was watched"):
            report.watched(seen)
        report.step("done")
    report.error(ShiftFailed("no"))

    name = r"agents\-api\-4a1c9d2\-szb9"
    assert summary.read_text("utf-8").splitlines()[:6] == [
        "",
        "| traffic | revision | requests | errors | median | p95 |",
        "|--:|---|--:|--:|--:|--:|",
        f"| 10 % | {name} | 120 | 0 | 45 ms | 120 ms |",
        "| 90 % | old | 1080 | 2 | 43 ms | 1.3 s |",
        f"| 100 % | {name} | 7 | 1 | 100 ms | 200 ms |",
    ]
