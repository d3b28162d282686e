"""One request at the front end, as its log entry tells it (API facts §8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from pipeline.local_cloud_run.front_end.headers import Trace
from pipeline.local_cloud_run.values import LogEntry, Refusal, RevisionKey

CLIENT_LEFT = 499  # a status for the log only


@dataclass
class Visit:
    """Filled in as the request is answered. ``began`` is on the loop's clock, in seconds."""

    request: web.BaseRequest
    key: RevisionKey
    trace: Trace
    at: datetime
    began: float
    status: int = CLIENT_LEFT
    size: int = 0  # bytes of the answer's body
    instance: str = ""
    logged: bool = True
    begun: bool = False  # an answer is on its way

    def begin(self, status: int) -> None:
        """The container's own answer begins."""
        self.status, self.begun = status, True

    def refuse(self, refusal: Refusal) -> web.Response:
        """The front end's own answer, in place of the container's."""
        answer = web.Response(status=refusal.status, text=f"{refusal.message}\n")
        self.status, self.logged = refusal.status, refusal.logged
        self.size = answer.content_length or 0
        return answer

    def entry(self, ended: float) -> LogEntry:
        """The request log's entry; ``ended`` is on the same clock as ``began``."""
        request = self.request
        return LogEntry(
            at=self.at,
            key=self.key,
            log="requests",
            severity=severity(self.status),
            trace=f"projects/{self.key.project}/traces/{self.trace.id}",
            span=self.trace.span,
            http_request={
                "requestMethod": request.method,
                "requestUrl": _utf8(f"{request.scheme}://{request.host}{path_of(request)}"),
                "status": self.status,
                "responseSize": str(self.size),
                "userAgent": _utf8(request.headers.get("User-Agent", "")),
                "remoteIp": request.remote or "",
                "latency": f"{ended - self.began:.6f}s",
                "protocol": f"HTTP/{request.version.major}.{request.version.minor}",
            },
            labels={"instanceId": self.instance} if self.instance else {},
        )


def severity(status: int) -> str:
    """WARNING for 4xx, ERROR for 5xx, else INFO."""
    return "ERROR" if status >= 500 else "WARNING" if status >= 400 else "INFO"


def path_of(request: web.BaseRequest) -> str:
    """Path and query as they were sent; they always begin with a slash."""
    if request.raw_path.startswith("/"):
        return request.raw_path
    return f"/{request.rel_url.raw_path_qs.lstrip('/')}"


def _utf8(text: str) -> str:
    """Header bytes that are no UTF-8 cannot be sent on; they are replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
