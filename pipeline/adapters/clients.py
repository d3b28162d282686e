"""How Google's clients are connected: over REST, to Google or to this machine."""

from __future__ import annotations

from typing import Any

from pipeline.adapters.google import Google


def connection(google: Google, api: str = "run") -> dict[str, Any]:
    """What every client of an API is made with."""
    from google.api_core.client_options import ClientOptions

    return {
        "transport": "rest",
        "credentials": google.credentials,
        "client_options": ClientOptions(api_endpoint=google.endpoint(api)),
    }


def go_direct(google: Google, *transports: Any) -> None:
    """A proxy that the environment names leads to Google, not to this machine."""
    for transport in transports if google.emulator else ():
        transport._session.trust_env = False
