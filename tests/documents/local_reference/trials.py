"""What becomes of a field: it is sent with a value, and the world tells whether that matters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.cloud import run_v2
from google.iam.v1 import policy_pb2
from google.protobuf.descriptor import Descriptor

from pipeline.local_cloud_run.api import iam
from pipeline.local_cloud_run.state import effects
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.state.traffic import route
from pipeline.local_cloud_run.values import Json, ServiceKey, Site
from tests.documents.local_reference import bodies
from tests.documents.local_reference.fields import Leaf, put, values
from tests.documents.local_reference.world import World

_SERVICE = "services/s"
_FOR_X = {"name": "x", "args": ["of x"]}  # an override for a container of the name that is tried


@dataclass(frozen=True)
class Outcome:
    """What a body led to: what happened and what is shown then; or why it was not taken."""

    acts: object = None
    shown: tuple[Json, ...] = ()
    refusal: str = ""
    not_emulated: str = ""

    @property
    def taken(self) -> bool:
        return not self.refusal and not self.not_emulated


@dataclass(frozen=True)
class Kind:
    """A resource that callers write: a body that works, how to send it, and better values.

    ``special`` are values for fields whose rules a made-up one would break.
    """

    type: Descriptor
    base: Json
    send: Callable[[Json], Outcome]
    special: bodies.Special = field(default_factory=dict)

    def tried(self, leaf: Leaf) -> list[tuple[Any, Outcome]]:
        """Each value of a field, and what it led to."""
        wanted = self.special.get(leaf.name) or values(leaf)
        return [(value, self.send(self._with(leaf, value))) for value in wanted]

    def _with(self, leaf: Leaf, value: Any) -> Json:
        if isinstance(value, bodies.Instead):
            return {**self.base, **value.change}
        return put(self.base, leaf, value)

    def doubled(self, leaf: Leaf) -> dict[str, Outcome]:
        """What two entries lead to, for each list on the way to a field."""
        ways = [leaf.path[: at + 1] for at, name in enumerate(leaf.path) if name.endswith("[]")]
        doubled = {".".join(way): _doubled(self.base, way) for way in ways}
        return {name: self.send(body) for name, body in doubled.items() if body != self.base}


def _doubled(body: Json, way: Sequence[str]) -> Json:
    name, rest = way[0].removesuffix("[]"), way[1:]
    if name not in body:
        return body
    if not rest:
        return {**body, name: [*body[name], *body[name]]}
    if isinstance(body[name], list):
        return {**body, name: [_doubled(each, rest) for each in body[name]]}
    return {**body, name: _doubled(body[name], rest)}


def guarded(send: Callable[[Json], tuple[object, tuple[Json, ...]]]) -> Callable[[Json], Outcome]:
    """A refusal as an outcome. A conflict is something that happens: somebody read the etag."""

    def tried(body: Json) -> Outcome:
        try:
            return Outcome(*send(body))
        except ApiError as error:
            if error.code == Code.ABORTED:
                return Outcome(error.message)
            if error.code == Code.UNIMPLEMENTED:
                return Outcome(not_emulated=error.message)
            return Outcome(refusal=error.message)

    return tried


@guarded
def service(body: Json) -> tuple[object, tuple[Json, ...]]:
    """Update a service of two revisions to it, and look who would answer whom."""
    world = World()
    for name in ("s-a", "s-b"):
        template = {"revision": name, "containers": [{"image": "app:0"}]}
        world.call("PATCH", _SERVICE, {"template": template}, allowMissing="true")
    world.asked.clear()
    world.call("PATCH", _SERVICE, body)
    held = world.state.services[ServiceKey("p", "us-central1", "s")]
    started = [each for each in world.asked if isinstance(each, effects.StartRevision)]
    tags = {None, *(each.target.tag or None for each in held.observed)}
    routes = {
        tag: [route(world.state, Site(held.key, tag), roll) for roll in (0.0, 0.3, 0.6, 0.99)]
        for tag in tags
    }
    allowed = iam.authorise(held, "", {}, iam.Tokens(b"key"), world.now)
    revision = world.call("GET", f"{_SERVICE}/revisions/{held.latest_created}")
    return (started, routes, allowed), (world.call("GET", _SERVICE), revision)


@guarded
def job(body: Json) -> tuple[object, tuple[Json, ...]]:
    """Update a job to it, run it, and let every attempt fail."""
    world = World()
    world.call("POST", "jobs", {"template": {"template": {"containers": [{"image": "app:0"}]}}},
               jobId="j")  # fmt: skip
    world.asked.clear()
    world.call("PATCH", "jobs/j", body)
    world.call("POST", "jobs/j:run", {"overrides": {"containerOverrides": [_FOR_X]}})
    (execution,) = world.call("GET", "jobs/j/executions")["executions"]
    task = world.call("GET", "jobs/j/executions/-/tasks")["tasks"][0]
    shown = (world.call("GET", "jobs/j"), execution, task)
    checked = [each for each in world.asked if isinstance(each, effects.CheckJob)]
    return (checked, _waves(world)), shown


@guarded
def overrides(body: Json) -> tuple[object, tuple[Json, ...]]:
    """Run a job with them."""
    world = World()
    world.call("POST", "jobs", bodies.JOB, jobId="j")
    world.call("POST", "jobs/j:run", {"overrides": body})
    return _waves(world), ({},)


def _waves(world: World) -> list[list[effects.RunTask]]:
    """Let every attempt fail: those that ran at the same time, from the first to the last."""
    waves = []
    while world.begun:
        waves.append(list(world.begun))
        world.end(waves[-1])
    return waves


@guarded
def policy(body: Json) -> tuple[object, tuple[Json, ...]]:
    """Set it on a service, and ask whether anybody may call that."""
    world = World()
    world.call("POST", "services", {"template": bodies.SERVICE["template"]}, serviceId="s")
    world.call("POST", f"{_SERVICE}:setIamPolicy", {"policy": body})
    (held,) = world.state.services.values()
    allowed = iam.authorise(held, "", {}, iam.Tokens(b"key"), world.now)
    return allowed, (world.call("GET", f"{_SERVICE}:getIamPolicy"),)


KINDS = {
    "Service": Kind(run_v2.Service.pb().DESCRIPTOR, bodies.SERVICE, service, bodies.OF_SERVICE),
    "Job": Kind(run_v2.Job.pb().DESCRIPTOR, bodies.JOB, job, bodies.OF_JOB),
    "RunJobRequest.overrides": Kind(
        run_v2.RunJobRequest.Overrides.pb().DESCRIPTOR, bodies.OVERRIDES, overrides
    ),
    "Policy": Kind(policy_pb2.Policy.DESCRIPTOR, bodies.POLICY, policy),
}
"""What callers write."""
