"""Where Google's APIs are, and who we are to them.

``CLOUD_RUN_EMULATOR_HOST=HOST:PORT`` sends every call to a local Cloud Run, as the emulators of
Google's other products do. Nothing above this module knows which one it talks to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.adapters.refusals import EMULATOR, no_credentials, translated
from pipeline.errors import ConfigError, KeyFileRefused

CALL = 20.0
"""Seconds that one call of an API may take."""

READS = 30.0
"""Seconds for which a read is asked again that fails in passing."""

_ODD_FILE = (AttributeError, KeyError, OSError, TypeError, ValueError)
"""What Google's library lets through for a file of credentials that is none."""

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@dataclass(frozen=True)
class Google:
    """Endpoints and credentials. ``emulator`` is HOST:PORT of a local Cloud Run, or empty."""

    emulator: str = ""
    takes_key_file: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], *, takes_key_file: bool = False) -> Google:
        host = environ.get(EMULATOR, "").strip()
        name, _, port = host.rpartition(":")
        if host and not (name and port.isdigit() and "/" not in host):
            raise ConfigError(
                f"{EMULATOR} is {host!r}, not HOST:PORT",
                where=EMULATOR,
                remedy="set it to what `nox -s local` printed, or unset it",
            )
        return cls(host, takes_key_file)

    def endpoint(self, api: str) -> str:
        """The base URL of an API: run, logging, secretmanager, iamcredentials."""
        return f"http://{self.emulator}" if self.emulator else f"https://{api}.googleapis.com"

    @cached_property
    def credentials(self) -> Any:
        """Application default credentials; none at all for a local Cloud Run.

        Raises NoCredentials and KeyFileRefused.
        """
        from google.auth import credentials as auth_credentials
        from google.auth import default, exceptions

        if self.emulator:
            return auth_credentials.AnonymousCredentials()  # type: ignore[no-untyped-call]
        try:
            found = default(scopes=[_SCOPE])[0]
        except (exceptions.GoogleAuthError, *_ODD_FILE) as error:
            raise no_credentials(error) from error
        if not self.takes_key_file and _is_key(found):
            raise _key_refused(found)
        return found

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

    def get(self, api: str, path: str) -> Any:
        """GET JSON; asked again when it fails in passing. Errors are the pipeline's own."""
        return self._asked(api, path, lambda url: self.session.get(url, timeout=CALL))

    def post(self, api: str, path: str, body: Mapping[str, Any], *, timeout: float = 30.0) -> Any:
        """POST JSON, get JSON, within ``timeout`` seconds; asked again when it fails in passing.

        For calls that change nothing. Errors are the pipeline's own.
        """
        document = dict(body)
        return self._asked(
            api, path, lambda url: self.session.post(url, json=document, timeout=timeout)
        )

    def _asked(self, api: str, path: str, send: Callable[[str], Any]) -> Any:
        def ask() -> Any:
            return answered(send(f"{self.endpoint(api)}{path}"))

        with translated(f"{api}.googleapis.com{path}"):
            return read_again()(ask)()


def answered(answer: Any) -> dict[str, Any]:
    """The JSON object that an HTTP answer has. Raises what Google's client makes of a refusal."""
    if answer.ok:
        return _object(answer)
    raise _refusal(answer)


def _object(answer: Any) -> dict[str, Any]:
    """What every call of Google's answers: a JSON object. A portal may answer anything else."""
    from google.protobuf.json_format import ParseError

    try:
        found = answer.json()
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    raise ParseError("no JSON object")


def _refusal(answer: Any) -> Exception:
    """What Google's client makes of it, which takes JSON of any kind for Google's own."""
    from google.api_core import exceptions

    refusal: Exception
    try:
        refusal = exceptions.from_http_response(answer)  # type: ignore[no-untyped-call]
    except (AttributeError, TypeError):
        refusal = exceptions.from_http_status(  # type: ignore[no-untyped-call]
            answer.status_code, answer.reason or "no reason was given"
        )
    return refusal


def _is_key(credentials: Any) -> bool:
    """Whether a key that was stored in a file is behind them, impersonation or not."""
    from google.oauth2 import service_account

    source = getattr(credentials, "_source_credentials", None)
    return any(isinstance(one, service_account.Credentials) for one in (credentials, source))


def _key_refused(credentials: Any) -> KeyFileRefused:
    return KeyFileRefused(
        "a service account's key does not expire, works from anywhere, and is a file to lose",
        where=str(getattr(credentials, "service_account_email", "")),
        remedy="use `gcloud auth application-default login --impersonate-service-account=ACCOUNT`, "
        "in CI Workload Identity Federation; or write allow_key_file: true into pipeline.yaml",
    )


def read_again(seconds: float = READS) -> Any:
    """A retry for reads, for so long; a write may have taken effect, so it is none for those."""
    from google.api_core import exceptions, retry

    passing = retry.if_exception_type(
        exceptions.ServiceUnavailable,
        exceptions.TooManyRequests,
        exceptions.GatewayTimeout,
        exceptions.InternalServerError,
    )
    return retry.Retry(predicate=passing, initial=0.5, maximum=5.0, timeout=seconds)
