"""What makes gcloud use the local Cloud Run: variables for its shell. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

_APIS = (
    "ARTIFACTREGISTRY", "CLOUDBUILD", "CLOUDRESOURCEMANAGER", "IAM", "LOGGING", "RUN",
    "SECRETMANAGER", "SERVICEUSAGE", "STORAGE",
)  # fmt: skip
_TOKEN = Path(__file__).with_name("gcloud_token.txt")
"""Means nothing to anybody. Without any token, gcloud shows no log of a build."""
_HOST = "run.localhost"
"""gcloud puts the region before it. Nobody looks either name up: gcloud leaves that to its proxy,
and the proxy is the local Cloud Run itself."""


def variables(address: str, project: str, region: str) -> dict[str, str]:
    """For gcloud only; ``address`` is HOST:PORT.

    All that gcloud asks for goes to that address, also what is not emulated: from such a shell it
    cannot reach Google, and it shows nobody the user's credentials.
    """
    host, _, port = address.rpartition(":")
    return {
        "CLOUDSDK_PROXY_TYPE": "http",
        "CLOUDSDK_PROXY_ADDRESS": host,
        "CLOUDSDK_PROXY_PORT": port,
        **{f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": f"http://{_HOST}:{port}/" for api in _APIS},
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(_TOKEN),
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_CORE_PROJECT": project,
        "CLOUDSDK_RUN_REGION": region,
    }


def exports(values: Mapping[str, str]) -> list[str]:
    """Lines for a POSIX shell."""
    return [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
