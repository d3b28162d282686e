"""Who runs this pipeline, and whether a run of before has ended."""

from __future__ import annotations

import hashlib
import os
import platform
import uuid
from collections.abc import Mapping
from contextlib import suppress
from functools import cache

from pipeline.release.lease import Holder

_GIVEN = "CLOUD_RUN_PIPELINE_RUN"
"""Set by who runs the stages of one release in several containers."""


def holder(environ: Mapping[str, str]) -> Holder:
    """The run of the CI that this is; on a person's machine, this process."""
    if run := environ.get(_GIVEN, ""):
        return Holder(f"run:{run}", run)
    if run := environ.get("GITHUB_RUN_ID", ""):
        repository = environ.get("GITHUB_REPOSITORY", "")
        who = f"{environ.get('GITHUB_ACTOR', 'GitHub')}, run {run} of {repository}"
        return Holder(f"github:{repository}/{run}", who)
    if run := environ.get("CI_PIPELINE_URL", "") or environ.get("BUILD_TAG", ""):
        return Holder(f"run:{run}", run)  # GitLab's, Jenkins'
    if build := environ.get("BUILD_ID", ""):
        return Holder(f"build:{build}", f"Cloud Build {build}")
    user = environ.get("USER") or environ.get("USERNAME") or "somebody"
    who = f"{user} at {platform.node() or 'a machine'}, process {os.getpid()}"
    return Holder(f"process:{_machine()}:{os.getpid()}", who)


def is_gone(holder_id: str) -> bool:
    """Whether it was a process of this machine, and has ended. Of others nothing is known."""
    kind, _, process = holder_id.partition(":")
    machine, _, number = process.rpartition(":")
    if kind != "process" or machine != _machine() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return _is_zombie(number)


def _is_zombie(number: str) -> bool:
    """Whether it has ended, and its parent has not looked yet; where Linux tells."""
    with (
        suppress(OSError),
        open(f"/proc/{number}/stat", encoding="utf-8", errors="replace") as file,
    ):
        return file.read().rpartition(")")[2].split()[:1] == ["Z"]
    return False


@cache
def _machine() -> str:
    """What no other machine has in which processes count anew: a container counts its own."""
    parts = [platform.node(), str(uuid.getnode())]
    with suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
