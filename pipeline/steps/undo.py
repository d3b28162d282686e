"""Undo, then let the first error through; an undo that fails is said, and hides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableSequence
from contextlib import contextmanager, suppress

from pipeline.adapters.cloud_run import Change, CloudRun
from pipeline.adapters.operations import NotSettled
from pipeline.adapters.time_limit import TookTooLongError, time_limit
from pipeline.adapters.writing import is_there
from pipeline.context import Context
from pipeline.errors import (
    ApiRefused,
    ApiUnreachable,
    ChangedMeanwhile,
    NoCredentials,
    Paused,
    PipelineError,
    TrafficUnknown,
)
from pipeline.model import Service, Split, asked_split, live_split, show_split

_PAUSES = (1.0, 4.0, 15.0, 45.0)
"""Seconds before each further try; together more than the minute that a quota is counted in."""

_HURRIED = (0.5, 1.0)
"""The same for who wants to leave: a terminal, or a CI that kills ten seconds after its signal."""

_LONGEST = 8.5  # seconds that such an undo may take, whatever the network does

_UNHEARD = (OSError, SystemExit)
"""What writing ends with when nobody reads any more; an undo goes on all the same."""

Mend = Callable[[Service, BaseException], Change | str]
"""From the service as it is and what went wrong: what puts it right, or why it is left alone."""


@contextmanager
def undone(context: Context, before: Split, mend: Mend) -> Iterator[None]:
    """Run a change of a service; when it fails or is interrupted, mend it: back to ``before``.

    A pause is no failure. After an interrupt the undo takes ten seconds at most.
    """
    try:
        yield
    except Paused:
        raise
    except BaseException as first:
        _undo(context, before, mend, first)
        raise


def was_answered(error: BaseException) -> bool:
    """Whether the first write was answered. One that was not may still be on its way.

    So it is overtaken: writing anything makes its etag stale.
    """
    return isinstance(error, PipelineError) and not isinstance(error, ApiUnreachable)


def is_in_effect(service: Service) -> bool:
    """Whether it serves what it asks for: a write may be there, and its traffic update failed."""
    return live_split(service) == asked_split(service)


def _undo(context: Context, before: Split, mend: Mend, first: BaseException) -> None:
    try:
        with suppress(*_UNHEARD):
            context.report.doing("undoing: putting traffic back to what it was")
        said = _put_back_in_time(context, mend, first)
        with suppress(*_UNHEARD):
            context.report.step(said)
    except PipelineError as error:
        if isinstance(first, NoCredentials) and isinstance(error, NoCredentials):
            raise _left(first, before) from first
        raise TrafficUnknown(
            f"{_name(first)}, and the undo failed too: {error.what}",
            where=error.where,
            remedy=f"{_what_serves(context, first)}; {_by_hand(before)}",
            lines=getattr(first, "lines", ()),
        ) from first
    except KeyboardInterrupt:
        with suppress(*_UNHEARD):
            context.report.warn(
                f"stopped during the undo: before the release it served {show_split(before)}, "
                f"and may not now; {_by_hand(before)}"
            )
        raise


def _put_back_in_time(context: Context, mend: Mend, first: BaseException) -> str:
    """A dead network gives no call back in time; who interrupts is gone after ten seconds."""
    if not isinstance(first, KeyboardInterrupt):
        return _put_back(context, mend, first)
    try:
        with time_limit(_LONGEST):
            return _put_back(context, mend, first)
    except TookTooLongError as error:
        raise ApiUnreachable(f"no answer within {_LONGEST:g} s", remedy="") from error


def _left(first: NoCredentials, before: Split) -> NoCredentials:
    """Credentials that ended in the middle: nothing is known to be wrong, so it can go on."""
    return NoCredentials(
        f"{first.what}; traffic is left where it is, for without them nothing can be changed",
        where=first.where,
        remedy=f"{first.remedy}; then `nox -s status`: `nox -s shift` goes on from there, and "
        f"{_by_hand(before)}",
    )


def _put_back(context: Context, mend: Mend, first: BaseException) -> str:
    """Mend it, tried again while it is out of reach, refused or changing; says what came of it."""
    cloud_run, asked = _in_time(context, first), list[Change]()
    for pause in _HURRIED if isinstance(first, KeyboardInterrupt) else _PAUSES:
        try:
            return _mend(cloud_run, mend, first, asked)
        except (ApiRefused, ApiUnreachable, ChangedMeanwhile):
            context.world.sleep(pause)
    return _mend(cloud_run, mend, first, asked)


def _in_time(context: Context, first: BaseException) -> CloudRun:
    return (
        context.cloud_run.hurried() if isinstance(first, KeyboardInterrupt) else context.cloud_run
    )


def _mend(
    cloud_run: CloudRun, mend: Mend, first: BaseException, asked: MutableSequence[Change]
) -> str:
    """One try; ``asked`` is what those before it wrote, which may be there and have no effect."""
    seen = cloud_run.get()
    is_asked = bool(asked) and is_there(seen, asked[-1])
    if is_asked and is_in_effect(seen):
        return _as_before(seen)
    change = asked[-1] if is_asked else mend(seen, first)
    if isinstance(change, str):
        return f"{change}: it serves {show_split(live_split(seen))}"
    asked.append(change)
    try:
        done = cloud_run.update(seen, change)
    except NotSettled as error:
        if not isinstance(first, KeyboardInterrupt):
            raise
        return f"traffic was told to go back, and is not there yet: {error.what}"
    if not is_in_effect(done):
        raise ApiRefused(
            f"asked for {show_split(asked_split(done))}, it serves {show_split(live_split(done))}",
            remedy="look with `nox -s status`",
        )
    return _as_before(done)


def _as_before(service: Service) -> str:
    return f"traffic is as before the release: {show_split(live_split(service))}"


def _by_hand(before: Split) -> str:
    """Named, because a rollback of its own choice may go further back than what served."""
    if not before:
        return "`nox -s status` says what there is"
    return f"`nox -s rollback -- --to {max(before, key=lambda name: before[name])}` puts it right"


def _what_serves(context: Context, first: BaseException) -> str:
    unknown = "what it serves could not be read"
    if isinstance(first, KeyboardInterrupt):
        return unknown
    try:
        return f"it serves {show_split(live_split(context.cloud_run.get()))}"
    except PipelineError:
        return unknown


def _name(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "it was interrupted"
    return error.what if isinstance(error, PipelineError) else type(error).__name__
