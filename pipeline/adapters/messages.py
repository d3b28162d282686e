"""Google's messages as the pipeline's values, and back. Names are short, not resource paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.adapters.configured import configured_revision, configured_service
from pipeline.model import Revision, Service, Target

if TYPE_CHECKING:
    from google.cloud import run_v2


def read_service(message: run_v2.Service) -> Service:
    """The client's message as the pipeline's value; names are short, split from resource paths."""
    from google.cloud import run_v2

    return Service(
        name=_short(message.name),
        uri=message.urls[0] if message.urls else message.uri,
        etag=message.etag,
        reconciling=message.reconciling,
        ready=message.terminal_condition.state == run_v2.Condition.State.CONDITION_SUCCEEDED,
        message=message.terminal_condition.message,
        latest_created=_short(message.latest_created_revision),
        latest_ready=_short(message.latest_ready_revision),
        image=_image(message.template.containers),
        traffic=tuple(
            Target(_short(one.revision) or None, one.percent, one.tag or None)
            for one in message.traffic
        )
        or (Target(None, 100),),
        serving=tuple(
            Target(_short(one.revision) or None, one.percent, one.tag or None, one.uri)
            for one in message.traffic_statuses
        ),
        annotations=dict(message.annotations),
        invoker_iam_disabled=message.invoker_iam_disabled,
        generation=message.generation,
        account=message.template.service_account,
        template_revision=message.template.revision,
        configured=configured_service(message),
        raw=message,
    )


def read_revision(message: run_v2.Revision) -> Revision:
    from google.cloud import run_v2

    ready = next((one for one in message.conditions if one.type_ == "Ready"), None)
    return Revision(
        name=_short(message.name),
        image=_image(message.containers),
        created=message.create_time,  # type: ignore[arg-type]
        ready=ready is not None and ready.state == run_v2.Condition.State.CONDITION_SUCCEEDED,
        message=ready.message if ready else "",
        labels=dict(message.labels),
        configured=configured_revision(message, serving_container(message.containers))
        if message.containers
        else {},
    )


def traffic_target(target: Target) -> run_v2.TrafficTarget:
    from google.cloud import run_v2

    kinds = run_v2.TrafficTargetAllocationType
    return run_v2.TrafficTarget(
        type_=kinds.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
        if target.revision
        else kinds.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST,
        revision=target.revision or "",
        percent=target.percent,
        tag=target.tag or "",
    )


def serving_container(containers: Sequence[run_v2.Container]) -> run_v2.Container:
    """The one that requests go to: of several, the one with a port; the others are sidecars."""
    return next((one for one in containers if one.ports), containers[0])


def _image(containers: Sequence[run_v2.Container]) -> str:
    return serving_container(containers).image if containers else ""


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]
