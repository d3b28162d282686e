"""What must hold for every write of the pipeline that was accepted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.checks.revision import RELEASE_LABEL
from pipeline.local_cloud_run.state.resources import Service
from pipeline.model import Outcome, step
from pipeline.release.candidate import Candidate
from pipeline.release.rejected import digest_of
from tests.simulation.cloud import Cloud, percents, serving, tags
from tests.simulation.machine import Machine
from tests.simulation.notes import candidate_on, lease_on, rejected_on, releases_on

if TYPE_CHECKING:
    from tests.simulation.invariants import Watcher

PERSON = "person"
_OURS = "c-"
"""How the tags of candidates begin."""

_OWN_NOTES = "cloud-run-pipeline/"
_SOON = 0.5  # seconds by which a clock's reading may differ


def judge(
    watcher: Watcher, machine: Machine, before: Service | None, after: Service
) -> Iterator[str]:
    yield from _deploy_may_be(machine, before, after)
    if before is None:
        return
    moved = percents(before) != percents(after)
    if machine.has_undone and (moved or machine.stage == "deploy"):
        yield f"3: what {machine.stage} had undone came in afterwards"
    yield from _nothing_is_lost(machine, before, after)
    yield from _nobody_is_at_work(machine, before)
    if moved:
        yield from _nobody_is_overruled(watcher, machine, before)
    if machine.stage == "shift" and not machine.options.abort:
        yield from _steps_are_kept(watcher, machine, before, after)


def _nothing_is_lost(machine: Machine, before: Service, after: Service) -> Iterator[str]:
    gone = {tag for tag in tags(before) - tags(after) if not tag.startswith(_OURS)}
    kept = _theirs(before).items() <= _theirs(after).items()
    if gone or not kept:
        lost = ", ".join(sorted(gone)) or "a variable or an annotation"
        yield f"4: {machine.stage} lost of somebody else's: {lost}"
    if releases_on(before) and not releases_on(after):
        yield f"4: {machine.stage} lost the releases"


def _nobody_is_overruled(watcher: Watcher, machine: Machine, before: Service) -> Iterator[str]:
    last = next((one for one in reversed(watcher.touches) if one.split is not None), None)
    if last is None or last.who == machine.name:
        return
    if machine.options.abort and last.who == PERSON:
        yield "4: an abort took back what a person asked for"
    if last.at <= machine.decided or machine.stage == "rollback":  # which says so
        return
    if _is_a_step(watcher, candidate_on(before), last.split or {}):
        yield f"4: {machine.stage} took a split of somebody else's for its own"
    else:
        yield f"4: {machine.stage} overruled {last.who}"


def _is_a_step(watcher: Watcher, noted: Candidate | None, split: Mapping[str, int]) -> bool:
    """Whether a split is what a shift of the candidate could have asked for."""
    if noted is None:
        return False
    before, has = watcher.before.get(noted.revision) or noted.before, split.get(noted.revision, 0)
    return split == (step(before, noted.revision, has) if has else before)


def _nobody_is_at_work(machine: Machine, before: Service) -> Iterator[str]:
    """A lease of somebody else, that is not over and not of a process that ended, is heeded."""
    lease, asked = lease_on(before), machine.options
    if machine.stage == "rollback" or asked.pause or asked.abort or machine.session.jumps_at:
        return
    if lease is None or lease.id in {machine.process, *machine.ended_here}:
        return
    if machine.now < datetime.fromisoformat(lease.until):
        yield f"4: {machine.stage} went over the lease of {lease.who}"


def _deploy_may_be(machine: Machine, before: Service | None, after: Service) -> Iterator[str]:
    noted, held = candidate_on(after), candidate_on(before)
    rejected = {one.digest for one in rejected_on(before)}
    is_new = before is None or before.latest_created != after.latest_created
    if noted and is_new and digest_of(noted.image) in rejected and not machine.options.force:
        yield "3: a rejected image was deployed without a reason"
    if is_new and held and held.paused and held.verdict == Outcome.PASS:  # so it could go on
        yield "4: a deploy ended a release that is paused"
    forgotten = rejected - {one.digest for one in rejected_on(after)}
    served = {digest_of(held.image)} if held and machine.stage == "shift" else set()
    if forgotten - served:
        yield f"4: {machine.stage} forgot a rejected image"


def _steps_are_kept(
    watcher: Watcher, machine: Machine, before: Service, after: Service
) -> Iterator[str]:
    """A candidate gets one step after the other, each for its time; and none while it is paused."""
    noted, now = candidate_on(before), watcher.cloud.time.now
    if noted is None:
        return
    asked, has = (percents(one).get(noted.revision, 0) for one in (before, after))
    had = max(asked, serving(before).get(noted.revision, 0))
    is_end = candidate_on(after) is None
    if has < had or not (has > had or is_end):
        return
    if noted.paused and not machine.options.resume:
        yield "4: shift went on although it was paused"
    if machine.moved and not machine.session.jumps_at and not _holds_lease(machine, before):
        yield "3: shift went on without its lease"
    if had and now < machine.step_began + _time_at(machine, had) - _SOON:
        yield f"3: shift left {had} % before its time"
    if has > had:
        machine.step_began = now
        if has != next((one for one in machine.steps if one > had), machine.steps[-1]):
            yield f"3: shift went from {had} % to {has} %, which is no next step"


def _holds_lease(machine: Machine, service: Service) -> bool:
    lease = lease_on(service)
    if lease is None or lease.id != machine.process:
        return False
    return machine.now < datetime.fromisoformat(lease.until)


def _time_at(machine: Machine, percent: int) -> float:
    """Seconds that it must be watched for there."""
    plan = machine.cloud.plan
    if percent == 100:
        return plan.watch
    return plan.step_time if percent in machine.steps else 0.0


def judge_deletion(cloud: Cloud, name: str) -> Iterator[str]:
    """Old revisions of the pipeline's own may go, if nobody needs them."""
    service = cloud.held()
    held, noted = service.revisions.get(name), candidate_on(service)
    if held is None:
        return
    if RELEASE_LABEL not in held.template.get("labels", {}):
        yield f"4: {name} was to be deleted, and is somebody else's"
    if name in {*serving(service), *percents(service)} or (noted and noted.revision == name):
        yield f"4: {name} was to be deleted, and is at work"
    if any(one.get("revision") == name for one in service.spec["traffic"] if _is_theirs(one)):
        yield f"4: {name} was to be deleted, and is tagged by others"
    ways = [one.revision for one in releases_on(service) if one.revision in service.revisions]
    if name in ways[:2]:
        yield f"4: {name} was to be deleted, and is the way back"


def _is_theirs(target: Mapping[str, object]) -> bool:
    return bool(target.get("tag")) and not str(target["tag"]).startswith(_OURS)


def _theirs(service: Service) -> Mapping[str, str]:
    """Variables and annotations that the pipeline did not write."""
    env = service.spec["template"]["containers"][0].get("env", ())
    notes = service.spec.get("annotations", {})
    return {
        **{one["name"]: one.get("value", "") for one in env if one["name"] != "MODE"},
        **{name: text for name, text in notes.items() if not name.startswith(_OWN_NOTES)},
    }
