"""Who may call a service: public ones by anybody, others with an ID token (API facts §4.4, §5).

The local Cloud Run issues the tokens itself. Every account counts as a developer of the project,
who may invoke all its services, so what decides is that the token is for this service.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.local_cloud_run.state import texts
from pipeline.local_cloud_run.state.resources import Service
from pipeline.local_cloud_run.values import Json, Refusal

INVOKER_ROLES = ("roles/run.invoker", "roles/run.servicesInvoker")
_LIFETIME = 3600  # seconds
_ISSUER = "https://accounts.google.com"


@dataclass(frozen=True)
class Tokens:
    """Issues and checks ID tokens: HS256 under ``key``, which nobody else has."""

    key: bytes

    def issue(self, audience: str, email: str, now: datetime, *, include_email: bool) -> str:
        issued = int(now.timestamp())
        claims = {"iss": _ISSUER, "aud": audience, "sub": email, "azp": email,
                  "iat": issued, "exp": issued + _LIFETIME}  # fmt: skip
        if include_email:
            claims |= {"email": email, "email_verified": True}
        signed = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(claims)}"
        return f"{signed}.{self._sign(signed)}"

    def claims(self, token: str, now: datetime) -> Json | None:
        """The claims of a token of ours that has not expired; None for any other."""
        if not token.isascii():
            return None
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._sign(signed).encode(), signature.encode()):
            return None
        claims: Json = json.loads(_decode(signed.partition(".")[2]))
        return claims if claims["exp"] > now.timestamp() else None

    def _sign(self, signed: str) -> str:
        return _base64(hmac.new(self.key, signed.encode(), hashlib.sha256).digest())


def is_public(service: Service) -> bool:
    """Whether anybody may call: allUsers has an invoker role, or the check is switched off."""
    if service.spec.get("invokerIamDisabled", False):
        return True
    return any(
        binding.get("role") in INVOKER_ROLES and "allUsers" in binding.get("members", ())
        for binding in service.policy
    )


def authorise(
    service: Service, uri: str, headers: Mapping[str, str], tokens: Tokens, now: datetime
) -> Refusal | None:
    """None when the request may pass, else the front end's answer.

    ``uri`` is the service's own address, which is the audience also at a tag's address.
    ``X-Serverless-Authorization`` wins over ``Authorization``.
    """
    if is_public(service):
        return None
    lower = {name.lower(): value for name, value in headers.items()}
    sent = lower.get("x-serverless-authorization") or lower.get("authorization", "")
    scheme, _, token = sent.partition(" ")
    if scheme.lower() != "bearer" or not token:
        return Refusal(403, texts.NOT_AUTHENTICATED)
    claims = tokens.claims(token.strip(), now)
    audiences = {uri, f"{uri}/", *service.spec.get("customAudiences", ())}
    if claims is None or claims["aud"] not in audiences:
        return Refusal(401, texts.NOT_AUTHENTICATED)
    return None


def _encode(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
