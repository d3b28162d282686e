"""A build's steps, as far as they are run here: docker build and docker push.

Pure. What a step may name is what lies in its workspace: nothing else of this machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.commands import ImageBuild
from pipeline.local_cloud_run.state.rpc import invalid, not_emulated
from pipeline.local_cloud_run.values import BuildKey, Json

_BUILDER = re.compile(r"(?:gcr\.io/cloud-builders/)?docker(?::[\w.-]+)?")
_SUBSTITUTION = re.compile(r"\$(?:\$|\{([A-Z_][A-Z0-9_]*)\}|([A-Z_][A-Z0-9_]*))")
_SHORT = {"-t": "--tag", "-f": "--file"}
_ONCE = {"--tag", "--file", "--platform", "--progress", "--target"}
_OFTEN = {"--label", "--build-arg"}


@dataclass(frozen=True)
class Push:
    reference: str


Step = ImageBuild | Push
"""What one step does. ``folder`` and ``dockerfile`` are as it names them, seen from ``dir``."""


def read_steps(build: Json, key: BuildKey) -> list[Step]:
    """Raises ApiError for what is wrong, or is not emulated."""
    steps = build.get("steps") or []
    if not steps:
        raise invalid("invalid build: no steps are specified")
    known = {
        "PROJECT_ID": key.project, "BUILD_ID": key.build, "LOCATION": key.location,
        **build.get("substitutions", {}),
    }  # fmt: skip
    return [_step(one, known) for one in steps]


def substituted(text: str, known: Mapping[str, str]) -> str:
    """The text with its substitutions; two dollars are one."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name is None:
            return "$"
        if name not in known:
            raise invalid(
                "generic::invalid_argument: invalid value for 'build.substitutions': key in the "
                f'template "{name}" is not a valid built-in substitution'
            )
        return known[name]

    return _SUBSTITUTION.sub(value, text)


def _step(step: Json, known: Mapping[str, str]) -> Step:
    name = substituted(step.get("name", ""), known)
    if not _BUILDER.fullmatch(name):
        raise not_emulated(f"build steps in {name or 'no image'}; gcr.io/cloud-builders/docker is")
    extra = sorted(step.keys() - {"name", "args", "env", "id", "timeout"})
    if extra:
        raise not_emulated(f"{extra[0]} of a build step")
    command, *words = [substituted(word, known) for word in step.get("args", [])] or [""]
    if command == "push" and len(words) == 1 and not words[0].startswith("-"):
        return Push(words[0])
    if command != "build":
        raise not_emulated(f"docker {command} with {len(words)} arguments in a build step")
    return _image_build(words)


def _image_build(words: Sequence[str]) -> ImageBuild:
    once: dict[str, str] = {}
    often: dict[str, dict[str, str]] = {name: {} for name in _OFTEN}
    folders = []
    for option, value in _options(words):
        if not option:
            folders.append(value)
        elif option in _OFTEN:
            name, _, said = value.partition("=")
            often[option][name] = said
        else:
            once[option] = value
    if len(folders) != 1 or "--tag" not in once:
        raise invalid("docker build needs --tag and one folder")
    return ImageBuild(
        reference=once["--tag"],
        folder=folders[0],
        dockerfile=once.get("--file", f"{folders[0]}/Dockerfile"),
        platform=once.get("--platform", "linux/amd64"),
        labels=often["--label"],
        args=often["--build-arg"],
        target=once.get("--target"),
    )


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each option with its value; without an option, what is none."""
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            yield "", word
            continue
        option, has_value, value = word.partition("=")
        option = _SHORT.get(option, option)
        if option not in _ONCE | _OFTEN:
            raise not_emulated(f"docker build {option} in a build step")
        yield option, value if has_value else next(rest, "")
