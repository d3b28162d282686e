"""The v1 API of services, revisions, routes and configurations (API facts §13.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pipeline.local_cloud_run.api import rest_v2
from pipeline.local_cloud_run.api.calls import PLACE, Call, Handler
from pipeline.local_cloud_run.api.knative import objects, service_objects
from pipeline.local_cloud_run.api.knative.lists import listed
from pipeline.local_cloud_run.api.knative.spelling import LOCATION, SERVING
from pipeline.local_cloud_run.api.knative.template import API_VERSION, service_to_v2
from pipeline.local_cloud_run.state import events, texts
from pipeline.local_cloud_run.state.resources import Operation, Revision, Service
from pipeline.local_cloud_run.state.rpc import ApiError, Code, invalid
from pipeline.local_cloud_run.values import Json, RevisionKey, ServiceKey


async def create_service(call: Call) -> Json:
    name, _, spec = service_to_v2(call.body)
    location = call.path["location"]
    if not location:
        raise invalid("The host of this request names no region, such as us-central1-run.localhost")
    key = ServiceKey(call.path["project"], location, name)
    event = events.CreateService(key, spec, call.control.nonce(), call.is_dry)
    return _made(call, key, call.control.submit(event))


async def replace_service(call: Call) -> Json:
    """A resourceVersion that is sent must be the present one."""
    name, version, spec = service_to_v2(call.body)
    if name != call.path["service"]:
        raise invalid("metadata.name: must be the name in the path.")
    key = _service(call).key
    event = events.UpdateService(
        key, spec, call.control.nonce(), etag=version, validate_only=call.is_dry
    )
    return _made(call, key, call.control.submit(event))


async def get_one_service(call: Call) -> Json:
    return _shown(call)(_service(call))


async def list_services(call: Call) -> Json:
    return _list(call, "Service", _shown(call))


async def delete_service(call: Call) -> Json:
    held = _service(call)
    event = events.DeleteService(held.key, call.control.nonce(), validate_only=call.is_dry)
    call.control.submit(event)
    return objects.deleted(service_objects.identity(held))


async def get_route(call: Call) -> Json:
    return service_objects.route(_service(call), call.control.uri)


async def list_routes(call: Call) -> Json:
    return _list(call, "Route", lambda each: service_objects.route(each, call.control.uri))


async def get_configuration(call: Call) -> Json:
    return service_objects.configuration(_service(call))


async def list_configurations(call: Call) -> Json:
    return _list(call, "Configuration", service_objects.configuration)


async def get_one_revision(call: Call) -> Json:
    return service_objects.revision(*_revision(call))


async def list_revisions(call: Call) -> Json:
    """Newest first."""
    held = [(each, owner) for owner in services(call) for each in owner.revisions.values()]
    held.sort(key=lambda pair: (pair[0].created, pair[0].generation), reverse=True)
    return listed(
        call,
        API_VERSION,
        "Revision",
        held,
        lambda pair: {
            **service_objects.revision_labels(*pair), LOCATION: pair[0].key.location
        },
        lambda pair: service_objects.revision(*pair),
    )  # fmt: skip


async def delete_revision(call: Call) -> Json:
    held, _ = _revision(call)
    event = events.DeleteRevision(held.key, call.control.nonce(), validate_only=call.is_dry)
    call.control.submit(event)
    return objects.deleted(service_objects.revision_identity(held))


def services(call: Call) -> Iterator[Service]:
    """Those of the project by name; of one location, where the host or the path names it."""
    location = call.path["location"]
    for key, service in sorted(call.control.state.services.items()):
        if key.project == call.path["project"] and location in ("", "-", key.location):
            yield service


def _service(call: Call) -> Service:
    """Where no region is named, there must be one only: what is meant is not guessed."""
    name = call.path["service"]
    found = [service for service in services(call) if service.key.service == name]
    if len(found) > 1:
        regions = " and ".join(service.key.location for service in found)
        raise invalid(
            f"'{name}' is in {regions}: the host must name one, as us-east1-run.localhost"
        )
    if found:
        return found[0]
    at = ServiceKey(call.path["project"], call.path["location"], name)
    raise ApiError(Code.NOT_FOUND, texts.missing("SERVICE", name, at))


def _revision(call: Call) -> tuple[Revision, Service]:
    """v1 names a revision without its service."""
    name = call.path["revision"]
    for owner in services(call):
        if name in owner.revisions:
            return owner.revisions[name], owner
    at = RevisionKey(call.path["project"], call.path["location"], "", name)
    raise ApiError(Code.NOT_FOUND, texts.missing("REVISION", name, at))


def _made(call: Call, key: ServiceKey, operation: Operation | None) -> Json:
    """The service as it now stands, or as it would."""
    result = operation.result if operation else None
    if call.is_dry and isinstance(result, Service):
        return service_objects.service(result, call.control.uri)
    return _shown(call)(call.control.state.services[key])


def _shown(call: Call) -> Callable[[Service], Json]:
    """Shows a service with the operation that belongs to its generation."""
    names = {
        (each.key, each.generation): name
        for name, each in call.control.state.operations.items()
        if each.generation
    }

    def show(service: Service) -> Json:
        operation = names.get((service.key, service.generation), "")
        return service_objects.service(service, call.control.uri, operation)

    return show


def _list(call: Call, kind: str, show: Callable[[Service], Json]) -> Json:
    def labels(service: Service) -> Mapping[str, str]:
        key = service.key
        own = service.spec.get("labels", {})
        return {**own, f"{SERVING}service": key.service, LOCATION: key.location}

    return listed(call, API_VERSION, kind, services(call), labels, show)


_PLACES = (
    r"apis/serving\.knative\.dev/v1/namespaces/(?P<project>[^/]+)",
    "v1/" + PLACE,
)
_POLICY = "v1/" + PLACE + r"/services/(?P<service>[^/:]+)"
_OBJECTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/services", list_services),
    ("POST", "/services", create_service),
    ("GET", "/services/(?P<service>[^/:]+)", get_one_service),
    ("PUT", "/services/(?P<service>[^/:]+)", replace_service),
    ("DELETE", "/services/(?P<service>[^/:]+)", delete_service),
    ("GET", "/revisions", list_revisions),
    ("GET", "/revisions/(?P<revision>[^/:]+)", get_one_revision),
    ("DELETE", "/revisions/(?P<revision>[^/:]+)", delete_revision),
    ("GET", "/routes", list_routes),
    ("GET", "/routes/(?P<service>[^/:]+)", get_route),
    ("GET", "/configurations", list_configurations),
    ("GET", "/configurations/(?P<service>[^/:]+)", get_configuration),
)
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    *((verb, place + rest, handler) for place in _PLACES for verb, rest, handler in _OBJECTS),
    ("GET", _POLICY + ":getIamPolicy", rest_v2.get_policy),
    ("POST", _POLICY + ":setIamPolicy", rest_v2.set_policy),
    ("POST", _POLICY + ":testIamPermissions", rest_v2.tested_permissions),
)
