"""What became of a build that did not succeed: each ending has its own sentence and remedy."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.adapters.build_message import Build
from pipeline.errors import BuildFailed, PipelineError, RegistryRefused

ENDED = frozenset({"SUCCESS", "FAILURE", "INTERNAL_ERROR", "TIMEOUT", "CANCELLED", "EXPIRED"})

_AGAIN = "run `nox -s build` again"
_ENDINGS = {
    "FAILURE": ("a step failed", "mend the step that failed; its own words are above"),
    "TIMEOUT": (
        "the build took longer than it may",
        "raise build.timeout, or find the step that hangs; the last lines of its log are above",
    ),
    "CANCELLED": ("somebody cancelled the build", _AGAIN),
    "EXPIRED": (
        "the build waited too long for its turn, and was given up",
        f"other builds of the project go before it: {_AGAIN} later",
    ),
    "INTERNAL_ERROR": ("Cloud Build itself failed", f"it is Google's own trouble: {_AGAIN}"),
}
_PUSHES = {
    "PUSH_FAILED": ("was not accepted", "check that the repository exists"),
    "PUSH_NOT_AUTHORIZED": (
        "may not be pushed by the build",
        "grant roles/artifactregistry.writer on the repository to the account that builds",
    ),
    "PUSH_IMAGE_NOT_FOUND": (
        "was not there to be pushed",
        f"the build made no image of that name: {_AGAIN}; if it persists, please report it",
    ),
}
_FETCH = (
    "the build could not read its source",
    "grant roles/storage.objectViewer on the bucket to the account that builds",
)
_LOGGING = (
    "the build could not write its log",
    "grant roles/logging.logWriter on the project to the account that builds",
)


def failure_of(build: Build, reference: str, lines: Sequence[str]) -> PipelineError:
    """The error for a build that ended without success; ``lines`` is what it wrote."""
    if build.failure in _PUSHES:
        what, remedy = _PUSHES[build.failure]
        return RegistryRefused(
            _said(f"{reference} {what}", build.detail), where=_where(build),
            remedy=remedy, lines=lines[-10:],
        )  # fmt: skip
    unknown = (f"the build ended as {build.status}", _AGAIN)
    what, remedy = _ENDINGS.get(build.status, unknown)
    if build.failure == "FETCH_SOURCE_FAILED":
        what, remedy = _FETCH
    elif build.failure == "LOGGING_FAILURE":
        what, remedy = _LOGGING
    return BuildFailed(_said(what, build.detail), where=_where(build), remedy=remedy, lines=lines)


def _said(what: str, detail: str) -> str:
    return f"{what}: {detail}" if detail else what


def _where(build: Build) -> str:
    return build.page or f"build {build.id}"
