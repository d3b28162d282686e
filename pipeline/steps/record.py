"""What is known of a revision: by our notes on the service, and by its request log."""

from __future__ import annotations

from datetime import datetime

from pipeline.checks.errors import Requests
from pipeline.context import Context
from pipeline.errors import PipelineError
from pipeline.model import Outcome, Service
from pipeline.release.candidate import candidate_of
from pipeline.release.history import releases_of, verified_at
from pipeline.steps.probing import AGENT


def doubt(service: Service, revision: str) -> str:
    """Why a revision may be bad; empty where this pipeline verified it."""
    if verified_at(service, revision):
        return ""
    candidate = candidate_of(service)
    if candidate is not None and candidate.revision == revision and candidate.verdict:
        how = "failed" if candidate.verdict == Outcome.FAIL else "could not be judged"
        return f"{revision} {how} in its release: it may be bad"
    return f"nobody verified {revision}, as far as the notes on the service go: it may be bad"


def record(context: Context, service: Service, revision: str) -> str:
    """When a revision was verified, since when it had all traffic, and how its requests ended."""
    verified = verified_at(service, revision)
    if not verified:
        return doubt(service, revision)
    since = next((one.since for one in releases_of(service) if one.revision == revision), "")
    had = f"it had all traffic from {since}" if since else "it never had all traffic"
    return f"verified {verified}; {had}; {_requests(context, revision, since or verified)}"


def _requests(context: Context, revision: str, since: str) -> str:
    try:
        entries = context.logs.newest(revision, datetime.fromisoformat(since))
    except (PipelineError, ValueError):
        return "how its requests ended could not be read"
    requests = Requests().and_of(entries, AGENT)
    if not requests.total:
        return "no request of a user is in its log"
    return f"{requests.failed} of its last {requests.total} requests failed"
