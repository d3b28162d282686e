"""One release at a time: the lease of a run, and what each write makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pipeline.adapters.cloud_run import Change
from pipeline.adapters.operations import OPERATION
from pipeline.config import Config
from pipeline.context import Context
from pipeline.errors import PipelineError, ServiceBusy
from pipeline.model import Service
from pipeline.release.lease import Lease, is_over, lease_of, left_of, note_lease, note_no_lease
from pipeline.steps.probing import ANSWER, LOG_LAG

GRACE = 120.0
"""Seconds from a stage's last write until the next stage has read the service."""

STEP = 900.0
"""Seconds that a step of a shift takes the lease for; it is renewed while it is watched."""

_RENEWED = 300.0  # seconds that are left when it is renewed


def must_be_free(context: Context, service: Service) -> None:
    """Raises ServiceBusy while another run is at work on the service."""
    lease = others_lease(context, service)
    if lease is not None:
        raise ServiceBusy(
            f"another release is under way: {lease.who}, since {lease.since}",
            where=service.name,
            remedy=f"wait for it; if it is dead, its lease ends {lease.until}; "
            "`nox -s shift -- --abort` ends the release at once, and leaves what served before it",
        )


def live_lease(context: Context, service: Service) -> Lease | None:
    """The lease of a run that may still be there."""
    lease, world = lease_of(service), context.world
    if lease is None or is_over(lease, world.now()) or world.is_gone(lease.id):
        return None
    return lease


def others_lease(context: Context, service: Service) -> Lease | None:
    """The same, if it is not our own."""
    lease = live_lease(context, service)
    return None if lease is None or lease.id == context.holder.id else lease


def leased(context: Context, service: Service | None, term: float) -> dict[str, str]:
    """Notes that take or renew the lease for so many seconds."""
    return note_lease(service, context.holder, context.world.now(), term)


def is_ending(context: Context, service: Service) -> bool:
    """Whether our lease should be renewed."""
    lease = lease_of(service)
    return lease is not None and left_of(lease, context.world.now()) < _RENEWED


def until_verified(config: Config) -> float:
    """Seconds that a candidate may take to start, to have its jobs run, and to be judged."""
    jobs = sum(job.timeout + OPERATION for job in config.jobs if job.when == "before-traffic")
    health = config.health
    judged = config.startup.listen_within + health.settle + ANSWER * health.probes + 2 * LOG_LAG
    return OPERATION + jobs + judged + GRACE


@contextmanager
def let_go_when_it_fails(context: Context) -> Iterator[None]:
    """A stage that ends early gives the lease back, so that the next release need not wait."""
    try:
        yield
    except BaseException:
        with suppress(PipelineError):
            give_back(context)
        raise


def give_back(context: Context) -> None:
    """Write the lease away, if it is ours; whatever hinders that, it ends by itself."""
    cloud_run = context.cloud_run.hurried()
    service = cloud_run.get()
    lease = lease_of(service)
    if lease is not None and lease.id == context.holder.id:
        cloud_run.update(service, Change(notes=note_no_lease()))
