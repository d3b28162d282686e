"""Which revision answered? By its own word or the request log, never assumed."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.adapters.logging import Entry
from pipeline.adapters.web import Answer
from pipeline.checks.documents import shown, value_at
from pipeline.checks.health import read_document
from pipeline.model import Outcome, Verdict

CHECK = "identity"

_HEADER = "header:"


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


def judge_word(answer: Answer, where: str, revision: str) -> Verdict:
    """Judge what the answer itself says at ``where``: ``header:NAME``, or a path into its document.

    Nothing there is inconclusive: the request log still tells.
    """
    said = _said(answer, where)
    if said is None:
        return Verdict(CHECK, Outcome.INCONCLUSIVE, f"the answer has no {where}", 0)
    if said != revision:
        return Verdict(
            CHECK, Outcome.FAIL, f"{shown(said)} answered, not {revision}: so says {where}"
        )
    return Verdict(CHECK, Outcome.PASS, f"{revision} answered, says {where}")


def _said(answer: Answer, where: str) -> object:
    if where.startswith(_HEADER):
        return answer.headers.get(where.removeprefix(_HEADER).strip())
    return value_at(read_document(answer)[0], where)
