"""D01: a deploy command with a flag that gcloud does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import chain, islice

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.gcloud import LONGEST, calls
from pipeline.dockerfile.projects.gcloud_flags import FLAGS, MEANT
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_MOST_FILES, _MOST_LEFT_OUT = 100, 2_000
_NAMES = re.compile(
    r"(?:[^/]+\.(?:sh|bash|zsh|mk)|(?:gnum|m)akefile|justfile|package\.json|procfile[^/]*|jenkinsfile"
    r"|cloudbuild[\w.-]*\.json|(?:\w*(?:deploy|release)\w*|noxfile|tasks|fabfile)\.py"
    r"|(?:.*[._-])?(?:cloudbuild|gitlab-ci|deploy\w*|release|pipelines?|ci|cd|build|rollout"
    r"|skaffold|taskfile|traffic)(?:[._-].*)?\.ya?ml)",
    re.IGNORECASE,
)
_CI = re.compile(r"(?:.*/)?\.(?:github|circleci|gitlab|buildkite|cloudbuild)/.*\.ya?ml")
_FOLDERS = ("bin/", "scripts/", "script/", "ci/", "deploy/", ".ci/", "tools/", "hack/")


def find(build: Build) -> Iterator[Fault]:
    context = build.context
    seen: set[tuple[str, int]] = set()
    for path, text in islice(_texts(context), _MOST_FILES):
        lines = text.split("\n")
        for call in calls(text, path):
            for flag in call.flags:
                if flag in FLAGS[call.command]:
                    continue
                line = call.line_of(flag, lines)
                if (path, line) not in seen:
                    seen.add((path, line))
                    yield _fault(Place(path, line), call.command, flag)


def _texts(context: BuildContext) -> Iterator[tuple[str, str]]:
    """The scripts and CI files, those that ``.dockerignore`` leaves out too."""
    hidden = ((file.path, file.size, file.mode) for file in context.left_out(_MOST_LEFT_OUT))
    files = ((path, file.size, file.mode) for path, file in context.files.items() if not file.link)
    for path, size, mode in chain(files, hidden):
        if size <= LONGEST and _may_deploy(path, mode):
            text = context.any_text(path)
            if text is not None and ("gcloud" in text or "deploy-cloudrun" in text):
                yield path, text


def _may_deploy(path: str, mode: int) -> bool:
    """Whether it is a script or a file of a CI system, as its name says."""
    name = path.rpartition("/")[2]
    if "." not in name and mode & 0o111 and path.startswith(_FOLDERS):
        return True
    return bool(_NAMES.fullmatch(name) or _CI.fullmatch(path))


def _fault(place: Place, command: str, flag: str) -> Fault:
    known = FLAGS[command]
    near = MEANT.get(flag, "")
    found = [near] if near in known else get_close_matches(flag, sorted(known), 1, 0.75)
    belongs = next((one for one in FLAGS if flag in FLAGS[one]), "")
    advice = f"Write {found[0]}." if found else "Take it out."
    if belongs:
        advice = f"{flag} is a flag of gcloud {belongs}."
    return Fault(
        place,
        f"gcloud {command} has no flag {flag}",
        f"{advice} Better: let the pipeline deploy.",
        severity=None if found or belongs else Severity.WARNING,
    )


_DOCKERFILE = "FROM nginx:alpine\nCOPY nginx.conf /etc/nginx/conf.d/default.conf\n"
_SCRIPT = '#!/bin/sh\nset -e\ngcloud run deploy api \\\n  --image "$IMAGE" \\\n  {}\n'
_CONF = "server { listen 8080; }\n"

RULE = Rule(
    id="D01",
    title="a flag that gcloud does not have",
    severity=Severity.ERROR,
    why="the deploy stops at this command, after the image was built and pushed",
    met="ERROR: (gcloud.run.deploy) unrecognized arguments: --no-traffic-routing",
    fix="Call the pipeline, not gcloud.",
    bad={
        "Dockerfile": _DOCKERFILE,
        "nginx.conf": _CONF,
        "deploy.sh": _SCRIPT.format("--no-traffic-routing"),
    },
    good={
        "Dockerfile": _DOCKERFILE,
        "nginx.conf": _CONF,
        "deploy.sh": _SCRIPT.format("--no-traffic"),
    },
    find=find,
)
