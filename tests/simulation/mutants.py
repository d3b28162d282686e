"""Faults planted in the guards of the pipeline: the simulator is good if it finds each of them.

``python -m tests.simulation.mutants`` looks for the first seed that finds each: what is drawn from
a seed changes with the plans.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from google.cloud import run_v2

from pipeline.adapters import cloud_run, sending, writing
from pipeline.adapters.cloud_run import CloudRun
from pipeline.adapters.refusals import Trouble, trouble_of
from pipeline.context import Context
from pipeline.model import Outcome, Service, Split, Target, live_split, pinned, step
from pipeline.release import rollout
from pipeline.release.candidate import Candidate
from pipeline.release.rollout import Course, Event, Give, Move, Watch, next_move
from pipeline.stages import deploy, jobs, rollback, shift, verify
from pipeline.steps import grip, orders, pruning, shifting, standing, undo
from pipeline.steps import jobs as running_jobs
from tests.simulation.drawing import plan_of
from tests.simulation.running import simulate

_MOST = 3000
"""Seeds that are tried."""


@dataclass(frozen=True)
class Mutant:
    """``plants`` are the places that are changed, such as ``(shift, "undone", …)``.

    ``seed`` is of a run that finds it.
    """

    name: str
    seed: int
    plants: tuple[tuple[Any, str, Any], ...]

    @contextmanager
    def planted(self) -> Iterator[None]:
        with ExitStack() as stack:
            for holder, name, other in self.plants:
                stack.enter_context(mock.patch.object(holder, name, other))
            yield


def _nothing(*_: object) -> None: ...


def _no_notes(*_: object) -> dict[str, str]:
    return {}


def _unhurried(context: Context, _: BaseException) -> CloudRun:
    return context.cloud_run


def _with_its_tag(_: Context, service: Service, __: Candidate) -> Sequence[Target]:
    return service.traffic


def _no_undo(*_: object) -> Any:
    return nullcontext()


def _yes(*_: object, **__: object) -> bool:
    return True


def _no(*_: object) -> bool:
    return False


def _none(*_: object) -> Sequence[Any]:
    return ()


def _all_latest(service: Service, candidate: Candidate) -> tuple[Target, ...]:
    return (Target(None, 100), *pinned({candidate.revision: 0}, standing.dark(service, candidate)))


def _no_tags(split: Split, keep: object = ()) -> tuple[Target, ...]:
    return pinned(split)


def _forwards(course: Course, seen: Service, _: object) -> tuple[Target, ...]:
    return pinned(course.split_at(100), seen.traffic)


def _back_anyhow(course: Course, seen: Service, _: object) -> tuple[Target, ...]:
    return pinned(course.base or course.split_at(100), seen.traffic)


def _as_found(_: Candidate, service: Service) -> dict[str, int]:
    return live_split(service)


def _sum_of_99(before: Split, candidate: str, percent: int) -> Mapping[str, int]:
    split = step(before, candidate, percent)
    return {**split, candidate: split[candidate] - 1} if candidate in split else split


def _unwatched(course: Course, service: Service, event: Event) -> Move:
    move = next_move(course, service, event)
    return next_move(course, service, Event.WELL) if isinstance(move, Watch) else move


def _all_at_once(course: Course, service: Service, event: Event) -> Move:
    move = next_move(course, service, event)
    return Give(course.split_at(100)) if isinstance(move, Give) else move


def _never_lost(error: Exception) -> Trouble:
    trouble = trouble_of(error)
    return Trouble.BUSY if trouble is Trouble.LOST else trouble


def _opened_at_once(create: Callable[..., Service]) -> Callable[..., Service]:
    def created(context: Context, *rest: Any) -> Service:
        service = create(context, *rest)
        context.cloud_run.make_public()
        return service

    return created


def _seen_otherwise(change: Callable[[Service], Service]) -> Callable[..., Any]:
    request = cloud_run._update_request
    return lambda seen, wanted: request(change(seen), wanted)


def _without_etag(seen: Service) -> Service:
    message = run_v2.Service(seen.raw)
    message.etag = ""
    return replace(seen, raw=message)


def _without_notes_of_others(seen: Service) -> Service:
    ours = {name: note for name, note in seen.annotations.items() if "cloud-run-pipeline" in name}
    return replace(seen, annotations=ours)


def _every_one(_: Service, ours: Sequence[Any], keep: int) -> list[str]:
    return [one.name for one in ours]


def _request(change: Callable[[Service], Service]) -> tuple[tuple[Any, str, Any], ...]:
    return ((cloud_run, "_update_request", _seen_otherwise(change)),)


_FREE = tuple((stage, "must_be_free", _nothing) for stage in (deploy, jobs, verify, shift))

MUTANTS = (
    Mutant("shift asks for no verdict", 4, ((Candidate, "is_verified", property(_yes)),)),
    Mutant("verify passes whatever it finds", 5, ((verify, "overall", lambda _: Outcome.PASS),)),
    Mutant("verify does not ask for the jobs", 196, ((verify, "must_have_run", _nothing),)),
    Mutant("shift heeds no verdict of its own", 13, ((shifting, "must_pass", _nothing),)),
    Mutant("shift forgets its undo", 13, ((shift, "undone", _no_undo),)),
    Mutant("deploy forgets its undo", 70, ((deploy, "undone", _no_undo),)),
    Mutant("deploy routes to the latest", 0, ((deploy, "dark", _all_latest),)),
    Mutant("writes have no etag", 28, _request(_without_etag)),
    Mutant("what others changed is written over", 28, ((writing, "_is_untouched", _yes),)),
    Mutant("an unanswered write is sent again", 355, ((sending, "trouble_of", _never_lost),)),
    Mutant("shift drops the tags of others", 0, ((shifting, "pinned", _no_tags),)),
    Mutant("deploy drops the tags of others", 0, ((standing, "pinned", _no_tags),)),
    Mutant("notes of others are dropped", 17, _request(_without_notes_of_others)),
    Mutant("the undo goes forwards", 26, ((shifting, "taken_back", _forwards),)),
    Mutant("the undo overrules others", 79, ((shifting, "taken_back", _back_anyhow),)),
    Mutant("a shift that goes on forgets what was before", 82, ((shift, "base_of", _as_found),)),
    Mutant("an unanswered write counts as refused", 207, (
        (shifting, "was_answered", _yes), (standing, "was_answered", _yes),
    )),
    Mutant("an interrupted undo takes its time", 851, ((undo, "_in_time", _unhurried),)),
    Mutant("the steps do not sum to 100", 0, ((rollout, "step", _sum_of_99),)),
    Mutant("steps are skipped", 0, ((shift, "next_move", _all_at_once),)),
    Mutant("nothing is watched", 0, ((shift, "next_move", _unwatched),)),
    Mutant("the candidate's tag stays", 0, ((shift, "old_tags", _with_its_tag),)),
    Mutant("a first release is opened at once", 8, (
        (deploy, "_create", _opened_at_once(deploy._create)),
    )),
    Mutant("rollback leaves the candidate's note", 13, ((rollback, "CANDIDATE", "other"),)),
    Mutant("the lease of others is ignored", 3, _FREE),
    Mutant("the lease is never given back", 0, ((shift, "note_no_lease", _no_notes),)),
    Mutant("shift takes no lease", 0, ((shifting, "leased", _no_notes),)),
    Mutant("the lease is not renewed", 52, ((grip, "is_ending", _no),)),
    Mutant("a pause is not heeded by the run", 208, ((grip, "paused", _nothing),)),
    Mutant("a pause is not heeded by the next", 39, ((shift, "paused", _nothing),)),
    Mutant("a pause is not heeded by a deploy", 124, ((deploy, "must_not_be_paused", _nothing),)),
    Mutant("what failed is not rejected", 13, ((shifting, "note_rejected", _no_notes),)),
    Mutant("a rejected image is deployed again", 13, ((deploy, "must_not_be_rejected", _nothing),)),
    Mutant("a job runs again", 58, ((running_jobs, "_ours", _none),)),
    Mutant("an abort overrules others", 1605, ((orders, "is_ours", _yes),)),
    Mutant("what failed is left open", 274, ((CloudRun, "make_private", _nothing),)),
    Mutant("whatever is old is deleted", 0, ((pruning, "spare", _every_one),)),
)  # fmt: skip


def first_seed(mutant: Mutant) -> int | None:
    """Of a run that finds it, and finds nothing without it."""
    for seed in range(_MOST):
        with mutant.planted():
            broken = simulate(plan_of(seed)).broken
        if broken and not simulate(plan_of(seed)).broken:
            return seed
    return None


if __name__ == "__main__":
    for one in MUTANTS:
        sys.stdout.write(f"{one.name}: {first_seed(one)}\n")
        sys.stdout.flush()
