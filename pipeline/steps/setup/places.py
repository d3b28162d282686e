"""Where to deploy, as the repository and this machine have it: service, project, region, image."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from pipeline.config import names
from pipeline.config.faults import RuleError

REGION = "us-central1"
PROJECT = "my-project"
"""What stands in for a project that nobody knows."""
ASKED = "the command line"

_FILES = ("cloudbuild*.y*ml", ".github/workflows/*.y*ml", ".gitlab-ci.yml", "Makefile", "*.sh",
          "scripts/*", "bin/*", "deploy/*", "ci/*", ".ci/*", "service*.y*ml")  # fmt: skip
_LARGEST = 200_000  # bytes
_MOST = 200  # files
_ITEM = re.compile(r"^[ \t]*-[ \t]+", re.MULTILINE)
_BETWEEN = re.compile(r"[\s\\,'\"\[\]]+")
_WORD = r"([a-z][a-z0-9.:-]*)(?![\w$/{])"
_IS = r" ?[:?]?[:=] ?"
_RUN = r"\bgcloud (?:(?:--[\w-]+(?:[= ][\w.:-]+)?|alpha|beta) ){0,6}?run"
_FLAG = r"--(?:image|region|source|platform|project)\b"  # npm has a "run deploy" of its own
_SAID = {
    "service": re.compile(
        rf"{_RUN} (?:deploy|services update) {_WORD}|\brun deploy {_WORD} {_FLAG}"
        rf"|\b_?(?:SERVICE|SERVICE_NAME|CLOUD_RUN_SERVICE){_IS}{_WORD}"
        rf"|deploy-cloudrun\S* .{{0,200}}?\bservice: {_WORD}"
        rf"|\bserving\.knative\.dev/v1 kind: Service metadata: name: {_WORD}"
    ),
    "region": re.compile(
        rf"--region[= ]{_WORD}|\b_?(?:REGION|GCP_REGION|CLOUD_RUN_REGION){_IS}{_WORD}"
        rf"|deploy-cloudrun\S* .{{0,300}}?\bregion: {_WORD}"
    ),
    "project": re.compile(
        rf"--project[= ]{_WORD}|\b_?(?:PROJECT|PROJECT_ID|GCP_PROJECT(?:_ID)?){_IS}{_WORD}"
        rf"|\bproject_id: {_WORD}"
    ),
    "image": re.compile(r"--image[= ]([a-z0-9.-]+/[a-z0-9._/-]+)(?![\w$/{-])"),
}
_RULES = {
    "service": names.service_name, "project": names.project_id,
    "region": names.region, "image": names.image_name,
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """What is known, each with where from in ``sources``; empty where nothing says it."""

    service: str = ""
    project: str = ""
    region: str = ""
    image: str = ""
    sources: tuple[tuple[str, str], ...] = ()

    def source(self, key: str) -> str:
        return dict(self.sources).get(key, "")

    def filled(self, values: Mapping[str, str], source: str) -> Place:
        """What is still empty, taken from ``values`` where they hold; the first to say it wins."""
        known, sources = {}, dict(self.sources)
        for key in _RULES:
            value = values.get(key, "")
            if value and not getattr(self, key) and holds(key, value):
                known[key], sources[key] = value, source
        mine = {one.name: getattr(self, one.name) for one in fields(self)}
        return Place(**{**mine, **known, "sources": tuple(sources.items())})


def find_place(root: Path, environ: Mapping[str, str], asked: Mapping[str, str]) -> Place:
    """What was asked for, what the files of the repository say, the environment, gcloud."""
    place = Place().filled(asked, ASKED)
    for path in _files(root):
        place = place.filled(said(_text(path)), path.relative_to(root).as_posix())
    place = place.filled(_of_environment(environ), "the environment")
    place = place.filled(_of_gcloud(environ), "gcloud's configuration")
    folder = root / asked.get("source", "")
    place = place.filled({"service": _plain(folder.name)}, "the folder's name")
    return place.filled({"service": "service", "region": REGION}, "")


def said(text: str) -> dict[str, str]:
    """What a script or a CI file says plainly: the first of each, where it is no variable."""
    plain = _BETWEEN.sub(" ", _ITEM.sub(" ", text))
    found = {}
    for key, pattern in _SAID.items():
        for match in pattern.finditer(plain):
            value = next(filter(None, match.groups()), "").rstrip(".:-")
            if holds(key, value):
                found[key] = value
                break
    return found


def default_image(place: Place) -> str:
    """Where Artifact Registry would have it."""
    project = (place.project or PROJECT).replace(":", "/")
    return f"{place.region}-docker.pkg.dev/{project}/services/{place.service}"


def holds(key: str, value: str) -> bool:
    """Whether a value is one that the key of this name takes."""
    try:
        _RULES[key](value)
    except RuleError:
        return False
    return True


def _files(root: Path) -> Iterator[Path]:
    found = (path for pattern in _FILES for path in sorted(root.glob(pattern)))
    for count, path in enumerate(found):
        if count < _MOST and path.is_file() and path.stat().st_size <= _LARGEST:
            yield path


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _of_environment(environ: Mapping[str, str]) -> dict[str, str]:
    project = environ.get("GOOGLE_CLOUD_PROJECT") or environ.get("CLOUDSDK_CORE_PROJECT", "")
    return {"project": project, "region": environ.get("CLOUDSDK_RUN_REGION", "")}


def _of_gcloud(environ: Mapping[str, str]) -> dict[str, str]:
    """The active configuration of the gcloud command line."""
    folder = gcloud_folder(environ)
    active = environ.get("CLOUDSDK_ACTIVE_CONFIG_NAME") or _text(folder / "active_config").strip()
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_text(folder / "configurations" / f"config_{active or 'default'}"))
    except configparser.Error:
        return {}
    region = parser.get("run", "region", fallback="")
    return {
        "project": parser.get("core", "project", fallback=""),
        "region": region or parser.get("compute", "region", fallback=""),
    }


def gcloud_folder(environ: Mapping[str, str]) -> Path:
    own = environ.get("CLOUDSDK_CONFIG", "")
    return Path(own) if own else Path(environ.get("HOME", "/nonexistent")) / ".config" / "gcloud"


def _plain(name: str) -> str:
    """A folder's name as a service may be called."""
    lower = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return re.sub(r"^[0-9-]+", "", lower)[:37].strip("-")
