"""What people did beside the pipeline, while a release was under way."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests

from pipeline import commands
from pipeline.adapters.engine import find_engine
from pipeline.adapters.world import real_world
from pipeline.config import load_config
from pipeline.context import Context
from pipeline.report.terminal import Report
from pipeline.stages.build import reference_of
from pipeline.steps.source import read_source
from tests.end_to_end.conftest import SERVICES, Project, until

Act = Callable[[Project], None]

_SECONDS = 20


def tag_moved_to_the_old_revision(project: Project) -> None:
    """A script points every tag at what serves."""
    (old,) = project.split()
    traffic = project.observed()["traffic"]
    _patch(project, {"traffic": [{**one, "revision": old} for one in traffic]})


def deployed_by_hand(project: Project) -> None:
    """All traffic to a revision of an image that is not there; people believe that it serves."""
    name = f"{project.service}-byhand"
    template = _template(project, revision=name)
    template["containers"][0]["image"] = f"{project.image}:mistyped"
    to = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": name, "percent": 100}
    _patch(project, {"template": template, "traffic": [to]})


def cleaned_up(project: Project) -> None:
    """One more revision by hand, then the usual clean-up: whatever has no traffic is deleted."""
    candidate = candidate_of(project)
    _patch(project, {"template": _template(project, labels={"by": "hand"})})
    address = f"{project.api}/services/{project.service}/revisions/{candidate}"
    assert requests.delete(address, timeout=_SECONDS).ok


def made_again_by_hand(project: Project) -> None:
    """The candidate is deleted and made again under its name, with an image built by hand."""
    candidate = candidate_of(project)
    cleaned_up(project)
    template = _template(project, revision=candidate)
    template["containers"][0]["image"] = _built_by_hand(f"{project.image}:by-hand")
    _patch(project, {"template": template})


def built_again_under_the_same_tag(project: Project) -> None:
    """Another image takes the tag of the one that smoke has tried."""
    _built_by_hand(tried_image(project))


def tag_removed(project: Project) -> None:
    """So that the next build is not led to what was built by hand."""
    engine = find_engine(real_world())
    argv = [engine.path, "rmi", "--force", tried_image(project)]
    subprocess.run(argv, check=True, capture_output=True, timeout=_SECONDS)


def tried_image(project: Project) -> str:
    """NAME:TAG of the image that smoke would try."""
    world = replace(real_world(), environ=project.environ, cwd=project.folder)
    context = Context(load_config(project.write(), world.environ), world, Report({}))
    return reference_of(context, read_source(context.config, world, context.engine))


def _built_by_hand(reference: str) -> str:
    world, source = real_world(), str(SERVICES / "hello")
    build = commands.ImageBuild(
        reference=reference, folder=source, dockerfile=f"{source}/Dockerfile",
        platform="linux/amd64", labels={}, args={"VERSION": "by hand"},
    )  # fmt: skip
    done = world.run(commands.build_image(find_engine(world), build))
    assert done.ok, done.output
    return reference


def candidate_of(project: Project) -> str:
    """The revision that was made last."""
    return str(project.observed()["latestCreatedRevision"]).rsplit("/", 1)[-1]


def _template(project: Project, **changes: Any) -> dict[str, Any]:
    template = dict(project.observed()["template"])
    template.pop("revision", None)
    return {**template, **changes}


def _patch(project: Project, change: dict[str, Any]) -> None:
    address = f"{project.api}/services/{project.service}?updateMask={','.join(change)}"
    answer = requests.patch(address, json=change, timeout=_SECONDS)
    assert answer.ok, answer.text
    until(lambda: not project.observed().get("reconciling"))
