"""An image built by Cloud Build: found, or started, and followed to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline.adapters.build_message import Build, Wanted
from pipeline.adapters.builds import Builds
from pipeline.context import Context
from pipeline.errors import ApiRefused, ApiUnreachable, PipelineError
from pipeline.model import Image
from pipeline.steps.build_failures import ENDED, failure_of
from pipeline.steps.build_log import BuildLog

_EVERY = 3.0  # seconds; a look is one read of the build and one of its log
_TRIES = 2  # at starting a build
_LOOKS = 5  # for a build whose answer was lost
_QUEUE = 3900.0  # seconds that a build may wait for its turn, and some
_DOING = {
    "PENDING": "waits for an approval, or for its turn",
    "QUEUED": "waits for its turn",
    "WORKING": "is under way",
}


@dataclass(frozen=True)
class CloudBuild:
    """Builds of one image; ``reference`` is NAME:TAG, and the tag that of the source."""

    context: Context
    reference: str

    @property
    def tag(self) -> str:
        return self.reference.rpartition(":")[2]

    def finished(self) -> Image | None:
        """The image of a build that succeeded for this source."""
        return next(filter(None, map(self._image, self._of_this_source())), None)

    def under_way(self) -> Build | None:
        """A build of this source that somebody started and that has not ended."""
        return next((one for one in self._of_this_source() if one.status not in ENDED), None)

    def run(self, want: Callable[[str], Wanted]) -> Image:
        """Start a build, and follow it; Ctrl-C cancels it.

        ``want`` is given the tag that no other build has: by it a lost build is found again.
        """
        once, build = f"once-{self.context.world.token(16)}", ""
        try:
            build = self._started(want(once), once)
            return self.follow(build)
        except KeyboardInterrupt:
            self._cancel(build, once)
            raise

    def follow(self, build: str) -> Image:
        """Wait for its end. Raises what it ended with, if not with success."""
        log = BuildLog(self.context, self._builds)
        done = self._ended(build, log)
        image = self._image(done)
        if image is None and done.status == "SUCCESS":
            raise ApiRefused(
                f"the build succeeded, and named no digest of {self.reference}",
                where=done.page or f"build {done.id}",
                remedy="run `nox -s build` again; if it persists, please report it",
            )
        if image is None:
            log.finish(done)
            raise failure_of(done, self.reference, tuple(log.lines))
        return image

    def _ended(self, build: str, log: BuildLog) -> Build:
        world, said = self.context.world, ""
        deadline = world.monotonic() + self.context.config.build.timeout + _QUEUE
        while world.monotonic() < deadline:
            with _goes_on(build):
                now = self._builds.get(build)
                log.read(now)
            if now.status in ENDED:
                return now
            if now.status != said:
                self._say(now, is_first=not said)
                said = now.status
            world.sleep(_EVERY)
        raise ApiRefused(
            f"the build has not ended, and is {said or 'unknown'}",
            where=f"build {build}",
            remedy=f"look at it with `gcloud builds describe {build}`",
        )

    def _say(self, build: Build, *, is_first: bool) -> None:
        self.context.report.doing(f"build {build.id} {_DOING.get(build.status, build.status)}")
        if is_first and build.page:
            self.context.report.note(build.page)

    def _started(self, wanted: Wanted, once: str, tries: int = _TRIES) -> str:
        try:
            return self._builds.start(wanted)
        except ApiUnreachable:
            found = self._found(once, _LOOKS)
            if not found and tries == 1:
                raise
        return found or self._started(wanted, once, tries - 1)

    def _found(self, once: str, looks: int) -> str:
        """The build of that tag, looked for several times: a list may be a little behind."""
        for look in range(looks):
            if look:
                self.context.world.sleep(_EVERY)
            for build in self._builds.tagged(once):
                return build.id
        return ""

    def _cancel(self, build: str, once: str) -> None:
        """Leave nothing behind that nobody waits for; a failure of it hides nothing."""
        report = self.context.report
        try:
            if not build:
                report.doing("the build that may have been started is looked for")
                build = self._found(once, _LOOKS)
            if build:
                self._builds.cancel(build)
                report.step(f"build {build} is cancelled")
        except PipelineError as error:
            report.warn(f"the build could not be cancelled: {error.what}")
            report.note(f"`gcloud builds list --filter=tags={once}` names it, if there is one")

    def _of_this_source(self) -> list[Build]:
        return [one for one in self._builds.tagged(self.tag) if self.reference in one.asked]

    def _image(self, build: Build) -> Image | None:
        digest = build.images.get(self.reference)
        if build.status != "SUCCESS" or not digest:
            return None
        name = self.reference.rpartition(":")[0]
        platform = self.context.config.platform
        return Image(self.reference, digest, platform, digests=(f"{name}@{digest}",))

    @property
    def _builds(self) -> Builds:
        return self.context.builds


@contextmanager
def _goes_on(build: str) -> Iterator[None]:
    """What keeps us from looking keeps the build from nothing."""
    try:
        yield
    except PipelineError as error:
        error.remedy = (
            f"{error.remedy}; build {build} goes on: `nox -s build` finds it again, and follows it"
        )
        raise
