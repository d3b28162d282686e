"""Entries of the log store as the page shows them: harmless, short, without secrets."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pipeline.local_cloud_run.api.logs import LogStore
from pipeline.local_cloud_run.values import Json, RevisionKey
from pipeline.report.harmless import harmless, harmless_lines
from pipeline.report.masking import NO_SECRETS, Secrets

MOST_LINES = 200
MOST_REQUESTS = 50
_LINES_OF_ONE = 20
_TEXT = 1024 * 1024  # characters that one answer looks at

SEVERITIES = (
    "DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY",
)  # fmt: skip
_STREAMS = {"stdout", "stderr", "requests", "system", "system_event", "cloudbuild"}


@dataclass(frozen=True)
class Wanted:
    """``after`` is the number of the last entry that the page has.

    ``source`` is empty for all, or PROJECT/LOCATION/SERVICE, with /REVISION or without; or
    ``others`` for jobs and builds.
    """

    after: int = 0
    source: str = ""
    severity: str = "DEFAULT"

    def takes(self, entry: Json) -> bool:
        level = SEVERITIES.index(entry.get("severity", "DEFAULT"))
        return level >= SEVERITIES.index(self.severity) and self._is_from(entry)

    def _is_from(self, entry: Json) -> bool:
        of_revision = entry["resource"]["type"] == "cloud_run_revision"
        if self.source in ("", "others"):
            return not self.source or not of_revision
        return of_revision and f"{'/'.join(revision_of(entry))}/".startswith(f"{self.source}/")


def is_request(entry: Json) -> bool:
    return str(entry["logName"]).endswith("%2Frequests")


def revision_of(entry: Json) -> RevisionKey:
    labels = entry["resource"]["labels"]
    names = ("project_id", "location", "service_name", "revision_name")
    return RevisionKey(*(labels[name] for name in names))


def news(store: LogStore, wanted: Wanted, secrets: Secrets = NO_SECRETS) -> Json:
    """The newest lines and requests after those that the page has, oldest first.

    ``left_out`` says that there were more lines than an answer holds.
    """
    lines: list[Json] = []
    requests: list[Json] = []
    room, left_out = _TEXT, False
    for number, entry in store.newest_first():
        if number <= wanted.after or (left_out and len(requests) == MOST_REQUESTS):
            break
        if not wanted.takes(entry):
            continue
        if is_request(entry):
            if len(requests) < MOST_REQUESTS:
                requests.append(_request(number, entry, secrets))
        elif len(lines) == MOST_LINES or room < 0:
            left_out = True
        else:
            text = _text(entry)
            room -= len(text)
            lines.append(_line(number, entry, text, secrets))
    return {
        "last": store.last,
        "lines": lines[::-1],
        "requests": requests[::-1],
        "left_out": left_out,
    }


def _line(number: int, entry: Json, text: str, secrets: Secrets) -> Json:
    return {
        **_common(number, entry),
        "stream": _stream(entry),
        "text": "\n".join(harmless_lines([text], _LINES_OF_ONE, secrets)),
    }


def _request(number: int, entry: Json, secrets: Secrets) -> Json:
    said = entry["httpRequest"]
    return {
        **_common(number, entry),
        "method": harmless(said["requestMethod"], secrets),
        "path": harmless(_path(said["requestUrl"]), secrets),
        "status": said["status"],
        "seconds": float(said["latency"].removesuffix("s")),
    }


def _common(number: int, entry: Json) -> Json:
    return {
        "number": number,
        "at": entry["timestamp"],
        "severity": entry.get("severity", "DEFAULT"),
        **_source(entry),
    }


def _source(entry: Json) -> Json:
    labels = entry["resource"]["labels"]
    match entry["resource"]["type"]:
        case "cloud_run_revision":
            key = revision_of(entry)
            return {"service": "/".join(key.of_service), "source": key.revision or key.service}
        case "cloud_run_job":
            execution = entry.get("labels", {}).get("run.googleapis.com/execution_name")
            return {"source": execution or labels["job_name"]}
        case _:
            return {"source": f"build {labels['build_id'][:8]}"}


def _stream(entry: Json) -> str:
    name = str(entry["logName"]).rpartition("%2F")[2].rpartition("/")[2]
    return name if name in _STREAMS else ""


def _text(entry: Json) -> str:
    """Its message first, then its other fields."""
    payload = entry.get("jsonPayload")
    if payload is None:
        return str(entry.get("textPayload", ""))
    message = payload.get("message")
    if not isinstance(message, str):
        return json.dumps(payload, ensure_ascii=False)
    others = {name: value for name, value in payload.items() if name != "message"}
    return f"{message} {json.dumps(others, ensure_ascii=False)}" if others else message


def _path(url: str) -> str:
    """Path and query, as they were sent."""
    return "/" + url.partition("://")[2].partition("/")[2]
