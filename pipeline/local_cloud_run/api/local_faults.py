"""``/local/faults``: our own small API, with which a bad day is begun, looked at and ended."""

from __future__ import annotations

from typing import Any

from pipeline.local_cloud_run.faults import plan
from pipeline.local_cloud_run.faults.faults import Faults
from pipeline.local_cloud_run.state.rpc import invalid, not_emulated
from pipeline.local_cloud_run.values import Json

PATH = "/local/faults"


def answer(faults: Faults, method: str, body: Any) -> Json:
    """GET shows, PUT replaces all, DELETE switches all off. Raises ApiError."""
    if method == "PUT":
        faults.set(_plan(body))
    elif method == "DELETE":
        faults.set(plan.Plan())
    elif method != "GET":
        raise not_emulated(f"{method} {PATH}")
    return {
        "seed": faults.plan.seed,
        "faults": dict(faults.plan.values),
        "struck": dict(faults.struck),
        "known": dict(plan.KNOWN),
    }


def _plan(body: Any) -> plan.Plan:
    if not isinstance(body, dict) or body.keys() - {"seed", "faults"}:
        raise invalid('a JSON object is needed: {"seed": 7, "faults": {"quota": 0.2}}')
    values = body.get("faults", {})
    if not isinstance(values, dict):
        raise invalid("faults: an object of names and numbers is needed")
    try:
        return plan.checked(body.get("seed", 0), values)
    except plan.WrongFaultError as error:
        raise invalid(str(error)) from error
