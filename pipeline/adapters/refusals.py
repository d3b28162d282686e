"""What Google's clients raise, as the pipeline's own errors: one class and one remedy a cause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from pipeline.errors import (
    ApiRefused,
    ApiUnreachable,
    ChangedMeanwhile,
    NoCredentials,
    PermissionMissing,
    PipelineError,
    ServiceMissing,
)

EMULATOR = "CLOUD_RUN_EMULATOR_HOST"


class Trouble(StrEnum):
    """Why a write came to nothing, as far as is known."""

    STALE = "stale"  # refused: the service is not as it was seen
    BUSY = "busy"  # refused: the quota of this minute is used up
    LOST = "lost"  # no answer: it may be applied, or be so later
    REFUSED = "refused"  # and would be so again


def no_credentials(error: Exception) -> NoCredentials:
    return NoCredentials(
        "no application default credentials were found, or they are no longer valid",
        where=str(error).splitlines()[0] if str(error) else "",
        remedy="run `gcloud auth application-default login`; in CI, check the workload identity "
        f"step; to rehearse without any, start `nox -s local` and set {EMULATOR}",
    )


def raised() -> tuple[type[Exception], ...]:
    """All that Google's clients raise when a call comes to nothing."""
    import requests
    from google.api_core import exceptions as api
    from google.auth import exceptions as auth
    from google.protobuf import json_format

    return (
        api.GoogleAPIError, auth.GoogleAuthError, requests.RequestException,
        json_format.ParseError, UnicodeDecodeError,
    )  # fmt: skip


def trouble_of(error: Exception) -> Trouble:
    """What such an error says of a write that was sent (API facts §10.1)."""
    from google.api_core import exceptions as api
    from google.auth import exceptions as auth

    match error:
        case api.Conflict():
            return Trouble.STALE
        case api.TooManyRequests():
            return Trouble.BUSY
        case api.ClientError() | api.MethodNotImplemented():
            return Trouble.REFUSED
        case auth.GoogleAuthError() if not isinstance(error, auth.TransportError):
            return Trouble.REFUSED
        case _:
            return Trouble.LOST


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn what Google's clients raise into the pipeline's errors; ``where`` is what was called."""
    import requests
    from google.api_core import exceptions as api
    from google.auth import exceptions as auth
    from google.protobuf import json_format

    try:
        yield
    except api.RetryError as error:
        raise _named(error.cause or error, where) from error
    except (json_format.ParseError, UnicodeDecodeError) as error:
        raise _out_of_reach("what answered is not Google's API", where) from error
    except api.GoogleAPIError as error:
        raise _named(error, where) from error
    except auth.TransportError as error:
        raise _unreachable(error, where) from error
    except auth.GoogleAuthError as error:
        raise no_credentials(error) from error
    except requests.RequestException as error:
        raise _unreachable(error, where) from error


def _named(error: BaseException, where: str) -> PipelineError:
    from google.api_core import exceptions as api

    text = said(error)
    match error:
        case api.Unauthorized():
            return no_credentials(Exception(text))
        case api.Forbidden():
            return PermissionMissing(text, where=where, remedy=_grant(text, where))
        case api.NotFound():
            remedy = "nothing deployed yet? `nox -s deploy`; else check service, project and region"
            return ServiceMissing(text, where=where, remedy=remedy)
        case api.Conflict():
            return ChangedMeanwhile(
                text, where=where, remedy="look with `nox -s status`, then run the command again"
            )
        case api.TooManyRequests():
            return ApiRefused(text, where=where, remedy="wait a minute, then run it again")
        case api.ServiceUnavailable() | api.GatewayTimeout() | api.RetryError():
            return _unreachable(error, where)
        case api.InternalServerError() | api.BadGateway():
            return ApiRefused(text, where=where, remedy="this is Google's own trouble: try again")
        case _:
            return ApiRefused(
                text, where=where, remedy="mend what the message names; it is Google's"
            )


def said(error: BaseException) -> str:
    """The server's own words, without the client's ``METHOD url:`` in front."""
    text = str(getattr(error, "message", "") or error)
    head, separator, rest = text.partition(": ")
    return rest if separator and "://" in head else text


def _unreachable(error: BaseException, where: str) -> ApiUnreachable:
    return _out_of_reach(f"no answer: {_cause(said(error))}", where)


def _out_of_reach(what: str, where: str) -> ApiUnreachable:
    return ApiUnreachable(
        what,
        where=where,
        remedy=f"check the network; with {EMULATOR} set, check that `nox -s local` still runs",
    )


def _cause(text: str) -> str:
    """The operating system's own words inside a client library's long ones."""
    named = re.search(r"\[Errno -?\d+\] ([^)\"']+)", text)
    return named[1].strip() if named else text.splitlines()[0][:300]


def _grant(text: str, where: str) -> str:
    named = re.search(r"projects/([a-z][a-z0-9-]+)", f"{where} {text}")
    project = named[1] if named else "PROJECT"
    if "actAs" in text:
        role, target = "roles/iam.serviceAccountUser", "on the runtime service account"
    elif "logging" in text.lower():
        role, target = "roles/logging.viewer", "on the project"
    elif "setIamPolicy" in text:
        role, target = "roles/run.admin", "on the service"
    else:
        role, target = "roles/run.developer", "on the project"
    return (
        f"grant {role} {target}, for instance: gcloud projects add-iam-policy-binding {project} "
        f"--member=MEMBER --role={role}"
    )
