"""Undo, then let the first error through; an undo that fails is said, and hides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from pipeline.adapters.cloud_run import Change
from pipeline.context import Context
from pipeline.errors import ChangedMeanwhile, PipelineError, TrafficUnknown
from pipeline.model import Service, Target, live_split, show_split

_TRIES = 3


@contextmanager
def undone(context: Context, traffic: Sequence[Target], notes: Mapping[str, str]) -> Iterator[None]:
    """Run a change; when it fails or is interrupted, put traffic and notes back to these.

    A refusal because somebody else changed the service undoes nothing: what is there is theirs.
    """
    try:
        yield
    except ChangedMeanwhile:
        raise
    except BaseException as error:
        _put_back(context, traffic, notes, error)
        raise


def _put_back(
    context: Context,
    traffic: Sequence[Target],
    notes: Mapping[str, str],
    first: BaseException,
) -> None:
    context.report.doing("undoing: putting traffic back to what it was")
    try:
        service = _restore(context, traffic, notes)
    except PipelineError as error:
        raise TrafficUnknown(
            f"{_name(first)}, and the undo failed too: {error.what}",
            where=error.where,
            remedy=f"{_what_serves(context)}; `nox -s status` says what serves, "
            "`nox -s rollback` puts it right",
            lines=getattr(first, "lines", ()),
        ) from first
    context.report.step(f"traffic is as it was: {show_split(live_split(service))}")


def _restore(context: Context, traffic: Sequence[Target], notes: Mapping[str, str]) -> Service:
    for attempt in range(_TRIES):
        try:
            seen = context.cloud_run.get()
            return context.cloud_run.update(seen, Change(traffic=traffic, notes=notes))
        except ChangedMeanwhile:
            if attempt == _TRIES - 1:
                raise
    raise AssertionError


def _what_serves(context: Context) -> str:
    try:
        return f"it serves {show_split(live_split(context.cloud_run.get()))}"
    except PipelineError:
        return "what it serves could not be read"


def _name(error: BaseException) -> str:
    return error.what if isinstance(error, PipelineError) else type(error).__name__
