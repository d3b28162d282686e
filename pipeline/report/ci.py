"""What GitHub keeps of a stage: outputs for the steps after it, and a row of the run's summary."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from pipeline.model import Outcome, Verdict
from pipeline.report.harmless import harmless
from pipeline.report.masking import NO_SECRETS, Secrets
from pipeline.report.summary import append, markdown

OUTPUTS = ("revision", "digest", "url")
"""What of a stage's results later steps can use; the rest is for the reader of the summary."""

_HEAD = "\n| stage | time | came to |\n|---|--:|---|\n"
_MARKS = {Outcome.PASS: "✓", Outcome.FAIL: "✗", Outcome.INCONCLUSIVE: "?"}
_ROW = re.compile(r"\| [✓✗] .*\|")
_URL = re.compile(r"https?://[\w.:/-]{1,300}", re.ASCII)
_TAIL = 8192  # bytes; a row is shorter


class Kept:
    """Follows the stages of one process. Silent where there is no GitHub."""

    def __init__(self, environ: Mapping[str, str], monotonic: Callable[[], float]) -> None:
        in_github = environ.get("GITHUB_ACTIONS") == "true"
        self._summary = environ.get("GITHUB_STEP_SUMMARY", "") if in_github else ""
        self._output = environ.get("GITHUB_OUTPUT", "") if in_github else ""
        self._monotonic = monotonic
        self._stage = ""
        self._began = 0.0
        self.results: dict[str, str] = {}

    @property
    def is_on(self) -> bool:
        return bool(self._stage)

    def begin(self, stage: str) -> None:
        self._stage, self._began, self.results = stage, self._monotonic(), {}

    def end(self, *, well: bool, verdicts: Sequence[Verdict], secrets: Secrets) -> str:
        """Write what the stage came to; returns why that failed, where it did."""
        stage, self._stage = self._stage, ""
        seconds = self._monotonic() - self._began
        fault = ""
        if self._summary:
            line = row(stage, seconds, self.results, verdicts, well=well, secrets=secrets)
            fault = append(self._summary, f"{_head(self._summary)}{line}")
        if self._output and well:
            fault = append(self._output, outputs(self.results, secrets)) or fault
        return fault


def outputs(results: Mapping[str, str], secrets: Secrets = NO_SECRETS) -> str:
    """NAME=VALUE, a line each: a value is made harmless, so it cannot begin a line of its own."""
    named = ((name, results.get(name, "")) for name in OUTPUTS)
    return "".join(f"{name}={harmless(value, secrets)}\n" for name, value in named if value)


def row(
    stage: str, seconds: float, results: Mapping[str, str], verdicts: Sequence[Verdict],
    *, well: bool, secrets: Secrets = NO_SECRETS,
) -> str:  # fmt: skip
    """A row of the summary's table, in Markdown that shows everything as it is."""
    told = [f"{markdown(name, secrets)} {_shown(text, secrets)}" for name, text in results.items()]
    judged = [f"{_MARKS[one.outcome]} {markdown(one.check, secrets)}" for one in verdicts]
    cells = (
        f"{'✓' if well else '✗'} {markdown(stage, secrets)}",
        f"{seconds:.1f} s",
        "<br>".join(filter(None, (*told, ", ".join(judged)))),
    )
    return f"| {' | '.join(cells)} |\n"


def _shown(text: str, secrets: Secrets) -> str:
    """The text; a plain URL can be followed."""
    shown = harmless(text, secrets)
    return f"<{shown}>" if _URL.fullmatch(shown) else markdown(text, secrets)


def _head(path: str) -> str:
    """The table's head, unless the summary ends with a row of it."""
    try:
        with open(path, "rb") as file:
            file.seek(max(file.seek(0, 2) - _TAIL, 0))
            lines = file.read().decode(errors="replace").splitlines()
    except (OSError, ValueError):
        return _HEAD
    return "" if lines and _ROW.fullmatch(lines[-1]) else _HEAD
