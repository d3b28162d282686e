"""A container's first process and control groups, as this machine's Linux knows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

GROUPS = "/sys/fs/cgroup"
"""Where control groups are, here and in a container."""


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


def groups_of(container: Mapping[str, Any], kind: str) -> Iterator[tuple[Path, int]]:
    """Where its control group for ``cpu`` or ``memory`` may be, each with its version, 1 or 2."""
    process = folder_of(container)
    try:
        groups = (process / "cgroup").read_text("utf-8", "replace") if process else ""
    except OSError:
        return
    for line in groups.splitlines():
        _, kinds, path = (*line.split(":", 2), "", "")[:3]
        if kind in kinds.split(","):
            yield Path(f"{GROUPS}/{kind}{path}"), 1
        elif not kinds:
            yield Path(f"{GROUPS}{path}"), 2


def texts(files: tuple[Path, ...]) -> str | None:
    """Their contents; None once one of them is gone."""
    try:
        return "".join(file.read_text("utf-8", "replace") for file in files)
    except OSError:
        return None
