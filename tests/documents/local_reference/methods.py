"""The methods of Google's own client, and what becomes of each and of what a request may say."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.cloud import run_v2
from google.cloud.run_v2 import services
from google.iam.v1 import iam_policy_pb2
from google.longrunning import operations_pb2
from google.protobuf.descriptor import Descriptor

from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.values import Json
from tests.documents.local_reference import bodies
from tests.documents.local_reference.fields import Leaf, leaves, put, values
from tests.documents.local_reference.world import PLACE, World

_VARIABLE = re.compile(r"\{([\w.]+)=([^}]*)\}")
_BODIES: dict[str, Json] = {
    "service": {"template": bodies.SERVICE["template"]},
    "job": bodies.JOB,
    "SetIamPolicy": {"policy": bodies.POLICY},
    "TestIamPermissions": {"permissions": ["run.services.get"]},
}
_QUERIES = {"CreateService": {"serviceId": "new"}, "CreateJob": {"jobId": "new"}}
_WITH_A_SECTION = {"policy", "overrides"}  # of their own


@dataclass(frozen=True)
class Method:
    """As the client has it. ``body`` is ``*``, the field that is the body, or empty."""

    name: str
    verb: str
    uri: str
    body: str

    @property
    def request(self) -> Descriptor:
        name = f"{self.name}Request"
        for module in (operations_pb2, iam_policy_pb2):
            if hasattr(module, name):
                return getattr(module, name).DESCRIPTOR
        return getattr(run_v2, name).pb().DESCRIPTOR

    @property
    def shown_uri(self) -> str:
        return _VARIABLE.sub(lambda variable: variable[2], self.uri)


def methods() -> list[Method]:
    """Every method and each of its paths, those that all services share once, by path."""
    found = {
        method
        for module in pkgutil.iter_modules(services.__path__)
        for method in _of_service(module.name)
    }
    return sorted(found, key=lambda each: (each.shown_uri.replace(":", "/"), each.verb))


def _of_service(module: str) -> Iterator[Method]:
    base = importlib.import_module(f"{services.__name__}.{module}.transports.rest_base")
    (transport,) = (
        kind for name, kind in vars(base).items() if re.fullmatch("_Base.*Rest.*", name)
    )
    for name, kind in vars(transport).items():
        if name.startswith("_Base"):
            for rule in kind._get_http_options():
                title, verb = name.removeprefix("_Base"), rule["method"].upper()
                yield Method(title, verb, rule["uri"], rule.get("body", ""))


def is_emulated(method: Method) -> bool:
    return _observed(method, {}, {}) is not None


def unheeded(method: Method) -> list[str]:
    """The fields of its request that make no difference, by their names in the protocol file."""
    whole = _BODIES.get(method.body) or _BODIES.get(method.name, {})
    query = _QUERIES.get(method.name, {})
    usual = _observed(method, whole, query)
    found = []
    for leaf in leaves(method.request):
        if not _is_place(method, leaf) and leaf.fields[0].name not in _WITH_A_SECTION:
            tried = (_with(method, whole, query, leaf, value) for value in values(leaf))
            if all(_observed(method, *each) == usual for each in tried):
                found.append(".".join(field.name for field in leaf.fields))
    return found


def _is_place(method: Method, leaf: Leaf) -> bool:
    """Whether a field is in the path, or of the resource that is the body."""
    in_path = {name.split(".")[0] for name, _ in _VARIABLE.findall(method.uri)}
    return leaf.fields[0].name in {method.body, *in_path}


def _with(
    method: Method, body: Json, query: dict[str, str], leaf: Leaf, value: Any
) -> tuple[Json, dict[str, str]]:
    if method.body == "*":
        return put(body, leaf, value), query
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return body, {**query, leaf.name: text}


def _observed(method: Method, body: Json, query: dict[str, str]) -> object:
    """All that a request leads to, in a world of its own; None when it is not emulated."""
    world = _world()
    before = len(world.told)
    try:
        answer: object = world.call(method.verb, _path(method, world), body, **query)
    except ApiError as error:
        if error.code == Code.UNIMPLEMENTED:
            return None
        answer = (error.code, error.message)
    return answer, world.told[before:], world.begun, world.waits


def _world() -> World:
    """Two services, one with a revision to spare, and two jobs, one with executions that run."""
    world = World()
    for name in ("s-a", "s-b"):
        template = {"revision": name, "containers": [{"image": "app:1"}]}
        world.call("PATCH", "services/s", {"template": template}, allowMissing="true")
    world.call("POST", "services", _BODIES["service"], serviceId="other")
    for name in ("j", "other"):
        world.call("POST", "jobs", bodies.JOB, jobId=name)
    for _ in range(2):
        world.call("POST", "jobs/j:run")
    return world


def _path(method: Method, world: World) -> str:
    """The path with the names of what the world holds."""
    execution = next(iter(next(iter(world.state.jobs.values())).executions))
    names = {
        "projects": "p", "locations": "us-central1", "services": "s", "revisions": "s-a",
        "jobs": "j", "executions": execution, "tasks": f"{execution}-task0",
        "operations": next(iter(world.state.operations)).rpartition("/")[2],
    }  # fmt: skip
    filled = re.sub(
        r"(\w+)/\*", lambda part: f"{part[1]}/{names.get(part[1], 'x')}", method.shown_uri
    )
    return filled.removeprefix(f"/v2/{PLACE}/")
