"""Undo, then let the first error through; an undo that fails is said, and hides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from pipeline.adapters.cloud_run import Change
from pipeline.context import Context
from pipeline.errors import (
    ApiRefused,
    ApiUnreachable,
    ChangedMeanwhile,
    PipelineError,
    TrafficUnknown,
)
from pipeline.model import Service, live_split, show_split

_PAUSES = (1.0, 4.0, 15.0, 45.0)
"""Seconds before each further try; together more than the minute that a quota is counted in."""

_UNHEARD = (OSError, SystemExit)
"""What writing ends with when nobody reads any more; an undo goes on all the same."""

Mend = Callable[[Service], Change | None]
"""From the service as it is, what puts it right; None when it is somebody else's by now."""


@contextmanager
def undone(context: Context, before: Service, mend: Mend) -> Iterator[None]:
    """Run a change of the service ``before``; when it fails or is interrupted, mend it."""
    try:
        yield
    except BaseException as first:
        _undo(context, before, mend, first)
        raise


def _undo(context: Context, before: Service, mend: Mend, first: BaseException) -> None:
    try:
        with suppress(*_UNHEARD):
            context.report.doing("undoing: putting traffic back to what it was")
        said = _put_back(context, before, mend, first)
        with suppress(*_UNHEARD):
            context.report.step(said)
    except PipelineError as error:
        raise TrafficUnknown(
            f"{_name(first)}, and the undo failed too: {error.what}",
            where=error.where,
            remedy=f"{_what_serves(context)}; {_by_hand(before)}",
            lines=getattr(first, "lines", ()),
        ) from first
    except KeyboardInterrupt:
        with suppress(*_UNHEARD):
            context.report.warn(
                f"stopped during the undo: it served {show_split(live_split(before))} before, "
                f"and may not now; {_by_hand(before)}"
            )
        raise


def _put_back(context: Context, before: Service, mend: Mend, first: BaseException) -> str:
    """Mend it, tried again while it is out of reach, refused or changing; says what came of it."""
    for pause in _PAUSES:
        try:
            return _mend(context, before, mend, first)
        except (ApiRefused, ApiUnreachable, ChangedMeanwhile):
            context.world.sleep(pause)
    return _mend(context, before, mend, first)


def _mend(context: Context, before: Service, mend: Mend, first: BaseException) -> str:
    seen = context.cloud_run.get()
    if seen.etag == before.etag and _was_refused(first):
        return f"nothing was changed: it serves {show_split(live_split(seen))}"
    change = mend(seen)
    if change is None:
        served = show_split(live_split(seen))
        return f"somebody else changed it meanwhile, so it is left alone: it serves {served}"
    done = context.cloud_run.update(seen, change)
    return f"traffic is as it was: {show_split(live_split(done))}"


def _was_refused(error: BaseException) -> bool:
    """Whether the first write was answered. One that was not may still be on its way.

    So it is overtaken: writing anything makes its etag stale.
    """
    return isinstance(error, PipelineError) and not isinstance(error, ApiUnreachable)


def _by_hand(before: Service) -> str:
    """Named, because a rollback of its own choice may go further back than what served."""
    split = live_split(before)
    return f"`nox -s rollback -- --to {max(split, key=lambda name: split[name])}` puts it right"


def _what_serves(context: Context) -> str:
    try:
        return f"it serves {show_split(live_split(context.cloud_run.get()))}"
    except PipelineError:
        return "what it serves could not be read"


def _name(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "it was interrupted"
    return error.what if isinstance(error, PipelineError) else type(error).__name__
