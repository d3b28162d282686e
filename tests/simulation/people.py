"""What people do to the service beside the pipeline, with the console or another tool."""

from __future__ import annotations

from typing import Any

from pipeline.local_cloud_run.state import events
from pipeline.local_cloud_run.state.conditions import etag_of
from pipeline.local_cloud_run.state.resources import Service
from pipeline.local_cloud_run.state.rpc import ApiError
from pipeline.local_cloud_run.state.traffic import LATEST, REVISION
from pipeline.local_cloud_run.values import Json, RevisionKey
from tests.simulation.cloud import Cloud, serving
from tests.simulation.front import KEY
from tests.simulation.invariants import Watcher
from tests.simulation.notes import candidate_on
from tests.simulation.plan import Act
from tests.simulation.writes import PERSON

TAG = "theirs"
ANNOTATION = "example.com/theirs"
VARIABLE = "THEIRS"


def act(cloud: Cloud, watcher: Watcher, wanted: Act, number: int) -> None:
    """Do it, if the service is such that it can be done; a person reads just before."""
    service = cloud.service
    event = _event(cloud, service, wanted, number) if service and service.observed else None
    if service is None or event is None:
        cloud.history.add(PERSON, f"{wanted}: nothing to do")
        return
    try:
        cloud.submit(event)
    except ApiError as error:
        cloud.history.add(PERSON, f"{wanted}: refused: {error}")
        return
    cloud.history.add(PERSON, str(wanted))
    watcher.person_did(wanted, service)


def _event(cloud: Cloud, service: Service, wanted: Act, number: int) -> events.Event | None:
    match wanted:
        case Act.MOVE:
            back = _idle(service)
            return _move(cloud, service, _pinned(back)) if back else None
        case Act.PROMOTE:
            name = _candidate(service)
            made = service.revisions.get(name)
            return _move(cloud, service, _pinned(name)) if made and made.is_ready else None
        case Act.LATEST:
            return _move(cloud, service, {"type": LATEST, "percent": 100})
        case Act.TAG:
            at = {**_pinned(max(serving(service))), "percent": 0, "tag": f"{TAG}-{number}"}
            return _update(cloud, service, traffic=[*service.spec["traffic"], at])
        case Act.DEPLOY:
            return _update(cloud, service, template=_changed(service, number))
        case Act.DELETE:
            name = _candidate(service)
            return events.DeleteRevision(RevisionKey(*KEY, name), cloud.nonce()) if name else None
        case Act.ANNOTATE:
            notes = {**service.spec.get("annotations", {}), f"{ANNOTATION}-{number}": "kept"}
            return _update(cloud, service, annotations=notes)


def _update(cloud: Cloud, service: Service, **fields: Any) -> events.UpdateService:
    etag = etag_of(service.version)
    return events.UpdateService(KEY, fields, cloud.nonce(), tuple(fields), etag)


def _move(cloud: Cloud, service: Service, target: Json) -> events.UpdateService:
    """All traffic to one target; tags stay, as the console leaves them."""
    tagged = [{**one, "percent": 0} for one in service.spec["traffic"] if one.get("tag")]
    return _update(cloud, service, traffic=[target, *tagged])


def _pinned(name: str) -> Json:
    return {"type": REVISION, "revision": name, "percent": 100}


def _idle(service: Service) -> str:
    """The newest revision that could serve, does not, and is no candidate; empty without one."""
    busy = {*serving(service), _candidate(service)}
    ready = [name for name, one in service.revisions.items() if one.is_ready and name not in busy]
    return ready[-1] if ready else ""


def _candidate(service: Service) -> str:
    noted = candidate_on(service)
    return noted.revision if noted else ""


def _changed(service: Service, number: int) -> Json:
    """A template with one more variable, and Cloud Run to name the revision."""
    template = {name: held for name, held in service.spec["template"].items() if name != "revision"}
    template["labels"] = {}
    first, *others = template["containers"]
    env = [*first.get("env", ()), {"name": f"{VARIABLE}_{number}", "value": "kept"}]
    return {**template, "containers": [{**first, "env": env}, *others]}
