"""Does the revision fail requests? The request log says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.adapters.logging import Entry
from pipeline.model import Outcome, Verdict

CHECK = "errors"

_SHOWN = 20  # lines of evidence


@dataclass(frozen=True)
class Requests:
    """How many requests a revision answered, how many of them with 5xx, and the first of those."""

    total: int = 0
    failed: int = 0
    lines: tuple[str, ...] = ()

    def and_of(self, entries: Iterable[Entry], own_agent: str) -> Requests:
        """With those of the request log that ``own_agent``, the user agent of probes, did not send.

        Probes would make few users look like many.
        """
        requests = [
            one.http
            for one in entries
            if one.log == "requests" and one.http.get("userAgent") != own_agent
        ]
        failed = [http for http in requests if _status(http.get("status")) >= 500]
        told = (
            f"{http.get('status')} {http.get('requestMethod')} {http.get('requestUrl')}"
            for http in failed[:_SHOWN]
        )
        return replace(
            self,
            total=self.total + len(requests),
            failed=self.failed + len(failed),
            lines=(*self.lines, *told)[:_SHOWN],
        )


def judge_errors(requests: Requests, max_rate: float, *, least: int) -> Verdict:
    """Judge the share of 5xx; ``max_rate`` is from 0 to 1. Fewer than ``least`` say nothing."""
    total, failed = requests.total, requests.failed
    if total < max(least, 1):
        evidence = f"{failed} of {total} requests failed: fewer than {max(least, 1)} say nothing"
        return Verdict(CHECK, Outcome.INCONCLUSIVE, evidence, total)
    share = f"{failed} of {total} requests failed ({100 * failed / total:.3g} %)"
    if failed / total > max_rate:
        evidence = f"{share}, more than {100 * max_rate:g} %"
        return Verdict(CHECK, Outcome.FAIL, evidence, total, requests.lines)
    return Verdict(CHECK, Outcome.PASS, share, total)


def _status(value: object) -> int:
    """A status as the log has it: a number, or a number's text."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
