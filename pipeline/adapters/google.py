"""Where Google's APIs are, and who we are to them.

``CLOUD_RUN_EMULATOR_HOST=HOST:PORT`` sends every call to a local Cloud Run, as the emulators of
Google's other products do. Nothing above this module knows which one it talks to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.errors import (
    ApiRefused,
    ApiUnreachable,
    ChangedMeanwhile,
    ConfigError,
    NoCredentials,
    PermissionMissing,
    PipelineError,
    ServiceMissing,
)

EMULATOR = "CLOUD_RUN_EMULATOR_HOST"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@dataclass(frozen=True)
class Google:
    """Endpoints and credentials. ``emulator`` is HOST:PORT of a local Cloud Run, or empty."""

    emulator: str = ""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Google:
        host = environ.get(EMULATOR, "").strip()
        name, _, port = host.rpartition(":")
        if host and not (name and port.isdigit() and "/" not in host):
            raise ConfigError(
                f"{EMULATOR} is {host!r}, not HOST:PORT",
                where=EMULATOR,
                remedy="set it to what `nox -s local` printed, or unset it",
            )
        return cls(host)

    def endpoint(self, api: str) -> str:
        """The base URL of an API: run, logging, iamcredentials."""
        return f"http://{self.emulator}" if self.emulator else f"https://{api}.googleapis.com"

    @cached_property
    def credentials(self) -> Any:
        """Application default credentials; none at all for a local Cloud Run."""
        from google.auth import credentials as auth_credentials
        from google.auth import default, exceptions

        if self.emulator:
            return auth_credentials.AnonymousCredentials()  # type: ignore[no-untyped-call]
        try:
            return default(scopes=[_SCOPE])[0]
        except exceptions.GoogleAuthError as error:
            raise no_credentials(error) from error

    @cached_property
    def session(self) -> Any:
        """A requests session for the APIs that need no client library of their own."""
        import requests
        from google.auth.transport.requests import AuthorizedSession

        if self.emulator:
            session = requests.Session()
            session.trust_env = False
            return session
        return AuthorizedSession(self.credentials)  # type: ignore[no-untyped-call]

    def post(self, api: str, path: str, body: Mapping[str, Any], *, timeout: float = 30.0) -> Any:
        """POST JSON, get JSON. Errors are the pipeline's own."""
        with translated(f"{api}.googleapis.com{path}"):
            url = f"{self.endpoint(api)}{path}"
            answer = self.session.post(url, json=dict(body), timeout=timeout)
            if answer.ok:
                return answer.json()
            from google.api_core import exceptions

            raise exceptions.from_http_response(answer)  # type: ignore[no-untyped-call]


def no_credentials(error: Exception) -> NoCredentials:
    return NoCredentials(
        "no application default credentials were found, or they are no longer valid",
        where=str(error).splitlines()[0] if str(error) else "",
        remedy="run `gcloud auth application-default login`; in CI, check the workload identity "
        f"step; to rehearse without any, start `nox -s local` and set {EMULATOR}",
    )


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn what Google's clients raise into the pipeline's errors, one class for each cause."""
    import requests
    from google.api_core import exceptions as api
    from google.auth import exceptions as auth

    try:
        yield
    except api.RetryError as error:
        raise _named(error.cause or error, where) from error
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
            return ServiceMissing(text, where=where, remedy="check service, project and region")
        case api.Conflict():
            return ChangedMeanwhile(
                text, where=where, remedy="look with `nox -s status`, then run the command again"
            )
        case api.TooManyRequests():
            return ApiRefused(text, where=where, remedy="wait a minute, then run it again")
        case api.ServiceUnavailable() | api.GatewayTimeout():
            return _unreachable(error, where)
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
    return ApiUnreachable(
        f"no answer: {_cause(said(error))}",
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
