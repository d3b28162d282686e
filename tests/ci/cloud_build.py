"""Reads cloudbuild.yaml as Cloud Build does: substitutions, order, volumes, what is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

BUILT_IN = ("PROJECT_ID", "PROJECT_NUMBER", "LOCATION", "BUILD_ID", "REPO_NAME", "BRANCH_NAME",
            "TAG_NAME", "REVISION_ID", "COMMIT_SHA", "SHORT_SHA")  # fmt: skip
_REFERENCE = re.compile(r"\$(?:(\$)|([A-Z_][A-Z0-9_]*)|\{([A-Z_][A-Z0-9_]*)\})")
_LITERAL = {"script", "id", "waitFor", "substitutions"}
"""Keys under which nothing is substituted."""


class RefusedError(Exception):
    """Cloud Build takes no such build."""


@dataclass(frozen=True)
class Step:
    """A step as it is to run; ``after`` are the indices of those it waits for."""

    index: int
    image: str
    after: frozenset[int]
    args: tuple[str, ...] = ()
    entrypoint: str = ""
    script: str = ""
    folder: str = "/workspace"
    env: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    volumes: tuple[tuple[str, str], ...] = ()
    timeout: float | None = None


@dataclass(frozen=True)
class Build:
    steps: tuple[Step, ...]
    timeout: float
    account: str


def read(text: str, given: Mapping[str, str], built_in: Mapping[str, str]) -> Build:
    """The build that the file asks for. Raises RefusedError."""
    raw = yaml.safe_load(text)
    options = raw.get("options", {})
    values = {**{name: built_in.get(name, "") for name in BUILT_IN}, **raw.get("substitutions", {})}
    used: set[str] = set()
    loose = options.get("substitutionOption") == "ALLOW_LOOSE"
    replaced = _replaced(raw, {**values, **given}, used, loose=loose)
    mapped = options.get("automapSubstitutions", False)
    steps = replaced["steps"]
    if not loose and not mapped and (unused := set(given) - used):
        raise RefusedError(
            f"key in the substitution data {min(unused)!r} is not matched in the template"
        )
    if "serviceAccount" in raw and "logging" not in options and "logsBucket" not in raw:
        raise RefusedError("if 'build.service_account' is specified, say where the log goes")
    _must_be_sound(steps, _secret_names(raw))
    shared = replaced.get("options", {})
    everything = [f"{name}={value}" for name, value in {**values, **given}.items()]
    return Build(
        tuple(_step(at, one, steps, shared, everything) for at, one in enumerate(steps)),
        _seconds(raw.get("timeout", "3600s")),
        replaced.get("serviceAccount", ""),
    )


def _replaced(node: Any, values: Mapping[str, str], used: set[str], *, loose: bool) -> Any:
    if isinstance(node, dict):
        return {
            key: one if key in _LITERAL else _replaced(one, values, used, loose=loose)
            for key, one in node.items()
        }
    if isinstance(node, list):
        return [_replaced(one, values, used, loose=loose) for one in node]
    if not isinstance(node, str):
        return node

    def value(match: re.Match[str]) -> str:
        if match[1]:
            return "$"
        name = match[2] or match[3]
        used.add(name)
        if name not in values and not loose:
            kind = "matched in the substitution data" if name[0] == "_" else "a valid built-in"
            raise RefusedError(f"key in the template {name!r} is not {kind}")
        return values.get(name, "")

    return _REFERENCE.sub(value, node)


def _secret_names(raw: Mapping[str, Any]) -> set[str]:
    return {one["env"] for one in raw.get("availableSecrets", {}).get("secretManager", ())}


def _must_be_sound(steps: Sequence[Mapping[str, Any]], secrets: set[str]) -> None:
    ids = Counter(one["id"] for one in steps if "id" in one)
    if doubles := [name for name, times in ids.items() if times > 1]:
        raise RefusedError(f"two steps have the id {doubles[0]!r}")
    for step in steps:
        if "script" in step and {"args", "entrypoint"} & set(step):
            raise RefusedError("a step with a script has neither args nor an entrypoint")
        if lacking := set(step.get("secretEnv", ())) - secrets:
            raise RefusedError(f"secretEnv {min(lacking)!r} is no secret of this build")
    volumes = Counter(one["name"] for step in steps for one in step.get("volumes", ()))
    if alone := [name for name, times in volumes.items() if times == 1]:
        raise RefusedError(f"the volume {alone[0]!r} is used by one step only")


def _step(
    at: int, raw: Mapping[str, Any], steps: Sequence[Mapping[str, Any]],
    shared: Mapping[str, Any], everything: Sequence[str],
) -> Step:  # fmt: skip
    mapped = raw.get("automapSubstitutions", shared.get("automapSubstitutions", False))
    volumes = [*shared.get("volumes", ()), *raw.get("volumes", ())]
    return Step(
        index=at,
        image=raw["name"],
        after=_after(at, raw.get("waitFor"), [one.get("id", "") for one in steps[:at]]),
        args=tuple(raw.get("args", ())),
        entrypoint=raw.get("entrypoint", ""),
        script=raw.get("script", ""),
        folder=str(Path("/workspace", raw.get("dir", ""))),
        env=(*(everything if mapped else ()), *shared.get("env", ()), *raw.get("env", ())),
        secrets=(*shared.get("secretEnv", ()), *raw.get("secretEnv", ())),
        volumes=tuple((one["name"], one["path"]) for one in volumes),
        timeout=_seconds(raw["timeout"]) if "timeout" in raw else None,
    )


def _after(at: int, waits_for: Sequence[str] | None, before: Sequence[str]) -> frozenset[int]:
    """All steps before it, unless it says which; ``-`` is none."""
    if not waits_for:
        return frozenset(range(at))
    named = [one for one in waits_for if one != "-"]
    if unknown := [one for one in named if one not in before]:
        raise RefusedError(f"waitFor names {unknown[0]!r}, which is no step before it")
    return frozenset(before.index(one) for one in named)


def _seconds(text: str) -> float:
    return float(text.removesuffix("s"))
