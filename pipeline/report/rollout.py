"""A step of a shift as a person reads it: the split as bars, what users got, and the time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipeline.report.findings import Told, number
from pipeline.watched import Answered, Watched

_MOST = 4  # revisions beside the candidate that have a line each
_FIXED = 19  # columns of a bar's line that are neither its name nor the bar, one to spare
_BARS = (6, 40)  # columns of a bar: the least and the most
_HEADINGS = ("requests", "errors", "median", "p95")


def drawn(
    seen: Watched, left: float, width: int, safe: Callable[[str], str] = str
) -> Iterator[Told]:
    """Lines that fit 40 columns and more; ``left`` in seconds, ``safe`` takes out secrets."""
    yield from _bars(seen, width, safe)
    yield Told(f"{'':7}{_row(_HEADINGS)}", "dim")
    yield Told("    new", "bold cyan", _row(cells(seen.new)))
    if seen.before is not None:
        yield Told("    old", "dim", _row(cells(seen.before)))
    yield Told(f"    {clock(left)} left", "dim")


def line(seen: Watched, left: float | None = None) -> str:
    """The same in one line; without ``left`` when the step is over."""
    parts = [f"new at {seen.split.get(seen.candidate, 0)} %: {_in_words(seen.new)}"]
    parts += [f"old: {_in_words(seen.before)}"] if seen.before is not None else []
    parts += [f"{clock(left)} left"] if left is not None else []
    return "; ".join(parts)


def cells(answered: Answered) -> tuple[str, str, str, str]:
    """Requests, errors, the median and the 95th percentile."""
    times = (answered.median, answered.p95)
    median, p95 = ("-" if one is None else _duration(one) for one in times)
    return str(answered.total), str(answered.failed), median, p95


def clock(seconds: float) -> str:
    """``1:05``; what is over is ``0:00``."""
    minutes, rest = divmod(max(round(seconds), 0), 60)
    return f"{minutes}:{rest:02}"


def _bars(seen: Watched, width: int, safe: Callable[[str], str]) -> Iterator[Told]:
    rows = [(safe(name), percent) for name, percent in _shares(seen)]
    least, most = _BARS
    room = width - _FIXED
    longest = min(max(len(name) for name, _ in rows), max(room - least, least))
    length = max(min(room - longest, most), least)
    for at, (name, percent) in enumerate(rows):
        lead, style = ("    old", "dim") if at else ("    new", "bold cyan")
        shown = _ending(name, longest)
        yield Told(lead, style, f"  {shown:{longest}}  {_bar(percent, length)}  {percent:>3} %")


def _shares(seen: Watched) -> Iterator[tuple[str, int]]:
    """The candidate's percent first, then those of the others, the largest first."""
    yield seen.candidate, seen.split.get(seen.candidate, 0)
    others = [one for one in seen.split.items() if one[0] != seen.candidate and one[1]]
    others.sort(key=lambda one: (-one[1], one[0]))
    single = others if len(others) <= _MOST else others[: _MOST - 1]
    yield from single
    if rest := others[len(single) :]:
        yield f"{len(rest)} more", sum(percent for _, percent in rest)


def _ending(name: str, room: int) -> str:
    """Revisions of a service begin alike; their ends differ."""
    return name if len(name) <= room else f"…{name[len(name) - room + 1 :]}"


def _bar(percent: int, width: int) -> str:
    """Something for the smallest share, and not everything for the largest but all."""
    full = round(width * percent / 100)
    if 0 < percent < 100:
        full = min(max(full, 1), width - 1)
    return f"{'█' * min(full, width):{width}}"


def _row(parts: tuple[str, str, str, str]) -> str:
    requests, errors, median, p95 = parts
    return f"{requests:>10}{errors:>7}{median:>8}{p95:>7}"


def _in_words(answered: Answered) -> str:
    if not answered.total:
        return "no requests seen"
    _, _, median, p95 = cells(answered)
    failed = number(answered.failed, "error")
    if answered.failed:
        failed += f" ({_percent(answered.failed / answered.total)} %)"
    return f"{number(answered.total, 'request')}, {failed}, median {median}, p95 {p95}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g}" if share < 0.995 else f"{100 * share:.0f}"


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds:.0f} s"
