"""What revisions and jobs need beside room: their image and their secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.errors import PipelineError
from pipeline.local_cloud_run.containers.instances import Instances
from pipeline.local_cloud_run.state import secrets, texts
from pipeline.local_cloud_run.state.rpc import Code
from pipeline.local_cloud_run.values import SecretRef, StartFailure


@dataclass(frozen=True)
class Needs:
    """``secrets`` maps secret ids to values."""

    instances: Instances
    secrets: Mapping[str, str] = field(default_factory=dict)

    async def look(
        self, project: str, image: str, wanted: Mapping[str, SecretRef]
    ) -> tuple[str, StartFailure | None]:
        """The image pinned by digest, or "" without one; and what is not there, if anything."""
        try:
            found = await self.instances.resolve_image(image)
        except PipelineError as error:
            return "", StartFailure(error.what, "INTERNAL", Code.INTERNAL)
        if found is None:
            missing = texts.image_missing(image)
            return "", StartFailure(missing, "CONTAINER_MISSING", Code.NOT_FOUND)
        return found, self.absent(project, wanted)

    def absent(self, project: str, wanted: Mapping[str, SecretRef]) -> StartFailure | None:
        """What there is to say when a secret is not there."""
        absent = secrets.absent(wanted, self.secrets)
        if absent is None:
            return None
        missing = texts.secret_missing(project, absent)
        return StartFailure(missing, "SECRETS_ACCESS_CHECK_FAILED")

    def filled(self, env: Mapping[str, str], wanted: Mapping[str, SecretRef]) -> dict[str, str]:
        """The variables with those that come from secrets."""
        return {**env, **secrets.filled(wanted, self.secrets)}
