"""ID tokens, for services that are not public."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from pipeline.adapters.google import CALL, Google
from pipeline.errors import NoCredentials

_LOCAL_ACCOUNT = "local"


@dataclass(frozen=True)
class IdTokens:
    google: Google
    project: str

    def header(self, audience: str) -> dict[str, str]:
        """The header that a private service accepts.

        ``audience`` is the service's URL, for its tag URLs too (API facts §5). This header leaves
        ``Authorization`` to the service itself.
        """
        return {"X-Serverless-Authorization": f"Bearer {self._token(audience)}"}

    def _token(self, audience: str) -> str:
        account = self._account()
        if account:
            return self._impersonated(account, audience)
        from google.auth import exceptions
        from google.auth.transport.requests import Request
        from google.oauth2 import id_token

        request = partial(Request(), timeout=CALL)
        try:
            return str(id_token.fetch_id_token(request, audience))  # type: ignore[no-untyped-call]
        except exceptions.GoogleAuthError as error:
            raise NoCredentials(
                "the service is private and these credentials cannot make an ID token for it",
                where=str(error).splitlines()[0],
                remedy="use a service account (in GitHub Actions: workload identity with "
                "service_account), or `gcloud auth application-default login "
                "--impersonate-service-account=ACCOUNT`",
            ) from error

    def _impersonated(self, account: str, audience: str) -> str:
        path = f"/v1/projects/-/serviceAccounts/{account}:generateIdToken"
        body = {"audience": audience, "includeEmail": True}
        answer: dict[str, Any] = self.google.post("iamcredentials", path, body)
        return str(answer["token"])

    def _account(self) -> str:
        """The service account that federated credentials stand for; none for other kinds."""
        if self.google.emulator:
            return f"{_LOCAL_ACCOUNT}@{self.project}.iam.gserviceaccount.com"
        from google.auth import compute_engine

        credentials = self.google.credentials
        if isinstance(credentials, compute_engine.Credentials):
            return ""  # Google's own machines hand out ID tokens, and no role is needed for them
        return str(getattr(credentials, "service_account_email", "") or "")
