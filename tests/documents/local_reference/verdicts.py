"""What the reference says of each field of each resource."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from google.cloud import run_v2

from pipeline.local_cloud_run.values import Json, TaskEnd
from tests.documents.local_reference import bodies
from tests.documents.local_reference.fields import Leaf, found, leaves
from tests.documents.local_reference.trials import KINDS, Outcome
from tests.documents.local_reference.world import ABSENT, BROKEN, World

EMULATED, STORED, NOT_EMULATED = "emulated", "stored only", "answers 501"
FILLED_IN, OMITTED, AS_ASKED = "filled in", "never set", "as asked for"

Verdicts = dict[tuple[str, ...], str]

_TYPE = "TRAFFIC_TARGET_ALLOCATION_TYPE"
_LISTS = {
    "Service": "services",
    "Revision": "services/-/revisions",
    "Job": "jobs",
    "Execution": "jobs/-/executions",
    "Task": "jobs/-/executions/-/tasks",
}

# What is made of another resource: which, where its template stands there, which of its views.
_MADE_OF = {
    "Revision": ("Service", ("template",), 1),
    "Execution": ("Job", ("template",), 1),
    "Task": ("Job", ("template", "template"), 2),
}


def verdicts(name: str) -> Verdicts:
    """For each field of a resource, by its path in JSON."""
    kind = KINDS[name].type if name in KINDS else getattr(run_v2, name).pb().DESCRIPTOR
    return {leaf.path: verdict(name, leaf) for leaf in leaves(kind)}


def verdict(name: str, leaf: Leaf) -> str:
    return _of_written(name, leaf) if name in KINDS else _of_made(name, leaf)


def _of_written(name: str, leaf: Leaf) -> str:
    """Of a field that callers send."""
    tried = _tried(name, leaf.path)
    taken = [(value, outcome) for value, outcome in tried if outcome.taken]
    missing = next((outcome.not_emulated for _, outcome in tried if outcome.not_emulated), "")
    if not taken and not missing:
        raise ValueError(f"{name}.{leaf.name}: every value was refused; trials.py needs a better "
                         f"one: {tried[0][1].refusal}")  # fmt: skip
    if not taken:
        return NOT_EMULATED
    if not missing:
        return _of_taken(name, leaf, taken)
    acts = any(outcome.acts != _base(name).acts for _, outcome in taken)
    return f"{EMULATED if acts else STORED}; {_but(missing)}"


def _of_taken(name: str, leaf: Leaf, taken: list[tuple[Any, Outcome]]) -> str:
    usual = _base(name)
    if any(outcome.acts != usual.acts for _, outcome in taken):
        return EMULATED
    is_told = any(not _holds(usual.shown[0], leaf.path, value) for value, _ in taken)
    if is_told and _all_shown(taken, 0, leaf.path):  # not what is there anyway
        return STORED
    return FILLED_IN if _is_filled_in(name, leaf) else OMITTED


def _of_made(name: str, leaf: Leaf) -> str:
    """Of a field of what callers only read."""
    owner, where, view = _MADE_OF[name]
    tried = _tried(owner, (*where, *leaf.path))
    taken = [(value, outcome) for value, outcome in tried if outcome.taken]
    if taken and _all_shown(taken, view, leaf.path):
        return AS_ASKED
    return FILLED_IN if _is_filled_in(name, leaf) else OMITTED


def _all_shown(taken: list[tuple[Any, Outcome]], view: int, path: tuple[str, ...]) -> bool:
    """Whether each value came back in a view."""
    return all(
        _holds(outcome.shown[view], path, value) for value, outcome in taken if outcome.shown
    )


def _holds(body: Json, path: tuple[str, ...], value: Any) -> bool:
    return any(_same(value, there) for there in found(body, path))


def _same(sent: Any, shown: Any) -> bool:
    """JSON has 64-bit numbers as text; a map may have gained defaults."""
    if isinstance(sent, dict) and isinstance(shown, dict):
        return sent.items() <= shown.items()
    return str(sent) == str(shown)


def _but(refusal: str) -> str:
    what = refusal.removeprefix("The local Cloud Run does not emulate ").removesuffix(".")
    return f"501: {what}"


@cache
def _tried(name: str, path: tuple[str, ...]) -> list[tuple[Any, Outcome]]:
    """What each value of a field led to; nothing where there is no such field."""
    leaf = _by_path(name).get(path)
    return KINDS[name].tried(leaf) if leaf else []


@cache
def _by_path(name: str) -> dict[tuple[str, ...], Leaf]:
    return {leaf.path: leaf for leaf in leaves(KINDS[name].type)}


@cache
def _base(name: str) -> Outcome:
    kind = KINDS[name]
    outcome = kind.send(kind.base)
    assert outcome.taken, outcome
    return outcome


def lists_of_one(name: str) -> dict[str, str]:
    """The lists of a resource that must not have two entries, and what the 501 says."""
    kind, refused = KINDS[name], {}
    for leaf in leaves(kind.type):
        for path, outcome in kind.doubled(leaf).items():
            if outcome.not_emulated:
                refused[path] = _but(outcome.not_emulated)
    return refused


def _is_filled_in(name: str, leaf: Leaf) -> bool:
    usual = _base(name).shown[:1] if name in KINDS else ()
    return any(found(body, leaf.path) for body in (*usual, *_seen().get(name, ())))


@cache
def _seen() -> dict[str, list[Json]]:
    """Resources of each kind in a world where most things have happened."""
    seen: dict[str, list[Json]] = {}
    for world in _lived_in(World()):
        for name, path in _LISTS.items():
            field = path.rpartition("/")[2]
            seen.setdefault(name, []).extend(world.call("GET", path)[field])
    return seen


def _lived_in(world: World) -> Iterator[World]:
    """The world, again and again, as it goes on."""
    for image in ("app:1", BROKEN, ABSENT):
        template = {"containers": [{"image": image}]}
        world.call("POST", "services", {"template": template}, serviceId=image[:3])
        world.call("POST", "jobs", {"template": {"template": template}}, jobId=image[:3])
    yield world
    last = world.call("GET", "services/app")["latestReadyRevision"].rpartition("/")[2]
    for kind in ({"type": f"{_TYPE}_LATEST"}, {"type": f"{_TYPE}_REVISION", "revision": last}):
        traffic = [{**kind, "percent": 100, "tag": "t"}]
        world.call("PATCH", "services/app", {**bodies.SERVICE, "traffic": traffic})
        yield world
    for end in (TaskEnd(), TaskEnd(1, message="It failed.")):
        world.call("POST", "jobs/app:run")
        yield world
        while world.begun:
            world.end(list(world.begun), end)
    running = world.call("POST", "jobs/app:run")["metadata"]["name"].rpartition("/")[2]
    world.call("POST", f"jobs/app/executions/{running}:cancel")
    yield world
