"""The API listener: which translator answers which path, and how a refusal looks on the wire."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import MultiMapping

from pipeline.local_cloud_run.api import (
    builds_v1,
    local_faults,
    logging_v2,
    rest_v2,
    secret_manager,
    setup,
)
from pipeline.local_cloud_run.api.iam import Tokens
from pipeline.local_cloud_run.api.knative import surface
from pipeline.local_cloud_run.api.logs import LogStore
from pipeline.local_cloud_run.cloud_build.builds import Builds
from pipeline.local_cloud_run.control import ControlPlane
from pipeline.local_cloud_run.faults.faults import ReplyLostError
from pipeline.local_cloud_run.state.rpc import HTTP_STATUS, ApiError, Code, invalid, not_emulated
from pipeline.local_cloud_run.values import Json

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
LARGEST_BODY = 10 * 1024 * 1024  # bytes
_PLACED = re.compile(r"([a-z][\w.\[\]]*): (.+)", re.ASCII | re.DOTALL)
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_GENERATE_ID_TOKEN = re.compile(r"/v1/projects/-/serviceAccounts/([^/:]+):generateIdToken")


@dataclass(frozen=True)
class Api:
    control: ControlPlane
    builds: Builds
    store: LogStore
    tokens: Tokens
    now: Callable[[], datetime]
    since: datetime  # when it started

    def application(self, *others: web.AbstractRouteDef) -> web.Application:
        """``others`` come first: the API answers whatever path is left."""
        middlewares = (refuse_strangers, errors_as_json)
        app = web.Application(middlewares=middlewares, client_max_size=LARGEST_BODY)
        app.router.add_routes(others)
        app.router.add_route("*", "/{path:.*}", self.handle)
        return app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        asked = (request.method, request.path, request.query, body)
        if surface.is_path(request.path, self.control):
            location = surface.region(_host_name(request.host))
            return web.json_response(await surface.answer(self.control, *asked, location))
        return web.json_response(await self.answer(*asked))

    async def answer(self, method: str, path: str, query: MultiMapping[str], body: Any) -> Json:
        """Answer one call of any surface; ``path`` is decoded. Raises ApiError."""
        if path == local_faults.PATH:
            return local_faults.answer(self.control.faults, method, body)
        if logging_v2.is_path(path):
            return await logging_v2.answer(self.store, method, path, query, body)
        if path.startswith("/v2/"):
            rest = path.removeprefix("/v2/")
            return await rest_v2.answer(self.control, method, rest, query, body)
        if secret_manager.is_path(path):
            held = self.control.secrets
            return secret_manager.answer(held, self.since, method, path, body)
        if builds_v1.is_path(path):
            return builds_v1.answer(self.builds, method, path, query, body)
        if setup.is_path(method, path):
            return setup.answer(method, path, query.getall("names", []), body)
        account = _GENERATE_ID_TOKEN.fullmatch(path)
        if account and method == "POST":
            return self._id_token(account[1], body)
        raise not_emulated(f"{method} {path}")

    def _id_token(self, email: str, body: Any) -> Json:
        """IAM Credentials' generateIdToken, for any account."""
        audience = body.get("audience") if isinstance(body, dict) else None
        if not audience or not isinstance(audience, str):
            raise invalid("audience: a non-empty string is needed.")
        include_email = body.get("includeEmail") is True
        now = self.now()
        return {"token": self.tokens.issue(audience, email, now, include_email=include_email)}


async def _body(request: web.Request) -> Any:
    try:
        text = (await request.read()).decode()
        return _parsed(text) if text.strip() else {}
    except (ValueError, RecursionError, web.RequestPayloadError) as error:
        raise invalid("Invalid JSON payload received. It cannot be parsed.") from error


def _parsed(text: str) -> Any:
    """Raises ValueError also for what Google's types cannot hold: NaN, infinity, half a pair."""
    body = json.loads(text, parse_constant=_finite, parse_float=_finite)
    if "\\u" in text:
        json.dumps(body, ensure_ascii=False).encode()
    return body


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits)
    return number


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A refusal in the shape of Google's errors (API facts §13.2)."""
    try:
        return await handler(request)
    except ApiError as error:
        if isinstance(error, ReplyLostError) and request.transport:
            request.transport.abort()
        return _refusal(error.code, error.message)
    except web.HTTPRequestEntityTooLarge:
        return _refusal(Code.INVALID_ARGUMENT, "Request payload size exceeds the limit.")


@web.middleware
async def refuse_strangers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only programs on this machine may use the API: no other host name, no page in a browser."""
    if request.method == hdrs.METH_CONNECT:  # gcloud, whose proxy this is, wants another API
        return web.Response(status=501, reason="Not emulated by the local Cloud Run")
    reason = stranger(request.host, request.headers.get("Origin"),
                      request.headers.get("Sec-Fetch-Site"))  # fmt: skip
    return _refusal(Code.PERMISSION_DENIED, reason) if reason else await handler(request)


def stranger(host: str, origin: str | None, fetch_site: str | None) -> str:
    """Why a request is refused, or "" when it may pass.

    A foreign host name is how DNS rebinding looks. A page from another port counts as cross-site:
    it may come from a container.
    """
    name = _host_name(host)
    if name not in _LOOPBACK and not name.endswith(".localhost"):
        return f"The local Cloud Run answers to loopback names only, not to Host '{name}'."
    if origin is not None and origin != f"http://{host}":
        return "The local Cloud Run refuses requests that come from another site's page."
    if fetch_site not in (None, "same-origin", "none"):
        return f"The local Cloud Run refuses {fetch_site} requests of browsers."
    return ""


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _refusal(code: Code, message: str) -> web.Response:
    error: Json = {"code": HTTP_STATUS[code], "message": message, "status": code.name}
    placed = _PLACED.fullmatch(message)
    if placed and code == Code.INVALID_ARGUMENT:  # gcloud shows the field and its fault
        violation = {"field": placed[1], "description": placed[2]}
        error["details"] = [{"@type": _BAD_REQUEST, "fieldViolations": [violation]}]
    return web.json_response({"error": error}, status=HTTP_STATUS[code])
