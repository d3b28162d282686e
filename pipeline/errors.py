"""Every failure a user can meet: what happened, where, the remedy, and an exit code of its own.

An error is raised where it is known and caught once, at the edge (``pipeline.__main__``).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar


class Seen(StrEnum):
    """Where a failure shows: what the catalogue of known failures looks at."""

    BUILD = "build"  # what the build wrote
    OUTPUT = "output"  # what a container wrote
    API = "api"  # what Google, or a registry, answered
    PROBE = "probe"  # what a check found: "health: services.database is false, expected true"
    TOOL = "tool"  # the pipeline's own words


class PipelineError(Exception):
    """One failure, told to a person.

    ``what`` is one sentence; ``where`` names the file, command or service; ``remedy`` says what to
    do next; ``lines`` is evidence (log lines, findings), printed as it came but made harmless.
    """

    exit_code: ClassVar[int] = 70
    title: ClassVar[str] = "Failed"
    tells: ClassVar[Seen] = Seen.TOOL
    """Where the sentence ``what`` comes from."""
    shows: ClassVar[Seen] = Seen.TOOL
    """What ``lines`` are."""

    def __init__(
        self, what: str, *, where: str = "", remedy: str = "", lines: Sequence[str] = ()
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy
        self.lines = tuple(lines)


class LintFoundErrors(PipelineError):
    exit_code = 1
    title = "The Dockerfile has mistakes"


class NotLinted(PipelineError):
    exit_code = 2
    title = "Could not lint"


class ConfigError(PipelineError):
    exit_code = 3
    title = "The configuration is wrong"


class SourceMissing(PipelineError):
    exit_code = 4
    title = "Nothing to build"


class EngineMissing(PipelineError):
    exit_code = 5
    title = "No container engine"


class EngineFailed(PipelineError):
    exit_code = 6
    title = "The container engine failed"
    shows = Seen.API


class BuildFailed(PipelineError):
    exit_code = 7
    title = "The image did not build"
    shows = Seen.BUILD


class WrongArchitecture(PipelineError):
    exit_code = 8
    title = "The image is for another architecture"
    tells = Seen.PROBE
    shows = Seen.OUTPUT


class ImageNotBuilt(PipelineError):
    exit_code = 9
    title = "No image for this source"


class RegistryRefused(PipelineError):
    exit_code = 10
    title = "The registry refused the image"
    tells = Seen.API
    shows = Seen.API


class SmokeFailed(PipelineError):
    exit_code = 11
    title = "The container is not fit to deploy"
    tells = Seen.PROBE
    shows = Seen.OUTPUT


class NoCredentials(PipelineError):
    exit_code = 12
    title = "No Google credentials"
    tells = Seen.API
    shows = Seen.API


class PermissionMissing(PipelineError):
    exit_code = 13
    title = "Google refused"
    tells = Seen.API
    shows = Seen.API


class ServiceMissing(PipelineError):
    exit_code = 14
    title = "No such service"


class ApiUnreachable(PipelineError):
    exit_code = 15
    title = "Cloud Run cannot be reached"
    tells = Seen.API
    shows = Seen.API


class ApiRefused(PipelineError):
    exit_code = 16
    title = "Cloud Run refused the request"
    tells = Seen.API
    shows = Seen.API


class ServiceBusy(PipelineError):
    """The service is reconciling, or what it asks for is not what it serves."""

    exit_code = 17
    title = "The service is not settled"


class ChangedMeanwhile(PipelineError):
    exit_code = 18
    title = "Somebody else changed the service"


class RevisionFailed(PipelineError):
    exit_code = 19
    title = "The new revision did not start"
    tells = Seen.API
    shows = Seen.OUTPUT


class NoCandidate(PipelineError):
    exit_code = 20
    title = "There is no candidate"


class VerifyFailed(PipelineError):
    exit_code = 21
    title = "The candidate failed verification"
    tells = Seen.PROBE
    shows = Seen.OUTPUT


class VerifyInconclusive(PipelineError):
    exit_code = 22
    title = "The candidate could not be judged"
    tells = Seen.PROBE
    shows = Seen.OUTPUT


class NotVerified(PipelineError):
    exit_code = 23
    title = "The candidate is not verified"


class ShiftFailed(PipelineError):
    exit_code = 24
    title = "The shift was stopped and undone"
    tells = Seen.PROBE
    shows = Seen.OUTPUT


class TrafficUnknown(PipelineError):
    """An undo failed: traffic is not certainly what it was, and the text says what it is."""

    exit_code = 25
    title = "Traffic could not be restored"


class NothingToRollBackTo(PipelineError):
    exit_code = 26
    title = "Nothing to roll back to"


class RollbackFailed(PipelineError):
    exit_code = 27
    title = "The rollback is not healthy"
    tells = Seen.PROBE
    shows = Seen.OUTPUT


class PortTaken(PipelineError):
    exit_code = 28
    title = "The port is taken"


class RehearsalFailed(PipelineError):
    exit_code = 29
    title = "The rehearsal failed"


class JobFailed(PipelineError):
    """A job that must run before traffic did not succeed."""

    exit_code = 30
    title = "A job failed"
    tells = Seen.API
    shows = Seen.OUTPUT


class SecretMissing(PipelineError):
    """A secret that the service needs is not there, or it may not read it."""

    exit_code = 31
    title = "A secret cannot be read"
    tells = Seen.API


class DependencyFailed(PipelineError):
    """Something that smoke.services names did not come up."""

    exit_code = 32
    title = "What the service needs did not start"
    shows = Seen.OUTPUT


class NothingToDiagnose(PipelineError):
    exit_code = 33
    title = "There is nothing to diagnose"


class TagMoved(PipelineError):
    """The tag of this source names an image that build did not make."""

    exit_code = 34
    title = "Another image than the one that was built"
    tells = Seen.PROBE


class Paused(PipelineError):
    """A person stopped the shift for a while; traffic stays where it is."""

    exit_code = 35
    title = "The release is paused"


class ImageRejected(PipelineError):
    """This image failed under traffic before, and was taken back."""

    exit_code = 36
    title = "This image was rejected"


class SourceRefused(PipelineError):
    """What is in the source must not be uploaded, or cannot be."""

    exit_code = 37
    title = "The source cannot be uploaded"


class NotReady(PipelineError):
    """Something that a deploy needs is not set up."""

    exit_code = 38
    title = "Something is missing for a deploy"


class WouldOverwrite(PipelineError):
    """A file that init writes is there already, and differs."""

    exit_code = 39
    title = "There are files already"


class KeyFileRefused(PipelineError):
    """The credentials are a service account's key, kept in a file."""

    exit_code = 40
    title = "A key file is no good credential"


class NotWritten(PipelineError):
    """A file that init writes has no place: something is in its way, or the folder refuses it."""

    exit_code = 41
    title = "A file cannot be written"


class StateUnusable(PipelineError):
    """What ``local --state`` names cannot be read or written."""

    exit_code = 42
    title = "The kept state cannot be used"


class StateTaken(PipelineError):
    """Two servers must not keep their state in the same folder."""

    exit_code = 43
    title = "The kept state is in use"


class UsageError(PipelineError):
    exit_code = 64
    title = "That command is not understood"


class Interrupted(PipelineError):
    exit_code = 130
    title = "Interrupted"


class Terminated(PipelineError):
    exit_code = 143
    title = "Terminated"
