"""The log of a build, read as it grows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from pipeline.adapters.build_message import Build
from pipeline.adapters.builds import Builds
from pipeline.adapters.logging import CLOCKS
from pipeline.context import Context
from pipeline.errors import ApiRefused, PermissionMissing, PipelineError

_OVERLAP = timedelta(seconds=60)  # entries may arrive late, and out of order
_KEPT = 5_000  # lines
_LONGEST = 10_000  # characters of one
_ENDING = 3  # lines; among them Cloud Build's own say what failed
_LAST_LOOKS = 4  # at a log whose build has failed: what it wrote last says why
_PAUSE = 2.0  # seconds between them


@dataclass
class BuildLog:
    """Each line is shown once. A log that cannot be read is said once, and hides no verdict."""

    context: Context
    builds: Builds
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _seen: set[tuple[datetime, str]] = field(default_factory=set)
    _newest: datetime | None = None
    _is_told: bool = False  # that it cannot be read; a quota may let it be read later
    _is_closed: bool = False

    def read(self, build: Build) -> bool:
        """Show what is new; whether there was anything."""
        if self._is_closed:
            return False
        since = self._newest - _OVERLAP if self._newest else build.created - CLOCKS
        try:
            found = self.builds.log(build, since)
        except (PermissionMissing, ApiRefused) as error:
            self._tell(error)
            self._is_closed = isinstance(error, PermissionMissing)
            return False
        new = [one for one in found if (one.at, one.id) not in self._seen]
        for entry in new:
            for line in entry.text.splitlines():
                self.lines.append(line[:_LONGEST])
                self.context.report.progress(line)
        if new:
            self._newest = max(entry.at for entry in found)
            kept = {one for one in self._seen if one[0] >= since}
            self._seen = kept | {(one.at, one.id) for one in new}
        return bool(new)

    def finish(self, build: Build) -> None:
        """Read what a build that failed wrote last: entries lag behind it."""
        for _ in range(_LAST_LOOKS):
            is_new = self.read(build)
            has_said = any(
                line.startswith("ERROR") for line in islice(reversed(self.lines), _ENDING)
            )
            if self._is_closed or (has_said and not is_new):
                return
            self.context.world.sleep(_PAUSE)

    def _tell(self, error: PipelineError) -> None:
        if self._is_told:
            return
        self._is_told = True
        self.context.report.warn(f"its log cannot be read: {error.what}")
        if error.remedy:
            self.context.report.note(error.remedy)
