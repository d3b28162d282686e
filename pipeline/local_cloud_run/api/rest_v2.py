"""Run v2 REST over the state model: services, revisions, operations, IAM (API facts §1, §2, §13.2).

What is not emulated answers 501. Jobs are in a file of their own, beside this one; other surfaces
have others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipeline.local_cloud_run.api import jobs_v2, protos, views
from pipeline.local_cloud_run.api.calls import PLACE, Call, Handler
from pipeline.local_cloud_run.control import ControlPlane
from pipeline.local_cloud_run.state import events
from pipeline.local_cloud_run.state.defaults import seconds
from pipeline.local_cloud_run.state.lookup import get_operation, get_revision, get_service
from pipeline.local_cloud_run.state.resources import Revision, Service
from pipeline.local_cloud_run.state.rpc import ApiError, Code, invalid, not_emulated
from pipeline.local_cloud_run.values import Json, ServiceKey

_ANY_SERVICE = "-"
_LONGEST_WAIT = 60.0  # seconds


async def create_service(call: Call) -> Json:
    key = ServiceKey(call.path["project"], call.path["location"], call.query.get("serviceId", ""))
    spec = protos.service(call.body)
    event = events.CreateService(key, spec, call.control.nonce(), call.flag("validateOnly"))
    return call.show(call.control.submit(event))


async def get(call: Call) -> Json:
    return _service(call, get_service(call.control.state, call.service))


async def list_services(call: Call) -> Json:
    place = (call.path["project"], call.path["location"])
    if _ANY_SERVICE in place:
        raise invalid("The location of a list of services cannot be the '-' wildcard.")
    held = sorted(call.control.state.services.items())
    shown, token = call.page(service for key, service in held if key[:2] == place)
    return {"services": [_service(call, each) for each in shown], "nextPageToken": token}


async def update_service(call: Call) -> Json:
    spec, mask = protos.service(call.body), call.query.get("updateMask", "")
    event = events.UpdateService(
        call.service,
        spec,
        call.control.nonce(),
        protos.mask_paths(mask) if mask else None,
        spec.get("etag", ""),
        call.flag("allowMissing"),
        call.flag("validateOnly"),
    )
    return call.show(call.control.submit(event))


async def delete_service(call: Call) -> Json:
    etag, dry = call.query.get("etag", ""), call.flag("validateOnly")
    event = events.DeleteService(call.service, call.control.nonce(), etag, dry)
    return call.show(call.control.submit(event))


async def get_one_revision(call: Call) -> Json:
    return _revision(call, get_revision(call.control.state, call.revision))


async def list_revisions(call: Call) -> Json:
    """Newest first; the service may be ``-`` for all of them."""
    state, wanted = call.control.state, call.service
    if wanted.service != _ANY_SERVICE:
        get_service(state, wanted)
    owners = [
        service
        for key, service in state.services.items()
        if key == wanted or (wanted.service == _ANY_SERVICE and key[:2] == wanted[:2])
    ]
    held = [revision for owner in owners for revision in owner.revisions.values()]
    held.sort(key=lambda each: (each.created, each.generation), reverse=True)
    shown, token = call.page(held)
    return {"revisions": [_revision(call, each) for each in shown], "nextPageToken": token}


async def delete_revision(call: Call) -> Json:
    etag, dry = call.query.get("etag", ""), call.flag("validateOnly")
    event = events.DeleteRevision(call.revision, call.control.nonce(), etag, dry)
    return call.show(call.control.submit(event))


async def get_one_operation(call: Call) -> Json:
    return call.show(get_operation(call.control.state, call.operation))


async def list_operations(call: Call) -> Json:
    prefix = call.operation
    held = (each for name, each in call.control.state.operations.items() if name.startswith(prefix))
    shown, token = call.page(held)
    return {"operations": [call.show(each) for each in shown], "nextPageToken": token}


async def delete_operation(call: Call) -> Json:
    return call.show(call.control.submit(events.DeleteOperation(call.operation)))


async def wait_operation(call: Call) -> Json:
    """Answers as soon as the operation is done, or after ``timeout`` (60 s at most)."""
    return call.show(await call.control.wait(call.operation, time_to_wait(call)))


def time_to_wait(call: Call) -> float:
    """Seconds; the body says ``timeout``."""
    text = call.field("timeout") or f"{_LONGEST_WAIT}s"
    if not isinstance(text, str) or not re.fullmatch(r"\d{1,6}(\.\d{1,9})?s", text, re.ASCII):
        raise invalid("Invalid value at 'timeout', a duration such as \"5s\" was expected.")
    return min(seconds(text), _LONGEST_WAIT)


async def get_policy(call: Call) -> Json:
    return views.policy(get_service(call.control.state, call.service))


async def set_policy(call: Call) -> Json:
    policy = protos.policy(call.field("policy") or {})
    bindings = tuple(policy.get("bindings", ()))
    call.control.submit(events.SetPolicy(call.service, bindings, policy.get("etag", "")))
    return await get_policy(call)


async def tested_permissions(call: Call) -> Json:
    """The local caller has every permission, also to what is not there yet."""
    return {"permissions": call.field("permissions") or []}


def _service(call: Call, held: Service) -> Json:
    return views.service(held, call.control.uri)


def _revision(call: Call, held: Revision) -> Json:
    return views.revision(held, call.control.state.services.get(held.key.of_service))


_SERVICE = PLACE + r"/services/(?P<service>[^/:]+)"
_REVISION = _SERVICE + r"/revisions/(?P<revision>[^/:]+)"
_OPERATION = PLACE + r"/operations/(?P<operation>[^/:]+)"
_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", PLACE + "/services", create_service),
    ("GET", PLACE + "/services", list_services),
    ("GET", _SERVICE, get),
    ("PATCH", _SERVICE, update_service),
    ("DELETE", _SERVICE, delete_service),
    ("GET", _SERVICE + "/revisions", list_revisions),
    ("GET", _REVISION, get_one_revision),
    ("DELETE", _REVISION, delete_revision),
    ("GET", PLACE + "/operations(?P<operation>)", list_operations),
    ("GET", _OPERATION, get_one_operation),
    ("DELETE", _OPERATION, delete_operation),
    ("POST", _OPERATION + ":wait", wait_operation),
    ("GET", _SERVICE + ":getIamPolicy", get_policy),
    ("POST", _SERVICE + ":setIamPolicy", set_policy),
    ("POST", _SERVICE + ":testIamPermissions", tested_permissions),
    *jobs_v2.ROUTES,
)
_NOT_EMULATED = re.compile(PLACE + r"/(builds|workerPools|instances)(?=[/:]|$)")


async def answer(
    control: ControlPlane, method: str, path: str, query: Mapping[str, str], body: Any
) -> Json:
    """Answer one call; ``path`` is what follows ``/v2/``. Raises ApiError."""
    for verb, pattern, handler in _ROUTES:
        match = re.fullmatch(pattern, path) if verb == method else None
        if match:
            return await handler(Call(control, match.groupdict(), query, body))
    foreign = _NOT_EMULATED.match(path)
    if foreign:
        raise not_emulated(f"{foreign[3]} (it has services, revisions, jobs, operations and IAM)")
    raise ApiError(Code.UNIMPLEMENTED, f"The local Cloud Run does not emulate {method} /v2/{path}.")
