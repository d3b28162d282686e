"""What the pipeline cannot promise, each with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation.plan import Act, Plan, Start


@dataclass(frozen=True)
class Limit:
    """A broken invariant that begins with ``broken`` is known, in plans that ``where`` is about."""

    broken: str
    why: str
    where: Callable[[Plan], bool]


KNOWN = (
    Limit(
        "3: status does not explain LATEST",
        "Cloud Run does not name the revision that LATEST leads to, so it is taken to be the one "
        "that was ready last, also where the router did not take that over",
        lambda plan: (
            plan.start in (Start.FOREIGN, Start.NONE)
            or any(deed.act is Act.LATEST for deed in plan.deeds)
        ),
    ),
)


def limit_of(broken: str, plan: Plan) -> Limit | None:
    """The limit that a broken invariant is known by; None when it is a fault."""
    known = (one for one in KNOWN if broken.startswith(one.broken) and one.where(plan))
    return next(known, None)
