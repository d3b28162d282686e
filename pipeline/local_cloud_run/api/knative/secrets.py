"""Secrets of other projects: v1 has a short name for each, explained in an annotation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import NAMESPACE_URL, uuid5

from pipeline.local_cloud_run.api.knative.spelling import RUN
from pipeline.local_cloud_run.state.rpc import invalid

ANNOTATION = f"{RUN}secrets"
_PAIR = re.compile(r"([^:,]+):(projects/[^/,]+/secrets/[^/,]+)")


def read(text: str) -> dict[str, str]:
    """The secret in full by its short name. Raises INVALID_ARGUMENT."""
    pairs = [_PAIR.fullmatch(pair.strip()) for pair in text.split(",")] if text else []
    if not all(pairs):
        raise invalid(
            f"metadata.annotations[{ANNOTATION}]: needs NAME:projects/PROJECT/secrets/SECRET."
        )
    return {pair[1]: pair[2] for pair in pairs if pair}


def write(names: Mapping[str, str]) -> dict[str, str]:
    """The annotation that explains short names, where there are any."""
    text = ",".join(f"{name}:{path}" for name, path in sorted(names.items()))
    return {ANNOTATION: text} if text else {}


def short(secret: str, names: dict[str, str]) -> str:
    """The name of a secret in v1; one that is given in full gets a short name in ``names``."""
    if not _PAIR.fullmatch(f"name:{secret}"):
        return secret
    name = f"secret-{uuid5(NAMESPACE_URL, secret)}"
    names[name] = secret
    return name
