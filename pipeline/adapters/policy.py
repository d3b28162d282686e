"""Who may call a service: its IAM policy, read and added to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.adapters.google import CALL, read_again
from pipeline.adapters.refusals import translated
from pipeline.errors import ChangedMeanwhile

if TYPE_CHECKING:
    from google.cloud import run_v2

_TRIES = 3
_EVERYBODY = "allUsers"
_INVOKERS = ("roles/run.invoker", "roles/run.servicesInvoker")
_VERSION = 3
"""The one that knows conditions: a policy read as an older one hides them."""


def everybody_may_call(services: run_v2.ServicesClient, name: str) -> bool:
    """Whether the policy lets anybody in, under no condition."""
    return any(
        binding.role in _INVOKERS
        and _EVERYBODY in binding.members
        and not binding.HasField("condition")
        for binding in _read(services, name).bindings
    )


def let_everybody_in(services: run_v2.ServicesClient, name: str) -> None:
    """Add everybody to the policy; read and written anew when somebody else changed it."""
    for _ in range(_TRIES - 1):
        try:
            _add_everybody(services, name)
        except ChangedMeanwhile:
            continue
        return
    _add_everybody(services, name)


def _add_everybody(services: run_v2.ServicesClient, name: str) -> None:
    from google.iam.v1 import iam_policy_pb2

    policy = _read(services, name)
    policy.version = _VERSION
    policy.bindings.add(role=_INVOKERS[0], members=[_EVERYBODY])
    request = iam_policy_pb2.SetIamPolicyRequest(resource=name, policy=policy)
    with translated(f"{name}:setIamPolicy"):
        services.set_iam_policy(request=request, timeout=CALL)


def _read(services: run_v2.ServicesClient, name: str) -> Any:
    from google.iam.v1 import iam_policy_pb2, options_pb2

    options = options_pb2.GetPolicyOptions(requested_policy_version=_VERSION)
    request = iam_policy_pb2.GetIamPolicyRequest(resource=name, options=options)
    with translated(name):
        return services.get_iam_policy(request=request, timeout=CALL, retry=read_again())
