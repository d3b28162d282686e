"""The text of a first pipeline.yaml: what differs from the defaults, and where it was found."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import yaml

from pipeline.steps.setup.existing import Existing
from pipeline.steps.setup.health import Health
from pipeline.steps.setup.places import ASKED, PROJECT, Place, default_image
from pipeline.steps.setup.repository import PORT, Repository

_HEAD = """\
# What to deploy, and what healthy means. A key that is not here has its default;
# `.venv/bin/python -m pipeline schema` prints every key with what it means.
"""
_NOBODY = "nothing here names it: write yours"
_DEFAULTS = {"run.port": f"{PORT}", "run.cpu": "1", "run.memory": "512Mi"}
_HEALTH = Health("/health", expect={"status": "healthy", "services.*": True})


def configuration(repository: Repository, place: Place, existing: Existing) -> str:
    """A file that ``load_config`` takes, with as few keys as it can have."""
    sections = (_where(repository, place, existing), _run(repository, existing),
                _health(repository.health), _rehearse(repository))  # fmt: skip
    return _HEAD + "".join(f"\n{text}" for text in map("".join, sections) if text)


def _where(repository: Repository, place: Place, existing: Existing) -> Iterator[str]:
    yield _line("service", place.service, _from(place, "service"))
    yield _line("project", place.project or PROJECT, _from(place, "project"))
    yield _line("region", place.region, _from(place, "region"))
    image = existing.image or place.image or default_image(place)
    named = _from(place, "image") if place.image else "a repository that is there, or will be"
    yield _line("image", image, "as it is deployed" if existing.image else named)
    if repository.source != ".":
        yield _line("source", repository.source)
    if repository.dockerfile:
        yield _line("dockerfile", repository.dockerfile)


def _run(repository: Repository, existing: Existing) -> Iterator[str]:
    settings = {"run.port": f"{repository.port}", **existing.settings}
    lines = [
        f"  {_line(key.partition('.')[2], _number(value))}"
        for key, value in settings.items()
        if value != _DEFAULTS[key]
    ]
    if existing.public:
        lines.append("  allow_unauthenticated: true # as it is\n")
    yield from ["run:\n", *lines] if lines else []
    if existing.variables:
        names = ", ".join(existing.variables)
        yield f"# It has these variables on Cloud Run; a deploy leaves them as they are: {names}\n"
        yield "# smoke and rehearse know them from here: smoke: {env: {NAME: value}}\n"


def _health(health: Health | None) -> Iterator[str]:
    if health is None or health.is_reserved:
        yield "health:\n"
        found = f"Cloud Run keeps {health.path} to itself" if health else "no path was found"
        yield f"  path: / # {found}: name one that looks at what it needs\n"
        yield "  expect: {} # an answer of 200 is enough\n"
        return
    if health.path == _HEALTH.path and health.expect == _HEALTH.expect:
        return
    yield "health:\n"
    yield f"  {_line('path', health.path, f'from {health.where}')}"
    if health.expect:
        yield "  expect:\n"
        yield from (f"    {_line(key, value)}" for key, value in health.expect.items())
    else:
        yield "  expect: {} # an answer of 200 is enough\n"


def _rehearse(repository: Repository) -> Iterator[str]:
    if repository.breaks:
        yield "rehearse:\n  broken_env: # what keeps it from starting, for the bad release\n"
        yield from (f"    {_line(key, value)}" for key, value in repository.breaks.items())
    elif repository.breaks is None:
        yield "# rehearse needs a variable that breaks this program, for its bad release:\n"
        yield "# rehearse: {broken_env: {NAME: value}}\n"


def _from(place: Place, key: str) -> str:
    source = place.source(key)
    if source == ASKED:
        return ""
    return f"from {source}" if source else _NOBODY


def _line(key: str, value: object, comment: str = "") -> str:
    told = "".join(one if one.isprintable() else "?" for one in " ".join(comment.split()))
    return f"{_plain(key)}: {_plain(value)}{f' # {told}' if told else ''}\n"


def _number(text: str) -> object:
    """What stands in YAML without quotes, as the keys of ``run`` want it."""
    return yaml.safe_load(text)


def _plain(value: object) -> str:
    """A scalar in YAML: plain where that means the same."""
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        same = yaml.safe_load(f"key: {value} # more") == {"key": value}
    except yaml.YAMLError:
        same = False
    return value if same else yaml.safe_dump(value, default_style='"', width=sys.maxsize).strip()
