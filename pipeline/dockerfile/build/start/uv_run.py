"""``uv run``: makes the project's environment, or completes it, before the command runs."""

from __future__ import annotations

import posixpath

from pipeline.dockerfile.build.values import Launch

_WITHOUT = {"--no-sync", "--no-project", "--active", "--isolated"}
_OFF = {"", "0", "false", "no", "off"}


def synced(launch: Launch) -> str:
    """The environment's folder; empty where nothing is synced, or where it cannot be known."""
    shell = launch.written.shell
    if "uv run" not in launch.wrappers or not shell.cwd:
        return ""
    own = launch.written.words[: -len(launch.executed.argv)]
    no_sync = shell.variables.get("UV_NO_SYNC", "")
    if _WITHOUT.intersection(own) or no_sync is None or no_sync.lower() not in _OFF:
        return ""
    return posixpath.join(shell.cwd, shell.variables.get("UV_PROJECT_ENVIRONMENT") or ".venv")
