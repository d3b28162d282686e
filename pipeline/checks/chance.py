"""How likely chance alone is to have made what was counted: exact tests, one-sided, over counts.

Both are sums of exact probabilities, no approximation (R. A. Fisher, Statistical Methods for
Research Workers, 1934, §21.02, has the one for two samples). They take things for independent of
each other: where failures come in bursts, chance makes more of them than these tests believe.
"""

from __future__ import annotations

import math
from collections.abc import Iterable


def binomial_tail(hits: int, things: int, share: float) -> float:
    """P(X >= hits), where each of so many things is a hit with the probability ``share``.

    The exact binomial test of "no more than this share".
    """
    if hits <= 0 or share >= 1:
        return float(hits <= things)
    if hits > things or share <= 0:
        return 0.0
    odds = share / (1 - share)
    if hits > things * share:
        rising = ((things - at) / (at + 1) * odds for at in range(hits, things))
        return _sum(_log_binomial(hits, things, share), rising)
    falling = (at / (things - at + 1) / odds for at in range(hits - 1, 0, -1))
    return max(0.0, 1 - _sum(_log_binomial(hits - 1, things, share), falling))


def fisher_tail(hits: int, things: int, other_hits: int, others: int) -> float:
    """P(X >= hits), where chance deals all hits out to the things and the others.

    Fisher's exact test of "no larger a share of the things are hits than of the others".
    """
    every, all_hits = things + others, hits + other_hits
    fewest = max(0, things - (every - all_hits))
    if hits <= fewest:
        return 1.0
    misses = others - all_hits  # those of the others, were all hits theirs; may be negative
    if hits * every > all_hits * things:
        rising = (
            (all_hits - at) * (things - at) / ((at + 1) * (misses + at + 1))
            for at in range(hits, min(all_hits, things))
        )
        return _sum(_log_dealt(hits, things, all_hits, every), rising)
    falling = (
        at * (misses + at) / ((all_hits - at + 1) * (things - at + 1))
        for at in range(hits - 1, fewest, -1)
    )
    return max(0.0, 1 - _sum(_log_dealt(hits - 1, things, all_hits, every), falling))


def _sum(log_first: float, ratios: Iterable[float]) -> float:
    """The sum of terms that fall, each given by its ratio to the one before, while they count."""
    term = total = math.exp(log_first)
    for ratio in ratios:
        term *= ratio
        total += term
        if term <= total * 1e-17:
            break
    return min(total, 1.0)


def _log_binomial(hits: int, things: int, share: float) -> float:
    misses = things - hits
    return _log_choose(things, hits) + hits * math.log(share) + misses * math.log1p(-share)


def _log_dealt(hits: int, things: int, all_hits: int, every: int) -> float:
    ways = _log_choose(all_hits, hits) + _log_choose(every - all_hits, things - hits)
    return ways - _log_choose(every, things)


def _log_choose(things: int, taken: int) -> float:
    return math.lgamma(things + 1) - math.lgamma(taken + 1) - math.lgamma(things - taken + 1)
