"""Which revision answered? Proved by the request log, never assumed."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.adapters.logging import Entry
from pipeline.model import Outcome, Verdict

CHECK = "identity"


def trace_headers(trace: str, span: str) -> dict[str, str]:
    """Headers that make Cloud Run log a request under a trace of ours.

    ``trace`` is 32 hexadecimal digits, ``span`` 16; both forms that Cloud Run reads are sent.
    """
    return {
        "traceparent": f"00-{trace}-{span}-01",
        "X-Cloud-Trace-Context": f"{trace}/{int(span, 16)};o=1",
    }


def judge_identity(entries: Sequence[Entry], revision: str) -> Verdict:
    """Judge the log entries of one traced request: its request log entry names the revision.

    No entry is inconclusive, for the log lags behind.
    """
    answered = sorted({entry.revision for entry in entries if entry.log == "requests"})
    if not answered:
        return Verdict(CHECK, Outcome.INCONCLUSIVE, "no request log entry with our trace", 0)
    if answered != [revision]:
        return Verdict(
            CHECK, Outcome.FAIL, f"{', '.join(answered)} answered, not {revision}", len(answered)
        )
    return Verdict(CHECK, Outcome.PASS, f"{revision} answered, says the request log")
