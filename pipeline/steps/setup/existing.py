"""The service that is deployed already, as Cloud Run has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.adapters.cloud_run import CloudRun
from pipeline.adapters.google import Google
from pipeline.adapters.refusals import EMULATOR
from pipeline.errors import PipelineError
from pipeline.model import Configured, Service
from pipeline.steps.setup.places import Place, gcloud_folder, holds

_DIFFERENT_IN_A_TRIAL = ("run.port", "run.cpu", "run.memory")
"""What a trial on this machine needs to know; a deploy leaves the rest of a service as it is."""

_OF_OTHERS = ("us-docker.pkg.dev/cloudrun/", "gcr.io/cloudrun/", "docker.io/library/")
"""Images such as Google's hello, which a service is often made with."""


@dataclass(frozen=True)
class Existing:
    """``settings`` by the key of pipeline.yaml; ``variables`` are names, for values may be secret.

    ``image`` is without tag and digest; empty where it is not one to push to. ``why`` says why
    nothing is known, where that is so.
    """

    found: bool = False
    image: str = ""
    public: bool = False
    settings: Configured = field(default_factory=dict)
    variables: tuple[str, ...] = ()
    why: str = ""


def look_up(place: Place, environ: Mapping[str, str]) -> Existing:
    """Ask Cloud Run, where there are credentials; what it does not tell is said, and no failure."""
    if not place.project:
        return Existing(why="the project is not known")
    if not _has_credentials(environ):
        return Existing(why="there are no Google credentials on this machine")
    cloud_run = CloudRun(Google.from_environ(environ), place.project, place.region, place.service)
    try:
        service = cloud_run.find()
        if service is None:
            return Existing(why=f"there is no {cloud_run.name} yet")
        return _read(cloud_run, service)
    except PipelineError as error:
        return Existing(why=error.what)


def _has_credentials(environ: Mapping[str, str]) -> bool:
    """Whether to look for any: a search that must fail asks the network for seconds."""
    given = any(environ.get(name) for name in (EMULATOR, "GOOGLE_APPLICATION_CREDENTIALS",
                                               "CLOUD_SHELL"))  # fmt: skip
    stored = gcloud_folder(environ) / "application_default_credentials.json"
    return given or Path(stored).is_file()


def _read(cloud_run: CloudRun, service: Service) -> Existing:
    name = service.latest_ready or service.latest_created  # one that fails has settings as well
    revision = cloud_run.revision(name) if name else None
    configured = revision.configured if revision else {}
    named = [key.split(".", 2) for key in configured]
    return Existing(
        found=True,
        image=ours(service.image),
        public=cloud_run.is_public(service),
        settings={key: configured[key] for key in _DIFFERENT_IN_A_TRIAL if configured.get(key)},
        variables=tuple(sorted(one[2] for one in named if one[1] in {"env", "secrets"})),
    )


def ours(image: str) -> str:
    """Its name without tag and digest; empty for one that nobody can push to."""
    name = image.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    bare = f"{folder}{slash}{last.partition(':')[0]}"
    is_ours = "." in folder.partition("/")[0] and not bare.startswith(_OF_OTHERS)
    return bare if is_ours and holds("image", bare) else ""
