"""When a revision does not start: what it wrote, beside what Cloud Run says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from pipeline.context import Context
from pipeline.errors import PipelineError, RevisionFailed

_LOG_LAG = 30.0  # seconds to wait for the first log entry
_PAUSE = 3.0  # seconds between two readings


@contextmanager
def explained(context: Context, revision: str) -> Iterator[None]:
    """Add the revision's log and a remedy to its failure."""
    began = context.world.now()
    try:
        yield
    except RevisionFailed as error:
        error.lines = _written(context, revision, began)
        above = "its log says above" if error.lines else "Cloud Run says"
        error.remedy = f"mend what {above}, then `nox -s deploy`"
        raise


def _written(context: Context, revision: str, since: datetime) -> tuple[str, ...]:
    """Every line of the revision's log; entries lag behind, so an empty one is read again."""
    deadline = context.world.monotonic() + _LOG_LAG
    while True:
        try:
            entries = context.logs.of_revision(revision, since)
        except PipelineError as error:
            return (f"its log could not be read: {error.what} ({error.remedy})",)
        if entries or context.world.monotonic() >= deadline:
            return tuple(entry.text for entry in entries if entry.log != "requests")
        context.world.sleep(_PAUSE)
