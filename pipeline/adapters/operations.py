"""Waiting for what a write started: until it has taken effect, or why it did not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.adapters.google import read_again
from pipeline.adapters.patience import PATIENT, Limits
from pipeline.adapters.refusals import raised, said
from pipeline.errors import ApiRefused, PipelineError, RevisionFailed

OPERATION = PATIENT.settling
"""Seconds that a change may take to settle."""


class NotSettled(ApiRefused):
    """A write was accepted, but what it asked for has not come to be in time. It still may."""


def awaited(operation: Any, refused: Callable[[str], PipelineError]) -> None:
    """Wait for a write; ``refused`` makes an error of why it failed."""
    try:
        result(operation, OPERATION)
    except TimeoutError as error:
        raise refused(f"the change did not settle within {OPERATION:.0f} s") from error
    except raised() as error:
        why = failure_of(operation, error)
        if why:
            raise refused(why) from error
        raise


def result(operation: Any, seconds: float) -> Any:
    """What an operation came to.

    Raises what it failed with, or what asking for it did: TimeoutError too, where Cloud Run cannot
    be asked for half a minute.
    """
    from google.api_core.future.polling import DEFAULT_POLLING

    polling = DEFAULT_POLLING.with_delay(initial=0.2, multiplier=1.5, maximum=5.0)
    return operation.result(polling=polling, timeout=seconds, retry=read_again())


def failure_of(operation: Any, error: Exception) -> str:
    """Why an operation failed, in Cloud Run's words; empty where only asking for it did."""
    response = getattr(error, "response", None)
    is_outcome = response is not None and response is operation.operation
    return first_line(said(error)) if is_outcome else ""


def refusal(text: str, where: str, revision: str) -> PipelineError:
    """Why a change did not take effect; ``revision`` is the one that it makes, if any."""
    if revision:
        return RevisionFailed(text, where=f"revision {revision}")
    return ApiRefused(text, where=where, remedy="look with `nox -s status`")


def not_settled(limits: Limits, where: str, revision: str) -> PipelineError:
    if limits.is_hurried:
        what = "the change was accepted, but it has not taken effect yet"
    else:
        what = f"the change did not settle within {limits.settling:.0f} s"
        if revision:
            return refusal(what, where, revision)
    remedy = "look with `nox -s status`: it may still take effect"
    return NotSettled(what, where=where, remedy=remedy)


def first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "no reason was given"
