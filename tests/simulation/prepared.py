"""How the service stands when a run begins: made once for each kind, for values can be shared."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from functools import cache

from pipeline.adapters.logging import Entry
from pipeline.context import Options
from pipeline.local_cloud_run.state import events
from pipeline.local_cloud_run.state.resources import State
from pipeline.local_cloud_run.state.traffic import LATEST, REVISION
from pipeline.local_cloud_run.values import Json
from pipeline.release.history import RELEASES, Release
from tests.simulation.cloud import Cloud
from tests.simulation.front import KEY
from tests.simulation.history import History
from tests.simulation.plan import Plan, Session, Start
from tests.simulation.timeline import Timeline

_OLDER, _NEWER = "agents-1", "agents-2"
_IMAGE = "us-docker.pkg.dev/my-project/services/agents@sha256:" + "1" * 64
_EVERYBODY = ({"role": "roles/run.invoker", "members": ["allUsers"]},)
_WHEN = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class Prepared:
    state: State
    now: float
    entries: dict[str, list[Entry]]


@cache
def prepared(start: Start) -> Prepared:
    time = Timeline()
    cloud = Cloud(Plan(()), time, History(time), random.Random(0))
    if start is not Start.NONE:
        _serve(cloud, start)
    if start is Start.HELD:
        _hold(cloud)
    time.drain()
    return Prepared(cloud.state, time.now + 60, cloud.front.log.entries)


def _serve(cloud: Cloud, start: Start) -> None:
    """Two revisions, both of which users have met; somebody's tag is on the older one."""
    cloud.submit(events.CreateService(KEY, _spec(_OLDER), cloud.nonce()))
    cloud.time.drain()
    spec = {**_spec(_NEWER), "traffic": _TRAFFIC[start]}
    if start in (Start.RELEASED, Start.HELD):
        spec["annotations"] = {RELEASES: _releases(_NEWER, _OLDER)}
    paths = ("template", "traffic", "annotations")
    cloud.submit(events.UpdateService(KEY, spec, cloud.nonce(), paths))
    cloud.submit(events.SetPolicy(KEY, _EVERYBODY))
    cloud.time.drain()


def _hold(cloud: Cloud) -> None:
    from tests.simulation.contexts import context_of
    from tests.simulation.machine import Machine
    from tests.simulation.stages import STAGES
    from tests.simulation.virtual import HERE, virtual_time

    HERE.machine = Machine("before", cloud, Session(()))
    HERE.machine.begin_process()
    with virtual_time():
        for stage in ("deploy", "verify"):
            STAGES[stage](context_of(HERE.machine, Options()))


def _spec(revision: str) -> Json:
    container = {"image": _IMAGE, "env": [{"name": "OWNER", "value": revision}]}
    return {"template": {"revision": revision, "containers": [container]}}


def _pinned(name: str, percent: int, **more: str) -> Json:
    return {"type": REVISION, "revision": name, "percent": percent, **more}


_THEIRS = _pinned(_OLDER, 0, tag="theirs")
_TRAFFIC = {
    Start.RELEASED: [_pinned(_NEWER, 100), _THEIRS],
    Start.HELD: [_pinned(_NEWER, 100), _THEIRS],
    Start.FOREIGN: [{"type": LATEST, "percent": 100}, _THEIRS],
    Start.SPLIT: [_pinned(_OLDER, 50), _pinned(_NEWER, 50), _THEIRS],
}


def _releases(*names: str) -> str:
    notes = [asdict(Release(name, _IMAGE, _WHEN, _WHEN)) for name in names]
    return json.dumps({"v": 1, "note": notes})
