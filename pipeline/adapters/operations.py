"""Waiting for what a write started: until it has taken effect, or why it did not."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from typing import Any

from pipeline.adapters.messages import read_service
from pipeline.adapters.refusals import said, translated
from pipeline.errors import ApiRefused, PipelineError, RevisionFailed
from pipeline.model import Service

OPERATION = 300.0
"""Seconds that a change may take to settle: Cloud Run's 240 s to start, and some."""


def settle(write: Callable[[], Any], where: str, revision: str = "") -> Service:
    """Change a service and wait for it; ``revision`` is the one that the change makes, if any."""

    def refused(text: str) -> PipelineError:
        if revision:
            return RevisionFailed(text, where=f"revision {revision}")
        return ApiRefused(text, remedy="look with `nox -s status`")

    return read_service(settled(write, where, refused))


def settled(write: Callable[[], Any], where: str, refused: Callable[[str], PipelineError]) -> Any:
    """Send a write and wait for its operation; ``refused`` makes an error of why it failed."""
    from google.api_core import exceptions
    from google.api_core.future.polling import DEFAULT_POLLING

    with translated(where):
        operation = write()
        polling = DEFAULT_POLLING.with_delay(initial=0.2, multiplier=1.5, maximum=5.0)
        try:
            return operation.result(polling=polling, timeout=OPERATION)
        except concurrent.futures.TimeoutError as error:
            what = f"the change did not settle within {OPERATION:.0f} s"
            raise refused(what) from error
        except exceptions.GoogleAPICallError as error:
            if error.response is operation.operation:  # the outcome, not a failed poll
                raise refused(_first_line(said(error))) from error
            raise


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "no reason was given"
