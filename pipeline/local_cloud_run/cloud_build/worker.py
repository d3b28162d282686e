"""One build, run with the engine of this machine, and what its log says meanwhile."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from pipeline import commands, inspected
from pipeline.commands import Command, Engine, ImageBuild
from pipeline.local_cloud_run.cloud_build import workspace
from pipeline.local_cloud_run.cloud_build.records import failed
from pipeline.local_cloud_run.cloud_build.steps import Push, Step
from pipeline.local_cloud_run.cloud_build.workspace import NotFetchedError
from pipeline.local_cloud_run.containers import images
from pipeline.local_cloud_run.containers.output import pump
from pipeline.local_cloud_run.containers.processes import finish, spawn
from pipeline.local_cloud_run.values import Json

_TO_END = 5.0  # seconds from SIGTERM to SIGKILL
_BUILDER = "gcr.io/cloud-builders/docker"


class FailedError(Exception):
    """The build failed; ``more`` says how, in fields of its message."""

    def __init__(self, more: Json) -> None:
        super().__init__(more["statusDetail"])
        self.more = more


@dataclass(frozen=True)
class Worker:
    """``storage`` is the URL of Cloud Storage's API, or empty; ``say`` takes lines of the log."""

    engine: Engine
    storage: str
    say: Callable[[str], None]

    async def run(self, build: Json, steps: list[Step]) -> Json:
        """What a build that succeeded adds to its message. Raises FailedError."""
        with tempfile.TemporaryDirectory(prefix="cloud-build-", ignore_cleanup_errors=True) as name:
            folder = Path(name, "workspace")
            folder.mkdir()
            await self._fetch(build, folder)
            self.say("BUILD")
            for number, step in enumerate(steps):
                await self._step(folder, number, step)
        pushed = [await self._pushed(reference) for reference in build.get("images", [])]
        self.say("DONE")
        return {"results": {"images": pushed}}

    async def _fetch(self, build: Json, folder: Path) -> None:
        source = build.get("source", {}).get("storageSource")
        if source is None:
            return
        self.say("FETCHSOURCE")
        place = f"gs://{source.get('bucket')}/{source.get('object')}"
        self.say(f"Fetching storage object: {place}#{source.get('generation', '')}")
        try:
            with tempfile.TemporaryFile() as archive:
                await workspace.fetch(self.storage, source, archive)
                await workspace.unpack(archive, folder)
        except NotFetchedError as error:
            self.say(f"ERROR: could not fetch source: {error}")
            raise FailedError(failed(str(error), "FETCH_SOURCE_FAILED")) from error

    async def _step(self, folder: Path, number: int, step: Step) -> None:
        if isinstance(step, Push):
            code = await self._runs(commands.push_image(self.engine, step.reference))
        else:
            code = await self._runs(self._build_command(folder, step))
        if code:
            why = (
                f'build step {number} "{_BUILDER}" failed: step exited with non-zero status: {code}'
            )
            self._fail(why)

    def _build_command(self, folder: Path, step: ImageBuild) -> Command:
        try:
            inside = replace(
                step,
                folder=str(workspace.inside(folder, step.folder)),
                dockerfile=str(workspace.inside(folder, step.dockerfile)),
            )
        except NotFetchedError as error:
            self._fail(str(error))
        return commands.build_image(self.engine, inside)

    async def _pushed(self, reference: str) -> Json:
        """Push an image, or take the engine's own store for its registry; what the results say."""
        self.say("PUSH")
        self.say(f"Pushing {reference}")
        is_name = not reference.startswith("-")
        held = await finish(commands.inspect_image(self.engine, reference)) if is_name else None
        if held is None or not held.ok:
            self._fail(f"failed to find one or more images: {reference}", "PUSH_IMAGE_NOT_FOUND")
        if images.on_loopback(reference):
            if await self._runs(commands.push_image(self.engine, reference)):
                self._fail(f"failed to push {reference}", "PUSH_FAILED")
            held = await finish(commands.inspect_image(self.engine, reference))
        pinned = images.pinned(reference, inspected.first(held.output))
        return {"name": reference, "digest": pinned.partition("@")[2]}

    async def _runs(self, command: Command) -> int:
        """Run to its end, its output in the log; ended when the build is."""
        process = await spawn(command)
        streams = [stream for stream in (process.stdout, process.stderr) if stream]
        try:
            await asyncio.gather(*(pump(stream, self.say) for stream in streams))
            return await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), _TO_END)
                except TimeoutError:
                    process.kill()
                    await process.wait()

    def _fail(self, why: str, kind: str = "USER_BUILD_STEP") -> NoReturn:
        self.say("ERROR")
        self.say(f"ERROR: {why}")
        raise FailedError(failed(why, kind))
