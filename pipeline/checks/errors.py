"""Does the revision fail requests, and more of them than the old one? The request log says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.adapters.logging import Entry
from pipeline.checks.chance import binomial_tail, fisher_tail
from pipeline.model import Outcome, Verdict

CHECK = "errors"

_SHOWN = 20  # lines of evidence
_URL = 300  # characters of one


@dataclass(frozen=True)
class Requests:
    """How many requests of users a revision answered, how many with 5xx, and the first of those.

    And apart, how many of the pipeline's own: they would make few users look like many.
    """

    total: int = 0
    failed: int = 0
    lines: tuple[str, ...] = ()
    own: int = 0
    own_failed: int = 0

    def and_of(self, entries: Iterable[Entry], own_agent: str) -> Requests:
        """With those of the request log; ``own_agent`` is the user agent of the own probes."""
        https = [one.http for one in entries if one.log == "requests"]
        own = [http for http in https if http.get("userAgent") == own_agent]
        users = [http for http in https if http.get("userAgent") != own_agent]
        failed = [http for http in users if status_of(http) >= 500]
        return replace(
            self,
            total=self.total + len(users),
            failed=self.failed + len(failed),
            lines=(*self.lines, *map(_line, failed[:_SHOWN]))[:_SHOWN],
            own=self.own + len(own),
            own_failed=self.own_failed + sum(1 for http in own if status_of(http) >= 500),
        )

    @property
    def share(self) -> float:
        """Of those that failed, from 0 to 1; 0 where there were none."""
        return self.failed / self.total if self.total else 0.0

    def __str__(self) -> str:
        return f"{self.failed} of {self.total} requests failed ({100 * self.share:.3g} %)"


def judge_errors(
    new: Requests, old: Requests | None, max_rate: float, *, least: int, level: float
) -> Verdict:
    """Judge the share of 5xx; ``max_rate`` is from 0 to 1, ``old`` is None where it has no users.

    It fails where it is above ``max_rate`` by the exact binomial test at ``level``, and also above
    the share of the old one in the same time by Fisher's exact test at ``level``, if both had
    ``least`` requests, 1 or more. All else is a pass or inconclusive: fewer requests, an excess
    that may be chance, and what the old one fails alike.
    """
    if new.total < least:
        return Verdict(CHECK, Outcome.INCONCLUSIVE, _too_few(new, least), new.total)
    if new.share <= max_rate:
        return Verdict(CHECK, Outcome.PASS, f"{new}{_beside(old)}", new.total)
    compared = old if old is not None and old.total >= least else None
    doubt = _doubt(new, compared, max_rate, level)
    if doubt:
        return Verdict(CHECK, Outcome.INCONCLUSIVE, doubt, new.total, new.lines)
    evidence = f"{new}, more than {100 * max_rate:g} %{_beside(compared)}"
    return Verdict(CHECK, Outcome.FAIL, evidence, new.total, new.lines)


def _doubt(new: Requests, old: Requests | None, max_rate: float, level: float) -> str:
    """Why a share above ``max_rate`` may not be the revision's own; empty where it is."""
    if binomial_tail(new.failed, new.total, max_rate) > level:
        return f"{new}: above {100 * max_rate:g} %, but it may be chance{_beside(old)}"
    if old is None or fisher_tail(new.failed, new.total, old.failed, old.total) <= level:
        return ""
    if old.share > max_rate:
        return f"both fail: {new}{_beside(old)}; what they share is down"
    return f"{new}: above {100 * max_rate:g} %, but not surely above the old one{_beside(old)}"


def _too_few(new: Requests, least: int) -> str:
    failed = f", {new.failed} of them failed" if new.failed else ""
    well = f"{new.own - new.own_failed} of {new.own} own probes answered well"
    return f"{new.total} of at least {least} requests came{failed}{f'; {well}' if new.own else ''}"


def _beside(old: Requests | None) -> str:
    return f"; of the old one {old}" if old is not None and old.total else ""


def status_of(http: Mapping[str, Any]) -> int:
    """A status as the log has it, a number or a number's text; 0 where it is neither."""
    text = str(http.get("status"))[:4]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _line(http: Mapping[str, Any]) -> str:
    url = str(http.get("requestUrl"))[:_URL]
    return f"{http.get('status')} {http.get('requestMethod')} {url}"
