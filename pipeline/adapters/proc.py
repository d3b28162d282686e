"""A container's first process, as this machine's Linux knows it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def folder_of(container: Mapping[str, Any]) -> Path | None:
    """``/proc/PID`` of the first process, or None where it is out of sight.

    ``container`` is what the engine's ``inspect`` says of it. An engine in a virtual machine gives
    a number that means another process here, so its control group must name the container.
    """
    try:
        pid = int((container.get("State") or {}).get("Pid") or 0)
        name = str(container.get("Id") or "")
        folder = Path(f"/proc/{pid}")
        is_it = bool(pid and name) and name in (folder / "cgroup").read_text("utf-8", "replace")
    except (OSError, ValueError):
        return None
    return folder if is_it else None
