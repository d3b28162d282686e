"""Whether a registry still has an image: one question, to Google's registries and to this machine.

No other is asked: it would have to be shown a token that is not meant for it.
"""

from __future__ import annotations

import re
from typing import Any

from pipeline.adapters.google import CALL, Google

_GOOGLES = re.compile(r"(?:[a-z0-9-]+-docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io)")
_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1):\d+")
_KINDS = ", ".join((
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
))  # fmt: skip


def is_gone(google: Google, reference: str) -> bool:
    """Whether NAME@DIGEST is there no longer; False where nobody can say."""
    host, _, path = reference.partition("/")
    name, _, digest = path.partition("@")
    if _LOOPBACK.fullmatch(host):
        return bool(_status(_plain(), f"http://{host}/v2/{name}/manifests/{digest}") == 404)
    if google.emulator or not _GOOGLES.fullmatch(host):
        return False
    return bool(_status(google.session, f"https://{host}/v2/{name}/manifests/{digest}") == 404)


def _plain() -> Any:
    import requests

    session = requests.Session()
    session.trust_env = False
    return session


def _status(session: Any, url: str) -> int:
    import requests
    from google.auth import exceptions

    try:
        return int(session.head(url, headers={"Accept": _KINDS}, timeout=CALL).status_code)
    except (requests.RequestException, exceptions.GoogleAuthError):
        return 0
