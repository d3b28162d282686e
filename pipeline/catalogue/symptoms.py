"""What a failure showed, from the error and the verdicts that led to it, or from a saved log."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from pipeline.catalogue.entry import ANY, CONFIG, PLACES
from pipeline.catalogue.matching import Symptoms
from pipeline.catalogue.unfolding import unfolded
from pipeline.errors import PipelineError, Seen
from pipeline.model import Outcome, Verdict

NOTHING = "(it wrote nothing at all)"

_PLATFORM = re.compile(
    r"Starting new instance|(Default )?STARTUP (TCP|HTTP|GRPC) probe|Container called exit"
    r"|Container terminated|Ready condition status|Memory limit of|Shutting down user"
)
_LOOKED_AT = 200  # lines, for one that a container wrote itself


Clean = Callable[[Sequence[str]], Sequence[str]]
"""Lines without what must not be shown: they are cut after that."""


def of_error(
    error: PipelineError, verdicts: Iterable[Verdict] = (), config: Sequence[str] = (),
    clean: Clean = list,
) -> Symptoms:  # fmt: skip
    """The error's own words and lines, each from where its class says that they are.

    The pipeline's own lines are left out: they quote what was typed.
    """
    seen: dict[str, list[str]] = defaultdict(list)
    seen[CONFIG] += config
    seen[error.tells].append(own_words(error))
    if error.shows is not Seen.TOOL:
        seen[error.shows] += error.lines
    for verdict in verdicts:
        if verdict.outcome is not Outcome.PASS:
            seen[Seen.PROBE].append(f"{verdict.check}: {verdict.evidence}")
            seen[Seen.OUTPUT] += verdict.lines
    return of_seen(seen, clean)


def own_words(error: PipelineError) -> str:
    return f"{error.title}: {error.what}"


def of_seen(seen: Mapping[str, Sequence[str]], clean: Clean = list) -> Symptoms:
    """Lines by where they were seen. A container that wrote nothing is told by a line too."""
    read = {place: unfolded(clean(lines)) for place, lines in seen.items()}
    output = read.get(Seen.OUTPUT, [])
    return Symptoms({**read, Seen.OUTPUT: [*output, *_silence(output)]})


def of_log(lines: Sequence[str]) -> Symptoms:
    """A saved log does not say where its lines are from, so they may be from any place."""
    read = unfolded(lines)
    whole = [*read, *_silence(read)]
    return Symptoms({place: whole for place in PLACES if place not in {CONFIG, ANY}})


def shows_anything(error: PipelineError) -> bool:
    """Whether there is more to it than the pipeline's own words."""
    return error.tells is not Seen.TOOL or error.shows is not Seen.TOOL


def _silence(lines: Sequence[str]) -> list[str]:
    """One line for a log that has nothing but what the platform says."""
    first = [line for line in lines[:_LOOKED_AT] if line.strip()]
    is_silent = bool(first) and all(_PLATFORM.search(line) for line in first)
    return [NOTHING] if is_silent else []
