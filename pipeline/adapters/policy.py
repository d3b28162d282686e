"""Who may call a service: its IAM policy, read and changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline.adapters.patience import Pace
from pipeline.adapters.refusals import raised, translated
from pipeline.adapters.sending import Tries

if TYPE_CHECKING:
    from google.cloud import run_v2
    from google.iam.v1 import policy_pb2

_EVERYBODY = "allUsers"
_INVOKERS = ("roles/run.invoker", "roles/run.servicesInvoker")
_VERSION = 3
"""The one that knows conditions: a policy read as an older one hides them."""


def everybody_may_call(services: run_v2.ServicesClient, name: str, pace: Pace) -> bool:
    """Whether the policy lets anybody in, under no condition."""
    return any(map(_is_open, _read(services, name, pace).bindings))


def let_everybody_in(services: run_v2.ServicesClient, name: str, pace: Pace) -> None:
    """Add everybody to the policy, unless they are in it."""
    _change(services, name, pace, _add_everybody)


def let_nobody_in(services: run_v2.ServicesClient, name: str, pace: Pace) -> None:
    """Take away what ``let_everybody_in`` adds; whoever else may call it still may."""
    _change(services, name, pace, _remove_everybody)


def _is_open(binding: policy_pb2.Binding) -> bool:
    is_for_all = binding.role in _INVOKERS and _EVERYBODY in binding.members
    return is_for_all and not binding.HasField("condition")


def _add_everybody(policy: policy_pb2.Policy) -> bool:
    if any(map(_is_open, policy.bindings)):
        return False
    policy.bindings.add(role=_INVOKERS[0], members=[_EVERYBODY])
    return True


def _remove_everybody(policy: policy_pb2.Policy) -> bool:
    ours = [one for one in policy.bindings if _is_open(one) and one.role == _INVOKERS[0]]
    for binding in ours:
        binding.members.remove(_EVERYBODY)
        if not binding.members:
            policy.bindings.remove(binding)
    return bool(ours)


def _change(
    services: run_v2.ServicesClient,
    name: str,
    pace: Pace,
    edit: Callable[[policy_pb2.Policy], bool],
) -> None:
    """Write what ``edit`` makes of the policy, if that is not what it says.

    Read anew before each further try: so what was applied although no answer came is seen, and
    what somebody else wrote is kept.
    """
    from google.iam.v1 import iam_policy_pb2

    tries = Tries(pace)
    while True:
        policy = _read(services, name, pace)
        if not edit(policy):
            return
        policy.version = _VERSION
        request = iam_policy_pb2.SetIamPolicyRequest(resource=name, policy=policy)
        with translated(f"{name}:setIamPolicy"):
            try:
                services.set_iam_policy(request=request, timeout=pace.call)
            except raised() as error:
                tries.pause(tries.failed(error))
            else:
                return


def _read(services: run_v2.ServicesClient, name: str, pace: Pace) -> Any:
    from google.iam.v1 import iam_policy_pb2, options_pb2

    options = options_pb2.GetPolicyOptions(requested_policy_version=_VERSION)
    request = iam_policy_pb2.GetIamPolicyRequest(resource=name, options=options)
    with translated(name):
        return services.get_iam_policy(request=request, timeout=pace.call, retry=pace.again)
