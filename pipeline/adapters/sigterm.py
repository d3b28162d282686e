"""What SIGTERM does to a container's first process.

Linux spares process 1 of a container a signal that it neither handles nor ignores; Cloud Run does
not: there such a program ends at once. So that is looked up, and acted out.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_MASKS = re.compile(r"^Sig(?:Cgt|Ign|Blk):\s*([0-9a-f]+)$", re.MULTILINE)
_TERM = 1 << (signal.SIGTERM - 1)


def ends_at_once(container: Mapping[str, Any]) -> bool | None:
    """Whether Cloud Run's SIGTERM ends it at once; None where that cannot be seen.

    ``container`` is what the engine's ``inspect`` says of it. An engine in a virtual machine keeps
    its processes out of sight.
    """
    try:
        pid = int((container.get("State") or {}).get("Pid") or 0)
        status = Path(f"/proc/{pid}/status").read_text() if pid else ""
    except (OSError, ValueError):
        return None
    return is_unhandled(status)


def is_unhandled(status: str) -> bool | None:
    """Whether SIGTERM is neither caught, ignored nor blocked, by a ``/proc/PID/status``."""
    masks = _MASKS.findall(status)
    return not any(int(mask, 16) & _TERM for mask in masks) if masks else None
