"""Keeping the state of a server that runs: after every change, and never in its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pipeline.local_cloud_run.persistence.document import Kept
from pipeline.local_cloud_run.persistence.folder import Folder


class Keeper:
    """Writes in a thread, one state at a time; of many changes meanwhile, what they came to."""

    def __init__(self, folder: Folder, taken: Callable[[], Kept]) -> None:
        self._folder = folder
        self._taken = taken
        self._changed = asyncio.Event()
        self._is_last = False

    def note(self) -> None:
        """Something has changed."""
        self._changed.set()

    def end(self) -> None:
        """Write once more, then return from ``keep``."""
        self._is_last = True
        self._changed.set()

    async def keep(self) -> None:
        """Raises StateUnusable when it cannot be written any more."""
        is_last = False
        while not is_last:
            await self._changed.wait()
            self._changed.clear()
            is_last = self._is_last
            await asyncio.to_thread(self._folder.write, self._taken())


@asynccontextmanager
async def keeping(
    folder: Folder | None, taken: Callable[[], Kept], failed: Callable[[], None]
) -> AsyncIterator[Callable[[], None]]:
    """What to call after every change; without a folder nothing is kept.

    ``failed`` is called when the state cannot be kept any more; at the end that raises
    StateUnusable.
    """
    if folder is None:
        yield lambda: None
        return
    keeper = Keeper(folder, taken)
    under_way = asyncio.create_task(keeper.keep())
    under_way.add_done_callback(lambda _: failed())
    try:
        yield keeper.note
    finally:
        keeper.end()
        await under_way
